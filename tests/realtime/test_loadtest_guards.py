"""The checks of the load tester, tested: a house with one guard removed is caught, by the check it is for.

The house is a web process with tests.support.unguarded.settings; the load tester is its command, as people run it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from asgiref.sync import sync_to_async

from realtime.loadtest.checks import TITLES, checked_in
from tests.support.cinema import make_show
from tests.support.guards import without_index
from tests.support.house import RunningHouse, running_house, send_everybody_home
from tests.support.loadtest_process import whole_run
from tests.support.razorpay import Razorpay
from tests.support.unguarded.apps import NONE, VARIABLE
from tests.support.unguarded.guards import GUARDS


@dataclass(frozen=True, slots=True)
class Small:
    """A short run of a scenario, and the house and hall that suit it."""

    arguments: str
    seats: int = 120
    hold_seconds: int = 600
    # Maps on the screens are this old, so that people click what is taken.
    coalesce_ms: int = 16


@dataclass(frozen=True, slots=True)
class Case:
    """Without this guard this check has something to show; `also` may: there the same loss breaks them as well."""

    guard: str
    caught_by: str
    run: str
    also: frozenset[str] = frozenset()


RUNS: Final = {
    "one-seat": Small("--scenario one-seat --viewers 3 --grabbers 6 --duration 2", seats=24),
    "viewers": Small("--scenario viewers --viewers 4 --grabbers 6 --duration 3 --rate 20"),
    "reconnect-storm": Small("--scenario reconnect-storm --viewers 6 --grabbers 4 --duration 2 --rate 20"),
    "churn": Small("--scenario churn --viewers 2 --grabbers 6 --duration 3", hold_seconds=2),
    "best-together": Small("--scenario best-together --viewers 2 --grabbers 12 --duration 1"),
    # Rows are shorter than what a hoarder wants, so he adds to his hold.
    "bots": Small("--scenario bots --viewers 2 --grabbers 4 --duration 3", seats=36),
    "crowd": Small(
        "--scenario opening-night --viewers 2 --grabbers 40 --duration 4", seats=36, coalesce_ms=1500
    ),
}  # fmt: skip
CONTROLS: Final = {
    "ordinary": [RUNS["one-seat"], RUNS["viewers"], RUNS["reconnect-storm"], RUNS["best-together"], RUNS["bots"]],
    "short-holds": [RUNS["churn"]],
    "crowd": [RUNS["crowd"]],
}
CASES: Final = [
    Case("one holder", "one-holder", "one-seat", also=frozenset({"kept"})),
    Case("all or none", "all-or-none", "crowd"),
    Case("reaping", "deadline", "churn"),
    Case("clean refusals", "refused-unchanged", "crowd"),
    # Who asks again is then granted more than he knows of.
    Case("refusals that refuse", "refused-unchanged", "crowd", also=frozenset({"all-or-none"})),
    Case("only what was asked", "all-or-none", "viewers"),
    Case("true clock", "kept", "crowd"),
    Case("a lasting deadline", "deadline", "bots", also=frozenset({"kept"})),
    Case("own seats only", "kept", "viewers"),
    Case("fresh snapshots", "versions", "reconnect-storm"),
    Case("later versions", "versions", "viewers", also=frozenset({"kept"})),
    Case("one direction", "versions", "viewers"),
    Case("every change", "maps-agree", "viewers", also=frozenset({"kept", "http-agrees"})),
    Case("true checksums", "maps-agree", "viewers"),
    Case("fresh pictures", "http-agrees", "viewers", also=frozenset({"kept"})),
    Case("another try", "best-together", "best-together"),
    Case("an end of trying", "best-together", "best-together"),
    Case("neighbours", "best-together", "best-together"),
]


@contextmanager
def house_of(small: Small, *, without: str) -> Iterator[RunningHouse]:
    """A house for a run, with a guard removed. It is alone: whole houses would do for it what it no longer does."""
    send_everybody_home()
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.support.unguarded.settings",
        VARIABLE: without,
        "HOLD_SECONDS": str(small.hold_seconds),
        "COALESCE_MS": str(small.coalesce_ms),
    }
    with running_house(**environment) as house:
        house.start_web()
        yield house


async def load(house: RunningHouse, small: Small, folder: Path) -> tuple[int, dict[str, Any]]:
    """Run the command against the house, on a show of its own: its exit status, and the result it wrote."""
    show = await sync_to_async(make_show)(seats=small.seats)
    status, run = await whole_run(house.url, small.arguments, result=folder / f"{show.pk}.json", show=show.pk)
    assert status in (0, 1), house.log()
    return status, run.document


def broken(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The breaches, by check."""
    return {check["name"]: check["breaches"] for check in document["checks"] if check["breaches"]}


class TestAHouse:
    @pytest.mark.parametrize("case", CASES, ids=[case.guard.replace(" ", "-") for case in CASES])
    async def test_without_a_guard_is_caught(
        self, case: Case, database: str, razorpay: Razorpay, tmp_path: Path
    ) -> None:
        small = RUNS[case.run]
        with ExitStack() as stack:
            if case.guard == "one holder":
                stack.enter_context(without_index(database, "one_live_claim_per_seat"))
            house = stack.enter_context(house_of(small, without=case.guard))
            status, document = await load(house, small, tmp_path)

        assert (status, document["verdict"]) == (1, "breached")
        found = broken(document)
        assert case.caught_by in found
        assert set(found) <= {case.caught_by} | case.also
        assert any(breach["who"] for breach in found[case.caught_by])
        for breach in found[case.caught_by]:
            assert breach["summary"]
            assert breach["at_ms"] > 0
            assert breach["frames"]

    @pytest.mark.parametrize("smalls", CONTROLS.values(), ids=CONTROLS)
    async def test_with_all_guards_passes(
        self, smalls: list[Small], database: str, razorpay: Razorpay, tmp_path: Path
    ) -> None:
        """The control: the same runs, at once where they are against the same house."""
        with house_of(smalls[0], without=NONE) as house:
            ends = await asyncio.gather(*(load(house, small, tmp_path) for small in smalls))

        for status, document in ends:
            assert broken(document) == {}
            assert (status, document["verdict"], document["errors"]) == (0, "passed", [])
            assert [check["name"] for check in document["checks"]] == checked_in(document["about"]["scenario"])
            assert [check["name"] for check in document["checks"] if not check["examined"]] == []


def test_every_check_has_something_to_catch_and_a_control() -> None:
    assert {case.caught_by for case in CASES} == set(TITLES)
    assert {case.guard for case in CASES} == set(GUARDS)
    assert {case.run for case in CASES} == set(RUNS)
    assert {small for smalls in CONTROLS.values() for small in smalls} == set(RUNS.values())
