"""What the house says and shows, as a stranger reads it: frames, shows, seats (contract, sections 2 and 3).

Written from the contract alone. What the server's own modules think a frame looks like must not decide what its
tester accepts.
"""

from typing import Any, Final

import msgspec

SUBPROTOCOL: Final = "housefull.v1"
TOKEN_PREFIX: Final = "token."  # noqa: S105  # the name of a subprotocol, not a secret
# From here on a close code means: do not come back.
STAY_AWAY_CODE: Final = 4500
TOO_SLOW_CODE: Final = 4001
TOO_MANY_CODE: Final = 4002

AVAILABLE: Final = "A"
HELD: Final = "H"
BOOKED: Final = "B"


class Mine(msgspec.Struct, frozen=True):
    """My hold on the show, as the server sees it."""

    booking: str
    seats: tuple[str, ...]
    expires_ms: int
    status: str = "pending"


class Frame(msgspec.Struct, omit_defaults=True):
    """Any frame of the server; each type has some of the fields."""

    type: str
    id: str | None = None
    epoch: str | None = None
    from_version: int | None = msgspec.field(name="from", default=None)
    version: int | None = None
    server_ms: int = 0
    states: str | None = None
    holds: dict[str, int] = {}
    changes: list[tuple[Any, ...]] = []
    mine: Mine | None = None
    seats: tuple[str, ...] = ()
    booking: str | None = None
    status: str | None = None
    refund: str | None = None
    expires_ms: int = 0
    crc32: int | None = None
    code: str | None = None
    detail: str = ""
    retryable: bool = False
    retry_after_ms: int = 0


class Snapshot(msgspec.Struct):
    """The reply to GET /api/v1/shows/{id}/seats."""

    epoch: str
    version: int
    server_ms: int
    states: str
    holds: dict[str, int]


class Seat(msgspec.Struct, frozen=True):
    """One seat of a show; its index is its place in the show's list."""

    label: str
    row: str
    number: int
    x: float
    y: float
    kind: str
    category: str


class Show(msgspec.Struct, frozen=True):
    """The show under test."""

    id: int
    movie: str
    theatre: str
    screen: str
    starts_at: str
    seats: tuple[Seat, ...]

    @classmethod
    def from_reply(cls, reply: dict[str, Any]) -> "Show":
        """Of the reply to GET /api/v1/shows/{id}."""
        return cls(
            id=reply["id"],
            movie=reply["movie"]["title"],
            theatre=reply["theatre"]["name"],
            screen=reply["screen"],
            starts_at=reply["starts_at"],
            seats=msgspec.convert(reply["seats"], tuple[Seat, ...]),
        )


read_frame: Final = msgspec.json.Decoder(Frame).decode
read_snapshot: Final = msgspec.json.Decoder(Snapshot).decode
