"""One viewer at work: frames in, the session's decisions carried out, answers out.

It joins the pure session to the room and the box office, and knows nothing of handshakes or servers.
"""

import asyncio
import logging

from bookings.api import BookingError, IdentityRequired, OutcomeUnknown
from realtime import metrics
from realtime.fan_out import Viewer
from realtime.frames import encode, refusal
from realtime.protocol import CloseCode, Error, Held, Hold, HoldBest, Released, Sync
from realtime.room import Room
from realtime.rooms import Rooms
from realtime.session import Request, Session
from realtime.writers import Writer

logger = logging.getLogger(__name__)


class SeatSocket(Viewer):
    """The socket of one viewer of one show. `room` is set while it is in the room."""

    __slots__ = ("_rooms", "_session", "_show_id", "room")

    def __init__(self, *, show_id: int, holder: str | None, writer: Writer, rooms: Rooms) -> None:
        super().__init__(writer, holder)
        self.room: Room | None = None
        self._show_id = show_id
        self._rooms = rooms
        self._session = Session(messages=rooms.limits.messages())
        writer.on_drained = self.catch_up

    async def enter(self, *, epoch: str | None, version: int) -> None:
        """Go into the show's room, from a position (epoch None: from nothing). Raises NotFound, NotReady."""
        self.room = await self._rooms.enter(self._show_id, self, epoch=epoch, version=version)

    def leave(self) -> None:
        """The socket is gone. What it asked for is done nevertheless."""
        if self.room is not None:
            self._rooms.leave(self.room, self)
            self.room = None

    def catch_up(self) -> None:
        """What was written has been taken, after some was skipped."""
        if self.room is not None:
            self.room.catch_up(self)

    def take(self, payload: bytes) -> None:
        """A frame came in."""
        decision = self._session.receive(
            payload, now=asyncio.get_running_loop().time(), server_ms=self._rooms.clock.now_ms()
        )
        if isinstance(decision, Request):
            self._rooms.requests.spawn(self._ask(decision))
        elif isinstance(decision, Sync):
            if self.room is not None:  # else the room's first frame is the answer
                self.room.bring_up_to_date(self, epoch=decision.epoch, version=decision.version)
        elif isinstance(decision, CloseCode):
            self.writer.close(decision)
        else:
            if isinstance(decision, Error):
                metrics.refused(decision.code).inc()
            self.writer.reply(encode(decision))

    async def _ask(self, request: Request) -> None:
        """Have a request done and answer it; answers leave in the order of completion."""
        try:
            answer = encode(await self._perform(request))
        except BookingError as error:
            metrics.refused(error.code).inc()
            answer = refusal(request.id, error.as_reply())
        except Exception:
            # The boundary of a request: whatever broke, its asker is answered and the trace is kept.
            logger.exception("show %s: %s failed", self._show_id, type(request).__name__)
            answer = refusal(request.id, OutcomeUnknown().as_reply())
        finally:
            self._session.finished()
        self.writer.reply(answer)

    async def _perform(self, request: Request) -> Held | Released:
        if self.holder is None:
            raise IdentityRequired
        office, show_id, holder = self._rooms.office, self._show_id, self.holder
        match request:
            case Hold():
                held = await office.hold(
                    show_id=show_id,
                    holder=holder,
                    labels=request.seats,
                    idempotency_key=request.idempotency_key,
                )
            case HoldBest():
                held = await office.hold_best(
                    show_id=show_id,
                    holder=holder,
                    count=request.count,
                    category=request.category,
                    accessible=request.accessible,
                    idempotency_key=request.idempotency_key,
                )
            case _:
                released = await office.release(show_id=show_id, holder=holder, labels=request.seats)
                return Released(id=request.id, seats=released.seats, version=released.version)
        return Held(
            id=request.id,
            booking=held.booking,
            seats=held.seats,
            expires_ms=held.expires_ms,
            amount_paise=held.amount_paise,
            version=held.version,
            reason=held.reason or None,
        )
