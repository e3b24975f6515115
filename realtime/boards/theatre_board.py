"""One theatre's board in one process: fed by the rooms of its shows, encoded once, written to every screen.

It stands in each room as a viewer whose writer counts instead of writing, so rooms know nothing of boards. Seats are
counted from the room's map when something is to be shown, never per change. The programme is read by boards.py.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from bookings.api import NotFound, NotReady
from realtime import metrics
from realtime.boards.board import Board
from realtime.boards.programme import Programme
from realtime.boards.protocol import BoardChanges, BoardNow, BoardServerMessage
from realtime.fan_out import FanOut, Viewer
from realtime.frames import Frame
from realtime.protocol import UPDATES_DELAYED, UPDATES_LIVE, CloseCode
from realtime.room import BEHIND_SECONDS_MAX, Room
from realtime.rooms import Rooms

logger = logging.getLogger(__name__)

# The contract's four changes frames a second: a lobby cannot read faster. A little more than a quarter, or whoever
# counts at the other end of a line would find a fifth that came a millisecond too soon.
CHANGES_EVERY_SECONDS: Final = 0.26
HEARTBEAT_SECONDS: Final = 5.0
TICK_SECONDS: Final = 1.0
# Rooms compare themselves with Redis every second; a few missed comparisons are a busy moment. Well below the ten
# seconds after which boards are loud.
UNCONFIRMED_SECONDS_MAX: Final = 5.0
# Rooms opened at once: a big house has a hundred shows in two days, and PostgreSQL other guests.
OPENING_MAX: Final = 8

_encode: Final = msgspec.json.Encoder().encode


def frame_of(message: BoardServerMessage) -> Frame:
    """A message as a frame."""
    return Frame(_encode(message))


class ShowWatch(Viewer):
    """A board's place in a show's room: whatever is written to it means that there may be something to count."""

    __slots__ = ("_heard", "on_drained", "room")

    def __init__(self, heard: Callable[["ShowWatch"], None]) -> None:
        super().__init__(self, None)
        self.on_drained: Callable[[], None] = lambda: None
        self.room: Room | None = None
        self._heard = heard

    # --- Writer

    def write(self, frame: Frame) -> bool:
        """See Writer."""
        self._heard(self)
        return True

    def reply(self, frame: Frame) -> None:
        """See Writer."""
        self._heard(self)

    def close(self, code: CloseCode) -> None:
        """See Writer: the board leaves rooms by itself."""


class TheatreBoard:
    """The board of one theatre. All methods but `follow` run in the loop's thread and never wait."""

    def __init__(self, slug: str, *, rooms: Rooms) -> None:
        self.slug = slug
        self.viewers: set[Viewer] = set()
        self.board = Board()
        self.programme: Programme | None = None
        self.closed = False
        self._rooms = rooms
        self._loop = asyncio.get_running_loop()
        self._fan_out = FanOut(lambda: None)
        self._watches: dict[int, ShowWatch] = {}
        # Shows that are over: their counts stand, and nobody listens to them any more.
        self._over: set[int] = set()
        self._uncounted: set[ShowWatch] = set()
        self._opening = asyncio.Semaphore(OPENING_MAX)
        self._whole: Frame | None = None
        self._whole_ms = 0
        self._flush_timer: asyncio.TimerHandle | None = None
        self._next_flush_at = 0.0
        self._said_at = self._loop.time()
        self._behind = False

    # --- the programme

    async def follow(self, programme: Programme) -> None:
        """Follow a programme: listen to its shows and no others. Raises NotReady if none of them can be counted."""
        self.programme = programme
        self._whole = None
        self.board.list_shows(programme.listings)
        for gone in self._watches.keys() - self.board.listings.keys():
            self._leave_room(gone)
        self._over &= self.board.listings.keys()
        new = self.board.listings.keys() - self._watches.keys() - self._over
        await asyncio.gather(*(self._listen(show_id) for show_id in new))
        if self.board.listings and not any(map(self.board.has_counted, self.board.listings)):
            raise NotReady("The shows of this theatre cannot be counted yet. Try again in a second.")
        self._changed()

    async def _listen(self, show_id: int) -> None:
        """Take the board's place in a show's room, if there is one to be had now."""
        watch = self._watches[show_id] = ShowWatch(self._heard)
        try:
            async with self._opening:
                room = await self._rooms.enter(show_id, watch, epoch=None, version=-1)
        except (NotFound, NotReady) as error:
            # The next reading of the programme tries again; until then the show is not on the board.
            logger.warning("board of %s: show %s cannot be counted: %s", self.slug, show_id, error)
            self._watches.pop(show_id, None)
            return
        watch.room = room
        self._heard(watch)
        self._count()
        if self.closed or self._watches.get(show_id) is not watch:
            self._rooms.leave(room, watch)

    def _leave_room(self, show_id: int) -> None:
        watch = self._watches.pop(show_id)
        self._uncounted.discard(watch)
        if watch.room is not None:
            self._rooms.leave(watch.room, watch)

    @property
    def lacks_shows(self) -> bool:
        """Whether a show of the programme could not be counted."""
        return not all(map(self.board.has_counted, self.board.listings))

    # --- screens

    def enter(self, viewer: Viewer) -> None:
        """Show a screen the board, and keep it shown."""
        self._flush_first()
        self.viewers.add(viewer)
        viewer.writer.write(self._whole_frame())
        if self._behind:
            viewer.writer.write(frame_of(UPDATES_DELAYED))

    def leave(self, viewer: Viewer) -> None:
        """Forget a screen. Idempotent."""
        self.viewers.discard(viewer)

    def catch_up(self, viewer: Viewer) -> None:
        """A screen that was skipped has drained: the whole board stands for all it missed."""
        if viewer.behind_since is not None and viewer in self.viewers:
            viewer.behind_since = None
            viewer.writer.write(self._whole_frame())

    def close(self, code: CloseCode | None = None) -> None:
        """Stop listening; with a code, send every screen away."""
        self.closed = True
        if self._flush_timer is not None:
            self._flush_timer.cancel()
        for show_id in list(self._watches):
            self._leave_room(show_id)
        if code is not None:
            for viewer in list(self.viewers):
                viewer.close(code)

    # --- what happens

    def tick(self) -> None:
        """A second has passed: shows start and end, screens are told that the line lives, or that we are behind."""
        now_ms = self._rooms.clock.now_ms()
        for show_id in [show for show in self._watches if self.board.listings[show].ends_ms <= now_ms]:
            if self._watches[show_id].room is not None:
                self._count()
                self._over.add(show_id)
                self._leave_room(show_id)
        self._changed()
        self._tell_if_behind()
        self._close_the_too_slow()
        # A heartbeat says that the board is true now. While that is not known there is none, and boards show it.
        if self._loop.time() - self._said_at > HEARTBEAT_SECONDS - TICK_SECONDS / 2 and self._is_confirmed():
            self._say(BoardChanges(server_ms=now_ms, shows=[]))

    def _heard(self, watch: ShowWatch) -> None:
        """Something was shown in a room."""
        self._uncounted.add(watch)
        self._changed()

    def _changed(self) -> None:
        if self._flush_timer is None and not self.closed:
            self._flush_timer = self._loop.call_at(max(self._loop.time(), self._next_flush_at), self._flush)

    def _flush_first(self) -> None:
        """The first screen makes the board shown: until then there was nobody to show it to."""
        if not self.viewers:
            self._count()
            self._whole = None
            self.board.news(self._rooms.clock.now_ms())

    def _count(self) -> None:
        for watch in self._uncounted:
            if (room := watch.room) is not None:
                states = room.map.states
                self.board.count(room.show_id, available=states.count(b"A"), held=states.count(b"H"))
        self._uncounted.clear()

    def _flush(self) -> None:
        self._flush_timer = None
        now_ms = self._rooms.clock.now_ms()
        self._count()
        news = self.board.news(now_ms)
        if news is None:
            return
        self._whole = None
        if self.viewers:
            self._next_flush_at = self._loop.time() + CHANGES_EVERY_SECONDS
        self._say(self._board_now(now_ms) if news.whole else BoardChanges(server_ms=now_ms, shows=news.shows))

    def _say(self, message: BoardServerMessage) -> None:
        self._said_at = self._loop.time()
        metrics.board_frames.inc()
        self._fan_out.send(frame_of(message), list(self.viewers))

    # --- being true

    def _is_confirmed(self) -> bool:
        earliest = self._loop.time() - UNCONFIRMED_SECONDS_MAX
        rooms = (watch.room for watch in self._watches.values())
        return all(room.confirmed_at >= earliest for room in rooms if room is not None)

    def _tell_if_behind(self) -> None:
        behind = not (self._rooms.office.live and self._is_confirmed())
        if behind != self._behind:
            self._behind = behind
            self._fan_out.send(frame_of(UPDATES_DELAYED if behind else UPDATES_LIVE), list(self.viewers))

    def _close_the_too_slow(self) -> None:
        latest = self._loop.time() - BEHIND_SECONDS_MAX
        for viewer in _since_before(self.viewers, latest):
            viewer.close(CloseCode.TOO_SLOW)

    # --- making frames

    def _board_now(self, now_ms: int) -> BoardNow:
        assert self.programme is not None
        return BoardNow(server_ms=now_ms, theatre=self.programme.theatre, shows=self.board.shown)

    def _whole_frame(self) -> Frame:
        """The board as it was last shown; screens that come in the same millisecond share the very bytes."""
        now_ms = self._rooms.clock.now_ms()
        if self._whole is None or self._whole_ms != now_ms:
            self._whole, self._whole_ms = frame_of(self._board_now(now_ms)), now_ms
        return self._whole


def _since_before(viewers: Iterable[Viewer], latest: float) -> list[Viewer]:
    return [viewer for viewer in viewers if viewer.behind_since is not None and viewer.behind_since < latest]
