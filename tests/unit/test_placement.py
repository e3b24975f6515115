"""Best seats as people wish for them: which come first, who sits together, and what is refused."""

import pytest

from bookings.domain.layout import parse_layout
from bookings.domain.placement import (
    ChoiceReason,
    NoChoiceReason,
    plan_of,
)
from tests.support.placement import choose, labels, refuse, screen, seats_of


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
