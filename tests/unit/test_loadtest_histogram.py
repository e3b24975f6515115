"""The histogram's arithmetic, held to the exact one: all values sorted, nearest rank."""

import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from realtime.loadtest.histogram import SHARES, SUB_BUCKETS, Histogram, merged

HOUR_US = 3_600_000_000
values = st.lists(
    st.one_of(st.integers(0, 5 * SUB_BUCKETS), st.integers(0, HOUR_US), st.sampled_from([2**n for n in range(32)])),
    min_size=1,
    max_size=200,
)
shares = st.one_of(st.sampled_from(list(SHARES.values())), st.floats(0, 1))


def histogram_of(values_us: list[int]) -> Histogram:
    histogram = Histogram()
    for value_us in values_us:
        histogram.record(value_us)
    return histogram


def nearest_rank(values_us: list[int], share: float) -> int:
    """The smallest value that at least this share of all do not exceed."""
    return sorted(values_us)[max(1, math.ceil(share * len(values_us))) - 1]


class TestAPercentile:
    @settings(deadline=None)
    @given(values, shares)
    def test_is_the_nearest_rank_or_at_most_a_1024th_above_it(self, values_us: list[int], share: float) -> None:
        exact = nearest_rank(values_us, share)

        told = histogram_of(values_us).percentile(share)

        assert exact <= told <= exact * (1 + 1 / 1024)
        assert told <= max(values_us)

    @settings(deadline=None)
    @given(st.lists(st.integers(0, SUB_BUCKETS - 1), min_size=1), shares)
    def test_of_small_values_is_exact(self, values_us: list[int], share: float) -> None:
        assert histogram_of(values_us).percentile(share) == nearest_rank(values_us, share)

    @pytest.mark.parametrize("power", range(11, 40))
    def test_keeps_its_bound_on_both_sides_of_a_power_of_two(self, power: int) -> None:
        for value_us in (2**power - 1, 2**power, 2**power + 1):
            # The larger one keeps the maximum from hiding the width of the bucket.
            told = histogram_of([value_us, 2**50]).percentile(0.5)
            assert value_us <= told <= value_us * (1 + 1 / 1024)

    def test_of_nothing_is_no_number(self) -> None:
        assert math.isnan(Histogram().percentile(0.5))
        assert math.isnan(Histogram().mean_us)
        assert Histogram().maximum_us == 0

    def test_never_falls_with_its_share(self) -> None:
        histogram = histogram_of([3, 70_000, 12, 5_000, 5_001, 900_000])

        told = [histogram.percentile(share / 1000) for share in range(1001)]

        assert told == sorted(told)
        assert told[-1] == 900_000


class TestAHistogram:
    @settings(deadline=None)
    @given(values)
    def test_knows_count_mean_and_maximum_exactly(self, values_us: list[int]) -> None:
        histogram = histogram_of(values_us)

        assert histogram.count == len(values_us)
        assert histogram.maximum_us == max(values_us)
        assert histogram.mean_us == pytest.approx(sum(values_us) / len(values_us))
        assert sum(count for _, count in histogram.buckets()) == len(values_us)

    @settings(deadline=None)
    @given(values)
    def test_has_buckets_that_ascend_and_hold_every_value(self, values_us: list[int]) -> None:
        uppers = [upper_us for upper_us, _ in histogram_of(values_us).buckets()]

        assert uppers == sorted(set(uppers))
        assert all(any(value_us <= upper <= value_us * (1 + 1 / 1024) for upper in uppers) for value_us in values_us)

    @settings(deadline=None)
    @given(st.lists(values, max_size=4))
    def test_of_parts_is_the_histogram_of_all(self, parts: list[list[int]]) -> None:
        whole = histogram_of([value_us for part in parts for value_us in part])

        joined = merged(histogram_of(part) for part in parts)

        assert sorted(joined.buckets()) == sorted(whole.buckets())
        assert (joined.count, joined.maximum_us) == (whole.count, whole.maximum_us)
        assert joined.mean_us == whole.mean_us or not whole.count

    @settings(deadline=None)
    @given(values)
    def test_survives_the_way_to_another_process(self, values_us: list[int]) -> None:
        histogram = histogram_of(values_us)
        sent = msgspec.json.decode(msgspec.json.encode(histogram.as_list()))

        received = Histogram.from_list(sent)

        assert list(received.buckets()) == list(histogram.buckets())
        assert received.as_list() == histogram.as_list()
        assert (received.count, received.mean_us) == (histogram.count, histogram.mean_us)

    def test_of_nothing_survives_it_too(self) -> None:
        assert Histogram.from_list(Histogram().as_list()).count == 0

    def test_takes_what_came_before_it_was_sent_as_no_time_at_all(self) -> None:
        histogram = Histogram()
        histogram.record_seconds(-0.002)
        histogram.record_seconds(0.0015)

        assert list(histogram.buckets()) == [(0, 1), (1500, 1)]
