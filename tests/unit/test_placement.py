"""Best seats against an oracle that knows nothing of lines, ladders or harm: bits for a row, sets for a screen."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookings.domain import placement
from bookings.domain.layout import Seat, SeatKind, parse_layout
from bookings.domain.placement import (
    Choice,
    ChoiceReason,
    NoChoice,
    NoChoiceReason,
    Plan,
    choose_seats,
    plan_of,
)

SEATS_MAX = 10
NEVER_BY_ITSELF = (SeatKind.HOUSE, SeatKind.WHEELCHAIR, SeatKind.COMPANION)
Choose = Callable[..., Choice | NoChoice]


@cache
def seats_of(*rows: str) -> tuple[Seat, ...]:
    """A screen drawn row by row from the screen, all in one category."""
    drawn = [f"{chr(ord('A') + y)} {row}" for y, row in enumerate(rows)]
    return parse_layout("\n".join(["categories: standard", "[standard]", *drawn])).seats


@cache
def screen(*rows: str) -> Plan:
    return plan_of(seats_of(*rows))


def labels(plan: Plan, choice: Choice | NoChoice) -> list[str]:
    assert isinstance(choice, Choice), choice
    return [plan.seats[index].label for index in choice.indexes]


def choose(plan: Plan, states: str | None = None, count: int = 2, **wish) -> Choice:
    states = (states or "A" * len(plan.seats)).replace(" ", "")
    choice = choose_seats(plan=plan, states=states, count=count, seats_max=SEATS_MAX, **wish)
    assert isinstance(choice, Choice), choice
    return choice


def refuse(plan: Plan, states: str | None = None, count: int = 2, **wish) -> NoChoice:
    states = (states or "A" * len(plan.seats)).replace(" ", "")
    refusal = choose_seats(plan=plan, states=states, count=count, seats_max=SEATS_MAX, **wish)
    assert isinstance(refusal, NoChoice), refusal
    return refusal


# One row, every picture


def singles(free: int) -> int:
    """The bits of free places whose neighbours are both not free."""
    return free & ~(free << 1) & ~(free >> 1)


def faults_of_row(
    row: str, choose_one: Choose = choose_seats, counts: Iterable[int] = range(1, SEATS_MAX + 1)
) -> Iterator[str]:
    """Every way in which choices for one row break a promise, over all pictures."""
    plan = screen(row)
    columns = [seat.x for seat in plan.seats]
    for picture in product("AB", repeat=len(columns)):
        free = sum(1 << x for x, state in zip(columns, picture, strict=True) if state == "A")
        for count in counts:
            choice = choose_one(plan=plan, states="".join(picture), count=count, seats_max=SEATS_MAX)
            yield from faults_of(choice, columns, free, count)


def faults_of(choice: Choice | NoChoice, columns: list[int], free: int, count: int) -> Iterator[str]:
    block = (1 << count) - 1
    blocks = [block << x for x in columns if block << x & ~free == 0]
    made = {taken: singles(free & ~taken) & ~singles(free) for taken in blocks}
    if isinstance(choice, NoChoice):
        if free.bit_count() >= count:
            yield "refused"
        return
    chosen = sum(1 << columns[index] for index in choice.indexes)
    if chosen.bit_count() != count or chosen & ~free:
        yield "gave a seat that is not free"
    if choice.together != (chosen in made) or (blocks and not choice.together):
        yield "not together"
    if choice.makes_single_gap != bool(singles(free & ~chosen) & ~singles(free)):
        yield "said the wrong thing about the gap"
    if made.get(chosen) and not all(made.values()):
        yield "left a single seat for nothing"


class TestOneRow:
    @pytest.mark.parametrize("length", range(1, 13))
    def test_keeps_every_promise_in_every_picture(self, length):
        assert set(faults_of_row("S" * length)) == set()

    @pytest.mark.parametrize("count", [1, 2, 3])
    def test_keeps_every_promise_in_every_picture_of_a_longer_row(self, count):
        assert set(faults_of_row("S" * 14, counts=[count])) == set()

    @pytest.mark.parametrize("row", ["SSSSS..SSSSS", "SS.SSSSSS.SS", "S.SS.SSS.SSSS", ".SSSSS.S.SSSS."])
    def test_keeps_every_promise_beside_aisles(self, row):
        assert set(faults_of_row(row)) == set()

    def test_oracle_catches_a_chooser_that_ignores_single_seats(self, monkeypatch):
        monkeypatch.setattr(placement, "harm_of", lambda *_: 0)

        assert set(faults_of_row("S" * 8)) == {"left a single seat for nothing"}

    def test_oracle_catches_a_rule_that_costs_bookings(self):
        def refuses_instead(**wish):
            choice = choose_seats(**wish)
            if isinstance(choice, Choice) and choice.makes_single_gap:
                return NoChoice(NoChoiceReason.TOO_FEW_SEATS, "")
            return choice

        assert set(faults_of_row("S" * 8, refuses_instead)) == {"refused"}

    def test_oracle_catches_a_chooser_that_sees_no_aisle(self):
        closed = plan_of([replace(seat, x=x) for x, seat in enumerate(seats_of("SSS..SSS"))])

        def sees_no_aisle(*, plan, **wish):
            return choose_seats(plan=closed, **wish)

        assert "not together" in set(faults_of_row("SSS..SSS", sees_no_aisle))


# Whole screens, against the order of preference


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


class TestPreference:
    def test_two_thirds_back_in_the_middle_comes_first(self):
        plan = screen(*["SSSSSSS"] * 7)

        assert labels(plan, choose(plan, count=3)) == ["E3", "E4", "E5"]

    def test_an_aisle_parts_neighbours(self):
        plan = screen("SS.SS")

        choice = choose(plan, count=3)

        assert not choice.together
        assert choice.reason is ChoiceReason.SPLIT

    def test_the_tie_goes_to_the_left(self):
        plan = screen("SSSS..SSSS")

        assert labels(plan, choose(plan, count=4)) == ["A1", "A2", "A3", "A4"]

    def test_leaves_no_single_seat_even_for_the_middle(self):
        plan = screen("SSSSSSS")

        choice = choose(plan, "A A A A A A B", count=3)

        assert labels(plan, choice) == ["A4", "A5", "A6"]
        assert choice.reason is ChoiceReason.BEST

    def test_a_single_seat_that_was_there_before_does_not_count(self):
        plan = screen("SSSSS")

        choice = choose(plan, "A B A A B", count=2)

        assert labels(plan, choice) == ["A3", "A4"]
        assert not choice.makes_single_gap

    def test_leaves_a_single_seat_rather_than_refuse_and_says_so(self):
        plan = screen("SSS")

        choice = choose(plan, count=2)

        assert choice.makes_single_gap
        assert choice.reason is ChoiceReason.SINGLE_SEAT_LEFT
        assert "single seat" in choice.detail

    def test_restricted_view_comes_last(self):
        plan = screen("SSSSSS", "SVVVVS", "SSSSSS")

        assert labels(plan, choose(plan, count=2))[0][0] == "C"

        choice = choose(plan, "BBBBBB AAAAAA BBBBBB", count=2)
        assert choice.reason is ChoiceReason.RESTRICTED_VIEW
        assert "Restricted view" in choice.detail

    def test_keeps_sofas_whole(self):
        plan = screen("()()()")

        assert labels(plan, choose(plan, count=2)) == ["A3", "A4"]
        assert labels(plan, choose(plan, "BB AAAA", count=2)) == ["A3", "A4"]

    def test_one_person_is_not_given_half_a_sofa_while_a_chair_is_free(self):
        plan = screen("SSS", "()()", "()()")

        assert labels(plan, choose(plan, count=1)) == ["A3"]

    def test_half_a_sofa_is_given_when_nothing_else_is_left(self):
        plan = screen("()()")

        choice = choose(plan, count=3)

        assert choice.together
        assert "half of a sofa" in choice.detail

    def test_house_seats_are_never_given(self):
        plan = screen("SHHS")

        refusal = refuse(plan, count=3)

        assert refusal.reason is NoChoiceReason.TOO_FEW_SEATS
        assert set(labels(plan, choose(plan, count=2))) == {"A1", "A4"}

    def test_wheelchair_and_companion_places_are_kept_for_those_who_ask(self):
        plan = screen("SWCS")

        assert set(labels(plan, choose(plan, count=2))) == {"A1", "A4"}
        assert refuse(plan, count=3).reason is NoChoiceReason.TOO_FEW_SEATS

    def test_a_category_bounds_the_choice(self):
        text = "categories: near, far\n[near]\nA SSSS\n[far]\nB SSSS"
        plan = plan_of(parse_layout(text).seats)

        assert labels(plan, choose(plan, count=4, category="near")) == ["A1", "A2", "A3", "A4"]
        assert refuse(plan, count=5, category="near").reason is NoChoiceReason.TOO_FEW_SEATS
        assert refuse(plan, count=1, category="balcony").reason is NoChoiceReason.UNKNOWN_CATEGORY


class TestAccessibleParties:
    def test_one_person_gets_the_space_alone(self):
        plan = screen("SSCWSS")

        choice = choose(plan, count=1, accessible=True)

        assert labels(plan, choice) == ["A4"]
        assert "Wheelchair space: A4." in choice.detail

    def test_the_companion_seat_comes_before_an_ordinary_one(self):
        plan = screen("SSCWSS")

        assert labels(plan, choose(plan, count=2, accessible=True)) == ["A3", "A4"]
        assert labels(plan, choose(plan, "ABAAAA", count=3, accessible=True)) == ["A3", "A4", "A5"]

    def test_does_not_use_up_a_second_space_or_its_companion_seat(self):
        plan = screen("SSWCCWSS")

        assert labels(plan, choose(plan, count=3, accessible=True)) == ["A2", "A3", "A4"]

    def test_the_rest_sits_near_when_they_cannot_sit_beside(self):
        plan = screen("SSSSSSSS", "SSSSSSSS", "WC.SSSSS")

        choice = choose(plan, count=5, accessible=True)

        assert not choice.together
        assert {"C1", "C2"} < set(labels(plan, choice))
        assert {seat.row for seat in (plan.seats[i] for i in choice.indexes)} <= {"C", "B"}

    def test_a_seat_that_was_single_beside_the_space_is_not_counted_against_it(self):
        plan = screen("W....SW.S")

        choice = choose(plan, count=1, accessible=True)

        assert labels(plan, choice) == ["A3"]
        assert not choice.makes_single_gap

    def test_is_refused_when_no_space_is_free(self):
        plan = screen("SSWCSS")

        assert refuse(plan, "AABAAA", accessible=True).reason is NoChoiceReason.NO_WHEELCHAIR_SPACE


class TestSittingApart:
    def test_says_that_they_are_apart_and_names_the_blocks(self):
        plan = screen("SSS.SSS", "SSS.SSS")

        choice = choose(plan, count=5)

        assert not choice.together
        assert choice.reason is ChoiceReason.SPLIT
        assert choice.detail.startswith("No 5 seats together are left.")

    def test_the_blocks_are_close_to_each_other(self):
        plan = screen("SSS.SSS", "SSSSSSS", "SSSSSSS", "SSS.SSS")

        choice = choose(plan, "AAA BBB  BBBBBBB  BBBBBBB  AAA AAA", count=6)

        assert {label[0] for label in labels(plan, choice)} == {"D"}

    def test_the_nearest_seat_of_the_row_comes_before_the_one_in_the_middle(self):
        plan = screen("S" * 17)

        choice = choose(plan, "AAA B A BBB A BBBBBBBB", count=4)

        assert labels(plan, choice) == ["A1", "A2", "A3", "A5"]

    def test_two_pairs_at_the_side_come_before_three_and_one_in_the_middle(self):
        plan = screen("S" * 13, "S" * 13, "S" * 13)

        choice = choose(plan, "AABBBBBBBBBBB AABBBBBBBBBBB BBBAAABAAABBB", count=4)

        assert labels(plan, choice) == ["A1", "A2", "B1", "B2"]

    def test_nobody_sits_alone_if_the_same_blocks_can_avoid_it(self):
        plan = screen("SSSSS", "SSS", "SSS")

        choice = choose(plan, count=6)

        rows = [label[0] for label in labels(plan, choice)]
        assert sorted(rows.count(row) for row in set(rows)) == [3, 3]

    def test_too_few_seats_are_counted_in_the_refusal(self):
        refusal = refuse(screen("SSSS"), "ABAB", count=3)

        assert refusal.detail == "2 seats are still free, too few for 3."


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


class TestBadWishes:
    def test_more_seats_than_one_person_may_hold_are_refused(self):
        assert refuse(screen("S" * 12), count=11).reason is NoChoiceReason.TOO_MANY_SEATS

    @pytest.mark.parametrize("count", [0, -1])
    def test_a_count_below_one_is_a_mistake_of_the_caller(self, count):
        with pytest.raises(ValueError, match="at least 1"):
            choose(screen("SSS"), count=count)

    def test_states_of_another_layout_are_a_mistake_of_the_caller(self):
        with pytest.raises(ValueError, match="one letter a seat"):
            choose(screen("SSS"), "AAAA", count=1)

    def test_indexes_with_a_hole_make_no_plan(self):
        with pytest.raises(ValueError, match="without a hole"):
            plan_of(seats_of("SSS")[1:])
