"""The geometry that best-seat choices are made in: one line of places, blocks on it, and what a block would leave.

Owns which seats are neighbours, which blocks suit a wish, their order on an empty screen, and the harm of taking
one. Which block is given to whom is placement.py's; this file never compares two blocks of one picture.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from bookings.domain.layout import Seat, SeatKind
from bookings.domain.seat_map import AVAILABLE

# Letters of the line besides the seat states. Only AVAILABLE is a free ordinary seat.
WHEELCHAIR: Final = "W"
_COMPANION: Final = "C"
_HOUSE: Final = "-"
_WALL: Final = "|"
_CHOSEN: Final = "+"
_LETTER_OF_KIND: Final[dict[SeatKind, str]] = {
    SeatKind.STANDARD: AVAILABLE,
    SeatKind.RECLINER: AVAILABLE,
    SeatKind.SOFA: AVAILABLE,
    SeatKind.RESTRICTED: AVAILABLE,
    SeatKind.WHEELCHAIR: WHEELCHAIR,
    SeatKind.COMPANION: _COMPANION,
    SeatKind.HOUSE: _HOUSE,
}
# Rows stand about two seat widths apart, so one row counts as two columns.
COLUMNS_PER_ROW: Final = 2
# A single seat left weighs more than the two sofas that one block can break.
SINGLE_SEAT: Final = 4
HALF_SOFA: Final = 1

# Where a block of neighbouring places begins and ends (exclusive) on the line.
Block: TypeAlias = tuple[int, int]
# Starts of blocks, best first on an empty screen; one tuple a step of accessibility, the better step first.
Ladder: TypeAlias = tuple[tuple[int, ...], ...]


class Wish(NamedTuple):
    """What one block should be: so many places, all of a category if one is named, with or without wheelchair."""

    size: int
    category: str | None
    accessible: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The geometry of one layout, made once by `plan_of` and shared by every choice in it.

    All seats stand on one line, row after row from the screen, with a wall at each aisle and row end, so that
    seats are neighbours exactly when they are next to each other on the line.
    """

    seats: tuple[Seat, ...]
    categories: frozenset[str]
    # By position on the line: seat index (one past the last for a wall), column, row, L or R half of a sofa.
    index_at: tuple[int, ...]
    columns: tuple[int, ...]
    rows: tuple[int, ...]
    sofa: str
    # The line when every seat is free, and where that has another letter than an ordinary seat.
    empty: str
    special: tuple[int, ...]
    # Running sums along the line: squared distance from the focal point, seats with a restricted view.
    distance_sums: tuple[int, ...]
    restricted_sums: tuple[int, ...]
    # A memo of `ladder`; sizes x categories x 2 entries at most, since both are checked before it is asked.
    ladders: dict[Wish, Ladder] = field(default_factory=dict, compare=False, repr=False)

    def restricted(self, block: Block) -> int:
        """How many seats of the block have a restricted view."""
        return self.restricted_sums[block[1]] - self.restricted_sums[block[0]]


def plan_of(seats: Sequence[Seat]) -> Plan:
    """The plan of a layout. Raises ValueError unless the seat indexes are 0, 1, 2… without a hole."""
    by_index = tuple(sorted(seats, key=lambda seat: seat.index))
    if not by_index or any(seat.index != index for index, seat in enumerate(by_index)):
        raise ValueError("seat indexes must run from 0 without a hole")
    line = _line_of_seats(by_index)
    empty = "".join(_LETTER_OF_KIND[seat.kind] if seat else _WALL for seat in line)
    return Plan(
        seats=by_index,
        categories=frozenset(seat.category for seat in by_index),
        index_at=tuple(seat.index if seat else len(by_index) for seat in line),
        columns=tuple(seat.x if seat else -1 for seat in line),
        rows=tuple(seat.y if seat else -1 for seat in line),
        sofa=_sofa_halves(line),
        empty=empty,
        special=tuple(at for at, letter in enumerate(empty) if letter not in (AVAILABLE, _WALL)),
        distance_sums=_running_sums(_distances(line)),
        restricted_sums=_running_sums(int(seat is not None and seat.kind is SeatKind.RESTRICTED) for seat in line),
    )


def line_of(plan: Plan, states: str) -> str:
    """The states on the line; free places that are no ordinary seats by the letter of their kind."""
    letters = list(itemgetter(*plan.index_at)(states + _WALL))
    for at in plan.special:
        if letters[at] == AVAILABLE:
            letters[at] = plan.empty[at]
    return "".join(letters)


def take(line: str, block: Block) -> str:
    """The line after the block was given away."""
    start, end = block
    return line[:start] + _CHOSEN * (end - start) + line[end:]


