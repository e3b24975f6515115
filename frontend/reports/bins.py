"""Days of a long period taken together, so that a chart has room for its columns: by week, then by month. Pure."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Final, NamedTuple

# As many columns as a phone has room for.
DAYS_MAX: Final = 62
WEEKS_MAX: Final = 53
WEEK: Final = timedelta(days=7)


class Bin(NamedTuple):
    """Days from `first` to `last` and the sum of what they have."""

    first: date
    last: date
    values: tuple[int, ...]


def binned(days: Sequence[tuple[date, Sequence[int]]]) -> tuple[str, list[Bin]]:
    """("day" | "week" | "month", the sums): days as they are, or by weeks from Monday, or by months."""
    if len(days) <= DAYS_MAX:
        return "day", _grouped(days, lambda day: day)
    if len(days) <= WEEKS_MAX * 7:
        return "week", _grouped(days, lambda day: day - timedelta(days=day.weekday()))
    return "month", _grouped(days, lambda day: day.replace(day=1))


def _grouped(days: Iterable[tuple[date, Sequence[int]]], key: Callable[[date], date]) -> list[Bin]:
    found = []
    for _, group in groupby(days, key=lambda entry: key(entry[0])):
        its = list(group)
        found.append(Bin(its[0][0], its[-1][0], tuple(map(sum, zip(*(values for _, values in its), strict=True)))))
    return found


def axis_top(highest: int) -> int:
    """The round number at or above the highest value at which an axis ends: 1, 2, 2.5 or 5 times a power of ten."""
    size = 1
    while True:
        for step in (size, 2 * size, size * 5 // 2 if size >= 10 else 0, 5 * size):
            if step >= highest and step > 0:
                return step
        size *= 10
