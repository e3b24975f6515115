"""Seats for a party that does not fit into one block: as few blocks as possible, as close together as possible.

Owns the search over several blocks; what one block is, and its order and harm, are seating.py's. It is asked
only when no single block is left (placement.py), so its answer is always the announced second best.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple, TypeAlias

from bookings.domain.seating import (
    COLUMNS_PER_ROW,
    Block,
    Plan,
    Wish,
    harm_of,
    harm_of_all,
    ladder,
    may_exist,
    take,
)

# How many places the first block is tried at. The best few are near the focal point, and each costs a search.
ANCHORS_MAX: Final = 4
# Beyond any squared distance in a screen; ROWS_MAX and COLUMNS_MAX of a layout keep those under 10**6.
_FAR: Final = 10**9

_Rows: TypeAlias = dict[int, list[int]]


class _Cost(NamedTuple):
    """How good a way to sit apart is, most important first; fewer is better everywhere."""

    blocks: int
    single_seats: int
    half_sofas: int
    alone: int
    restricted: int
    spread: int


def choose_apart(*, plan: Plan, line: str, wish: Wish, rank: int) -> list[Block]:
    """The blocks of a party of `wish.size` on two or more blocks; empty when there are not enough places.

    An accessible party has its wheelchair space in the first block; the others sit on ordinary seats.
    The number of blocks is the least possible unless the party is accessible. Beyond that the best few places
    for the first block are compared, by _Cost, so the rest is very good rather than perfect.
    """
    openings = _Openings(plan, line, wish.category)
    largest = next((size for size in range(wish.size - 1, 0, -1) if _anchors(openings, wish, size)), 0)
    ways = _ways(openings, wish, largest)
    if not ways:
        return []
    best = min(ways)[0]
    if best.single_seats or best.half_sofas or best.alone:
        # A smaller first block may leave nobody alone and no single seat in as many blocks: 3 + 3 for 5 + 1.
        for size in {largest - 1, -(-wish.size // best.blocks)} - {0, largest}:
            ways += _ways(openings, wish, size)
        best = min(ways)[0]
    alike = sorted(way for way in ways if way[0][:4] == best[:4])
    return alike[rank % len(alike)][2]


def _anchors(openings: "_Openings", wish: Wish, size: int) -> list[int]:
    harmless, free = openings.starts(wish._replace(size=size))
    return (harmless or free)[:ANCHORS_MAX]


def _ways(openings: "_Openings", wish: Wish, size: int) -> list[tuple[_Cost, int, list[Block]]]:
    """The ways to seat the party that begin with a block of this size; the anchor's order breaks ties."""
    ways: list[tuple[_Cost, int, list[Block]]] = []
    for order, start in enumerate(_anchors(openings, wish, size) if size else []):
        blocks = _complete(openings, wish.size, (start, start + size))
        if blocks:
            ways.append((_cost(openings, blocks), order, sorted(blocks)))
    return ways


def _complete(openings: "_Openings", count: int, anchor: Block) -> list[Block]:
    """The anchor, and those who are left near to it, the largest block first; empty if impossible."""
    blocks = [anchor]
    line = take(openings.line, anchor)
    left = count - (anchor[1] - anchor[0])
    while left:
        start = None
        for size in range(left, 0, -1):
            start = openings.nearest(size, anchor, line)
            if start is not None:
                break
        if start is None:
            return []
        blocks.append((start, start + size))
        line = take(line, blocks[-1])
        left -= size
    return blocks


def _cost(openings: "_Openings", blocks: list[Block]) -> _Cost:
    plan = openings.plan
    singles, halves = harm_of_all(plan, openings.line, blocks)
    return _Cost(
        blocks=len(blocks),
        single_seats=singles,
        half_sofas=halves,
        alone=sum(end - start == 1 for start, end in blocks),
        restricted=sum(plan.restricted(block) for block in blocks),
        spread=sum(_distance(plan, blocks[0], block) for block in blocks[1:]),
    )


def _distance(plan: Plan, one: Block, other: Block) -> int:
    """Squared distance of the middles of two blocks, in half columns so that it is a whole number."""
    across = _middle(plan, one) - _middle(plan, other)
    return across * across + _row_distance(plan.rows[one[0]], plan.rows[other[0]])


def _middle(plan: Plan, block: Block) -> int:
    return plan.columns[block[0]] + plan.columns[block[1] - 1]


def _row_distance(one: int, other: int) -> int:
    return (2 * COLUMNS_PER_ROW * (one - other)) ** 2


class _Openings:
    """The free blocks of one picture, and the nearest of them to a block; looked up once a size."""

    def __init__(self, plan: Plan, line: str, category: str | None) -> None:
        self.plan = plan
        self.line = line
        self._category = category
        self._starts: dict[Wish, tuple[list[int], list[int]]] = {}
        self._by_row: dict[int, tuple[_Rows, _Rows]] = {}

    def starts(self, wish: Wish) -> tuple[list[int], list[int]]:
        """The starts of the harmless and of all free blocks, best first, of the best step that has any."""
        known = self._starts.get(wish)
        if known is None:
            known = self._starts[wish] = self._find_starts(wish)
        return known

    def _find_starts(self, wish: Wish) -> tuple[list[int], list[int]]:
        if not may_exist(self.line, wish):
            return [], []
        line, empty, size = self.line, self.plan.empty, wish.size
        for step in ladder(self.plan, wish):
            free = [start for start in step if line[start : start + size] == empty[start : start + size]]
            if free:
                return [at for at in free if not harm_of(self.plan, line, at, at + size)], free
        return [], []

    def nearest(self, size: int, anchor: Block, line: str) -> int | None:
        """The start nearest to `anchor` that is still free in `line`; a harmless one if there is any."""
        wish = Wish(size, self._category, accessible=False)
        if not may_exist(line, wish):
            return None
        if size not in self._by_row:
            harmless, free = self.starts(wish)
            self._by_row[size] = self._by_rows(harmless), self._by_rows(free)
        for rows in self._by_row[size]:
            start = self._nearest_of(rows, size, anchor, line)
            if start is not None:
                return start
        return None

    def _by_rows(self, starts: Iterable[int]) -> _Rows:
        rows: _Rows = {}
        for start in starts:
            rows.setdefault(self.plan.rows[start], []).append(start)
        return rows

    def _nearest_of(self, rows: _Rows, size: int, anchor: Block, line: str) -> int | None:
        # The inner loop of the whole search, so _distance is written out.
        columns, wanted = self.plan.columns, self.plan.empty
        here, middle = self.plan.rows[anchor[0]], _middle(self.plan, anchor)
        best, least = None, _FAR
        for row in sorted(rows, key=lambda row: (abs(row - here), row)):
            row_distance = _row_distance(row, here)
            if row_distance >= least:
                break
            for start in rows[row]:
                end = start + size
                distance = row_distance + (columns[start] + columns[end - 1] - middle) ** 2
                if distance < least and line[start:end] == wanted[start:end]:
                    best, least = start, distance
        return best
