"""200 boards of a theatre and 2,000 viewers of its show on one process: from a change to every screen.

Open loop, a change every 300 ms: beyond the boards' limit of four a second, so each should be shown at once. Then a
rush, in which a board must not be told more than four times a second.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any, Final

import msgspec
import psycopg

from tests.bench.clients import Crowd, Viewer, connect_viewers, drop_all, every, read_message
from tests.bench.figures import Latency, Outcome, at_most
from tests.bench.house import House
from tests.bench.publishers import Painter
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow, WebServer

CHANGE_EVERY_SECONDS: Final = 0.3
# Not measured: the first changes after 2,200 handshakes.
WARM_UP_CHANGES: Final = 5
RUSH_SECONDS: Final = 5.0
RUSH_CHANGES_A_SECOND: Final = 100
LATE_SECONDS_MAX: Final = 5.0
# What an eye calls at once, with ten times a room's viewers on the same process.
BOARD_P99_FLOOR: Final = at_most(100)
RATE_FLOOR: Final = at_most(4.2)  # four, and the frame that begins the count


class _Entry(msgspec.Struct):
    available: int


class _BoardFrame(msgspec.Struct):
    type: str
    shows: list[_Entry] = []


_read_board: Final = msgspec.json.Decoder(_BoardFrame).decode


class Screens:
    """Boards and viewers who note when each change arrived at each of them."""

    def __init__(self, boards: int, viewers: int) -> None:
        self.boards = [Viewer(Crowd(), self._board) for _ in range(boards)]
        self.viewers = [Viewer(Crowd(), self._viewer) for _ in range(viewers)]
        self.due: dict[int, float] = {}
        self.board_ms: list[float] = []
        self.viewer_ms: list[float] = []
        self.told = 0
        self._last: tuple[bytes, list[int]] = (b"", [])

    def _board(self, payload: bytes) -> None:
        now = time.perf_counter()
        frame = _read_board(payload)
        if frame.type != "board.changes" or not frame.shows:
            return
        self.told += 1
        # Each change takes one more seat off sale, so the seats that are left say which change it was.
        if (due := self.due.get(frame.shows[0].available)) is not None:
            self.board_ms.append((now - due) * 1000)

    def _viewer(self, payload: bytes) -> None:
        now = time.perf_counter()
        if payload != self._last[0]:
            self._last = (payload, [change[0] for change in read_message(payload).changes])
        for seat in self._last[1]:
            if (due := self.due.get(1000 - seat - 1)) is not None:
                self.viewer_ms.append((now - due) * 1000)


async def boards(bench: Bench, outcome: Outcome) -> None:
    """Milliseconds from a change to each board and each viewer; frames a second of a board in a rush."""
    screens = Screens(bench.sized(200, quick=50), bench.sized(2000, quick=300))
    changes = bench.sized(200, quick=15)
    async with AsyncExitStack() as stack:
        server = bench.house.serve()
        stack.callback(server.stop)
        (show,) = await bench.shows(1)
        stack.callback(drop_all, [*screens.boards, *screens.viewers])
        await _seat(bench, server, show, screens)
        painter = await Painter.open(show)
        stack.push_async_callback(painter.close)
        with bench.measuring(outcome, server):
            await _one_by_one(painter, screens, changes)
        with bench.measuring(outcome, server):
            rate = await _rush(painter, screens, WARM_UP_CHANGES + changes)
    for name, values, floor in (("board", screens.board_ms, BOARD_P99_FLOOR), ("viewer", screens.viewer_ms, None)):
        run = Latency.of(values)
        of_all = f"to {len(screens.boards)} boards" if name == "board" else f"to {len(screens.viewers):,} viewers"
        outcome.add(f"p50 {of_all}", "ms", [run.p50])
        outcome.add(f"p99 {of_all}", "ms", [run.p99], floor=floor)
    outcome.add("frames of a board in a rush", "a second", [rate], floor=RATE_FLOOR)


async def _seat(bench: Bench, server: WebServer, show: BenchShow, screens: Screens) -> None:
    tokens = await bench.guests.take(server, 100)
    slug = await asyncio.to_thread(_slug_of, bench.house, show)
    await connect_viewers(server, server.sockets(show), screens.viewers, tokens)
    await connect_viewers(server, f"ws://127.0.0.1:{server.port}/ws/theatres/{slug}/board/", screens.boards, tokens)


async def _one_by_one(painter: Painter, screens: Screens, changes: int) -> None:
    number = 0
    async for due in every(CHANGE_EVERY_SECONDS, WARM_UP_CHANGES + changes):
        number += 1
        if number > WARM_UP_CHANGES:
            screens.due[1000 - number] = due
        await painter.publish(number)
    goal, until = changes * len(screens.boards), time.perf_counter() + LATE_SECONDS_MAX
    while len(screens.board_ms) < goal:
        if time.perf_counter() > until:
            raise AssertionError(f"{goal - len(screens.board_ms)} frames of boards never came")
        await asyncio.sleep(0.05)
    screens.due = {}


async def _rush(painter: Painter, screens: Screens, number: int) -> float:
    before = screens.told
    async for _ in every(1 / RUSH_CHANGES_A_SECOND, round(RUSH_SECONDS * RUSH_CHANGES_A_SECOND)):
        number += 1
        await painter.publish(number)
    return (screens.told - before) / len(screens.boards) / RUSH_SECONDS


def _slug_of(house: House, show: BenchShow) -> Any:
    with psycopg.connect(house.servers.database_url) as connection:
        row = connection.execute(
            "SELECT t.slug FROM bookings_show AS s JOIN bookings_screen AS c ON c.id = s.screen_id"
            " JOIN bookings_theatre AS t ON t.id = c.theatre_id WHERE s.id = %s",
            (show.id,),
        ).fetchone()
    assert row is not None
    return row[0]
