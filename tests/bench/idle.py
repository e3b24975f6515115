"""What viewers cost who only look: memory for each, also for those who stopped reading, and processor time."""

import asyncio
import socket
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from picows import WSParsedURL, ws_connect

from tests.bench.clients import (
    HANDSHAKE_SECONDS,
    SUBPROTOCOL,
    Crowd,
    Grabber,
    Viewer,
    connect,
    connect_viewers,
    drop_all,
    in_parallel,
)
from tests.bench.figures import Outcome, at_most, slope
from tests.bench.publishers import Painter
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow, WebServer

STEPS: Final = 5
SETTLE_SECONDS: Final = 1.0
# A pipe as narrow as the kernel allows: a client that has stopped reading is felt at once.
STUCK_RECEIVE_BYTES: Final = 4096
# Enough to fill what the kernel buffers for a client in a second or two.
PAINTS_A_SECOND: Final = 50
SEATS_OF_PAINT: Final = 500
COUNTDOWNS_OF_SHOW: Final = 20
KILOBYTE: Final = 1024
IDLE_FLOOR: Final = at_most(40)
STUCK_FLOOR: Final = at_most(64)
CPU_FLOOR: Final = at_most(5)


async def idle(bench: Bench, outcome: Outcome) -> None:
    """RSS by number of viewers, and the processor time of all of them with countdowns running."""
    count, shows_count = bench.sized(5000, quick=500), bench.sized(5, quick=2)
    async with AsyncExitStack() as stack:
        server = bench.house.serve()
        stack.callback(server.stop)
        shows = await bench.shows(shows_count)
        tokens = await bench.guests.take(server, 100)
        crowd = Crowd()
        viewers: list[Viewer] = []
        stack.callback(drop_all, viewers)
        points = []
        for step in range(STEPS):
            for show in shows:
                newcomers = [Viewer(crowd) for _ in range(count // shows_count // STEPS)]
                viewers += newcomers
                await connect_viewers(server, server.sockets(show), newcomers, tokens)
            await asyncio.sleep(SETTLE_SECONDS)
            points.append((float(len(viewers)), server.rss_bytes() / KILOBYTE))
            bench.say(f"  {step + 1}: {len(viewers):,} viewers, {points[-1][1] / KILOBYTE:,.0f} MB")
        outcome.details["viewers and KB"] = points
        outcome.add("memory for each idle viewer", "KB", [slope(points)], floor=IDLE_FLOOR)
        for show, token in zip(shows, tokens, strict=False):
            await _start_countdowns(server, show, token)
        await asyncio.sleep(SETTLE_SECONDS)
        shares = []
        seconds = bench.sized(10.0, quick=3.0)
        for _ in range(bench.repeats):
            with bench.measuring(outcome, server) as measured:
                await asyncio.sleep(seconds)
            shares.append(100 * measured.server_seconds / seconds)
        outcome.add(f"{len(viewers):,} idle viewers with countdowns", "% of a core", shares, floor=CPU_FLOOR)


async def stuck(bench: Bench, outcome: Outcome) -> None:
    """Memory that a viewer costs once he has stopped reading, while the map goes on changing."""
    count, seconds = bench.sized(200, quick=50), bench.sized(6.0, quick=4.0)
    async with AsyncExitStack() as stack:
        server = bench.house.serve()
        stack.callback(server.stop)
        (show,) = await bench.shows(1)
        tokens = await bench.guests.take(server, 100)
        crowd = Crowd()
        viewers = [Viewer(crowd) for _ in range(count)]
        stack.callback(drop_all, viewers)
        jobs = [partial(_connect_narrow, viewer, server.sockets(show), tokens[0]) for viewer in viewers]
        await in_parallel(jobs, at_once=10)
        assert await crowd.frames_reach(count, within_seconds=HANDSHAKE_SECONDS), "no snapshots"
        painter = await Painter.open(show, width=SEATS_OF_PAINT)
        stack.push_async_callback(painter.close)
        await _paint(painter, 0, seconds)
        before = server.rss_bytes()
        for viewer in viewers:
            assert viewer.transport is not None
            viewer.transport.underlying_transport.pause_reading()
        with bench.measuring(outcome, server):
            highest = max(await _paint(painter, round(PAINTS_A_SECOND * seconds), seconds, watch=server), before)
    each = (highest - before) / KILOBYTE / count
    outcome.add("memory for each stuck viewer, on top", "KB", [each], floor=STUCK_FLOOR)


async def _start_countdowns(server: WebServer, show: BenchShow, token: str) -> None:
    for first in range(0, COUNTDOWNS_OF_SHOW, 10):
        grabber = Grabber(Crowd())
        await connect(grabber, server.sockets(show), token=token)
        await grabber.ask("hold", seats=list(show.labels[first : first + 10]))
        grabber.drop()


async def _connect_narrow(viewer: Viewer, url: str, token: str) -> None:
    def narrow_socket(_: WSParsedURL) -> socket.socket:
        pipe = socket.socket()
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STUCK_RECEIVE_BYTES)
        pipe.setblocking(False)
        return pipe

    headers = {"Sec-WebSocket-Protocol": f"{SUBPROTOCOL}, token.{token}"}
    await ws_connect(lambda: viewer, url, extra_headers=headers, socket_factory=narrow_socket)


async def _paint(painter: Painter, first: int, seconds: float, watch: WebServer | None = None) -> int:
    """Change seats for a while; the highest memory seen."""
    highest = 0
    for turn in range(round(PAINTS_A_SECOND * seconds)):
        await painter.publish(first + turn + 1)
        await asyncio.sleep(1 / PAINTS_A_SECOND)
        if watch is not None and turn % 10 == 0:
            highest = max(highest, watch.rss_bytes())
    return highest
