"""The values that catalogue reads return: frozen, typed, and the same from the cache as from PostgreSQL."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from bookings.models import Show

SalesState = Literal["open", "not_yet", "closed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TheatreSummary:
    slug: str
    name: str
    city: str
    address: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieSummary:
    """A movie without its drawing; `poster_stamp` changes with it (for addresses cached for ever), or is empty."""

    slug: str
    title: str
    certificate: str
    language: str
    duration_minutes: int
    genre: str
    synopsis: str
    poster_stamp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CityRun:
    """The coming shows of a movie in one city: when the next one is, and how many."""

    movie: MovieSummary
    city: str
    next_show_at: datetime
    shows_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NowShowing:
    """A movie with coming shows, in one city or in all of `cities`."""

    movie: MovieSummary
    next_show_at: datetime
    shows_count: int
    cities: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSummary:
    """One show in a list. Times are UTC, `local_date` is by the theatre’s calendar, prices go from cheap to dear."""

    id: int
    movie_slug: str
    movie_title: str
    certificate: str
    language: str
    theatre_slug: str
    theatre_name: str
    city: str
    time_zone: str
    screen_name: str
    starts_at: datetime
    ends_at: datetime
    local_date: date
    sales_open_at: datetime
    sales_close_at: datetime
    status: str
    prices_paise: dict[str, int]
    seats_count: int

    def sales_state(self, now: datetime) -> SalesState:
        """Whether seats are on sale at `now`, and if not why."""
        if self.status == Show.Status.CANCELLED:
            return "cancelled"
        if self.status != Show.Status.OPEN or now >= self.sales_close_at:
            return "closed"
        return "open" if now >= self.sales_open_at else "not_yet"

    def is_listed(self, now: datetime) -> bool:
        """Whether a list of coming shows has it at `now`: not begun, or still sold."""
        return now < self.starts_at or self.sales_state(now) == "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatView:
    """One seat of a show, with its price (paise)."""

    index: int
    label: str
    row: str
    number: int
    x: int
    y: int
    kind: str
    category: str
    price_paise: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDetail:
    """One show with every seat in index order."""

    show: ShowSummary
    movie: MovieSummary
    layout_revision: int
    seats: list[SeatView]


@dataclass(frozen=True, slots=True, kw_only=True)
class TheatreShows:
    theatre: TheatreSummary
    shows: list[ShowSummary]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfShows:
    """The shows of one date, by theatre."""

    date: date
    theatres: list[TheatreShows]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoviePage:
    movie: MovieSummary
    days: list[DayOfShows]
