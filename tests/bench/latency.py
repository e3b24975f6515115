"""From one customer's click to the screens of everybody who looks at the show.

Open loop: a hold is sent when its time has come, whatever became of those before, and lateness counts from that
time. The generator's own delays count against the house.
"""

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Final

from tests.bench.clients import (
    CONNECTIONS_AT_ONCE,
    Crowd,
    Grabber,
    Viewer,
    connect,
    connect_viewers,
    drop_all,
    every,
    in_parallel,
    read_message,
)
from tests.bench.figures import Latency, Outcome, at_most
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow, WebServer

HOLDS_A_SECOND: Final = 10
# One customer may hold so many.
SEATS_OF_HOLDER: Final = 10
LATE_SECONDS_MAX: Final = 5.0
P99_FLOOR: Final = at_most(40)


class Audience:
    """Viewers who note when each seat turned H for each of them."""

    def __init__(self, size: int) -> None:
        self.crowd = Crowd()
        self.viewers = [Viewer(self.crowd, self._read) for _ in range(size)]
        self.late_ms: list[float] = []
        self._scheduled: dict[int, float] = {}
        self._goal = 0
        self._complete = asyncio.Event()
        self._payload = b""
        self._held: list[int] = []

    def expect(self, holds: int) -> None:
        """So many holds are to be seen from now on."""
        self.late_ms, self._scheduled, self._goal = [], {}, holds * len(self.viewers)
        self._complete.clear()

    def schedule(self, seat: int, due: float) -> None:
        """A seat is to be held at this time."""
        self._scheduled[seat] = due

    async def missing(self) -> int:
        """How many frames have not come, LATE_SECONDS_MAX from now at the latest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LATE_SECONDS_MAX):
                await self._complete.wait()
        return self._goal - len(self.late_ms)

    def _read(self, payload: bytes) -> None:
        now = time.perf_counter()
        # All viewers are sent the same bytes: they are read once.
        if payload != self._payload:
            self._payload = payload
            self._held = [change[0] for change in read_message(payload).changes if change[1] == "H"]
        for seat in self._held:
            if (due := self._scheduled.get(seat)) is not None:
                self.late_ms.append((now - due) * 1000)
        if len(self.late_ms) >= self._goal:
            self._complete.set()


async def latency(bench: Bench, outcome: Outcome) -> None:
    """Milliseconds from the scheduled hold to each viewer's frame."""
    holds = bench.sized(200, quick=60)
    audience = Audience(bench.sized(1000, quick=300))
    found: list[Latency] = []
    own: list[Latency] = []
    async with AsyncExitStack() as stack:
        server = bench.house.serve()
        stack.callback(server.stop)
        (show,) = await bench.shows(1)
        grabbers = [Grabber(Crowd()) for _ in range(bench.repeats * holds // SEATS_OF_HOLDER)]
        stack.callback(drop_all, [*audience.viewers, *grabbers])
        await _seat(bench, server, show, audience, grabbers)
        seats = bench.random("latency").sample(range(len(show.labels)), k=bench.repeats * holds)
        turns = [(grabbers[place // SEATS_OF_HOLDER], seat) for place, seat in enumerate(seats)]
        for repeat in range(bench.repeats):
            audience.expect(holds)
            with bench.measuring(outcome, server):
                own.append(await _hold_in_time(show, audience, turns[repeat * holds : (repeat + 1) * holds]))
            if missing := await audience.missing():
                raise AssertionError(f"{missing} frames never came")
            run = Latency.of(audience.late_ms)
            found.append(run)
            bench.say(f"  {repeat + 1}: p50 {run.p50:.1f}, p99 {run.p99:.1f}, max {run.worst:.1f} ms")
    for name, floor in (("p50", None), ("p90", None), ("p99", P99_FLOOR), ("p999", None), ("worst", None)):
        label = f"{name} to {len(audience.viewers):,} viewers"
        outcome.add(label, "ms", [getattr(run, name) for run in found], floor=floor)
    outcome.add("of it the generator's own, p99", "ms", [run.p99 for run in own])


async def _seat(
    bench: Bench, server: WebServer, show: BenchShow, audience: Audience, grabbers: list[Grabber]
) -> None:
    tokens = await bench.guests.take(server, max(len(grabbers), 100))
    url = server.sockets(show)
    await connect_viewers(server, url, audience.viewers, tokens)
    jobs = [partial(connect, grabber, url, token=token) for grabber, token in zip(grabbers, tokens, strict=False)]
    await in_parallel(jobs, at_once=CONNECTIONS_AT_ONCE)


async def _hold_in_time(show: BenchShow, audience: Audience, turns: list[tuple[Grabber, int]]) -> Latency:
    """Hold the seats one after another, each in its time; how late the generator itself was."""
    asking: list[asyncio.Task[object]] = []
    own_ms: list[float] = []
    async for due in every(1 / HOLDS_A_SECOND, len(turns)):
        grabber, seat = turns[len(asking)]
        own_ms.append((time.perf_counter() - due) * 1000)
        audience.schedule(seat, due)
        asking.append(asyncio.create_task(grabber.ask("hold", seats=[show.labels[seat]])))
    await asyncio.gather(*asking)
    return Latency.of(own_ms)
