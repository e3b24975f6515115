"""How many frames one server process delivers to the viewers of one show, ours and the tutorial's in turns.

Changes are painted by the product's own script, straight into Redis, so that neither holds nor PostgreSQL are part
of it. The publisher keeps a number of changes on their way: more than the server can show one by one, fewer than
channels_redis drops.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Final, NamedTuple, Protocol

from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings

from bookings.seat_store.connection import StoreConnection
from bookings.seat_store.store import SeatStore
from tests.bench.clients import Crowd, Viewer, connect_viewers, read_message
from tests.bench.figures import Outcome, at_least
from tests.bench.house import BenchShow, WebServer
from tests.bench.suite import Bench

VIEWERS: Final = 500
SENTINEL_EVERY: Final = 50
WARM_UP_SECONDS: Final = 0.5
DRAIN_SECONDS_MAX: Final = 20.0
# Enough to keep a server busy. channels_redis drops what is more than 100 behind, and shows few a second.
ON_THEIR_WAY_MAX: Final = 60
ON_THEIR_WAY_OF_TUTORIAL_MAX: Final = 15
LAYERS: Final = {"core": RedisChannelLayer, "pubsub": RedisPubSubChannelLayer}
RATIO_FLOOR: Final = 15.0


class Publisher(Protocol):
    """Makes changes of one show, numbered from 1."""

    async def publish(self, change: int) -> None:
        """Publish one."""

    async def close(self) -> None:
        """Close the connection."""


class Painter:
    """Publishes by the seat store's `paint`: blocks seats in turn, `width` at once, then frees them in turn."""

    def __init__(self, store: SeatStore, show: BenchShow, width: int) -> None:
        self._store = store
        self._show = show
        self._width = width
        self._painting: set[asyncio.Task[int]] = set()
        self._failure: BaseException | None = None
        # Rises over every fence that the show has seen.
        self._fence = time.time_ns() // 1000

    @classmethod
    async def open(cls, show: BenchShow, *, width: int = 1) -> "Painter":
        """Connect to the house's Redis."""
        connection = await StoreConnection.open(settings.REDIS_URL)
        return cls(SeatStore(connection, monotonic=time.monotonic), show, width)

    async def publish(self, change: int) -> None:
        """See Publisher."""
        if self._failure is not None:
            raise self._failure
        turn, place = divmod(change - 1, len(self._show.labels) // self._width)
        first = place * self._width
        self._fence += 1
        painting = self._store.paint(
            self._show.id,
            state="A" if turn % 2 else "X",
            fence=self._fence,
            seats=list(enumerate(self._show.labels[first : first + self._width], first)),
        )
        # The answer is not awaited: one connection, so they are made in this order.
        task = asyncio.create_task(painting)
        self._painting.add(task)
        task.add_done_callback(self._painted)

    def _painted(self, task: asyncio.Task[int]) -> None:
        self._painting.discard(task)
        if not task.cancelled() and self._failure is None:
            self._failure = task.exception()

    async def close(self) -> None:
        """See Publisher."""
        await asyncio.gather(*self._painting, return_exceptions=True)
        self._store.connection.close()


class GroupSender:
    """Publishes as tutorials do, by `group_send`; a change of the same size and look as ours."""

    def __init__(self, layer: Any, show: BenchShow) -> None:
        self._layer = layer
        self._show = show

    async def publish(self, change: int) -> None:
        """See Publisher."""
        message = {
            "type": "seats",
            "epoch": "tutorial",
            "from": change - 1,
            "version": change,
            "server_ms": time.time_ns() // 1_000_000,
            "changes": [[change % len(self._show.labels), "X"]],
        }
        await self._layer.group_send(f"seats_{self._show.id}", {"type": "seats.changed", "message": message})

    async def close(self) -> None:
        """See Publisher."""
        await self._layer.flush()


class Delivered(NamedTuple):
    """What arrived at all viewers together, a second."""

    frames: float
    changes: float
    frame_bytes: float
    frames_for_server_second: float


class Side:
    """One of those compared: its viewers, who publishes to them, and how far they are."""

    def __init__(self, name: str, server: WebServer, publisher: Publisher, on_their_way_max: int) -> None:
        self.name = name
        self.server = server
        self.crowd = Crowd()
        self._publisher = publisher
        self._on_their_way_max = on_their_way_max
        self._seen = [0] * (VIEWERS // SENTINEL_EVERY)
        self._published = 0
        self._stopped = False
        self._first_version = 0
        self._moved = asyncio.Event()
        self.viewers = [Viewer(self.crowd, self._sentinel(place)) for place in range(VIEWERS)]

    async def connect(self, url: str, tokens: Sequence[str] | None) -> None:
        """Seat the viewers."""
        await connect_viewers(self.server, url, self.viewers, tokens)
        if tokens is None:
            await self.crowd.frames_reach(len(self.viewers), within_seconds=DRAIN_SECONDS_MAX)
        self._first_version = self.viewers[0].position()[1]

    def _sentinel(self, place: int) -> Any:
        """Every so many viewers one reads each frame; the others only count them."""
        number, rest = divmod(place, SENTINEL_EVERY)
        if rest:
            return None

        def read(payload: bytes) -> None:
            version = read_message(payload).version
            if version is not None:
                self._seen[number] = version - self._first_version
                self._moved.set()

        return read

    async def run(self, bench: Bench, outcome: Outcome, seconds: float) -> Delivered:
        """Count what is delivered under a publisher at full speed."""
        publishing = asyncio.create_task(self._publish())
        try:
            await asyncio.sleep(WARM_UP_SECONDS)
            began, frames, sizes, seen = time.perf_counter(), self.crowd.frames, self.crowd.bytes, sum(self._seen)
            with bench.measuring(outcome, self.server) as measured:
                await asyncio.sleep(seconds)
            took, frames = time.perf_counter() - began, self.crowd.frames - frames
            changes = (sum(self._seen) - seen) / len(self._seen) * len(self.viewers)
            size_bytes = (self.crowd.bytes - sizes) / max(1, frames)
        finally:
            self._stopped = True
            self._moved.set()
            await publishing
        await self._drain()
        return Delivered(frames / took, changes / took, size_bytes, frames / max(0.01, measured.server_seconds))

    async def _publish(self) -> None:
        self._stopped = False
        while not self._stopped:
            while self._published - min(self._seen) < self._on_their_way_max and not self._stopped:
                self._published += 1
                await self._publisher.publish(self._published)
            self._moved.clear()
            await self._moved.wait()

    async def _drain(self) -> None:
        """Let what is on its way arrive; what a layer has dropped never does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS_MAX):
                while min(self._seen) < self._published:
                    self._moved.clear()
                    await self._moved.wait()

    def left_behind(self) -> int:
        """Viewers whose last frame is not the last change."""
        return sum(viewer.position()[1] - self._first_version != self._published for viewer in self.viewers)

    async def close(self) -> None:
        """Send everybody home."""
        for viewer in self.viewers:
            viewer.drop()
        await self._publisher.close()
        self.server.stop()


async def fan_out(bench: Bench, outcome: Outcome) -> None:
    """Frames and seat changes a second: ours without coalescing, ours with it, both layers of the tutorial."""
    seconds = bench.sized(4.0, quick=1.5)
    async with AsyncExitStack() as stack:
        sides = await _open_sides(bench, stack)
        found: dict[str, list[Delivered]] = {side.name: [] for side in sides}
        for repeat in range(bench.repeats):
            for side in sides:
                delivered = await side.run(bench, outcome, seconds)
                found[side.name].append(delivered)
                rates = f"{delivered.frames:,.0f} frames/s, {delivered.changes:,.0f} changes/s"
                bench.say(f"  {repeat + 1}: {side.name}: {rates}")
        outcome.details["viewers left behind"] = {side.name: side.left_behind() for side in sides}
    _report(outcome, found)


async def _open_sides(bench: Bench, stack: AsyncExitStack) -> list[Side]:
    sides = []
    plain, coalesced = await bench.shows(2)
    for name, show, settings_ in (("ours", plain, {"COALESCE_MS": "0"}), ("ours, coalescing", coalesced, {})):
        server = bench.house.serve(**settings_)
        side = Side(name, server, await Painter.open(show), ON_THEIR_WAY_MAX)
        stack.push_async_callback(side.close)
        await side.connect(server.sockets(show), await bench.guests.take(server, VIEWERS // 10))
        sides.append(side)
    for layer, backend in LAYERS.items():
        server = bench.house.serve_peer("asgi:application", PEER_LAYER=layer)
        sender = GroupSender(backend(hosts=[bench.house.layer_url]), plain)
        side = Side(f"tutorial, {layer} layer", server, sender, ON_THEIR_WAY_OF_TUTORIAL_MAX)
        stack.push_async_callback(side.close)
        await side.connect(f"ws://127.0.0.1:{server.port}/ws/tutorial/{plain.id}/", None)
        sides.append(side)
    return sides


def _report(outcome: Outcome, found: dict[str, list[Delivered]]) -> None:
    columns = (
        ("frames delivered", "frames/s", "frames"),
        ("seat changes delivered", "changes/s", "changes"),
        ("frames for each second of server time", "frames/s", "frames_for_server_second"),
        ("a frame", "bytes", "frame_bytes"),
    )
    for label, unit, column in columns:
        for name, runs in found.items():
            outcome.add(f"{label}, {name}", unit, [getattr(run, column) for run in runs])
    for layer in LAYERS:
        theirs = found[f"tutorial, {layer} layer"]
        for name, what, column in (("ours", "frames", "frames"), ("ours, coalescing", "seat changes", "changes")):
            outcome.add(
                f"{what}: {name} ÷ tutorial, {layer} layer",
                "×",
                [getattr(run, column) / getattr(peer, column) for run, peer in zip(found[name], theirs, strict=True)],
                floor=at_least(RATIO_FLOOR),
            )
