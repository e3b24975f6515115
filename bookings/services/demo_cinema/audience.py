"""Who sits where in the demo: groups that sit together, near the middle, rather at the back.

Pure: seats and dice in, groups of seat indexes out.
"""

from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Final

from bookings.domain.layout import Seat, SeatKind

# How large a group is: most people come in twos and fours.
GROUP_SIZES: Final = (1, 2, 3, 4, 5, 6)
GROUP_WEIGHTS: Final = (7, 40, 16, 22, 6, 9)
# After so many groups that found no row, the rest is filled from the back wall forwards.
MISSES_MAX: Final = 12
# A group takes a place this many seats off the best one, at random, so that a map does not look like a target.
WHIM_SEATS: Final = 7.0
NOT_FOR_SALE: Final = frozenset({SeatKind.HOUSE})
LEFT_FOR_THOSE_WHO_NEED_THEM: Final = frozenset({SeatKind.WHEELCHAIR, SeatKind.COMPANION})


def seat_audience(seats: Sequence[Seat], *, share: float, left: int | None, chance: Random) -> list[list[int]]:
    """Groups of seat indexes that together take `share` of the seats, or all for sale but `left`."""
    room = _Room(seats, chance, with_bays=left is not None)
    wanted = round(len(seats) * share) if left is None else max(room.free_count - left, 0)
    groups: list[list[int]] = []
    misses = 0
    while wanted > 0 and misses < MISSES_MAX:
        size = min(chance.choices(GROUP_SIZES, GROUP_WEIGHTS)[0], wanted)
        group = room.take(size)
        misses = 0 if group else misses + 1
        if group:
            groups.append(group)
            wanted -= len(group)
    if wanted > 0:
        groups += room.take_rest(wanted)
    return groups


class _Room:
    """The rows of a screen with what is still free in them."""

    def __init__(self, seats: Sequence[Seat], chance: Random, *, with_bays: bool) -> None:
        self._chance = chance
        self._middle = max(seat.x for seat in seats) / 2
        closed = NOT_FOR_SALE if with_bays else NOT_FOR_SALE | LEFT_FOR_THOSE_WHO_NEED_THEM
        rows: dict[int, list[Seat]] = defaultdict(list)
        for seat in seats:
            if seat.kind not in closed:
                rows[seat.y].append(seat)
        # From the back wall; a row's weight falls towards the screen, and two rows from the back sell best.
        self._rows = [rows[y] for y in sorted(rows, reverse=True)]
        self._weights = [1 / (2 + abs(place - 2)) for place in range(len(self._rows))]
        self._taken: set[int] = set()
        self._halves = _sofa_halves(seats)

    @property
    def free_count(self) -> int:
        return sum(len(row) for row in self._rows) - len(self._taken)

    def take(self, size: int) -> list[int]:
        """Adjacent seats for a group in a row drawn by weight, or nothing where it does not fit."""
        row = self._chance.choices(self._rows, self._weights)[0]
        best: tuple[float, list[Seat]] | None = None
        for start in range(len(row) - size + 1):
            group = row[start : start + size]
            if self._fits(group):
                off = abs(group[0].x + (size - 1) / 2 - self._middle) + self._chance.uniform(0, WHIM_SEATS)
                if best is None or off < best[0]:
                    best = off, group
        return self._seated(best[1]) if best else []

    def take_rest(self, wanted: int) -> list[list[int]]:
        """What is still free, in twos and ones, until `wanted` seats are taken."""
        groups = []
        for row in self._rows:
            for size in (2, 1):
                for start in range(len(row) - size + 1):
                    group = row[start : start + size]
                    if size <= wanted and self._fits(group):
                        groups.append(self._seated(group))
                        wanted -= size
        return groups

    def _fits(self, group: list[Seat]) -> bool:
        return (
            group[-1].x - group[0].x == len(group) - 1
            and not any(seat.index in self._taken for seat in group)
            and self._halves.get(group[0].index) != "right"
            and self._halves.get(group[-1].index) != "left"
        )

    def _seated(self, group: list[Seat]) -> list[int]:
        indexes = [seat.index for seat in group]
        self._taken.update(indexes)
        return indexes


def _sofa_halves(seats: Sequence[Seat]) -> dict[int, str]:
    """Which half of its sofa a seat is; sofas are drawn in pairs, so in index order they alternate."""
    sofas = [seat.index for seat in seats if seat.kind is SeatKind.SOFA]
    return {index: "right" if place % 2 else "left" for place, index in enumerate(sofas)}
