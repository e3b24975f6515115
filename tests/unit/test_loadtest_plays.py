"""Who acts when: the same for any number of processes, and nothing that is due is dropped unsaid."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from realtime.loadtest import plays
from realtime.loadtest.api import Api, NotServed
from realtime.loadtest.grabbers import Grabber
from realtime.loadtest.histogram import Histogram
from realtime.loadtest.sockets import Socket
from realtime.loadtest.stage import Stage
from realtime.loadtest.wishes import spread
from tests.support.loadtest import a_world

# Turns of the loop, more than there are others who act.
TURNS_OF_AN_ANSWER = 100


class Patron:
    """A grabber who only writes down when he was to act; meanwhile everybody else has his turn."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.holding: dict[str, int] = {}
        self.due: list[float] = []

    async def hold(self, _wish: list[str], due: float) -> bool:
        self.due.append(due)
        for _ in range(TURNS_OF_AN_ANSWER):
            await asyncio.sleep(0)
        self.holding = {"A1": 1}
        return True

    async def release(self, due: float) -> None:
        self.due.append(due)
        self.holding = {}


def a_stage(*, grabbers: int, viewers: int = 0, part: int = 0, parts: int = 1) -> Stage:
    """A seated process; its run began long ago, so that all is due, and ends in a while."""

    async def ready() -> float:
        return 0.0

    world = a_world()
    stage = Stage(
        world, Api(world.url), viewers=viewers, grabbers=grabbers, part=part, parts=parts, on_ready=ready
    )  # fmt: skip
    stage.grabbers = [cast("Grabber", Patron(f"g{number}")) for number in spread(grabbers, parts, part)]
    stage.viewers = [Socket(world, f"v{number}") for number in spread(viewers, parts, part)]
    stage.start_at, stage.duration_seconds = time.monotonic() - 1_000, 2_000.0
    return stage


@pytest.fixture
def always_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plays, "_wish", lambda *_: ["A1"])
    monkeypatch.setattr(plays, "LATE_SECONDS_MAX", 1_000.0)


async def changes_of(stage: Stage) -> dict[str, list[float]]:
    """Twelve changes that were due in the first second: by whom, and when after the start."""
    stage.rate, stage.duration_seconds = 12, 1
    stage.start_at = time.monotonic() - 0.99
    await plays._steady_changes(stage)
    patrons = [cast("Patron", grabber) for grabber in stage.grabbers]
    return {patron.client: [round(due - stage.start_at, 3) for due in patron.due] for patron in patrons if patron.due}


class TestArrivals:
    async def arrivals_of(self, monkeypatch: pytest.MonkeyPatch, parts: int) -> dict[str, float]:
        found: dict[str, float] = {}

        async def party(stage: Stage, grabber: Grabber, arrives_at: float) -> None:
            found[grabber.client] = round(arrives_at - stage.start_at, 6)

        monkeypatch.setattr(plays, "_party", party)
        for part in range(parts):
            stage = a_stage(grabbers=9, part=part, parts=parts)
            await plays._parties(stage, first=2)
            await stage.everybody_done()
        return found

    @pytest.mark.parametrize("parts", [2, 4, 12])
    async def test_are_the_same_however_many_processes_there_are(
        self, monkeypatch: pytest.MonkeyPatch, parts: int
    ) -> None:
        alone = await self.arrivals_of(monkeypatch, 1)

        assert set(alone) == {f"g{number}" for number in range(2, 9)}
        assert await self.arrivals_of(monkeypatch, parts) == alone


@pytest.mark.usefixtures("always_wishes")
class TestSteadyChanges:
    @pytest.mark.parametrize("parts", [2, 3, 7])
    async def test_are_the_same_however_many_processes_there_are(self, parts: int) -> None:
        alone = await changes_of(a_stage(grabbers=5))

        dealt: dict[str, list[float]] = {}
        for part in range(parts):
            dealt |= await changes_of(a_stage(grabbers=5, part=part, parts=parts))

        assert dealt == alone
        assert sum(map(len, alone.values())) == 12

    async def test_wait_for_the_last_of_their_grabber_and_are_not_dropped(self) -> None:
        """A house that answers late is asked for all the same, and each counts from when it was due."""
        assert await changes_of(a_stage(grabbers=1)) == {"g0": [round(turn / 12, 3) for turn in range(12)]}

    async def test_that_are_far_too_late_when_the_run_is_over_are_counted(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(plays, "LATE_SECONDS_MAX", -1.0)
        stage = a_stage(grabbers=2)
        stage.stop()

        async def begun(*_: object) -> bool:
            return True

        monkeypatch.setattr(Stage, "until", begun)

        assert await changes_of(stage) == {}
        assert stage.world.tally.counters["changes left out"] == 12


class TestHoldsThatAreLeftToExpire:
    @pytest.mark.parametrize(("seconds", "stops"), [(0.5, False), (0.99, False), (1.01, True), (600, True)])
    async def test_end_the_run_only_where_nobody_would_see_one_end(
        self, monkeypatch: pytest.MonkeyPatch, seconds: float, stops: bool
    ) -> None:
        """Of a run of one second, near its end: who came late says nothing of the others' holds."""

        async def has_waited(*_: object) -> bool:
            return False

        monkeypatch.setattr(Stage, "until", has_waited)
        monkeypatch.setattr(plays, "time", SimpleNamespace(monotonic=lambda: 100.0))
        stage = a_stage(grabbers=1)
        stage.start_at, stage.duration_seconds = 99.1, 1.0
        (grabber,) = stage.grabbers
        grabber.holding = {"A1": stage.world.clock.server_ms(100.0 + seconds)}

        await plays._let_expire(stage, grabber, ["A1"], Histogram())

        assert stage.stopped is stops
        assert stage.world.tally.counters["holds that outlast the run"] == stops


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_every_so_many_th_viewer_is_the_same_one_however_many_processes_there_are(parts: int) -> None:
    stages = [a_stage(grabbers=1, viewers=10, part=part, parts=parts) for part in range(parts)]

    chosen = [socket.client for stage in stages for socket in stage.every_viewer(3, first=1)]

    assert sorted(chosen) == ["v1", "v4", "v7"]


async def test_a_guest_who_is_not_let_in_ends_his_own_part_and_not_the_run() -> None:
    stage = a_stage(grabbers=1)

    async def guest() -> str:
        raise NotServed(429, "rate_limited", "too many guests")

    cast("Any", stage.api).guest = guest
    hoards: list[Grabber] = []
    stage.go(plays._hoard(stage, 0, hoards))
    await stage.everybody_done()

    assert hoards == []
    assert stage.world.tally.errors == {"rate_limited": (1, "rate_limited: too many guests")}
