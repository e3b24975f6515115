"""How many frames one server process delivers to the viewers of one show: ours and its peers' in turns.

Changes are published straight into Redis, ours by the product's own script, the peers' by their own ways, so that
neither holds nor PostgreSQL are part of it. A publisher keeps a number of changes on their way: more than the server
can show one by one, fewer than channels_redis drops.
"""

import asyncio
import time
from contextlib import AsyncExitStack, suppress
from typing import Any, Final, NamedTuple

from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer

from tests.bench.clients import Crowd, drop_all, read_message
from tests.bench.contestants import OURS, SOCKETIO, WS, Contestant, Ours, Tutorial, open_node_peers
from tests.bench.figures import Floor, Outcome, at_least, busy_note, quotients
from tests.bench.publishers import ChannelPublisher, Emitter, GroupSender, Painter, Publisher
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow

VIEWERS: Final = 500
SENTINEL_EVERY: Final = 50
WARM_UP_SECONDS: Final = 0.5
DRAIN_SECONDS_MAX: Final = 20.0
# Enough to keep a server busy. channels_redis drops what is more than 100 behind, and shows few a second.
ON_THEIR_WAY_MAX: Final = 60
ON_THEIR_WAY_OF_TUTORIAL_MAX: Final = 15
LAYERS: Final = {"core": RedisChannelLayer, "pubsub": RedisPubSubChannelLayer}
WORDS: Final = {
    "frames": "frames",
    "changes": "seat changes",
    "frames_for_server_second": "frames for each second of server time",
}
TUTORIAL_FLOOR: Final = 15.0
# Frames without coalescing, and seat changes with it.
NODE_FLOORS: Final = (at_least(0.7), at_least(1.0))


class Delivered(NamedTuple):
    """What arrived at all viewers together, a second."""

    frames: float
    changes: float
    frame_bytes: float
    frames_for_server_second: float


