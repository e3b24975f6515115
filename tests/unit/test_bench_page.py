"""The benchmark report as a page."""

from tests.bench.figures import Outcome, at_least
from tests.bench.page import draw


def page_of(outcome: Outcome) -> str:
    return draw({"about": {"at": "2025-11-22T00:00:00+00:00", "quick": False}, "benchmarks": [outcome.as_json()]})


class TestPage:
    def test_says_which_floors_are_met(self) -> None:
        outcome = Outcome("fan-out", "Fan-out")
        outcome.add("ours ÷ theirs", "×", [20.0, 30.0], floor=at_least(15))
        outcome.add("granted", "grabs/s", [100.0], floor=at_least(4000))

        page = page_of(outcome)

        assert "1 of 2 floors met" in page
        assert "≥ 15.0 met" in page
        assert "≥ 4,000 not met" in page

    def test_marks_a_void_run_and_a_broken_one(self) -> None:
        page = page_of(Outcome("fan-out", "Fan-out", busy=[0.99], error="ServerGone: <no answer>"))

        assert "Void" in page
        assert "ServerGone: &lt;no answer&gt;" in page

    def test_fetches_nothing(self) -> None:
        page = page_of(Outcome("fan-out", "Fan-out"))

        assert "http" not in page
        assert "<script" not in page