def ladder(plan: Plan, wish: Wish) -> Ladder:
    """Where blocks for this wish can begin on an empty screen, best first; made once a wish and plan.

    Accessible wishes get blocks with a wheelchair space, the others ordinary seats only; house seats nobody.
    """
    known = plan.ladders.get(wish)
    if known is not None:
        return known
    steps: dict[tuple[int, int, int], list[tuple[int, int, int]]] = {}
    for start in range(1, len(plan.empty) - wish.size):
        block = (start, start + wish.size)
        if _suits(plan, wish, block):
            distance = plan.distance_sums[block[1]] - plan.distance_sums[start]
            step = steps.setdefault(_accessibility(plan.empty, block), [])
            step.append((plan.restricted(block), distance, start))
    made = tuple(tuple(start for _, _, start in sorted(steps[step])) for step in sorted(steps))
    plan.ladders[wish] = made
    return made


def may_exist(line: str, wish: Wish) -> bool:
    """False when a look at the line shows at once that no block for this wish is free; true promises nothing."""
    return WHEELCHAIR in line if wish.accessible else AVAILABLE * wish.size in line


def harm_of(plan: Plan, line: str, start: int, end: int) -> int:
    """What taking this free block would leave behind: single seats and half sofas, weighed. 0 is harmless.

    A single seat is a free ordinary seat without a free ordinary neighbour, and only one that had such a
    neighbour before counts. Wheelchair, companion and house places are walls here: nobody can be seated across.
    """
    harm = 0
    if line[start - 1] == AVAILABLE:
        if line[start - 2] != AVAILABLE and line[start] == AVAILABLE:
            harm += SINGLE_SEAT
        if plan.sofa[start] == "R":
            harm += HALF_SOFA
    if line[end] == AVAILABLE:
        if line[end + 1] != AVAILABLE and line[end - 1] == AVAILABLE:
            harm += SINGLE_SEAT
        if plan.sofa[end] == "R":
            harm += HALF_SOFA
    return harm


def harm_of_all(plan: Plan, line: str, blocks: Iterable[Block]) -> tuple[int, int]:
    """How many single seats and half sofas are left when all these blocks are taken at once."""
    blocks = list(blocks)
    after = line
    for block in blocks:
        after = take(after, block)
    # Two blocks may leave the same seat between them, which is one seat.
    beside = {start - 1 for start, _ in blocks} | {end for _, end in blocks}
    singles = sum(_is_single(after, at) and not _is_single(line, at) for at in beside)
    halves = sum(after[start - 1] == AVAILABLE and plan.sofa[start] == "R" for start, _ in blocks)
    halves += sum(after[end] == AVAILABLE and plan.sofa[end] == "R" for _, end in blocks)
    return singles, halves


def _is_single(line: str, at: int) -> bool:
    return line[at] == AVAILABLE and line[at - 1] != AVAILABLE and line[at + 1] != AVAILABLE


def _suits(plan: Plan, wish: Wish, block: Block) -> bool:
    start, end = block
    letters = plan.empty[start:end]
    if wish.accessible:
        if WHEELCHAIR not in letters or letters.strip(AVAILABLE + WHEELCHAIR + _COMPANION):
            return False
    elif letters.strip(AVAILABLE):
        return False
    return wish.category is None or all(
        plan.seats[index].category == wish.category for index in plan.index_at[start:end]
    )


def _accessibility(empty: str, block: Block) -> tuple[int, int, int]:
    """Wheelchair spaces, companion seats of other spaces, companion seats of its own: fewer, fewer, more."""
    start, end = block
    own = sum(
        empty[at] == _COMPANION and WHEELCHAIR in empty[max(start, at - 1) : min(end, at + 2)]
        for at in range(start, end)
    )
    letters = empty[start:end]
    return letters.count(WHEELCHAIR), letters.count(_COMPANION) - own, -own


def _line_of_seats(seats: Sequence[Seat]) -> list[Seat | None]:
    line: list[Seat | None] = [None]
    for seat in sorted(seats, key=lambda seat: (seat.y, seat.row, seat.x)):
        before = line[-1]
        if before is not None and (seat.row, seat.x) != (before.row, before.x + 1):
            line.append(None)
        line.append(seat)
    line.append(None)
    return line


def _sofa_halves(line: Sequence[Seat | None]) -> str:
    halves = _WALL
    for seat in line[1:]:
        if seat is None or seat.kind is not SeatKind.SOFA:
            halves += _WALL
        else:
            # A layout draws sofas in pairs, so the halves of a stretch of them alternate from its left end.
            halves += "R" if halves[-1] == "L" else "L"
    return halves


def _distances(line: Sequence[Seat | None]) -> list[int]:
    """Squared distance of each seat from the focal point: the middle column, two thirds of the way back.

    In sixths of a column, so that halves and thirds are whole numbers and no rounding decides a tie.
    """
    columns = [seat.x for seat in line if seat]
    rows = [seat.y for seat in line if seat]
    focal_x = 3 * (min(columns) + max(columns))
    focal_y = 2 * min(rows) + 4 * max(rows)
    return [
        (6 * seat.x - focal_x) ** 2 + (COLUMNS_PER_ROW * (6 * seat.y - focal_y)) ** 2 if seat else 0 for seat in line
    ]


def _running_sums(values: Iterable[int]) -> tuple[int, ...]:
    sums = [0]
    for value in values:
        sums.append(sums[-1] + value)
    return tuple(sums)
