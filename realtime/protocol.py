"""The words spoken on `/ws/shows/<id>/`: message shapes, limits and close codes (contract section 3).

Pure: what a frame says, never what to do about it (session.py) nor how bytes travel (writers.py). Besides the
standard library it uses msgspec, which is as pure: one declaration is the type, the validation and the encoding.
"""

from enum import IntEnum
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

SUBPROTOCOL: Final = "housefull.v1"
TOKEN_PREFIX: Final = "token."  # noqa: S105  # the name of a subprotocol, not a secret
# The contract's bound for frames from clients; ten seats with long labels are 200 bytes.
FRAME_BYTES_MAX: Final = 8 * 1024


class CloseCode(IntEnum):
    """Why the server closes. Below 4500 the client comes back with jitter, from 4500 on it does not."""

    RESTARTING = 4000
    TOO_SLOW = 4001
    TOO_MANY_MESSAGES = 4002
    NO_COMMON_SUBPROTOCOL = 4500
    BAD_TOKEN = 4501
    NO_SUCH_SHOW = 4504
    REVOKED = 4508

    @property
    def may_return(self) -> bool:
        """Whether a client that reads this code should connect again."""
        return self < 4500


# --- client → server -----------------------------------------------------------------------------

RequestId: TypeAlias = Annotated[str, Meta(max_length=64)]
SeatLabel: TypeAlias = Annotated[str, Meta(min_length=1, max_length=16)]
# Far above SEATS_PER_HOLD_MAX: eleven seats are refused as too_many_seats, a thousand as nonsense.
SeatLabels: TypeAlias = Annotated[list[SeatLabel], Meta(min_length=1, max_length=100)]
IdempotencyKey: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]


class Hold(Struct, frozen=True, tag="hold", forbid_unknown_fields=True):
    """Hold these seats, all or none."""

    id: RequestId
    seats: SeatLabels
    idempotency_key: IdempotencyKey | None = None


class HoldBest(Struct, frozen=True, tag="hold.best", forbid_unknown_fields=True):
    """Choose and hold the best seats together."""

    id: RequestId
    count: Annotated[int, Meta(ge=1, le=100)]
    category: Annotated[str, Meta(max_length=40)] | None = None
    accessible: bool = False
    idempotency_key: IdempotencyKey | None = None


class Release(Struct, frozen=True, tag="release", forbid_unknown_fields=True):
    """Give up these seats of my hold, or all of them."""

    id: RequestId
    seats: SeatLabels | None = None


class Sync(Struct, frozen=True, tag="sync", forbid_unknown_fields=True):
    """Bring me from this position to now."""

    epoch: Annotated[str, Meta(max_length=64)]
    version: int


class Ping(Struct, frozen=True, tag="ping", forbid_unknown_fields=True):
    """Are you there, and what time is it?"""

    id: RequestId
    client_ms: int | float


ClientMessage: TypeAlias = Hold | HoldBest | Release | Sync | Ping


class _Envelope(Struct, frozen=True):
    id: RequestId | None = None


_client_messages: Final = msgspec.json.Decoder(ClientMessage)
_envelopes: Final = msgspec.json.Decoder(_Envelope)


class Malformed(Exception):
    """A frame that is not one of the client's messages. `id` is its id, if that much could be read."""

    def __init__(self, detail: str, request_id: str | None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.id = request_id


def parse(payload: bytes) -> ClientMessage:
    """The message in a frame. Raises Malformed, whose detail may be shown to the sender."""
    try:
        message: ClientMessage = _client_messages.decode(payload)
        return message
    except msgspec.DecodeError as error:  # also its subclass ValidationError
        detail = str(error)
    except UnicodeDecodeError:
        detail = "The frame is not UTF-8."
    except RecursionError:  # 8 KiB of brackets
        detail = "The frame is nested too deeply."
    try:
        request_id = _envelopes.decode(payload).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        request_id = None
    raise Malformed(detail, request_id)


# --- server → client -----------------------------------------------------------------------------


class Mine(Struct, frozen=True):
    """A holder's live hold on this show."""

    booking: str
    status: str
    seats: tuple[str, ...]
    expires_ms: int
    amount_paise: int


class Seats(Struct, frozen=True, tag="seats"):
    """The map moves from one version to another; states are absolute."""

    epoch: str
    from_version: int = msgspec.field(name="from")
    version: int
    server_ms: int
    changes: list[tuple[int, str] | tuple[int, str, int]]


class MineNow(Struct, frozen=True, tag="mine"):
    """The holder's hold as it is now; null: none."""

    mine: Mine | None


class Held(Struct, frozen=True, tag="held", omit_defaults=True):
    """The seats are yours until `expires_ms`; `seats` is the whole hold."""

    id: str
    booking: str
    seats: tuple[str, ...]
    expires_ms: int
    amount_paise: int
    version: int | None
    reason: str | None = None


class Released(Struct, frozen=True, tag="released"):
    """These seats are yours no longer."""

    id: str
    seats: tuple[str, ...]
    version: int | None


class HoldExpiring(Struct, frozen=True, tag="hold.expiring"):
    """Your hold ends soon."""

    booking: str
    remaining_ms: int


class BookingChanged(Struct, frozen=True, tag="booking"):
    """Your booking has another status or refund now."""

    booking: str
    status: str
    refund: str | None


class Check(Struct, frozen=True, tag="check"):
    """What the map adds up to at a version, for clients to compare."""

    epoch: str
    version: int
    crc32: int


class Pong(Struct, frozen=True, tag="pong"):
    """Here, and it is `server_ms`."""

    id: str
    client_ms: int | float
    server_ms: int


class Notice(Struct, frozen=True, tag="notice"):
    """Updates come late for a while, or come live again."""

    code: str


class Error(Struct, frozen=True, tag="error"):
    """The frame could not be served."""

    id: str | None
    code: str
    detail: str


ServerMessage: TypeAlias = (
    Seats | MineNow | Held | Released | HoldExpiring | BookingChanged | Check | Pong | Notice | Error
)

UPDATES_DELAYED: Final = Notice(code="updates_delayed")
UPDATES_LIVE: Final = Notice(code="updates_live")
