"""The shows that somebody may stand at the door of now."""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Q

from bookings.selectors.catalogue_queries import load_shows
from bookings.selectors.catalogue_values import ShowSummary

# A show just after midnight is this evening's work.
_AHEAD: Final = timedelta(hours=3)
_DAY: Final = timedelta(hours=24)


def list_doors(now: datetime) -> list[ShowSummary]:
    """Today's shows by each theatre's calendar that have not ended, those over midnight, and the next ones."""
    coming = load_shows(Q(ends_at__gt=now, starts_at__lt=now + _DAY), None)
    return [show for show in coming if show.starts_at < now + _AHEAD or show.local_date == _today(show, now)]


def _today(show: ShowSummary, now: datetime) -> object:
    return now.astimezone(ZoneInfo(show.time_zone)).date()
