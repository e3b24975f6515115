"""One socket's side of the conversation, as decisions: a frame comes in, what should happen comes out.

Pure. It knows how fast and how much at once is asked; it performs nothing. The consumer says what is
to be said, asks the box office what is to be asked and closes what is to be closed.
"""

from typing import TypeAlias

from realtime.limits import FLOOD_REFUSALS_MAX, REQUESTS_IN_FLIGHT_MAX, TokenBucket
from realtime.protocol import (
    FRAME_BYTES_MAX,
    CloseCode,
    Error,
    Hold,
    HoldBest,
    Malformed,
    Ping,
    Pong,
    Release,
    Sync,
    parse,
)

# What the box office is asked for. Each counts as in flight until `finished` is called.
Request: TypeAlias = Hold | HoldBest | Release
# Say this, ask for that, bring the map up to date, or close.
Decision: TypeAlias = Error | Pong | Request | Sync | CloseCode


class Session:
    """The state of one socket's conversation. `messages` is the allowance of frames."""

    __slots__ = ("_in_flight", "_messages", "_refusals")

    def __init__(self, *, messages: TokenBucket) -> None:
        self._messages = messages
        self._in_flight = 0
        self._refusals = 0

    def receive(self, payload: bytes, *, now: float, server_ms: int) -> Decision:
        """Decide about one frame. `now` is seconds of the bucket's clock."""
        if not self._messages.take(now):
            self._refusals += 1
            if self._refusals > FLOOD_REFUSALS_MAX:
                return CloseCode.TOO_MANY_MESSAGES
            return Error(id=None, code="rate_limited", detail="Too many messages. Slow down.")
        self._refusals = 0
        if len(payload) > FRAME_BYTES_MAX:
            return Error(id=None, code="bad_request", detail=f"A frame may have {FRAME_BYTES_MAX} bytes at most.")
        try:
            message = parse(payload)
        except Malformed as error:
            return Error(id=error.id, code="bad_request", detail=error.detail)
        match message:
            case Ping():
                return Pong(id=message.id, client_ms=message.client_ms, server_ms=server_ms)
            case Sync():
                return message
        if self._in_flight >= REQUESTS_IN_FLIGHT_MAX:
            return Error(id=message.id, code="rate_limited", detail="Wait for your earlier requests first.")
        self._in_flight += 1
        return message

    def finished(self) -> None:
        """A request of this socket has been answered."""
        self._in_flight -= 1
