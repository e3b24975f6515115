"""What a report is of and what is in it: periods of the theatre's days, sums, and tables that add up.

Pure: rows of sums go in, a report comes out. The sums are made by PostgreSQL (services/reports/sql).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

# Two years and a leap day: a year against the one before it.
PERIOD_DAYS_MAX: Final = 731
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class ReportState(StrEnum):
    """Where a report is on its way."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class PeriodRefused(ValueError):
    """A period that no report can be of; the message is for whoever asked."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which days, both included, and of which theatre (a slug; None: all)."""

    from_day: date
    to_day: date
    theatre: str | None = None

    def __post_init__(self) -> None:
        if self.to_day < self.from_day:
            raise PeriodRefused("The period ends before it begins.")
        if self.days > PERIOD_DAYS_MAX:
            raise PeriodRefused(f"A report is of at most {PERIOD_DAYS_MAX} days.")

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.to_day - self.from_day).days + 1

    def as_json(self) -> dict[str, str | None]:
        """For the report's row."""
        return {"from": self.from_day.isoformat(), "to": self.to_day.isoformat(), "theatre": self.theatre}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Scope":
        """As `as_json` wrote it."""
        return cls(date.fromisoformat(kept["from"]), date.fromisoformat(kept["to"]), kept["theatre"])


Cell: TypeAlias = str | int | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under names; columns of money end in `_paise`."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def as_json(self) -> dict[str, Any]:
        """For the report's row; names once, not in each line."""
        return {"columns": list(self.columns), "rows": [list(row) for row in self.rows]}


class Sums(NamedTuple):
    """What was sold and given back: bookings, seats, paise."""

    bookings: int = 0
    seats: int = 0
    paise: int = 0
    back_bookings: int = 0
    back_seats: int = 0
    back_paise: int = 0


SOLD: Final = ("bookings", "seats", "paise", "back_bookings", "back_seats", "back_paise")


class SalesRow(NamedTuple):
    """One group of sums: of a day, a show, a movie or a category; of none: the total."""

    day: date | None
    show: int | None
    movie: int | None
    category: str | None
    sums: Sums


class ShowRow(NamedTuple):
    """A show of a report. `starts` is the theatre’s clock, YYYY-MM-DD HH:MM; `booked` and `blocked` are as of now."""

    show: int
    movie: int
    title: str
    theatre: str
    screen: str
    starts: str
    is_in_period: bool
    is_cancelled: bool
    seats: int
    booked: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of holds. All but `checkout` add up to `held`."""

    held: int
    checkout: int
    paid: int
    expired_before: int
    expired_after: int
    given_up_before: int
    given_up_after: int
    open: int

    def as_json(self) -> dict[str, int]:
        """By name."""
        return asdict(self)


FUNNEL_FIELDS: Final = tuple(field.name for field in fields(Funnel))


def sales_section(rows: Sequence[SalesRow], shows: Sequence[ShowRow], scope: Scope) -> dict[str, Any]:
    """Sales by day, show, movie and category, each of which adds up to the total."""
    titles = {show.movie: show.title for show in shows}
    by_show = {row.show: row.sums for row in rows if row.show is not None}
    return {
        "total": _total(rows)._asdict(),
        "days": _by_day(rows, scope).as_json(),
        "movies": _by_movie(rows, titles).as_json(),
        "categories": _by_category(rows).as_json(),
        "shows": _by_show(shows, by_show).as_json(),
    }


def _total(rows: Iterable[SalesRow]) -> Sums:
    return next((row.sums for row in rows if row[:4] == (None, None, None, None)), Sums())


def _by_day(rows: Iterable[SalesRow], scope: Scope) -> Table:
    """Every day of the period, also those on which nothing was sold."""
    sums = {row.day: row.sums for row in rows if row.day is not None}
    days = [scope.from_day + timedelta(days=day) for day in range(scope.days)]
    return Table(("day", *SOLD), tuple((day.isoformat(), *sums.get(day, Sums())) for day in days))


def _by_movie(rows: Iterable[SalesRow], titles: Mapping[int, str]) -> Table:
    found = [(titles[row.movie], row.sums) for row in rows if row.movie is not None]
    found.sort(key=lambda line: (-line[1].paise, line[0]))
    return Table(("movie", *SOLD), tuple((title, *sums) for title, sums in found))


def _by_category(rows: Iterable[SalesRow]) -> Table:
    found = [(row.category, row.sums) for row in rows if row.category is not None]
    found.sort(key=lambda line: (-line[1].paise, line[0]))
    # A booking may be of several categories, so only seats and money are counted.
    return Table(
        ("category", "seats", "paise", "back_seats", "back_paise"),
        tuple((name, sums.seats, sums.paise, sums.back_seats, sums.back_paise) for name, sums in found),
    )


def _by_show(shows: Iterable[ShowRow], sums: Mapping[int, Sums]) -> Table:
    columns = ("show", "starts", "movie", "theatre", "screen", "capacity", "booked", "blocked", *SOLD)
    return Table(
        columns,
        tuple(
            (s.show, s.starts, s.title, s.theatre, s.screen, s.seats, s.booked, s.blocked, *sums.get(s.show, Sums()))
            for s in shows
        ),
    )


class Filling:
    """Seats that were to be had and seats that were taken, of some shows."""

    def __init__(self) -> None:
        self.shows = self.seats = self.booked = self.blocked = 0

    def add(self, show: ShowRow) -> None:
        """Count a show."""
        self.shows += 1
        self.seats += show.seats
        self.booked += show.booked
        self.blocked += show.blocked

    @property
    def line(self) -> tuple[int, int, int, int]:
        """As it stands in a table."""
        return self.shows, self.seats, self.booked, self.blocked


FILLED: Final = ("shows", "seats", "booked", "blocked")


def occupancy_section(shows: Sequence[ShowRow]) -> dict[str, Any]:
    """How full the shows of the period are: those that start in it and were not cancelled."""
    total = Filling()
    by_movie, by_screen, by_weekday, by_hour = (defaultdict[Any, Filling](Filling) for _ in range(4))
    for show in shows:
        if show.is_cancelled or not show.is_in_period:
            continue
        total.add(show)
        by_movie[show.title].add(show)
        by_screen[f"{show.theatre} · {show.screen}"].add(show)
        by_weekday[date.fromisoformat(show.starts[:10]).weekday()].add(show)
        by_hour[show.starts[11:13]].add(show)
    return {
        "total": dict(zip(FILLED, total.line, strict=True)),
        "movies": _filled("movie", sorted(by_movie.items(), key=lambda its: (-its[1].booked, its[0]))),
        "screens": _filled("screen", sorted(by_screen.items())),
        "weekdays": _filled("weekday", [(WEEKDAYS[day], its) for day, its in sorted(by_weekday.items())]),
        "hours": _filled("hour", [(f"{hour}:00", its) for hour, its in sorted(by_hour.items())]),
    }


def _filled(name: str, lines: Iterable[tuple[str, Filling]]) -> dict[str, Any]:
    return Table((name, *FILLED), tuple((label, *its.line) for label, its in lines)).as_json()
