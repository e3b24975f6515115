"""Best seats on whole screens against an oracle of sets that knows nothing of lines, ladders or harm."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.domain.layout import Seat, SeatKind
from bookings.domain.placement import (
    Choice,
    ChoiceReason,
    NoChoice,
    NoChoiceReason,
    choose_seats,
    plan_of,
)
from tests.support.placement import SEATS_MAX, choose, labels, screen, seats_of

NEVER_BY_ITSELF = (SeatKind.HOUSE, SeatKind.WHEELCHAIR, SeatKind.COMPANION)


def is_ordinary(seat: Seat) -> bool:
    return seat.kind not in NEVER_BY_ITSELF


def places(seats: tuple[Seat, ...], states: str) -> dict[tuple[int, int], Seat]:
    """The free ordinary seats by column and row."""
    return {(seat.x, seat.y): seat for seat in seats if states[seat.index] == "A" and is_ordinary(seat)}


def singles_of(free: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {(x, y) for x, y in free if (x - 1, y) not in free and (x + 1, y) not in free}


def half_sofas_of(rows: tuple[str, ...], free: set[tuple[int, int]]) -> int:
    pairs = [((x, y), (x + 1, y)) for y, row in enumerate(rows) for x, kind in enumerate(row) if kind == "("]
    return sum((left in free) != (right in free) for left, right in pairs)


def preference(rows: tuple[str, ...], free: dict[tuple[int, int], Seat], block: list[tuple[int, int]]):
    """What makes a block worse than another, most important first."""
    seats = seats_of(*rows)
    columns, lines = [seat.x for seat in seats], [seat.y for seat in seats]
    middle = Fraction(min(columns) + max(columns), 2)
    two_thirds = min(lines) + Fraction(2, 3) * (max(lines) - min(lines))
    after = free.keys() - set(block)
    return (
        len(singles_of(after) - singles_of(set(free))),
        # Taking the half that a stranger left mends a sofa, which is neither better nor worse than none.
        sum(
            half_sofas_of(rows, after) > half_sofas_of(rows, after | {place})
            for place in block
            if (place[0] - 1, place[1]) not in block or (place[0] + 1, place[1]) not in block
        ),
        sum(free[place].kind is SeatKind.RESTRICTED for place in block),
        sum((x - middle) ** 2 + (2 * (y - two_thirds)) ** 2 for x, y in block),
        block[0][1],
        block[0][0],
    )


def best_block(rows: tuple[str, ...], states: str, count: int) -> list[int] | None:
    """The indexes of the best block by brute force, or None when there is none."""
    free = places(seats_of(*rows), states)
    blocks = [[(x + step, y) for step in range(count)] for x, y in free]
    blocks = [block for block in blocks if all(place in free for place in block)]
    if not blocks:
        return None
    return [free[place].index for place in min(blocks, key=lambda block: preference(rows, free, block))]


def blocks_needed(seats: tuple[Seat, ...], states: str, count: int) -> int | None:
    """The least number of blocks that seat `count`, or None when there are too few seats."""
    free = places(seats, states).keys()
    lengths = []
    for x, y in free:
        if (x - 1, y) not in free:
            length = 1
            while (x + length, y) in free:
                length += 1
            lengths.append(length)
    for needed, length in enumerate(sorted(lengths, reverse=True), start=1):
        count -= length
        if count <= 0:
            return needed
    return None


def blocks_given(seats: tuple[Seat, ...], indexes: tuple[int, ...]) -> int:
    given_places = {(seats[index].x, seats[index].y) for index in indexes}
    return sum((x - 1, y) not in given_places for x, y in given_places)


ROW = st.lists(
    st.sampled_from(["S", "SS", "SSS", "()", "()()", "V", "H", ".", "..", "WC", "CW", "CWC", "R"]),
    min_size=1,
    max_size=5,
).map("".join)
ROWS = st.lists(ROW.filter(lambda row: row.strip(".")), min_size=1, max_size=4).map(tuple)


@st.composite
def pictures(draw):
    rows = draw(ROWS)
    size = len(seats_of(*rows))
    states = draw(st.text(alphabet="AAAHBX", min_size=size, max_size=size))
    return rows, states, draw(st.integers(1, 8))


class TestWholeScreens:
    @given(pictures())
    @settings(max_examples=400, deadline=None)
    def test_gives_exactly_the_best_block_of_the_oracle(self, picture):
        rows, states, count = picture
        best = best_block(rows, states, count)

        choice = choose_seats(plan=screen(*rows), states=states, count=count, seats_max=SEATS_MAX)

        if best is None:
            assert isinstance(choice, NoChoice) or not choice.together
        else:
            assert isinstance(choice, Choice)
            assert (choice.together, list(choice.indexes)) == (True, best)

    @given(pictures())
    @settings(max_examples=400, deadline=None)
    def test_seats_any_party_that_has_seats_in_the_fewest_blocks(self, picture):
        rows, states, count = picture
        seats = seats_of(*rows)
        needed = blocks_needed(seats, states, count)

        choice = choose_seats(plan=screen(*rows), states=states, count=count, seats_max=SEATS_MAX)

        if needed is None:
            assert isinstance(choice, NoChoice)
            assert choice.reason is NoChoiceReason.TOO_FEW_SEATS
        else:
            assert isinstance(choice, Choice)
            assert len(set(choice.indexes)) == count
            assert all(states[index] == "A" and is_ordinary(seats[index]) for index in choice.indexes)
            assert blocks_given(seats, choice.indexes) == needed
            assert (choice.reason is ChoiceReason.SPLIT) == (needed > 1)

    @given(pictures(), st.integers(0, 300))
    @settings(max_examples=300, deadline=None)
    def test_any_rank_gets_an_answer_no_more_harmful_than_the_first(self, picture, rank):
        rows, states, count = picture
        plan = screen(*rows)
        free = places(plan.seats, states)

        first = choose_seats(plan=plan, states=states, count=count, seats_max=SEATS_MAX)
        later = choose_seats(plan=plan, states=states, count=count, seats_max=SEATS_MAX, rank=rank)

        assert type(first) is type(later)
        if isinstance(first, Choice) and isinstance(later, Choice):
            assert (later.together, later.makes_single_gap) == (first.together, first.makes_single_gap)
            if first.together:
                harms = [
                    preference(rows, free, [(plan.seats[i].x, plan.seats[i].y) for i in choice.indexes])[:2]
                    for choice in (first, later)
                ]
                assert harms[0] == harms[1]

    @given(pictures())
    @settings(max_examples=200, deadline=None)
    def test_accessible_parties_get_a_wheelchair_space_together_whenever_they_can(self, picture):
        rows, states, count = picture
        seats = seats_of(*rows)
        free = {(s.x, s.y): s for s in seats if states[s.index] == "A" and s.kind is not SeatKind.HOUSE}
        blocks = [[(x + step, y) for step in range(count)] for x, y in free]
        exists = any(
            all(place in free for place in block) and any(free[place].kind is SeatKind.WHEELCHAIR for place in block)
            for block in blocks
        )

        choice = choose_seats(plan=screen(*rows), states=states, count=count, seats_max=SEATS_MAX, accessible=True)

        assert exists == (isinstance(choice, Choice) and choice.together)
        if isinstance(choice, Choice):
            kinds = [seats[index].kind for index in choice.indexes]
            assert SeatKind.WHEELCHAIR in kinds
            assert SeatKind.HOUSE not in kinds
            assert len(set(choice.indexes)) == count
            assert all(states[index] == "A" for index in choice.indexes)


class TestManyAtOnce:
    def test_160_askers_in_one_picture_get_160_different_pairs_and_leave_no_single_seat(self):
        plan = screen(*["SSSSSSSSS..SSSSSSSSSSSSSSSS..SSSSSSSSS"] * 26)
        free = "A" * len(plan.seats)

        choices = [choose(plan, free, count=2, rank=rank) for rank in range(160)]

        taken = {index for choice in choices for index in choice.indexes}
        assert len(taken) == 320
        left = {(seat.x, seat.y) for seat in plan.seats if seat.index not in taken}
        assert singles_of(left) == set()

    @pytest.mark.parametrize("count", [1, 2, 3, 4])
    def test_a_herd_that_asks_again_is_only_refused_when_nothing_is_left(self, count):
        plan = screen(*["SSSSSS.SSSSSSS.SSSSSS"] * 6)
        chance = Random(count)
        states = "".join(chance.choice("AAB") for _ in plan.seats)
        asking, granted, rounds = 160, 0, 0
        while asking:
            rounds += 1
            picture = states
            for rank in range(asking):
                choice = choose_seats(plan=plan, states=picture, count=count, seats_max=SEATS_MAX, rank=rank)
                if isinstance(choice, NoChoice) or not choice.together:
                    assert best_block(("SSSSSS.SSSSSSS.SSSSSS",) * 6, picture, count) is None
                    asking -= 1
                elif all(states[index] == "A" for index in choice.indexes):
                    states = "".join("B" if i in choice.indexes else s for i, s in enumerate(states))
                    asking, granted = asking - 1, granted + 1

        assert granted > 0
        assert rounds <= 12

    def test_ranks_begin_again_at_the_best_place_when_the_places_run_out(self):
        plan = screen("SS.SS.SS")

        given = [labels(plan, choose(plan, count=2, rank=rank))[0] for rank in range(6)]

        assert given == ["A3", "A1", "A5"] * 2

    def test_equal_pictures_give_equal_choices_however_the_seats_are_listed(self):
        seats = list(seats_of("SS.SSS", "()VSSS", "SSSSSS"))
        listed_otherwise = plan_of(Random(7).sample(seats, len(seats)))
        listed = plan_of(seats)

        for count, rank in product(range(1, 6), range(4)):
            assert choose(listed, count=count, rank=rank) == choose(listed_otherwise, count=count, rank=rank)
