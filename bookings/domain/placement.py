"""Which seats to give when somebody asks for the best N together, and the sentence that says why.

Owns the choice alone: it holds nothing. The caller takes the seats in one step and asks again when it lost the
race. One picture, the `states` given, decides both what is free and which gaps a choice makes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bookings.domain.layout import Seat, SeatKind
from bookings.domain.placement_apart import choose_apart
from bookings.domain.seating import Block, Plan, Wish, harm_of, harm_of_all, ladder, line_of, may_exist, plan_of, take

__all__ = ["RANK_MAX", "Choice", "ChoiceReason", "NoChoice", "NoChoiceReason", "Plan", "choose_seats", "plan_of"]

# Note [Order of preference]. A choice comes before another by the first of these that differs:
#   1. all in one block: neighbouring seats of one row with no aisle between;
#   2. accessible only: fewer wheelchair spaces, fewer companion seats of other spaces, more of its own;
#   3. fewer single seats left beside it (a seat between the choice and a taken seat, an aisle or a wall);
#   4. fewer sofas of which half stays free;
#   5. fewer seats with a restricted view;
#   6. nearer to the focal point;
#   7. the row nearer to the screen, then further left: equal pictures give equal choices.
# When not even one block of the size is free, placement_apart.py takes the fewest blocks it can.

# More askers than this do not fit into one turn of a server; higher ranks begin again at the best place.
RANK_MAX: Final = 256


class ChoiceReason(StrEnum):
    """The worst thing that has to be said about a choice, mildest first."""

    BEST = "best"
    RESTRICTED_VIEW = "restricted_view"
    HALF_SOFA = "half_sofa"
    SINGLE_SEAT_LEFT = "single_seat_left"
    SPLIT = "split"


class NoChoiceReason(StrEnum):
    """Why there is nothing to offer; only TOO_FEW_SEATS and NO_WHEELCHAIR_SPACE can change with time."""

    TOO_MANY_SEATS = "too_many_seats"
    UNKNOWN_CATEGORY = "unknown_category"
    NO_WHEELCHAIR_SPACE = "no_wheelchair_space"
    TOO_FEW_SEATS = "too_few_seats"


@dataclass(frozen=True, slots=True)
class Choice:
    """Seats to hold. `indexes` go block by block; `together` is false when there is more than one block."""

    indexes: tuple[int, ...]
    together: bool
    reason: ChoiceReason
    detail: str
    makes_single_gap: bool


@dataclass(frozen=True, slots=True)
class NoChoice:
    """Nothing can be offered for this wish, and why."""

    reason: NoChoiceReason
    detail: str


def choose_seats(
    *,
    plan: Plan,
    states: str,
    count: int,
    seats_max: int,
    category: str | None = None,
    accessible: bool = False,
    rank: int = 0,
) -> Choice | NoChoice:
    """Choose `count` free seats by Note [Order of preference]; together whenever they exist together.

    `rank` is how many others ask the same at this moment: the places they would be given are left to them, as
    far as there are others that are as harmless. 0 is the best choice itself; when the places run out, ranks
    begin again at the best one, so that any rank gets an answer whenever rank 0 does.
    Raises ValueError for a count below 1 or for states of another layout.
    """
    if count < 1 or len(states) != len(plan.seats):
        raise ValueError("count must be at least 1 and states must have one letter a seat")
    if count > seats_max:
        detail = f"One person can hold {seats_max} seats of a show at most."
        return NoChoice(NoChoiceReason.TOO_MANY_SEATS, detail)
    if category is not None and category not in plan.categories:
        return NoChoice(NoChoiceReason.UNKNOWN_CATEGORY, f"This screen has no category “{category}”.")
    wish = Wish(count, category, accessible)
    line = line_of(plan, states)
    start = _best_together(plan, line, wish, rank % RANK_MAX)
    if start is not None:
        return _explain(plan, line, [(start, start + count)])
    blocks = choose_apart(plan=plan, line=line, wish=wish, rank=rank % RANK_MAX)
    return _explain(plan, line, blocks) if blocks else _refuse(plan, line, wish)


def _best_together(plan: Plan, line: str, wish: Wish, rank: int) -> int | None:
    """Where the best free block begins, or None when no block of this size is free."""
    if not may_exist(line, wish):
        return None
    size, empty = wish.size, plan.empty
    for starts in ladder(plan, wish):
        best: int | None = None
        least = 0
        for start in starts:
            end = start + size
            if line[start:end] != empty[start:end]:
                continue
            harm = harm_of(plan, line, start, end)
            if best is None or harm < least:
                best, least = start, harm
            if not harm:
                break
        if best is not None:
            return best if rank == 0 else _step_aside(plan, line, starts, size, least, rank)
    return None


def _step_aside(plan: Plan, line: str, starts: Sequence[int], size: int, harm: int, rank: int) -> int:
    """The best start after the places of `rank` others, or one of theirs if there are not so many."""
    ahead = line
    places: list[int] = []
    for start in starts:
        end = start + size
        if ahead[start:end] != plan.empty[start:end] or harm_of(plan, line, start, end) != harm:
            continue
        # Judged as if the others had their seats too, or two good choices would leave a single seat between them.
        if harm_of(plan, ahead, start, end) > harm:
            continue
        places.append(start)
        if len(places) > rank:
            return start
        ahead = take(ahead, (start, end))
    return places[rank % len(places)]


def _explain(plan: Plan, line: str, blocks: Sequence[Block]) -> Choice:
    """The choice with its reason: a sentence for all that is true of it, the code of the worst."""
    indexes = tuple(plan.index_at[at] for start, end in blocks for at in range(start, end))
    singles, halves = harm_of_all(plan, line, blocks)
    restricted = [plan.seats[index] for index in indexes if plan.seats[index].kind is SeatKind.RESTRICTED]
    names = "; ".join(_labels(plan.seats[plan.index_at[at]] for at in range(*block)) for block in blocks)
    together = len(blocks) == 1
    reason = ChoiceReason.BEST
    sentences = [f"{names}: {'together, ' if len(indexes) > 1 else ''}among the best places still free."]
    if not together:
        sentences = [f"No {len(indexes)} seats together are left. These are close to each other: {names}."]
    sentences += _special_places(plan, indexes)
    if restricted:
        reason = ChoiceReason.RESTRICTED_VIEW
        sentences.append(f"Restricted view: {_labels(restricted)}, as nothing better is left.")
    if halves:
        reason = ChoiceReason.HALF_SOFA
        sentences.append("The other half of a sofa stays free, as nothing better is left.")
    if singles:
        reason = ChoiceReason.SINGLE_SEAT_LEFT
        sentences.append("A single seat stays free beside them, as nothing better is left.")
    return Choice(
        indexes=indexes,
        together=together,
        reason=reason if together else ChoiceReason.SPLIT,
        detail=" ".join(sentences),
        makes_single_gap=singles > 0,
    )


def _special_places(plan: Plan, indexes: Sequence[int]) -> list[str]:
    seats = [plan.seats[index] for index in indexes]
    named = {SeatKind.WHEELCHAIR: "Wheelchair space", SeatKind.COMPANION: "Companion seat"}
    found = {kind: [seat for seat in seats if seat.kind is kind] for kind in named}
    return [f"{named[kind]}: {_labels(places)}." for kind, places in found.items() if places]


def _labels(seats: Iterable[Seat]) -> str:
    return ", ".join(seat.label for seat in seats)


def _refuse(plan: Plan, line: str, wish: Wish) -> NoChoice:
    """The reason why not even several blocks would do."""
    within = f" in “{wish.category}”" if wish.category else ""
    if wish.accessible and not _count_free(plan, line, wish._replace(size=1)):
        return NoChoice(NoChoiceReason.NO_WHEELCHAIR_SPACE, f"No wheelchair space is free{within}.")
    free = _count_free(plan, line, Wish(1, wish.category, accessible=False))
    besides = " besides the wheelchair spaces" if wish.accessible else ""
    seats = "1 seat is" if free == 1 else f"{free} seats are" if free else "No seat is"
    return NoChoice(NoChoiceReason.TOO_FEW_SEATS, f"{seats} still free{within}{besides}, too few for {wish.size}.")


def _count_free(plan: Plan, line: str, wish: Wish) -> int:
    return sum(line[start] == plan.empty[start] for starts in ladder(plan, wish) for start in starts)
