"""What runs when, and how well it sells: one seed decides every day of every screen, for ever the same.

Pure: dates and dice in, plans out. It knows neither the database nor the clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from bookings.services.catalogue import AROUND_THE_FILM, TURNAROUND
from bookings.services.demo_cinema.movies import MOVIES, DemoMovie
from bookings.services.demo_cinema.theatres import DemoScreen, DemoTheatre

SEED: Final = "housefull"
FIRST_START: Final = time(9, 30)
LAST_START: Final = time(22, 45)
# Before noon a seat costs less, on Friday to Sunday evening more.
MATINEE_UNTIL: Final = time(12, 0)
MATINEE_FACTOR: Final = 0.8
EVENING_FROM: Final = time(17, 0)
WEEKEND_SURCHARGE_RUPEES: Final = 40
WEEKEND: Final = frozenset({4, 5, 6})
# The fuller half of the clock: what share of the seats an evening, an afternoon and a morning show sells.
EVENING_SHARE: Final = 0.42
DAY_SHARE: Final = 0.22
MATINEE_SHARE: Final = 0.12
SHARE_MAX: Final = 0.9
# Each day one show has no seat left, and one has only NEARLY_LEFT: the sign over the door is named after them.
SOLD_OUT_SCREEN: Final = "lantern-the-snug"
NEARLY_SOLD_OUT_SCREEN: Final = "monsoon-the-deck"
NEARLY_LEFT: Final = 3
BUSY_HOUR: Final = time(19, 0)


@dataclass(frozen=True, slots=True)
class PlannedShow:
    """One show of a day. `share` of its seats is sold, or all but `left` when that is given."""

    movie: DemoMovie
    starts_at: datetime
    ends_at: datetime
    prices_paise: Mapping[str, int]
    share: float
    left: int | None


def dice(*names: object) -> Random:
    """Dice for one thing, the same on every run."""
    return Random("/".join((SEED, *map(str, names))))  # noqa: S311  (a programme, not a secret)


def plan_day(theatre: DemoTheatre, screen: DemoScreen, day: date) -> list[PlannedShow]:
    """The shows of one screen on one date of its theatre, by start."""
    chance = dice(screen.layout, day)
    zone = ZoneInfo(theatre.time_zone)
    starts_at = _rounded(datetime.combine(day, FIRST_START, tzinfo=zone) + timedelta(minutes=chance.randrange(0, 70)))
    last = datetime.combine(day, LAST_START, tzinfo=zone)
    runs: list[tuple[DemoMovie, datetime]] = []
    while starts_at <= last:
        others = [movie for movie in MOVIES if not runs or movie is not runs[-1][0]]
        movie = chance.choices(others, [movie.pull for movie in others])[0]
        runs.append((movie, starts_at))
        pause = TURNAROUND + timedelta(minutes=chance.randrange(0, 25))
        starts_at = _rounded(starts_at + _length(movie) + pause)
    busiest = min(runs, key=lambda run: abs(run[1] - datetime.combine(day, BUSY_HOUR, tzinfo=zone)))[1]
    return [
        PlannedShow(
            movie=movie,
            starts_at=start,
            ends_at=start + _length(movie),
            prices_paise=_prices(screen, start),
            share=_share(screen, movie, start, chance),
            left=_left(screen) if start == busiest else None,
        )
        for movie, start in runs
    ]


def _length(movie: DemoMovie) -> timedelta:
    return timedelta(minutes=movie.duration_minutes) + AROUND_THE_FILM


def _rounded(moment: datetime) -> datetime:
    """The next full five minutes: nobody prints 14:37 on a ticket."""
    return moment + timedelta(minutes=-moment.minute % 5)


def _prices(screen: DemoScreen, start: datetime) -> dict[str, int]:
    rupees = dict(screen.rupees)
    if start.time() < MATINEE_UNTIL:
        rupees = {name: round(price * MATINEE_FACTOR / 10) * 10 for name, price in rupees.items()}
    elif start.time() >= EVENING_FROM and start.weekday() in WEEKEND:
        rupees = {name: price + WEEKEND_SURCHARGE_RUPEES for name, price in rupees.items()}
    return {name: price * 100 for name, price in rupees.items()}


def _share(screen: DemoScreen, movie: DemoMovie, start: datetime, chance: Random) -> float:
    if start.time() < MATINEE_UNTIL:
        share = MATINEE_SHARE
    else:
        share = EVENING_SHARE if start.time() >= EVENING_FROM else DAY_SHARE
    # 3 is the middle of the pulls; the dice make neighbours in the list differ.
    return min(share * screen.charm * (movie.pull / 3) * chance.uniform(0.5, 1.4), SHARE_MAX)


def _left(screen: DemoScreen) -> int | None:
    return {SOLD_OUT_SCREEN: 0, NEARLY_SOLD_OUT_SCREEN: NEARLY_LEFT}.get(screen.layout)
