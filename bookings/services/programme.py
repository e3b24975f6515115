"""The programme of a week, again: shows copied to other days, at the same time by their theatre's clock."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet

from bookings.errors import BookingError
from bookings.models import Show, Theatre
from bookings.services.catalogue import ScreenBusy, ShowDraft, create_show

# Three theatres of eight screens show two hundred and eighty times a week.
SHOWS_MAX: Final = 400


@dataclass(frozen=True, slots=True)
class Planned:
    """A show and the time that its copy has; `why` says why there is none."""

    show: Show
    starts_at: datetime
    why: str = ""

    @property
    def local_start(self) -> datetime:
        """On the theatre's clock."""
        return self.starts_at.astimezone(ZoneInfo(self.show.screen.theatre.time_zone))


@dataclass(slots=True)
class Copied:
    """What became, or would become, of each show."""

    made: list[Planned] = field(default_factory=list)
    there: list[Planned] = field(default_factory=list)
    refused: list[Planned] = field(default_factory=list)


def shows_between(first: date, last: date, *, theatre: Theatre | None) -> list[Show]:
    """The shows of these days by each theatre's own calendar, first by theatre, at most one more than SHOWS_MAX."""
    found: list[Show] = []
    theatres = [theatre] if theatre is not None else list(Theatre.objects.all())
    for one in theatres:
        zone = ZoneInfo(one.time_zone)
        begin = datetime.combine(first, time(), zone)
        end = datetime.combine(last + timedelta(days=1), time(), zone)
        shows = _shows().filter(screen__theatre=one, starts_at__gte=begin, starts_at__lt=end)
        found.extend(shows[: SHOWS_MAX + 1 - len(found)])
    return found


def shows_named(ids: Iterable[int]) -> list[Show]:
    """These shows, without those that were cancelled."""
    return list(_shows().filter(pk__in=list(ids)[: SHOWS_MAX + 1]))


def foresee_copy(shows: Iterable[Show], *, days: int, now: datetime) -> Copied:
    """What `copy_shows` would do: it is done, and undone."""
    with transaction.atomic():
        copied = _copy(shows, days=days, now=now)
        transaction.set_rollback(True)
    return copied


def copy_shows(shows: Iterable[Show], *, days: int, now: datetime) -> Copied:
    """Make each show again so many days later, with its prices and its sales window. Refused ones stop no other.

    Idempotent: a copy that is there already is left as it is.
    """
    with transaction.atomic():
        return _copy(shows, days=days, now=now)


def _shows() -> QuerySet[Show]:
    wanted = Show.objects.exclude(status=Show.Status.CANCELLED)
    return wanted.select_related("movie", "screen__theatre").order_by("screen__theatre", "starts_at", "id")


def _copy(shows: Iterable[Show], *, days: int, now: datetime) -> Copied:
    copied = Copied()
    for show in shows:
        zone = ZoneInfo(show.screen.theatre.time_zone)
        # Half past six stays half past six where the clocks were changed meanwhile.
        # In UTC again, as a length added to a local time counts by the clock on the wall.
        starts_at = (show.starts_at.astimezone(zone) + timedelta(days=days)).astimezone(UTC)
        moved_by = starts_at - show.starts_at
        draft = ShowDraft(
            movie=show.movie,
            screen=show.screen,
            starts_at=starts_at,
            ends_at=starts_at + (show.ends_at - show.starts_at),
            sales_open_at=show.sales_open_at + moved_by,
            sales_close_at=show.sales_close_at + moved_by,
            status=show.status,
            prices=show.prices,
        )
        try:
            with transaction.atomic():
                create_show(draft, now=now)
        except BookingError as refused:
            if isinstance(refused, ScreenBusy) and _is_there(draft):
                copied.there.append(Planned(show, starts_at))
            else:
                copied.refused.append(Planned(show, starts_at, why=refused.detail))
        else:
            copied.made.append(Planned(show, starts_at))
    return copied


def _is_there(draft: ShowDraft) -> bool:
    same = Show.objects.filter(screen=draft.screen, movie=draft.movie, starts_at=draft.starts_at)
    return same.exclude(status=Show.Status.CANCELLED).exists()
