"""How late a seat comes back on a viewer's screen, with more and more other keys that have a TTL.

Beside it, in the same seconds and the same Redis database, a bare listener to keyspace events.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import redis.asyncio as redis

from tests.bench.clients import CONNECTIONS_AT_ONCE, Crowd, Grabber, Viewer, connect, every, in_parallel, read_message
from tests.bench.figures import Latency, Outcome, at_most
from tests.bench.peers.keyspace_listener import BareListener
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow, WebServer

OTHER_KEYS: Final = (0, 10_000, 100_000)
OTHER_KEYS_SECONDS: Final = 3600
KEYS_OF_A_BATCH: Final = 5_000
HOLDS_A_SECOND: Final = 60
P99_FLOOR: Final = at_most(50)


class Watcher(Viewer):
    """A viewer who notes how late each held seat turned A. Deadlines are Unix ms."""

    def __init__(self) -> None:
        super().__init__(Crowd(), self._read)
        self.deadlines_ms: dict[int, int] = {}
        self.late_ms: list[float] = []

    def _read(self, payload: bytes) -> None:
        now_ms = time.time_ns() / 1_000_000
        for change in read_message(payload).changes:
            if change[1] == "A" and (deadline_ms := self.deadlines_ms.pop(change[0], None)) is not None:
                self.late_ms.append(now_ms - deadline_ms)


async def expiry(bench: Bench, outcome: Outcome) -> None:
    """Lateness of seats that nobody gave back."""
    holds = bench.sized(300, quick=90)
    hold_seconds = bench.sized(12, quick=6)
    patience_seconds = bench.sized(12.0, quick=4.0)
    others = OTHER_KEYS if not bench.quick else OTHER_KEYS[::2]
    async with AsyncExitStack() as stack:
        server = bench.house.serve(HOLD_SECONDS=str(hold_seconds))
        stack.callback(server.stop)
        tokens = await bench.guests.take(server, holds + 1)
        client = redis.Redis.from_url(bench.house.servers.redis_url)
        stack.push_async_callback(client.aclose)
        keys = 0
        for other_keys in others:
            while keys < other_keys:
                await _add_other_keys(client, keys)
                keys += KEYS_OF_A_BATCH
            (show,) = await bench.shows(1)
            watcher, grabbers = Watcher(), [Grabber(Crowd()) for _ in range(holds)]
            bare = BareListener(bench.house.servers.redis_url)
            await bare.start()
            await _seat(server, show, watcher, grabbers, tokens)
            with bench.measuring(outcome, server):
                await _let_expire(show, watcher, grabbers, bare, hold_seconds * 1000)
                await asyncio.sleep(hold_seconds + patience_seconds)
            await bare.close()
            for socket in (watcher, *grabbers):
                socket.drop()
            name = f"{other_keys:,} other keys"
            back = f"back {patience_seconds:.0f} s after the last deadline"
            for side, late_ms, floor in (("ours", watcher.late_ms, P99_FLOOR), ("events", bare.late_ms, None)):
                found = Latency.of(late_ms)
                outcome.add(f"{side}, {name}, p50", "ms", [found.p50])
                outcome.add(f"{side}, {name}, p99", "ms", [found.p99], floor=floor, note=f"max {found.worst:.0f} ms")
                outcome.add(f"{side}, {name}, {back}", "%", [100 * len(late_ms) / holds])
                seen = f"p50 {found.p50:.1f}, p99 {found.p99:.1f} ms, {len(late_ms)} of {holds}"
                bench.say(f"  {name}: {side}: {seen}")
            if len(watcher.late_ms) < holds:
                outcome.error = f"{holds - len(watcher.late_ms)} seats did not come back with {name}"
        await client.flushdb()


async def _seat(
    server: WebServer, show: BenchShow, watcher: Watcher, grabbers: list[Grabber], tokens: list[str]
) -> None:
    jobs = [
        partial(connect, socket, server.sockets(show), token=token)
        for socket, token in zip((watcher, *grabbers), tokens, strict=True)
    ]
    await in_parallel(jobs, at_once=CONNECTIONS_AT_ONCE)


async def _let_expire(
    show: BenchShow, watcher: Watcher, grabbers: list[Grabber], bare: BareListener, hold_ms: int
) -> None:
    async def hold(grabber: Grabber, seat: int) -> None:
        answer = await grabber.ask("hold", seats=[show.labels[seat]])
        assert answer.type == "held", answer
        assert answer.expires_ms is not None
        watcher.deadlines_ms[seat] = answer.expires_ms
        await bare.hold(f"{show.id}:{seat}", hold_ms)

    holding: list[asyncio.Task[None]] = []
    async for _ in every(1 / HOLDS_A_SECOND, len(grabbers)):
        holding.append(asyncio.create_task(hold(grabbers[len(holding)], len(holding))))
    await asyncio.gather(*holding)


async def _add_other_keys(client: redis.Redis, first: int) -> None:
    async with client.pipeline(transaction=False) as batch:
        for number in range(first, first + KEYS_OF_A_BATCH):
            batch.set(f"elsewhere:{number}", "1", ex=OTHER_KEYS_SECONDS)
        await batch.execute()
