"""`python -m realtime.loadtest.worker`: one generator process. Takes orders on stdin, reports on stdout."""

import asyncio
import gc
import itertools
import os
import resource
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

import uvloop

from realtime.loadtest.api import Api, NotServed
from realtime.loadtest.checks import Clock, final_maps
from realtime.loadtest.evidence import FinalMine, Result, SeenMap
from realtime.loadtest.grabbers import Grabber
from realtime.loadtest.orders import (
    LINE_BYTES_MAX,
    Assignment,
    CameBack,
    ComeBack,
    Done,
    Failed,
    GiveBack,
    Order,
    Played,
    Ready,
    Report,
    Second,
    Settle,
    Settled,
    Start,
    Stop,
    read_order,
    write,
)
from realtime.loadtest.parallel import in_parallel
from realtime.loadtest.scenarios import SCENARIOS
from realtime.loadtest.sockets import CANNOT_CONNECT, NoAnswer, Socket
from realtime.loadtest.stage import Stage
from realtime.loadtest.world import World, brief

SYNCS_AT_ONCE: Final = 200
RETURNS_AT_ONCE: Final = 50
GIVE_BACKS_AT_ONCE: Final = 16
SECOND: Final = 1.0
# One is kept of each version, for the case that another process was shown something else.
SEEN_CHARACTERS_MAX: Final = 300
OrderT = TypeVar("OrderT", bound=Order)


class Worker:
    """One process's part of a run, from its assignment to its result."""

    def __init__(self, assignment: Assignment, api: Api, world: World, say: Callable[[Report], None]) -> None:
        self._assignment = assignment
        self._say = say
        self._world = world
        self._orders: asyncio.Queue[Order] = asyncio.Queue()
        self._started = asyncio.Event()
        self._stage = Stage(
            world,
            api,
            viewers=assignment.viewers,
            grabbers=assignment.grabbers,
            part=assignment.part,
            parts=assignment.parts,
            on_ready=self._ready,
        )
        self._stage.duration_seconds = assignment.duration_seconds
        self._stage.rate = assignment.rate
        self._stage.may_pay = assignment.may_pay

    async def take_orders(self, reader: asyncio.StreamReader) -> None:
        """Read stdin: a stop is obeyed at once, the rest in turn. The end of stdin is the end of the engine."""
        while line := await reader.readline():
            order = read_order(line)
            if isinstance(order, Stop):
                self._stage.stop()
            else:
                self._orders.put_nowait(order)
        os.kill(os.getpid(), signal.SIGTERM)

    async def play(self) -> None:
        """Play the scenario, then do as ordered until everything is given back. Raises NotServed."""
        scenario = SCENARIOS[self._assignment.scenario]
        seconds = asyncio.create_task(self._count_seconds())
        try:
            await scenario.play(self._stage)
        finally:
            seconds.cancel()
            with suppress(asyncio.CancelledError):
                await seconds
        self._second()
        self._say(Played())
        while True:
            order = await self._orders.get()
            match order:
                case Settle():
                    self._say(await self._settle())
                case ComeBack():
                    self._say(CameBack(await self._come_back()))
                case GiveBack():
                    await self._give_back()
                    self._say(Done(self._result()))
                    return

    async def _ready(self) -> float:
        self._say(Ready(self._world.tally.sockets))
        while not isinstance(order := await self._orders.get(), Start):
            pass
        self._world.clock = Clock(order.offset_ms, order.uncertainty_ms)
        # What connecting has counted is no part of the run.
        self._world.tally.restart()
        loop = asyncio.get_running_loop()
        loop.call_later(max(0.0, order.at - time.monotonic()), self._started.set)
        return order.at

    async def _count_seconds(self) -> None:
        """Once a second of the run, by its own start, so that all processes' seconds are the same."""
        await self._started.wait()
        for second in itertools.count(1):
            await asyncio.sleep(self._stage.start_at + second * SECOND - time.monotonic())
            self._second()

    def _second(self) -> None:
        self._say(Second(self._world.tally.second()))

    # --- at rest

    @property
    def _sockets(self) -> list[Socket]:
        return [*self._stage.viewers, *(grabber.socket for grabber in self._stage.grabbers)]

    async def _settle(self) -> Settled:
        sockets, missing = self._sockets, 0

        async def settle(socket: Socket) -> None:
            nonlocal missing
            try:
                await socket.caught_up()
            except NoAnswer:
                missing += 1

        await in_parallel([partial(settle, socket) for socket in sockets], at_once=SYNCS_AT_ONCE)
        maps = [(socket.client, socket.map) for socket in sockets if socket.open and socket.map is not None]
        return Settled(final_maps(maps), missing)

    async def _come_back(self) -> list[FinalMine]:
        told: list[FinalMine] = []

        async def come_back(grabber: Grabber) -> None:
            try:
                if (mine := await grabber.final_mine()) is not None:
                    told.append(mine)
            except CANNOT_CONNECT as error:
                self._world.tally.error("not_connected", f"at the end: {error}")

        await self._for_grabbers(come_back, at_once=RETURNS_AT_ONCE)
        return told

    async def _give_back(self) -> None:
        async def give_back(grabber: Grabber) -> None:
            await grabber.give_back()

        await self._for_grabbers(give_back, at_once=GIVE_BACKS_AT_ONCE)
        for socket in self._sockets:
            socket.returns = False
        await in_parallel([socket.leave for socket in self._sockets], at_once=SYNCS_AT_ONCE)

    async def _for_grabbers(self, act: Callable[[Grabber], Awaitable[None]], *, at_once: int) -> None:
        await in_parallel([partial(act, grabber) for grabber in self._stage.grabbers], at_once=at_once)

    def _result(self) -> Result:
        world, tally = self._world, self._world.tally
        evidence = world.evidence
        evidence.digests = {
            f"{epoch} {version}": SeenMap(
                first.digest, first.frame.server_ms, first.client, brief(first.frame, SEEN_CHARACTERS_MAX)
            )
            for (epoch, version), first in world.atlas.seen.items()
        }
        tally.second()
        return Result(
            evidence=evidence,
            latency={name: histogram.as_list() for name, histogram in tally.latency.items()},
            counters=dict(tally.counters),
            errors=tally.errors,
            start_states=world.start_states,
            changes=world.changes,
            changes_left_out=world.changes_left_out,
            findings=self._stage.findings,
        )


async def work() -> None:
    """Read the assignment, play it, report."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    def say(report: Report) -> None:
        sys.stdout.buffer.write(write(report) + b"\n")
        sys.stdout.buffer.flush()

    assignment = read_order(await reader.readline())
    assert isinstance(assignment, Assignment), "the first order is the assignment"
    async with Api(assignment.url) as api:
        try:
            show = await api.show(assignment.show_id)
            world = World(url=api.url, show=show, seed=f"{assignment.seed}/{assignment.scenario}")
            worker = Worker(assignment, api, world, say)
            orders = asyncio.create_task(worker.take_orders(reader))
            await worker.play()
            orders.cancel()
        except NotServed as error:
            say(Failed(error.code, error.detail))


def main() -> None:
    """Run one generator process. Ctrl-C is the engine's to hear, which then orders a stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # Maps and frames are no cycles; searching thousands of sockets for some would only be a pause.
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())


if __name__ == "__main__":
    main()
