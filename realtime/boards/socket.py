"""One screen at work on a board: what it may say is `ping`, and how often is limited."""

import asyncio
from typing import Final

from realtime import metrics
from realtime.boards.boards import Boards
from realtime.boards.protocol import parse
from realtime.boards.theatre_board import TheatreBoard, frame_of
from realtime.fan_out import Viewer
from realtime.limits import FLOOD_REFUSALS_MAX, TokenBucket
from realtime.protocol import FRAME_BYTES_MAX, CloseCode, Error, Malformed, Pong
from realtime.writers import Writer

# A screen pings every 25 s, and a few times when it connects.
MESSAGES_PER_SECOND: Final = 2.0
MESSAGES_BURST: Final = 10.0


class BoardSocket(Viewer):
    """The socket of one screen on a theatre's board. `board` is set while it is shown one."""

    __slots__ = ("_boards", "_messages", "_refusals", "_slug", "board")

    def __init__(self, *, slug: str, writer: Writer, boards: Boards) -> None:
        super().__init__(writer, None)
        self.board: TheatreBoard | None = None
        self._slug = slug
        self._boards = boards
        self._messages = TokenBucket(per_second=MESSAGES_PER_SECOND, burst=MESSAGES_BURST)
        self._refusals = 0
        writer.on_drained = self.catch_up

    async def enter(self) -> None:
        """Be shown the theatre's board. Raises NotFound, NotReady."""
        self.board = await self._boards.enter(self._slug, self)

    def leave(self) -> None:
        """The socket is gone."""
        if self.board is not None:
            self._boards.leave(self.board, self)
            self.board = None

    def catch_up(self) -> None:
        """What was written has been taken, after some was skipped."""
        if self.board is not None:
            self.board.catch_up(self)

    def take(self, payload: bytes) -> None:
        """A frame came in."""
        if not self._messages.take(asyncio.get_running_loop().time()):
            self._refusals += 1
            if self._refusals > FLOOD_REFUSALS_MAX:
                self.writer.close(CloseCode.TOO_MANY_MESSAGES)
                return
            self._refuse("rate_limited", "Too many messages. Slow down.")
            return
        self._refusals = 0
        if len(payload) > FRAME_BYTES_MAX:
            self._refuse("bad_request", f"A frame may have {FRAME_BYTES_MAX} bytes at most.")
            return
        try:
            ping = parse(payload)
        except Malformed as error:
            self._refuse("bad_request", error.detail)
            return
        now_ms = self._boards.rooms.clock.now_ms()
        self.writer.reply(frame_of(Pong(id=ping.id, client_ms=ping.client_ms, server_ms=now_ms)))

    def _refuse(self, code: str, detail: str) -> None:
        metrics.refused(code).inc()
        self.writer.reply(frame_of(Error(id=None, code=code, detail=detail)))
