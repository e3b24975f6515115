"""A run as one document: the verdict above all, and what is added up over processes."""

from typing import Any

import pytest

from realtime.loadtest.ceiling import Ceiling
from realtime.loadtest.checks import TITLES
from realtime.loadtest.evidence import Breach, Change, Evidence, Result, Row, Unreturned
from realtime.loadtest.found import Run
from realtime.loadtest.histogram import Histogram
from realtime.loadtest.orders import Second
from realtime.loadtest.summary import BUCKETS_MAX, command_of, summarize
from tests.support.loadtest import a_map
from tests.support.loadtest_found import EXAMINED, a_run


def a_result(**facts: Any) -> Result:
    values: dict[str, Any] = {
        "evidence": Evidence(), "latency": {}, "counters": {}, "errors": {}, "start_states": "AAAAAA", "changes": [],
        "changes_left_out": 0, "findings": {}, **facts,
    }  # fmt: skip
    return Result(**values)


def histogram_of(*values_us: int) -> list[int]:
    histogram = Histogram()
    for value_us in values_us:
        histogram.record(value_us)
    return histogram.as_list()


def verdict(run: Run) -> str:
    return str(summarize(run)["verdict"])


BREACH = Breach("kept", "A1 is lost", 5, ("g1",), ("{}",))


class TestTheVerdict:
    def test_is_passed_when_everything_was_looked_at_and_found_well(self) -> None:
        assert verdict(a_run()) == "passed"

    def test_is_breached_by_one_breach_whatever_else_happened(self) -> None:
        broken = Evidence(breaches=[BREACH], examined=EXAMINED)

        assert verdict(a_run(evidence=broken)) == "breached"
        assert verdict(a_run(evidence=broken, interrupted=True, at_rest=False)) == "breached"

    @pytest.mark.parametrize(
        "facts", [{"interrupted": True}, {"at_rest": False}, {"missing": 1}, {"failures": ["The house is gone."]}]
    )
    def test_is_incomplete_when_the_run_is(self, facts: dict[str, Any]) -> None:
        assert verdict(a_run(**facts)) == "incomplete"

    @pytest.mark.parametrize("name", [name for name in TITLES if name != "best-together"])
    def test_is_incomplete_when_a_promise_was_not_put_to_the_test(self, name: str) -> None:
        document = summarize(a_run(examined={**EXAMINED, name: 0}))

        assert document["verdict"] == "incomplete"
        assert any(TITLES[name] in note for note in document["notes"])

    def test_does_not_ask_for_a_check_of_another_scenario(self) -> None:
        without = {name: 5 for name in TITLES if name != "best-together"}

        assert verdict(a_run(examined=without)) == "passed"
        assert verdict(a_run(examined=without, scenario="best-together")) == "incomplete"

    @pytest.mark.parametrize(("expired", "expected"), [(0, "incomplete"), (1, "passed")])
    def test_of_churn_needs_a_hold_that_ended(self, expired: int, expected: str) -> None:
        assert verdict(a_run(a_result(counters={"expired": expired}), scenario="churn")) == expected


