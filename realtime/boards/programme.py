"""What is on at one theatre today and tomorrow, by its own calendar, and what began before midnight and still runs.

Read when a board opens, not while it runs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bookings.api import NotFound, ShowSummary, list_shows, list_theatres
from realtime.boards.board import Listing
from realtime.boards.protocol import TheatrePlace


@dataclass(frozen=True, slots=True)
class Programme:
    """A theatre's shows; true until `until_ms`, the theatre's next midnight, unless the catalogue changes."""

    theatre: TheatrePlace
    listings: tuple[Listing, ...]
    until_ms: int


def read_programme(slug: str, now_ms: int) -> Programme:
    """The programme at this moment, from the catalogue's cache or PostgreSQL. Raises NotFound."""
    theatre = next((each for each in list_theatres() if each.slug == slug), None)
    if theatre is None:
        raise NotFound("There is no such theatre.")
    zone = ZoneInfo(theatre.time_zone)
    now = datetime.fromtimestamp(now_ms / 1000, UTC)
    today = now.astimezone(zone).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    shows = [
        show
        for day in (yesterday, today, tomorrow)
        for show in list_shows(now=now, date=day, city=theatre.city)
        if show.theatre_slug == slug and (day != yesterday or now < show.ends_at)
    ]
    return Programme(
        theatre=TheatrePlace(theatre.slug, theatre.name, theatre.city, theatre.time_zone),
        listings=tuple(_listing(show) for show in shows),
        until_ms=_ms(datetime.combine(tomorrow, time.min, tzinfo=zone)),
    )


def _listing(show: ShowSummary) -> Listing:
    return Listing(
        id=show.id,
        movie=show.movie_title,
        movie_slug=show.movie_slug,
        language=show.language,
        certificate=show.certificate,
        screen=show.screen_name,
        starts_at=_iso(show.starts_at),
        ends_at=_iso(show.ends_at),
        starts_ms=_ms(show.starts_at),
        ends_ms=_ms(show.ends_at),
        total=show.seats_count,
    )


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
