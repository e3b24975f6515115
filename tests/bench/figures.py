"""What a benchmark found, and the arithmetic of it: medians, percentiles, floors, overlapping grants.

Pure. How things are measured is measuring.py's, how they are shown is report.py's and page.py's.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, NamedTuple

# A generator busier than this may itself be what is slow: its run proves nothing.
GENERATOR_BUSY_MAX: Final = 0.85


@dataclass(frozen=True, slots=True)
class Floor:
    """What a figure must reach: at least, or at most, `bound`."""

    bound: float
    at_least: bool = True

    def met_by(self, value: float) -> bool:
        """Whether a value reaches it; what could not be measured does not."""
        if math.isnan(value):
            return False
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {number(self.bound)}"


def at_least(bound: float) -> Floor:
    """More is better."""
    return Floor(bound)


def at_most(bound: float) -> Floor:
    """Less is better."""
    return Floor(bound, at_least=False)


@dataclass(slots=True)
class Figure:
    """One measured quantity: a value per repeat."""

    label: str
    unit: str
    values: list[float]
    floor: Floor | None = None
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the repeats."""
        return median(self.values)

    @property
    def met(self) -> bool | None:
        """Whether the floor is met; None: there is none."""
        return None if self.floor is None else self.floor.met_by(self.value)

    def as_json(self) -> dict[str, Any]:
        """For the report's file."""
        return {
            "label": self.label,
            "unit": self.unit,
            "median": _finite(self.value),
            "low": _finite(min(self.values, default=math.nan)),
            "high": _finite(max(self.values, default=math.nan)),
            "values": [_finite(value) for value in self.values],
            "floor": None if self.floor is None else str(self.floor),
            "met": self.met,
            "note": self.note,
        }


@dataclass(slots=True)
class Outcome:
    """All that one benchmark found. `busy` is the generator's share of its core, once per measured run."""

    name: str
    title: str
    figures: list[Figure] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    usage: dict[str, list[float]] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    load_before: tuple[float, ...] = ()
    load_after: tuple[float, ...] = ()
    seconds: float = 0.0
    error: str = ""

    def add(
        self, label: str, unit: str, values: Iterable[float], *, floor: Floor | None = None, note: str = ""
    ) -> Figure:
        """Note a figure."""
        figure = Figure(label, unit, list(values), floor, note)
        self.figures.append(figure)
        return figure

    @property
    def void(self) -> bool:
        """Whether the generator was too busy for the figures to mean anything."""
        return bool(self.busy) and median(self.busy) > GENERATOR_BUSY_MAX

    def as_json(self) -> dict[str, Any]:
        """For the report's file."""
        return {
            "name": self.name,
            "title": self.title,
            "void": self.void,
            "error": self.error,
            "seconds": round(self.seconds, 1),
            "generator_busy": [round(share, 3) for share in self.busy],
            "core_share": {part: round(median(shares), 3) for part, shares in self.usage.items()},
            "load_average": {"before": list(self.load_before), "after": list(self.load_after)},
            "figures": [figure.as_json() for figure in self.figures],
            "details": self.details,
        }


def median(values: Sequence[float]) -> float:
    """The middle value, the mean of the two middle ones; NaN of nothing."""
    if not values:
        return math.nan
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def quotients(ours: Iterable[float], theirs: Iterable[float]) -> list[float]:
    """Ours as multiples of theirs, turn by turn; a turn in which they did nothing gives none."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True) if other]


def busy_note(busy: Sequence[float]) -> str:
    """A word of warning where the generator was what was slow, so that this side could do more than was seen."""
    share = median(busy)
    return f"a lower bound: the generator was {share:.0%} busy" if share > GENERATOR_BUSY_MAX else ""


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile of ascending values, so it is one that was seen; NaN of nothing."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Latency(NamedTuple):
    """How late things were, in the unit of the values."""

    measured: int
    p50: float
    p90: float
    p99: float
    p999: float
    worst: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Latency":
        """Of any number of values, in any order."""
        ordered = sorted(values)
        shares = (percentile(ordered, share) for share in (0.5, 0.9, 0.99, 0.999, 1.0))
        return cls(len(ordered), *shares)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The least-squares slope of (x, y) points; NaN where x does not vary."""
    if not points:
        return math.nan
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else math.nan


class Grant(NamedTuple):
    """A seat that somebody surely had, from his yes to his giving it back. Times of one clock."""

    seat: int
    owner: str
    since: float
    until: float


def double_grants(grants: Iterable[Grant]) -> list[tuple[Grant, Grant]]:
    """Pairs of grants of one seat that overlap in time: each is a seat sold twice."""
    by_seat: dict[int, list[Grant]] = {}
    for grant in grants:
        by_seat.setdefault(grant.seat, []).append(grant)
    doubles = []
    for of_seat in by_seat.values():
        of_seat.sort(key=lambda grant: grant.since)
        longest = of_seat[0]
        for _, grant in pairwise(of_seat):
            if grant.since < longest.until:
                doubles.append((longest, grant))
            if grant.until > longest.until:
                longest = grant
    return doubles


def number(value: float) -> str:
    """A number for people: three significant digits, thousands apart."""
    if math.isnan(value):
        return "–"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{value:,.{min(6, max(0, digits))}f}"


def _finite(value: float) -> float | None:
    return None if math.isnan(value) or math.isinf(value) else round(value, 4)
