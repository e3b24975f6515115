"""The shapes of requests and replies. Requests are strict: exact types, no unknown fields.

Replies only state what services and selectors answered; they decide nothing and format nothing but times.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from ninja import P, PathEx
from pydantic import BaseModel, ConfigDict, Field

from bookings.selectors.catalogue_values import SalesState

CURRENCY: Final = "INR"

UtcTime = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
LocalDate = Annotated[str, Field(json_schema_extra={"format": "date"})]
UnixMs = Annotated[int, Field(description="Unix time in milliseconds.")]
Paise = Annotated[int, Field(description="Integer paise; 100 paise are one rupee.", ge=0)]
Version = Annotated[
    int | None, Field(description="The version of the seat map that shows it; null while Redis is away.")
]
Currency = Literal["INR"]
ShowId = PathEx[int, P(description="The show.", example=24)]
EXAMPLE_BOOKING = "019aa7c1-5f3a-7c21-9d64-2b1c8e90f7aa"
PublicId = PathEx[UUID, P(description="`booking` of the hold.", example=EXAMPLE_BOOKING)]


def utc(at: datetime) -> str:
    """ISO 8601 in UTC with a Z, to the millisecond where there is a fraction."""
    return (
        at.astimezone(UTC).isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")
    )


def utc_of_ms(unix_ms: int) -> str:
    """The same for Unix milliseconds."""
    return utc(datetime.fromtimestamp(unix_ms / 1000, UTC))


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Reply(BaseModel):
    model_config = ConfigDict(frozen=True)


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [value]})


# --- requests


class HoldRequest(Request):
    """Seats to hold, all or none."""

    model_config = _example({"seats": ["C4", "C5"]})

    seats: list[str] = Field(description="Labels of seats of this show, each once.")


class BestSeatsRequest(Request):
    """How many seats together, and of which kind."""

    model_config = _example({"count": 3, "category": "recliner"})

    count: int = Field(ge=1, description="How many seats.")
    category: str | None = Field(None, description="A price category of the show; without it, any.")
    accessible: bool = Field(default=False, description="With a wheelchair place; companions beside it.")


# --- replies: who


class GuestReply(Reply):
    """A new guest."""

    token: str = Field(
        pattern=r"^[A-Za-z0-9._~-]+$",
        description="Send it as `Authorization: Bearer <token>`, or as the WebSocket subprotocol `token.<value>`.",
    )


# --- replies: what is on


class MovieRef(Reply):
    slug: str
    title: str
    certificate: str = Field(description="Of the Indian board of film certification: U, UA 7+, UA 13+, UA 16+, A.")
    language: str


class MovieReply(MovieRef):
    """A movie that is shown in the next days."""

    duration_minutes: int
    genre: str
    synopsis: str
    next_show_at: UtcTime
    shows_count: int
    cities: list[str]


class MoviesReply(Reply):
    """Movies, the one with the soonest show first."""

    items: list[MovieReply]
    count: int


class TheatreRef(Reply):
    slug: str
    name: str
    city: str
    time_zone: str = Field(description="IANA name. Dates that people read are in it.")


class ShowReply(Reply):
    """One screening."""

    id: int
    movie: MovieRef
    theatre: TheatreRef
    screen: str
    starts_at: UtcTime
    ends_at: UtcTime
    local_date: LocalDate = Field(description="The date of the start on the theatre's calendar.")
    sales_open_at: UtcTime
    sales_close_at: UtcTime
    sales: SalesState = Field(description="Whether seats are on sale at this moment, and if not why.")
    prices_paise: dict[str, Paise] = Field(description="Price by category.")
    currency: Currency
    seats_count: int


class ShowsReply(Reply):
    """Shows by start."""

    items: list[ShowReply]
    count: int


class SeatReply(Reply):
    """One seat. `x` and `y` are columns and rows of the drawn layout, gaps included, the screen at the top."""

    index: int = Field(description="Its place in `states` of the snapshot; fixed for the life of the show.")
    label: str
    row: str
    number: int
    x: int
    y: int
    kind: str = Field(description="standard, recliner, sofa, wheelchair, companion, house or restricted.")
    category: str
    price_paise: Paise


class ShowDetailReply(ShowReply):
    """One screening with every seat, in index order."""

    layout_revision: int
    seats: list[SeatReply]


class SnapshotReply(Reply):
    """The whole seat map at one version."""

    epoch: str = Field(description="Versions compare only within one epoch.")
    version: int
    server_ms: UnixMs
    states: str = Field(
        pattern="^[AHBX]*$", description="One letter a seat, by index: Available, Held, Booked, X blocked."
    )
    holds: dict[str, UnixMs] = Field(description="Deadline of each held seat, by index.")


# --- replies: holds and bookings


class HoldReply(Reply):
    """The holder's whole hold of this show, as it stands now."""

    booking: str = Field(json_schema_extra={"format": "uuid"})
    seats: list[str] = Field(description="Every seat of the hold, those of earlier requests included.")
    amount_paise: Paise
    currency: Currency
    expires_at: UtcTime
    expires_ms: UnixMs
    version: Version


class BestSeatsReply(HoldReply):
    """The hold, and why these seats."""

    reason: str


class ReleaseReply(Reply):
    """What this request let go; empty when nothing of it was held."""

    seats: list[str]
    version: Version


class BookingReply(Reply):
    """A booking as its holder may see it."""

    booking: str = Field(json_schema_extra={"format": "uuid"})
    show: int
    status: Literal["pending", "confirmed", "expired", "cancelled"]
    refund: Literal["due", "pending", "refunded", "manual"] | None
    seats: list[str] = Field(description="Its seats; once it has ended, those it had at its end.")
    amount_paise: Paise
    currency: Currency
    expires_ms: UnixMs
    server_ms: UnixMs


class ErrorReply(BaseModel):
    """Every error. `code` is for programs, `detail` for people; the other fields depend on the code."""

    model_config = ConfigDict(extra="allow")

    code: str
    detail: str
    retryable: bool = Field(description="Whether the very same request may succeed later.")
