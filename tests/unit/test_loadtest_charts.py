"""The charts of the load test's report: where values stand, what long runs are brought to, curves of percentiles."""

import math
import re

import pytest

from realtime.loadtest.page import draw
from realtime.loadtest.page.axes import linear, logarithmic, path, times
from realtime.loadtest.page.latency import cumulated
from realtime.loadtest.page.series import ROWS_MAX, merged, most, per_second
from tests.support.loadtest_sample import sample


class TestALinearAxis:
    def test_goes_from_nothing_to_a_round_number_above_the_largest_value(self) -> None:
        axis = linear([3.0, None, 71.0])

        assert [axis.low, axis.high] == [0, 80]
        assert list(axis.marks) == [0, 20, 40, 60, 80]
        assert axis.place(20) == 0.25

    def test_reaches_the_limit_although_no_value_does(self) -> None:
        assert linear([0.2], least=1).high == 1

    @pytest.mark.parametrize("values", [[], [None], [0, 0]])
    def test_is_there_when_nothing_is(self, values: list[float | None]) -> None:
        axis = linear(values)

        assert axis.high > 0
        assert axis.place(0) == 0


class TestALogarithmicAxis:
    def test_gives_each_tenfold_the_same_room(self) -> None:
        axis = logarithmic([1.0, 1000.0])

        assert list(axis.marks) == [1, 10, 100, 1000]
        assert axis.place(10) == pytest.approx(1 / 3)
        assert axis.place(100) == pytest.approx(2 / 3)

    def test_has_marks_between_where_it_is_short(self) -> None:
        assert list(logarithmic([6.0, 31.0]).marks) == [5, 10, 20, 50]

    def test_puts_what_is_nothing_at_its_low_end(self) -> None:
        assert logarithmic([0.0, 5.0, 50.0]).place(0) == 0

    @pytest.mark.parametrize("values", [[], [None], [0.0], [7.0], [10.0], [1e-9, 1e9]])
    def test_has_room_whatever_the_values(self, values: list[float | None]) -> None:
        axis = logarithmic(values)

        assert axis.low < axis.high
        assert all(0 <= axis.place(value) <= 1 for value in values if value is not None)


class TestAnAxisOfTime:
    def test_has_marks_where_a_watch_has_them(self) -> None:
        assert list(times(59).marks) == [0, 10, 20, 30, 40, 50]
        assert list(times(600).marks) == [0, 120, 240, 360, 480, 600]

    def test_is_there_when_no_time_went_by(self) -> None:
        assert times(0).place(0) == 0


class TestALine:
    def test_is_broken_where_nothing_was_measured(self) -> None:
        assert path([(0, 0), (0.5, 1), None, (1, 0.25)]) == "M0 1000L500 0M1000 750h0"

    def test_is_a_dot_where_a_value_is_alone(self) -> None:
        assert path([None, (0.5, 0.5), None]) == "M500 500h0"

    def test_is_nothing_without_values(self) -> None:
        assert path([None, None]) == ""


class TestTheCurveOfPercentiles:
    def test_stands_still_within_a_bucket_and_jumps_between(self) -> None:
        points = cumulated({"max_ms": 100, "buckets": [[100, 10], [1, 90]]})

        assert [list(point) for point in points[:3]] == [[0, 1], [pytest.approx(1), 1], [pytest.approx(1), 100]]

    def test_ends_half_an_answer_before_all_of_them(self) -> None:
        points = cumulated({"max_ms": 7, "buckets": [[8, 1000]]})

        # No answer took longer than the longest, whatever the bucket's own end.
        assert list(points[-1]) == [pytest.approx(math.log10(2000)), 7]

    @pytest.mark.parametrize("buckets", [None, [], [[5, 0]], [[None, 3]], ["x"], [[1, 2, 3]]])
    def test_is_empty_when_there_is_nothing_to_draw(self, buckets: object) -> None:
        assert cumulated({"buckets": buckets}) == []

    def test_agrees_with_the_percentiles_of_the_table(self) -> None:
        measure = sample()["latency"][0]

        points = cumulated(measure)

        for name, nines in (("p50_ms", math.log10(2)), ("p90_ms", 1), ("p99_ms", 2)):
            at = next(latency for after, latency in points if after >= nines)
            assert measure[name] <= at <= measure[name] * 2 ** (1 / 8)


class TestALongRun:
    def test_is_brought_to_rows_enough_for_a_page(self) -> None:
        result = sample(seconds=3000, clicks=500)
        rows, seconds = merged(result)

        assert len(rows) <= ROWS_MAX
        assert seconds == 5
        for name in ("sent", "granted", "frames"):
            assert sum(row[name] or 0 for row in rows) == sum(row[name] for row in result["series"]["rows"])
        assert "Each point stands for 5 seconds" in draw(result)

    def test_keeps_the_worst_latency_and_the_last_count_of_sockets(self) -> None:
        pair = [
            {"t": 2 * at + odd, "sockets": 10 * odd, "hold_p99_ms": 9 - odd, "generator_cpu": odd}
            for at in range(ROWS_MAX)
            for odd in (0, 1)
        ]

        rows, _ = merged({"series": {"step_seconds": 1, "rows": pair}})

        assert rows[0]["t"] == 0
        assert rows[0]["sockets"] == 10
        assert rows[0]["hold_p99_ms"] == 9
        assert rows[0]["generator_cpu"] == 0.5
        assert rows[0]["sent"] is None

    def test_counts_by_the_second(self) -> None:
        result = {"series": {"step_seconds": 2, "rows": [{"t": 0, "frames": 500, "sockets": 7}, {"t": 2}]}}
        rows, seconds = merged(result)

        assert per_second(rows, "frames", seconds) == [250, None]
        assert most(result, "frames") == 250
        assert most(result, "sockets") == 7
        assert most(result, "errors") is None


class TestTheTableBelow:
    def test_has_a_row_for_each_second_and_a_dash_where_nothing_was_measured(self) -> None:
        result = sample(seconds=5, clicks=40)
        result["series"]["rows"][1] |= {"hold_p99_ms": None, "sent": None, "server_cpu": 0.613}

        body = draw(result).partition('id="seconds"')[2].partition("</table>")[0]
        rows = [re.findall(r"<t[hd][^>]*>(?:<data[^>]*>)?([^<]*)", row) for row in body.split("<tr>")[2:]]

        assert len(rows) == 5
        assert rows[1][0] == "0:01"
        assert rows[1][2] == "–"
        assert rows[1][9] == "–"
        assert rows[1][13] == "61%"