class TestTheDocument:
    def test_says_nought_of_what_was_counted_and_nothing_of_what_was_not_measured(self) -> None:
        def found(scenario: str, **findings: list[float]) -> dict[str, float]:
            named = {name.replace("_", " "): values for name, values in findings.items()}
            run = a_run(a_result(findings=named), scenario=scenario)
            return {finding["title"]: finding["value"] for finding in summarize(run)["findings"]}

        assert found("opening-night", parties_seated=[1.0, 1.0])["Parties who gave up"] == 0
        assert found("churn") == {}
        assert list(found("churn", back_after=[12.5, 8.0]).values()) == [12.5]

    def test_shows_a_breach_with_who_when_and_frames(self) -> None:
        evidence = Evidence(breaches=[BREACH], left_out={"kept": 9}, examined=EXAMINED)

        found = {check["name"]: check for check in summarize(a_run(evidence=evidence))["checks"]}

        assert found["kept"]["breaches"] == [
            {"summary": "A1 is lost", "at_ms": 5, "who": ["g1"], "frames": ["{}"]},
        ]
        assert found["kept"]["breaches_left_out"] == 9
        assert found["versions"]["breaches"] == []
        assert "best-together" not in found

    def test_adds_up_what_processes_counted(self) -> None:
        document = summarize(
            a_run(
                a_result(
                    counters={"granted": 2, "refused": 1},
                    latency={"hold": histogram_of(1_000, 3_000)},
                    errors={"x": (1, "first")},
                ),
                a_result(counters={"granted": 3}, latency={"hold": histogram_of(2_000)}, errors={"x": (2, "second")}),
            )
        )

        assert document["outcomes"]["granted"] == 5
        (hold,) = document["latency"]
        assert (hold["count"], hold["p50_ms"], hold["max_ms"], hold["mean_ms"]) == (3, 2.0, 3.0, 2.0)
        assert document["errors"] == [{"code": "x", "count": 3, "detail": "first"}]

    def test_draws_many_buckets_as_few_and_loses_none(self) -> None:
        (hold,) = summarize(a_run(a_result(latency={"hold": histogram_of(*range(0, 9_000, 3))})))["latency"]

        assert len(hold["buckets"]) <= BUCKETS_MAX
        assert sum(count for _, count in hold["buckets"]) == hold["count"] == 3_000

    def test_takes_the_worst_of_a_finding_or_the_sum(self) -> None:
        slow = a_result(findings={"storm seconds": [0.5, 2.0], "storm sockets": [10]})
        quick = a_result(findings={"storm seconds": [1.0], "storm sockets": [11]})

        found = summarize(a_run(slow, quick, scenario="reconnect-storm"))["findings"]

        assert [finding["value"] for finding in found] == [2.0, 21]

    def test_replays_what_the_process_that_saw_most_of_it_saw(self) -> None:
        most = [Change(-3, 2, [(0, "H")]), Change(900, 3, [(0, "A"), (1, "B")])]

        replay = summarize(a_run(a_result(changes=most[:1]), a_result(changes=most, start_states="XAAAAA")))["replay"]

        assert replay["start"] == "XAAAAA"
        assert replay["changes"] == [[0, 2, [[0, "H"]]], [900, 3, [[0, "A"], [1, "B"]]]]
        assert [seat["label"] for seat in replay["seats"]][:2] == ["A1", "A2"]

    def test_compares_the_busiest_second_with_the_ceiling(self) -> None:
        run = a_run(processes=2, ceiling=Ceiling(1_000, 500))
        for part in range(2):
            row = Row(second=0, counters={"frames": 300}, sockets=2, latency={}, cpu_share=0.9)
            run.progress.take(part, Second(row))

        document = summarize(run)

        assert document["ceiling"] == {"frames_per_second": 1000, "answers_per_second": 500, "used_share": 0.3}
        assert any("90% busy" in note for note in document["notes"])

    @pytest.mark.parametrize(
        ("code", "remedy"), [("rate_limited", "LIMIT_PROFILE=bench"), ("real_gateway", "nobody paid")]
    )
    def test_says_what_an_error_means_for_the_run(self, code: str, remedy: str) -> None:
        notes = summarize(a_run(a_result(errors={code: (1, "")})))["notes"]

        assert any(remedy in note for note in notes)
        assert not any(remedy in note for note in summarize(a_run())["notes"])

    def test_says_who_was_missed_at_the_end_and_does_not_blame_others(self) -> None:
        (note,) = summarize(a_run(missing=1_200, at_rest=False))["notes"]

        assert note.startswith("1,200 sockets could not be brought up to date")

    def test_says_who_could_not_give_back(self) -> None:
        evidence = Evidence(examined=EXAMINED, unreturned=[Unreturned("g1", ("A1",), "not_ready")])

        notes = summarize(a_run(evidence=evidence))["notes"]

        assert notes == ["Not given back at the end, by so many people: 1 (not_ready)."]

    def test_says_so_when_the_house_was_too_full(self) -> None:
        assert any("--show" in note for note in summarize(a_run(before=a_map("AABBBB")))["notes"])


def test_the_command_of_a_run_plays_it_again() -> None:
    plain = "manage.py loadtest --url http://127.0.0.1:8000 --show 1 --scenario viewers --viewers 4 --grabbers 3"

    assert command_of(a_run()) == f"{plain} --duration 2 --seed 7"
    assert command_of(a_run(rate=2.5, processes=2)) == f"{plain} --duration 2 --seed 7 --rate 2.5 --processes 2"
    assert command_of(a_run(allow_remote=True)) == f"{plain} --duration 2 --seed 7 --allow-remote"
