"""Axes and lines of the charts: where a value stands from 0 to 1, and the marks worth a label. No markup."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

# The drawing inside a chart, whatever its size on the page.
SIDE: Final = 1000
MARKS_MAX: Final = 7
_NICE: Final = (1, 2, 2.5, 5, 10)
_TIMES_SECONDS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, with marks; logarithmic where `is_log`, and then `low` is above nothing."""

    low: float
    high: float
    marks: tuple[float, ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one; what lies outside stands at the end."""
        if self.is_log:
            value = max(value, self.low)
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share))


def linear(values: Iterable[float | None], *, least: float = 0) -> Axis:
    """From 0 to above the largest value, and to `least` at the least, with round marks."""
    top = max((value for value in values if value is not None), default=0)
    top = max(top, least) or 1
    rough = top / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in _NICE if power * nice >= rough * 0.999)
    count = max(1, math.ceil(top / step * 0.999))
    return Axis(0, step * count, tuple(step * mark for mark in range(count + 1)))


def logarithmic(values: Iterable[float | None]) -> Axis:
    """Around all values that are above nothing, from mark to mark: 1, 2, 5, 10, 20 …"""
    known = [value for value in values if value is not None and value > 0] or [1, 10]
    low, high = _mark_below(min(known)), _mark_above(max(known))
    if low == high:
        high = _mark_above(low * 1.5)
    marks = [mark for mark in _one_two_five(low, high) if low <= mark <= high]
    if len(marks) > MARKS_MAX:
        marks = [mark for mark in marks if _is_power(mark)]
    return Axis(low, high, tuple(marks), is_log=True)


def times(seconds: float) -> Axis:
    """From the start to the end of a run, with marks where a watch has them."""
    end = max(seconds, 1)
    step = next((step for step in _TIMES_SECONDS if end / step < MARKS_MAX), math.ceil(end / MARKS_MAX))
    return Axis(0, end, tuple(range(0, math.floor(end) + 1, step)))


def path(points: Sequence[tuple[float, float] | None]) -> str:
    """The `d` of a line through points given from 0 to 1, up being more; None breaks it. A point alone is a dot."""
    parts: list[str] = []
    is_down = False
    for at, point in enumerate(points):
        if point is None:
            is_down = False
            continue
        x, y = round(point[0] * SIDE, 1), round((1 - point[1]) * SIDE, 1)
        parts.append(f"{'L' if is_down else 'M'}{x:g} {y:g}")
        if not is_down and (at + 1 == len(points) or points[at + 1] is None):
            parts.append("h0")
        is_down = True
    return "".join(parts)


def _mark_below(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(power * nice for nice in (1, 2, 5) if nice == 1 or power * nice <= value)


def _mark_above(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return min(power * nice for nice in (1, 2, 5, 10) if nice == 10 or power * nice >= value)


def _one_two_five(low: float, high: float) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return [10.0**power * nice for power in range(first, last + 1) for nice in (1, 2, 5)]


def _is_power(value: float) -> bool:
    exponent = math.log10(value)
    return abs(exponent - round(exponent)) < 1e-9
