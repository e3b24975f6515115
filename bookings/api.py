"""The only door into bookings: what config, realtime, payments and frontend may call."""

from bookings.domain.seat_map import Applied, Change, Changes, HoldRecord, Picture, SeatMap
from bookings.errors import (
    BadRequest,
    BookingConfirmed,
    BookingError,
    CheckoutStarted,
    DuplicateSeats,
    HoldExpired,
    IdempotencyMismatch,
    IdentityRequired,
    InProgress,
    NotFound,
    NotReady,
    OutcomeUnknown,
    RateLimited,
    SalesClosed,
    SeatsUnavailable,
    TooManySeats,
    UnknownSeat,
)
from bookings.identity import HOLDER_COOKIE, HOLDER_COOKIE_SECONDS, issue_holder, read_holder
from bookings.services.box_office import BoxOffice, with_box_office
from bookings.services.outcomes import Held, Released
from bookings.services.show_plan import ShowPlan

__all__ = [
    "HOLDER_COOKIE",
    "HOLDER_COOKIE_SECONDS",
    "Applied",
    "BadRequest",
    "BookingConfirmed",
    "BookingError",
    "BoxOffice",
    "Change",
    "Changes",
    "CheckoutStarted",
    "DuplicateSeats",
    "Held",
    "HoldExpired",
    "HoldRecord",
    "IdempotencyMismatch",
    "IdentityRequired",
    "InProgress",
    "NotFound",
    "NotReady",
    "OutcomeUnknown",
    "Picture",
    "RateLimited",
    "Released",
    "SalesClosed",
    "SeatMap",
    "SeatsUnavailable",
    "ShowPlan",
    "TooManySeats",
    "UnknownSeat",
    "issue_holder",
    "read_holder",
    "with_box_office",
]
