"""The boards of one process: one a theatre, open while a screen looks, its programme read again when it must be.

The database is asked when a board opens, when the catalogue has changed and at the theatre's midnight; nothing here
runs per screen or per change.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from django.db import DatabaseError

from bookings.api import BookingError, NotFound, NotReady
from realtime import metrics
from realtime.boards.programme import Programme
from realtime.boards.theatre_board import TICK_SECONDS, TheatreBoard
from realtime.fan_out import Viewer
from realtime.protocol import CloseCode
from realtime.rooms import Rooms
from realtime.tasks import Tasks

logger = logging.getLogger(__name__)

# Seconds between two looks at the catalogue's versions: one question to Redis for all boards of the process.
LOOK_EVERY_TICKS: Final = 2
# A version step that was lost with Redis is made up for by then (bookings' cache keeps values as long).
PROGRAMME_SECONDS_MAX: Final = 300.0
# A board outlives its last screen by this: one that restarts finds it warm.
EMPTY_BOARD_SECONDS: Final = 60.0


class _Place:
    """Where a board is, and what is going on around it."""

    __slots__ = ("board", "closing", "opening", "read_at", "reading")

    def __init__(self, board: TheatreBoard) -> None:
        self.board = board
        self.opening: asyncio.Task[None] | None = None
        self.reading = False
        self.read_at = 0.0
        self.closing: asyncio.TimerHandle | None = None


class Boards:
    """Every board of this process. One for each event loop; serving code asks realtime.api for it.

    `read_programme(slug, now_ms)` raises NotFound and DatabaseError; `catalogue_stamp()` is None without Redis.
    """

    def __init__(
        self,
        *,
        rooms: Rooms,
        read_programme: Callable[[str, int], Awaitable[Programme]],
        catalogue_stamp: Callable[[], Awaitable[str | None]],
    ) -> None:
        self.rooms = rooms
        self._read_programme = read_programme
        self._catalogue_stamp = catalogue_stamp
        self._loop = asyncio.get_running_loop()
        self._places: dict[str, _Place] = {}
        self._stamp: str | None = None
        self._ticks = 0
        self._tasks = Tasks()
        self._tasks.spawn(self._keep_ticking())

    async def close(self) -> None:
        """Stop. Sockets are the server's."""
        await self._tasks.close()
        for place in self._places.values():
            place.board.close()

    # --- screens

    async def enter(self, slug: str, viewer: Viewer) -> TheatreBoard:
        """Show a screen a theatre's board, opening it if need be. Raises NotFound, NotReady."""
        place = self._places.get(slug)
        if place is None:
            place = self._places[slug] = _Place(TheatreBoard(slug, rooms=self.rooms))
            place.opening = self._tasks.spawn(self._open(place))
        assert place.opening is not None
        if place.opening.done():
            place.opening.result()
        else:
            await asyncio.shield(place.opening)
        if place.closing is not None:
            place.closing.cancel()
            place.closing = None
        place.board.enter(viewer)
        return place.board

    def leave(self, board: TheatreBoard, viewer: Viewer) -> None:
        """A screen is gone."""
        board.leave(viewer)
        place = self._places.get(board.slug)
        if place is not None and place.board is board and not board.viewers and place.closing is None:
            place.closing = self._loop.call_later(EMPTY_BOARD_SECONDS, self._close_empty, place)

    # --- opening and closing

    async def _open(self, place: _Place) -> None:
        slug = place.board.slug
        try:
            if len(self._places) == 1:
                # What changes from now on is seen; what changed before, the programme knows.
                self._stamp = await self._catalogue_stamp()
            await self._read(place)
        except BaseException:
            # Whatever went wrong, whoever comes next opens the board anew.
            del self._places[slug]
            place.board.close()
            raise
        metrics.boards.inc()
        place.closing = self._loop.call_later(EMPTY_BOARD_SECONDS, self._close_empty, place)

    def _close_empty(self, place: _Place) -> None:
        place.closing = None
        if not place.board.viewers:
            self._forget(place)

    def _forget(self, place: _Place, code: CloseCode | None = None) -> None:
        if place.closing is not None:
            place.closing.cancel()
        if self._places.pop(place.board.slug, None) is not None:
            metrics.boards.dec()
        place.board.close(code)

    # --- the programme

    async def _read(self, place: _Place) -> None:
        """Read the programme and follow it. Raises NotFound, NotReady."""
        place.reading = True
        try:
            programme = await self._read_programme(place.board.slug, self.rooms.clock.now_ms())
            await place.board.follow(programme)
        except DatabaseError as error:
            raise NotReady("The house cannot read its books. Try again in a second.") from error
        finally:
            place.reading, place.read_at = False, self._loop.time()

    async def _reread(self, place: _Place) -> None:
        try:
            await self._read(place)
        except NotFound:
            self._forget(place, CloseCode.NO_SUCH_SHOW)
        except BookingError as error:
            # The board stays as it is; the next tick finds the same reason to read, and tries again.
            place.read_at = -PROGRAMME_SECONDS_MAX
            logger.warning("board of %s: the programme cannot be read: %s", place.board.slug, error)

    # --- ticking

    async def _keep_ticking(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self._ticks += 1
            try:
                await self._tick()
            except Exception:
                # Every board hangs on this loop: what broke one tick must not end the ticking.
                logger.exception("a tick of the boards failed")

    async def _tick(self) -> None:
        open_places = [place for place in self._places.values() if place.opening is not None and place.opening.done()]
        for place in open_places:
            place.board.tick()
        looks = self._ticks % LOOK_EVERY_TICKS == 0 and bool(open_places)
        changed = looks and await self._catalogue_changed()
        for place in open_places:
            if not place.reading and (changed or self._must_read(place, looks=looks)):
                self._tasks.spawn(self._reread(place))

    def _must_read(self, place: _Place, *, looks: bool) -> bool:
        programme = place.board.programme
        return (
            programme is None
            or self.rooms.clock.now_ms() >= programme.until_ms
            or self._loop.time() - place.read_at > PROGRAMME_SECONDS_MAX
            or (looks and place.board.lacks_shows)
        )

    async def _catalogue_changed(self) -> bool:
        stamp = await self._catalogue_stamp()
        if stamp is None or stamp == self._stamp:
            return False
        self._stamp = stamp
        return True
