"""What the pages of screens are made of: the theatre, its address for phones, and the data their scripts start from.

A screen's page has no form, no cookie and no link: nobody touches it. Times are written by its scripts, by the
server's clock.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from bookings import api as bookings
from realtime import api as realtime

# A door shows a film that has begun for so long; then it is about the next one on its screen.
DOOR_STAYS: Final = timedelta(minutes=20)
THEMES: Final = ("dark", "light")
LANGUAGES: Final = ("en", "hi")
_STATIC: Final = Path(__file__).parent / "static" / "frontend"
VERSION_CHARS: Final = 8


@cache
def page_version() -> str:
    """What a screen says that it runs: it differs whenever a file of its pages does."""
    digest = hashlib.sha256()
    for path in sorted((*_STATIC.rglob("*.js"), *_STATIC.rglob("*.css"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:VERSION_CHARS]


def look_from(query: Any) -> dict[str, Any]:
    """How a screen that is not paired looks: ?theme=light&language=hi&night=23:30-07:00."""
    theme, language, night = query.get("theme"), query.get("language"), query.get("night", "")
    night_from, _, night_to = night.partition("-")
    return {
        "theme": theme if theme in THEMES else THEMES[0],
        "language": language if language in LANGUAGES else LANGUAGES[0],
        "night": {"from": night_from, "to": night_to} if _is_time(night_from) and _is_time(night_to) else None,
    }


def lobby_data(theatre: bookings.TheatreSummary, look: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The data of a lobby board."""
    return {
        "page": "lobby",
        "theatre": theatre.slug,
        "zone": theatre.time_zone,
        "server_ms": _ms(now),
        "version": page_version(),
        "kiosk": reverse("frontend:kiosk"),
        "poster": reverse("frontend:poster", args=["-"]).replace("/-/", "/{movie}/"),
        "door": reverse("frontend:door-display", args=[0]).replace("/0/", "/{show}/"),
        "look": look,
    }


def door_data(show: bookings.ShowSummary, look: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    """The data of a door display, beside what the seat map needs."""
    return {
        "page": "door",
        "theatre": show.theatre_slug,
        "screen": show.screen_name,
        "zone": show.time_zone,
        "starts_ms": _ms(show.starts_at),
        "server_ms": _ms(now),
        "version": page_version(),
        "kiosk": reverse("frontend:kiosk"),
        "door": reverse("frontend:door-display", args=[0]).replace("/0/", "/{show}/"),
        "look": look,
    }


def booking_path(theatre: bookings.TheatreSummary) -> str:
    """Where a phone books for this theatre."""
    return f"{reverse('frontend:now-showing')}?{urlencode({'city': theatre.city})}"


def path_of(screen: realtime.Screen, *, now: datetime) -> str:
    """The page that a paired screen shows now. A door without a show to come shows the lobby's board meanwhile."""
    if screen.kind == "door" and (show := _show_at_door(screen, now)) is not None:
        return reverse("frontend:door-display", args=[show.id])
    return reverse("frontend:lobby-board", args=[screen.theatre_slug])


def _show_at_door(screen: realtime.Screen, now: datetime) -> bookings.ShowSummary | None:
    theatre = next((each for each in bookings.list_theatres() if each.slug == screen.theatre_slug), None)
    if theatre is None:
        return None
    today = now.astimezone(ZoneInfo(theatre.time_zone)).date()
    shows = [
        show
        for day in (today - timedelta(days=1), today, today + timedelta(days=1))  # a late one stays after midnight
        for show in bookings.list_shows(now=now, date=day, city=theatre.city)
    ]
    return _first(shows, screen, now)


def _first(
    shows: Sequence[bookings.ShowSummary], screen: realtime.Screen, now: datetime
) -> bookings.ShowSummary | None:
    here = (s for s in shows if (s.theatre_slug, s.screen_name) == (screen.theatre_slug, screen.screen_name))
    return next((show for show in here if now < show.starts_at + DOOR_STAYS), None)


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)


def _is_time(text: str) -> bool:
    hours, _, minutes = text.partition(":")
    return len(text) == 5 and (hours + minutes).isdecimal() and int(hours) < 24 and int(minutes) < 60
