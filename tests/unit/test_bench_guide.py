"""The published page of the benchmarks: made of a run and a text, and stale as soon as either has moved on."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.bench import guide
from tests.bench.aims import AIMS, aims_table
from tests.bench.figures import Outcome, at_least
from tests.bench.guide import BOTH_SERVERS, advice, conditions, draw, joined, main, read_report, results

ABOUT = {
    "at": "2025-11-22T00:00:00+00:00",
    "processor": "Some Processor",
    "cores": 2,
    "memory_gb": 8.0,
    "system": "Linux 6.1",
    "load_average": [0.2, 0.1, 0.1],
    "python": "3.11.7",
    "postgresql": {"server_version": "18.0", "fsync": "off"},
    "redis server": "8.2.3",
    "packages": {"django": "5.2.1"},
    "node": {"node": "v20.1.0", "ws": "8.23.0"},
    "seed": 7,
    "repeats": 3,
    "server": "daphne",
}


def report_of(*outcomes: Outcome, **about: Any) -> dict[str, Any]:
    """A run as make bench writes it, through JSON and back."""
    report = {"about": {**ABOUT, **about}, "benchmarks": [outcome.as_json() for outcome in outcomes]}
    read_again: dict[str, Any] = json.loads(json.dumps(report))
    return read_again


def both_servers(daphne: float, uvicorn: float) -> list[Outcome]:
    """Every benchmark that measures both, with the same numbers."""
    outcomes: dict[str, Outcome] = {}
    for _, benchmark, label in BOTH_SERVERS:
        outcome = outcomes.setdefault(benchmark, Outcome(benchmark, benchmark))
        outcome.add(label.format("Daphne"), "a second", [daphne, daphne])
        outcome.add(label.format("uvicorn"), "a second", [uvicorn, uvicorn])
    return list(outcomes.values())


class TestAims:
    def test_are_shown_reached_or_not(self) -> None:
        fan_out, latency = Outcome("fan-out", "fan-out"), Outcome("latency", "latency")
        fan_out.add("frames: ours on Daphne ÷ socket.io", "×", [1.0, 1.04, 1.3])
        latency.add("p99 to 1,000 viewers", "ms", [19.0])

        text = aims_table(report_of(fan_out, latency))

        assert "| frames: ours on Daphne ÷ socket.io | ≥ 1.10 × | 1.04 × | **not reached** |" in text
        assert "| p99 to 1,000 viewers | ≤ 20.0 ms | 19.0 ms | reached |" in text

    def test_are_all_of_figures_that_the_published_run_has(self) -> None:
        table = aims_table(read_report(guide.DOCS / "performance.json"))

        assert [aim.label for aim in AIMS if aim.label not in table] == []


class TestConditions:
    def test_name_machine_versions_seed_and_date(self) -> None:
        text = conditions(report_of())

        assert "| date | 2025-11-22" in text
        assert "| machine | Some Processor, 2 cores" in text
        assert "| packages | django 5.2.1 |" in text
        assert "| Node peers | node v20.1.0, ws 8.23.0 |" in text
        assert "| seed | 7 |" in text

    def test_of_a_partial_run_say_that_it_is_one(self) -> None:
        text = conditions(report_of(interrupted=True, quick=True))

        assert "was interrupted" in text
        assert "quick run" in text

    @pytest.mark.parametrize(("load", "warns"), [(0.4, False), (0.6, True)])
    def test_of_a_busy_machine_warn(self, load: float, warns: bool) -> None:
        text = conditions(report_of(load_average=[load, 0.0, 0.0]))

        assert ("The machine had other work" in text) is warns

    def test_name_what_was_measured_apart(self) -> None:
        slow, quick = Outcome("reports", "Reports"), Outcome("reports", "Reports")
        slow.add("a report", "s", [9.0])
        quick.add("a report", "s", [2.0])
        granted, ceiling = Outcome("granted", "Granted"), Outcome("ceiling", "Ceiling")

        run = joined(report_of(ceiling, slow, granted), [report_of(ceiling, quick)])

        assert [found["name"] for found in run["benchmarks"]] == ["ceiling", "reports", "granted"]
        assert "| a report | 2.00 s |" in results(run)
        assert "Measured again after the run, on the same machine and day: reports." in conditions(run)
        assert "Measured again" not in conditions(report_of(granted))

    def test_that_are_not_known_are_left_open(self) -> None:
        assert "| seed | – |" in conditions({"about": {}, "benchmarks": []})


class TestResults:
    def test_are_medians_ranges_ratios_and_floors(self) -> None:
        outcome = Outcome("granted", "Single seats granted")
        outcome.add("granted, ours on Daphne", "grabs/s", [4000.0, 5000.0, 7000.0], floor=at_least(4000))
        outcome.add("granted: ours on Daphne ÷ socket.io", "×", [0.5], floor=at_least(0.8), note="a lower bound")

        text = results(report_of(outcome))

        assert "### Single seats granted (`granted`)" in text
        assert "| granted, ours on Daphne | 5,000 grabs/s | 4,000 – 7,000 | ≥ 4,000: met |" in text
        assert "| granted: ours on Daphne ÷ socket.io (a lower bound) | 0.500 × |  | ≥ 0.800: **not met** |" in text

    def test_of_a_benchmark_that_broke_void_or_found_nothing_say_so(self) -> None:
        broken = Outcome("storm", "Storm", error="TimeoutError: nobody | came\nback", busy=[0.99])
        limit = Outcome("limit", "Limit", details={"left out": "there is no redis-benchmark"})

        text = results(report_of(broken, limit))

        assert "**Not finished: TimeoutError: nobody \\| came back**" in text
        assert "**Void" in text
        assert "**there is no redis-benchmark**" in text
        assert text.count("Nothing was found.") == 2

    def test_without_a_number_have_none(self) -> None:
        outcome = Outcome("expiry", "Expiry")
        outcome.add("events, p99", "ms", [])

        assert "| events, p99 | – ms |  |  |" in results(report_of(outcome))


class TestAdvice:
    def test_is_for_the_one_that_is_ahead(self) -> None:
        text = advice(report_of(*both_servers(daphne=100, uvicorn=250)))

        assert text.count("| 2.50 × | uvicorn |") == len(BOTH_SERVERS)
        assert "choose uvicorn for frames to viewers" in text

    def test_is_divided_where_the_numbers_are(self) -> None:
        granted = Outcome("granted", "")
        granted.add("granted, ours on Daphne", "grabs/s", [200.0])
        granted.add("granted, ours on uvicorn", "grabs/s", [100.0])
        refused = Outcome("refused", "")
        refused.add("refused, ours on Daphne", "grabs/s", [100.0])
        refused.add("refused, ours on uvicorn", "grabs/s", [200.0])

        text = advice(report_of(granted, refused))

        assert "choose Daphne for seats granted; uvicorn for seats refused." in text

    def test_is_for_neither_where_they_are_alike(self) -> None:
        text = advice(report_of(*both_servers(daphne=100, uvicorn=110)))

        assert text.count("| either |") == len(BOTH_SERVERS)
        assert "neither was ahead" in text

    def test_is_not_given_by_a_run_that_did_not_measure_both(self) -> None:
        assert advice(report_of(Outcome("granted", ""))) == "This run did not measure both."


class TestPage:
    def test_is_the_text_with_everything_in_its_place(self) -> None:
        page = draw(report_of(*both_servers(100, 200)), "a {{ conditions }} b {{ results }} c {{ advice }} d")

        assert "{{" not in page
        assert page.index("Some Processor") < page.index("### fan-out") < page.index("choose uvicorn")

    def test_is_written_when_a_run_is_published_and_then_true(self, tmp_path: Path) -> None:
        run = tmp_path / "bench.json"
        run.write_text(json.dumps(report_of(*both_servers(100, 200))))

        assert main(["--check"], docs=tmp_path) == 1
        assert main(["--from", str(run)], docs=tmp_path) == 0
        assert main(["--check"], docs=tmp_path) == 0
        assert "Some Processor" in (tmp_path / "performance.md").read_text()

    def test_is_stale_once_the_run_or_the_page_was_edited(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        published, page = tmp_path / "performance.json", tmp_path / "performance.md"
        published.write_text(json.dumps(report_of()))
        assert main([], docs=tmp_path) == 0

        page.write_text(page.read_text() + "faster than light\n")
        assert main(["--check"], docs=tmp_path) == 1
        assert "stale: performance.md" in capsys.readouterr().err
        assert "faster than light" in page.read_text()

        assert main([], docs=tmp_path) == 0
        published.write_text(json.dumps(report_of(seed=8)))
        assert main(["--check"], docs=tmp_path) == 1

    def test_needs_a_run(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "performance.json").write_text("[]")

        assert main([], docs=tmp_path) == 1
        assert "no conditions and benchmarks" in capsys.readouterr().err

    def test_of_this_house_is_of_its_published_run(self) -> None:
        """What is published can be drawn, and the text has a place for each part."""
        text = guide.TEXT.read_text()

        report = read_report(guide.DOCS / "performance.json")
        page = draw(report, text)

        assert "{{" not in page
        # The labels that advice looks for are those that benchmarks write.
        measured = {benchmark["name"] for benchmark in report["benchmarks"] if benchmark["figures"]}
        expected = [words for words, name, _ in BOTH_SERVERS if name in measured]
        assert [words for words in expected if f"| {words}, a second |" not in page] == []
        assert all("{{ " + part + " }}" in text for part in ("conditions", "results", "advice"))
