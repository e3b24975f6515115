"""Everybody loses the connection at once and comes back at once, without the jitter that real clients add.

Done when each of them has said that he is at the current version, which moved on while they were away.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

import psycopg
from picows import WSError, WSTransport

from bookings.seat_store.scripts import load_scripts
from bookings.services.tidying import TIDY_SECONDS
from tests.bench.clients import Crowd, Grabber, Viewer, connect, connect_viewers, drop_all, in_parallel, read_message
from tests.bench.figures import Outcome, at_most
from tests.bench.house import House
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow, WebServer

SEATS_HELD_MEANWHILE: Final = 10
# PostgreSQL's sessions publish their counters after 10 s of idleness at the latest.
COUNTERS_SETTLE_SECONDS: Final = 11.0
STORM_SECONDS_MAX: Final = 120.0
# A client that was turned away comes again; real ones wait longer each time.
TRY_AGAIN_SECONDS: Final = 0.2
# A handshake that overflowed the server's backlog is answered late or never: give it up and try again.
PATIENCE_SECONDS: Final = 5.0
FLOORS: Final = {"daphne": at_most(12), "uvicorn": at_most(8)}


class Returning(Viewer):
    """A viewer who knows where he was, and says when he is at the target version."""

    def __init__(self, crowd: Crowd) -> None:
        super().__init__(crowd, self._read)
        self.was: tuple[str | None, int] = (None, -1)
        self.target = -1
        self.arrived: asyncio.Future[float] | None = None
        # Why attempts to come back failed.
        self.failures: Counter[str] = Counter()

    def _read(self, payload: bytes) -> None:
        if self.arrived is None or self.arrived.done():
            return
        version = read_message(payload).version
        if version is not None and version >= self.target:
            self.arrived.set_result(time.perf_counter())

    @property
    def away(self) -> bool:
        """Whether he has not come back, or is not current."""
        return self.arrived is None or not self.arrived.done() or self.arrived.cancelled()

    async def come_back(self, url: str, token: str) -> float:
        """Resume from where he was; the time at which he is up to date."""
        epoch, version = self.was
        while True:
            self.arrived = asyncio.get_running_loop().create_future()
            try:
                await connect(
                    self,
                    url,
                    token=token,
                    position=f"?epoch={epoch}&version={version}",
                    patience_seconds=PATIENCE_SECONDS,
                )
                return await self.arrived
            except (OSError, WSError, TimeoutError) as error:
                self.failures[type(error).__name__] += 1
                await asyncio.sleep(TRY_AGAIN_SECONDS)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """picows: gone, perhaps before it was up to date."""
        super().on_ws_disconnected(transport)
        if self.arrived is not None and not self.arrived.done():
            self.arrived.set_exception(ConnectionResetError("closed before the first frame"))


class SnapshotCounter:
    """Counts how often Redis is asked for a picture, by listening to its MONITOR."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._digest = load_scripts()["picture"].sha1
        self.reads = 0

    async def start(self) -> None:
        """Begin to count."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(b"MONITOR\r\n")
        await reader.readline()
        self._task = asyncio.create_task(self._count(reader))

    async def stop(self) -> None:
        """Stop counting."""
        self._writer.close()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _count(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            self.reads += self._digest in line


async def storm(bench: Bench, outcome: Outcome) -> None:
    """Seconds until all are current again, and what it cost PostgreSQL and Redis."""
    count, shows_count = bench.sized(5000, quick=500), bench.sized(5, quick=2)
    shows = await bench.shows(shows_count)
    async with AsyncExitStack() as stack:
        server = bench.house.serve()
        stack.callback(server.stop)
        tokens = await bench.guests.take(server, 100)
        crowd = Crowd()
        audience = {show.id: [Returning(crowd) for _ in range(count // shows_count)] for show in shows}
        viewers = [viewer for of_show in audience.values() for viewer in of_show]
        stack.callback(drop_all, viewers)
        began = time.perf_counter()
        for show in shows:
            await connect_viewers(server, server.sockets(show), audience[show.id], tokens)
        outcome.add("first connections", "a second", [len(viewers) / (time.perf_counter() - began)])
        # A show that has just been opened is looked at once more in the background; that is not the storm's doing.
        await asyncio.sleep(2 * COUNTERS_SETTLE_SECONDS)
        seconds, reads, snapshots = [], [], []
        for repeat in range(1 if bench.quick else 2):
            await _drop(viewers)
            for show in shows:
                await _hold_meanwhile(server, show, audience[show.id], tokens[repeat], repeat)
            await asyncio.sleep(COUNTERS_SETTLE_SECONDS)
            began, before, counter = (
                time.perf_counter(),
                _reads(bench.house),
                SnapshotCounter(bench.house.servers.redis_port),
            )
            await counter.start()
            try:
                with bench.measuring(outcome, server):
                    seconds.append(await _come_back(server, shows, audience, tokens))
            finally:
                await counter.stop()
            await asyncio.sleep(COUNTERS_SETTLE_SECONDS)
            tables = {table: n - before.get(table, 0) for table, n in _reads(bench.house).items()}
            # A serving process looks for bookings past their deadline every few seconds, storm or not.
            own_looks = math.ceil((time.perf_counter() - began) / TIDY_SECONDS)
            tables["bookings_booking"] = max(0, tables["bookings_booking"] - own_looks)
            outcome.details.setdefault("tables read", []).append({table: n for table, n in tables.items() if n})
            reads.append(float(sum(tables.values())))
            snapshots.append(counter.reads / shows_count)
            cost = f"{reads[-1]:.0f} database reads, {snapshots[-1]:.1f} snapshots of each show"
            bench.say(f"  {repeat + 1}: {seconds[-1]:.1f} s, {cost}")
    failures = sum((viewer.failures for viewer in viewers), Counter[str]())
    outcome.details["attempts that failed"] = dict(failures)
    outcome.add("attempts that failed", "attempts", [float(failures.total())])
    floor = FLOORS[bench.house.server]
    outcome.add(f"{len(viewers):,} viewers of {shows_count} shows at the current version", "s", seconds, floor=floor)
    outcome.add("database reads meanwhile", "scans", reads, floor=at_most(0))
    outcome.add("snapshots read from Redis for each show and process", "reads", snapshots, floor=at_most(1))


async def _drop(viewers: Sequence[Returning]) -> None:
    """Everybody vanishes, and remembers where he was."""
    gone = viewers[0].crowd.closed + len(viewers)
    for viewer in viewers:
        if viewer.arrived is None or viewer.last:
            viewer.was = viewer.position()
        viewer.drop()
    await viewers[0].crowd.lose(gone)


async def _hold_meanwhile(
    server: WebServer, show: BenchShow, viewers: Sequence[Returning], token: str, turn: int
) -> None:
    """The map moves on, so that nobody is current when he comes back."""
    grabber = Grabber(Crowd())
    await connect(grabber, server.sockets(show), token=token)
    seats = show.labels[turn * SEATS_HELD_MEANWHILE :][:SEATS_HELD_MEANWHILE]
    answer = await grabber.ask("hold", seats=list(seats))
    assert answer.type == "held", answer
    assert answer.version is not None
    for viewer in viewers:
        viewer.target = answer.version
    grabber.drop()


async def _come_back(
    server: WebServer, shows: Sequence[BenchShow], audience: dict[int, list[Returning]], tokens: Sequence[str]
) -> float:
    jobs = [
        partial(viewer.come_back, server.sockets(show), tokens[place % len(tokens)])
        for show in shows
        for place, viewer in enumerate(audience[show.id])
    ]
    began = time.perf_counter()
    try:
        async with asyncio.timeout(STORM_SECONDS_MAX):
            return max(await in_parallel(jobs, at_once=len(jobs))) - began
    except TimeoutError:
        away = [viewer for of_show in audience.values() for viewer in of_show if viewer.away]
        connected = sum(viewer.transport is not None for viewer in away)
        raise TimeoutError(f"{len(away)} viewers are not current, {connected} of them connected") from None


def _reads(house: House) -> dict[str, int]:
    """Scans of each table so far. The relay's own look for leftovers, every 5 s, is not part of a storm."""
    with psycopg.connect(house.servers.database_url) as connection:
        rows = connection.execute(
            "SELECT relname, seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables"
            " WHERE relname <> 'bookings_picturepending'"
        ).fetchall()
    return {str(table): int(scans) for table, scans in rows}
