"""A theatre's board over rooms in memory, on virtual time: seats change by hand, screens keep all they were sent."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bookings.api import NotFound, NotReady, SeatMap
from realtime.boards.board import Listing
from realtime.boards.boards import Boards
from realtime.boards.programme import Programme
from realtime.boards.protocol import TheatrePlace
from realtime.boards.theatre_board import TheatreBoard
from realtime.fan_out import Viewer
from realtime.frames import Frame
from tests.support.viewers import RecordingWriter
from tests.support.virtual_time import virtual_ms

SLUG = "cauvery"
HOUR_MS = 3_600_000
THEATRE = TheatrePlace(SLUG, "Cauvery", "Bengaluru", "Asia/Kolkata")
SEATS = 100
_A_FRAME = Frame(b"{}")


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def a_listing(show_id: int, *, starts_ms: int, screen: str = "Audi 1", total: int = SEATS, **fields: Any) -> Listing:
    listing = Listing(
        id=show_id,
        movie=f"Movie {show_id}",
        movie_slug=f"movie-{show_id}",
        language="Hindi",
        certificate="UA 13+",
        screen=screen,
        starts_at=iso(starts_ms),
        ends_at=iso(starts_ms + 2 * HOUR_MS),
        starts_ms=starts_ms,
        ends_ms=starts_ms + 2 * HOUR_MS,
        total=total,
    )
    return replace(listing, **fields)


class FakeRoom:
    """As much of a room as a board asks of it."""

    def __init__(self, show_id: int, seats: int) -> None:
        self.show_id = show_id
        # None: as in a healthy house, confirmed all the time.
        self.last_confirmed_at: float | None = None
        self.map = SeatMap(states=bytearray(b"A" * seats))
        self.viewers: set[Viewer] = set()

    @property
    def confirmed_at(self) -> float:
        return asyncio.get_running_loop().time() if self.last_confirmed_at is None else self.last_confirmed_at

    def set(self, states: str, *, at: int = 0) -> None:
        """Seats from `at` on have these states now, and whoever is in the room is told."""
        self.map.states[at : at + len(states)] = states.encode()
        for viewer in self.viewers:
            viewer.writer.write(_A_FRAME)


class _FakeClock:
    def now_ms(self) -> int:
        return virtual_ms()


class _FakeOffice:
    live = True


class FakeRooms:
    """Rooms that open at once, unless the test says why not."""

    def __init__(self, seats: int = SEATS) -> None:
        self._seats = seats
        self.clock = _FakeClock()
        self.office = _FakeOffice()
        self.rooms: dict[int, FakeRoom] = {}
        self.not_ready: set[int] = set()
        self.missing: set[int] = set()

    def room(self, show_id: int) -> FakeRoom:
        return self.rooms.setdefault(show_id, FakeRoom(show_id, self._seats))

    async def enter(self, show_id: int, viewer: Viewer, *, epoch: str | None, version: int) -> FakeRoom:
        if show_id in self.missing:
            raise NotFound("There is no such show.")
        if show_id in self.not_ready:
            raise NotReady
        room = self.room(show_id)
        room.viewers.add(viewer)
        viewer.writer.write(_A_FRAME)
        return room

    def leave(self, room: FakeRoom, viewer: Viewer) -> None:
        room.viewers.discard(viewer)


class AScreen(Viewer):
    """A screen that follows the contract: `board` stands for all, `board.changes` are whole entries."""

    writer: RecordingWriter

    def __init__(self) -> None:
        super().__init__(RecordingWriter(), None)
        self.seen_at: list[float] = []

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.writer.messages

    @property
    def folded(self) -> list[dict[str, Any]]:
        """The board that this screen shows."""
        return fold(self.messages)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return self.writer.of_type(kind)


def fold(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What frames make of a board (contract, section 3)."""
    shows: dict[int, dict[str, Any]] = {}
    for message in messages:
        if message["type"] == "board":
            shows = {}
        if message["type"] in ("board", "board.changes"):
            shows |= {show["id"]: show for show in message["shows"]}
    return list(shows.values())


class FakeTheatre:
    """Boards of one process over fake rooms, and the catalogue they read."""

    def __init__(self, rooms: FakeRooms) -> None:
        self.rooms = rooms
        self.listings: list[Listing] = []
        self.until_ms = virtual_ms() + 12 * HOUR_MS
        self.stamp: str | None = "1.1.1"
        self.reads = self.looks = 0
        self.refuse: Exception | None = None
        self.boards = Boards(
            rooms=rooms,  # type: ignore[arg-type]  # holds as much of rooms as boards ask
            read_programme=self._read,
            catalogue_stamp=self._look,
        )

    async def _read(self, slug: str, now_ms: int) -> Programme:
        self.reads += 1
        if self.refuse is not None:
            raise self.refuse
        if slug != SLUG:
            raise NotFound("There is no such theatre.")
        return Programme(THEATRE, tuple(self.listings), self.until_ms)

    async def _look(self) -> str | None:
        self.looks += 1
        return self.stamp

    def list(self, *listings: Listing) -> None:
        """The catalogue changes."""
        self.listings = list(listings)
        self.stamp = f"{self.looks}.{len(listings)}"

    async def screen(self) -> AScreen:
        """A screen comes to look."""
        screen = AScreen()
        screen.board = await self.boards.enter(SLUG, screen)  # type: ignore[attr-defined]
        return screen

    def leave(self, screen: Any) -> None:
        board: TheatreBoard = screen.board
        self.boards.leave(board, screen)


@asynccontextmanager
async def fake_theatre(*listings: Listing, not_ready: Mapping[int, bool] | None = None) -> AsyncIterator[FakeTheatre]:
    """A theatre with this programme, closed at the end."""
    theatre = FakeTheatre(FakeRooms())
    theatre.rooms.not_ready = set(not_ready or ())
    theatre.list(*listings)
    try:
        yield theatre
    finally:
        await theatre.boards.close()


def as_json(value: Any) -> Any:
    """A value as a client reads it."""
    import msgspec

    return json.loads(msgspec.json.encode(value))