class Side:
    """One of those compared: its viewers, who publishes to them, and how far they are."""

    def __init__(self, contestant: Contestant, show: BenchShow, publisher: Publisher, on_their_way_max: int) -> None:
        self.name = contestant.name
        self.server = contestant.server
        self.runs: list[Delivered] = []
        self.generator_busy: list[float] = []
        self.crowd = Crowd()
        self._contestant = contestant
        self._show = show
        self._publisher = publisher
        self._on_their_way_max = on_their_way_max
        self._seen = [0] * (VIEWERS // SENTINEL_EVERY)
        self._published = 0
        self._stopped = False
        self._first_version = 0
        self._moved = asyncio.Event()
        self.viewers = [contestant.viewer(self.crowd, show, place, self._sentinel(place)) for place in range(VIEWERS)]

    async def connect(self) -> None:
        """Seat the viewers; each has had his first frame."""
        await self._contestant.enter_all([(viewer, self._show) for viewer in self.viewers])
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
        found = Delivered(frames / took, changes / took, size_bytes, frames / max(0.01, measured.server_seconds))
        self.runs.append(found)
        self.generator_busy.append(measured.generator_busy)
        return found

    async def _publish(self) -> None:
        self._stopped = False
        while not self._stopped:
            while self._published - min(self._seen) < self._on_their_way_max and not self._stopped:
                self._published += 1
                await self._publisher.publish(self._published)
            self._moved.clear()
            # It may have been stopped while something was being published, and what woke it is cleared now.
            if not self._stopped:
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
        drop_all(self.viewers)
        await self._publisher.close()
        self.server.stop()


async def fan_out(bench: Bench, outcome: Outcome) -> None:
    """Frames and seat changes a second: ours with and without coalescing, the tutorial's on both layers, Node's."""
    seconds = bench.sized(4.0, quick=1.5)
    async with AsyncExitStack() as stack:
        sides = await _open_sides(bench, stack)
        for repeat in range(bench.repeats):
            for side in sides:
                delivered = await side.run(bench, outcome, seconds)
                rates = f"{delivered.frames:,.0f} frames/s, {delivered.changes:,.0f} changes/s"
                bench.say(f"  {repeat + 1}: {side.name}: {rates}")
        outcome.details["viewers left behind"] = {side.name: side.left_behind() for side in sides}
    _report(outcome, {side.name: side for side in sides})


async def _open_sides(bench: Bench, stack: AsyncExitStack) -> list[Side]:
    """Everybody has a show of his own, but the tutorial, whose publisher never asks for one."""
    sides: list[Side] = []

    async def add(
        contestant: Contestant, show: BenchShow, publisher: Publisher, most: int = ON_THEIR_WAY_MAX
    ) -> None:
        side = Side(contestant, show, publisher, most)
        stack.push_async_callback(side.close)
        await side.connect()
        sides.append(side)

    shows = iter(await bench.shows(2 * len(OURS) + 3))
    for on, name in OURS.items():
        for coalesces, settings in ((False, {"COALESCE_MS": "0"}), (True, {})):
            show = next(shows)
            side_name = coalescing(name) if coalesces else name
            ours = await Ours.open(bench, on, guests=VIEWERS // 10, name=side_name, **settings)
            await add(ours, show, await Painter.open(show))
    show = next(shows)
    for layer, backend in LAYERS.items():
        server = bench.house.serve_peer("asgi:application", PEER_LAYER=layer)
        sender = GroupSender(backend(hosts=[bench.house.layer_url]), show)
        await add(Tutorial(tutorial(layer), server), show, sender, ON_THEIR_WAY_OF_TUTORIAL_MAX)
    for peer in open_node_peers(bench):
        show = next(shows)
        await add(peer, show, Emitter(show) if peer.name == SOCKETIO else ChannelPublisher(show))
    return sides


def coalescing(name: str) -> str:
    """How a side is called that shows several changes in one frame."""
    return f"{name}, coalescing"


def tutorial(layer: str) -> str:
    """How the tutorial's side on this layer is called."""
    return f"tutorial, {layer} layer"


def _report(outcome: Outcome, sides: dict[str, Side]) -> None:
    columns = (
        ("frames delivered", "frames/s", "frames"),
        ("seat changes delivered", "changes/s", "changes"),
        ("frames for each second of server time", "frames/s", "frames_for_server_second"),
        ("a frame", "bytes", "frame_bytes"),
    )
    for label, unit, column in columns:
        for side in sides.values():
            values = [getattr(run, column) for run in side.runs]
            outcome.add(f"{label}, {side.name}", unit, values, note=busy_note(side.generator_busy))
    # The tutorial runs on Daphne: so is ours here.
    daphne = OURS["daphne"]
    for layer in LAYERS:
        _compare(outcome, sides[daphne], sides[tutorial(layer)], "frames", at_least(TUTORIAL_FLOOR))
        _compare(outcome, sides[coalescing(daphne)], sides[tutorial(layer)], "changes", at_least(TUTORIAL_FLOOR))
    for peer in (SOCKETIO, WS):
        if peer in sides:
            # Floors are set against socket.io; ws is what Node can do at most.
            frames, changes = NODE_FLOORS if peer == SOCKETIO else (None, None)
            for name in OURS.values():
                _compare(outcome, sides[name], sides[peer], "frames", frames)
                _compare(outcome, sides[name], sides[peer], "frames_for_server_second", None)
                _compare(outcome, sides[coalescing(name)], sides[peer], "changes", changes)


def _compare(outcome: Outcome, ours: Side, peer: Side, column: str, floor: Floor | None) -> None:
    """Ours as a multiple of a peer's, turn by turn."""
    multiples = quotients([getattr(run, column) for run in ours.runs], [getattr(run, column) for run in peer.runs])
    note = busy_note(peer.generator_busy)
    outcome.add(f"{WORDS[column]}: {ours.name} ÷ {peer.name}", "×", multiples, floor=floor, note=note)
