"""The arithmetic that benchmark reports rest on."""

import math

import pytest

from tests.bench.figures import (
    Figure,
    Grant,
    Latency,
    Outcome,
    at_least,
    at_most,
    double_grants,
    median,
    number,
    percentile,
    slope,
)


class TestMedian:
    @pytest.mark.parametrize(("values", "middle"), [([3], 3), ([9, 1, 2], 2), ([4, 1, 2, 3], 2.5)])
    def test_is_the_middle(self, values: list[float], middle: float) -> None:
        assert median(values) == middle

    def test_of_nothing_is_no_number(self) -> None:
        assert math.isnan(median([]))


class TestPercentile:
    def test_is_a_value_that_was_seen(self) -> None:
        hundred = list(range(1, 101))

        assert [percentile(hundred, share) for share in (0.5, 0.99, 1.0)] == [50, 99, 100]

    def test_of_few_values_is_the_worst(self) -> None:
        assert percentile([1.0, 2.0, 7.0], 0.99) == 7.0


class TestLatency:
    def test_takes_values_in_any_order(self) -> None:
        found = Latency.of([5.0, 1.0, 3.0])

        assert (found.measured, found.p50, found.worst) == (3, 3.0, 5.0)


class TestSlope:
    def test_is_what_each_viewer_adds(self) -> None:
        assert slope([(0, 50), (100, 3050), (200, 6050)]) == pytest.approx(30)

    def test_of_one_point_is_no_number(self) -> None:
        assert math.isnan(slope([(100, 3000)]))


class TestFloor:
    @pytest.mark.parametrize(
        ("floor", "value", "met"),
        [(at_least(15), 15, True), (at_least(15), 14.9, False), (at_most(40), 40, True), (at_most(40), 41, False)],
    )
    def test_includes_its_bound(self, floor: object, value: float, met: bool) -> None:
        assert Figure("latency", "ms", [value], floor).met is met  # type: ignore[arg-type]

    def test_is_not_met_by_what_was_not_measured(self) -> None:
        assert Figure("latency", "ms", [], at_most(40)).met is False

    def test_may_be_absent(self) -> None:
        assert Figure("latency", "ms", [7.0]).met is None


class TestVoid:
    def test_when_the_generator_was_too_busy_in_most_runs(self) -> None:
        assert Outcome("fan-out", "", busy=[0.9, 0.4, 0.95]).void
        assert not Outcome("fan-out", "", busy=[0.9, 0.4, 0.5]).void

    def test_never_without_a_run(self) -> None:
        assert not Outcome("fan-out", "").void


class TestDoubleGrants:
    def test_finds_a_seat_that_two_had_at_once(self) -> None:
        holder, rival = Grant(7, "holder", 1.0, 3.0), Grant(7, "rival", 2.0, 4.0)

        assert double_grants([rival, holder]) == [(holder, rival)]

    def test_finds_a_short_one_within_a_long_one_behind_another(self) -> None:
        long = Grant(7, "holder", 1.0, 9.0)
        within = [Grant(7, "rival", 2.0, 3.0), Grant(7, "third", 4.0, 5.0)]

        assert double_grants([long, *within]) == [(long, within[0]), (long, within[1])]

    def test_lets_one_follow_another_at_the_same_moment(self) -> None:
        assert double_grants([Grant(7, "holder", 1.0, 2.0), Grant(7, "rival", 2.0, 3.0)]) == []

    def test_lets_different_seats_be(self) -> None:
        assert double_grants([Grant(7, "holder", 1.0, 3.0), Grant(8, "rival", 1.0, 3.0)]) == []

    def test_of_nothing_is_nothing(self) -> None:
        assert double_grants([]) == []


class TestNumber:
    @pytest.mark.parametrize(
        ("value", "text"),
        [(0, "0"), (123456.7, "123,457"), (12.345, "12.3"), (1.234, "1.23"), (0.01234, "0.0123"), (math.nan, "–")],
    )
    def test_has_three_significant_digits(self, value: float, text: str) -> None:
        assert number(value) == text
