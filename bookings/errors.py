"""Every refusal of the house: one class each, with the code clients see over HTTP and WebSocket alike.

Names are facts. Expected outcomes are raised as these; a broken invariant is an assertion, not an error here.
"""

from collections.abc import Sequence
from typing import Any, ClassVar


class BookingError(Exception):
    """A request was refused and changed nothing.

    `fields` are the extra, typed facts a client needs (the seats, a wait in ms); they appear beside
    `code` and `detail` in the reply.
    """

    code: ClassVar[str] = "bad_request"
    http_status: ClassVar[int] = 400
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields

    def as_reply(self) -> dict[str, Any]:
        """The error as clients read it: {code, detail, retryable, …fields}."""
        return {"code": self.code, "detail": self.detail, "retryable": self.retryable, **self.fields}


class BadRequest(BookingError):
    """The request could not be understood."""


class IdentityRequired(BookingError):
    """Nobody is asking: no holder cookie and no token."""

    code = "identity_required"
    http_status = 401

    def __init__(self) -> None:
        super().__init__("Get a guest token or open the page first, then ask again.")


class NotFound(BookingError):
    """There is no such thing, or it belongs to someone else."""

    code = "not_found"
    http_status = 404


class UnknownSeat(BookingError):
    """A seat label that this show does not have."""

    code = "unknown_seat"
    http_status = 422

    def __init__(self, seats: Sequence[str]) -> None:
        super().__init__(f"This screen has no seat {', '.join(seats)}.", seats=list(seats))


class DuplicateSeats(BookingError):
    """The same seat was named twice."""

    code = "duplicate_seats"
    http_status = 422

    def __init__(self, seats: Sequence[str]) -> None:
        super().__init__(f"Named more than once: {', '.join(seats)}.", seats=list(seats))


class TooManySeats(BookingError):
    """The hold would be larger than one person may hold."""

    code = "too_many_seats"
    http_status = 422

    def __init__(self, seats_max: int) -> None:
        super().__init__(f"One person can hold {seats_max} seats of a show at most.", seats_max=seats_max)


class SeatsUnavailable(BookingError):
    """Every named seat that somebody else holds or owns, or that is blocked."""

    code = "seats_unavailable"
    http_status = 409

    def __init__(self, seats: Sequence[str]) -> None:
        if len(seats) == 1:
            detail = f"{seats[0]} is no longer free. Nothing was held for you by this request."
        elif seats:
            detail = f"{', '.join(seats)} are no longer free. Nothing was held for you by this request."
        else:
            detail = "There are not that many seats left. Nothing was held for you by this request."
        super().__init__(detail, seats=list(seats))


class HoldExpired(BookingError):
    """The deadline of the hold has passed."""

    code = "hold_expired"
    http_status = 409

    def __init__(self) -> None:
        super().__init__("Your hold has ended and the seats went back on sale. Choose again.")


class CheckoutStarted(BookingError):
    """The seats are frozen: payment has begun."""

    code = "checkout_started"
    http_status = 409

    def __init__(self) -> None:
        super().__init__("Payment has begun, so these seats are fixed. Use “Change seats” on the payment page.")


class CheckoutInProgress(BookingError):
    """Somebody, most likely the same buyer in another tab, is starting this payment right now."""

    code = "checkout_in_progress"
    http_status = 409
    retryable = True

    def __init__(self) -> None:
        super().__init__("This payment is just being prepared. Try again in a few seconds.")


class SalesClosed(BookingError):
    """The show is not on sale: not yet, no longer, or cancelled."""

    code = "sales_closed"
    http_status = 409


class BookingConfirmed(BookingError):
    """The booking is paid; it cannot be released or cancelled this way."""

    code = "booking_confirmed"
    http_status = 409

    def __init__(self) -> None:
        super().__init__("This booking is confirmed.")


class InProgress(BookingError):
    """The same idempotency key is being worked on right now."""

    code = "in_progress"
    http_status = 409
    retryable = True

    def __init__(self) -> None:
        super().__init__("The same request is being worked on. Ask again in a moment with the same key.")


class IdempotencyMismatch(BookingError):
    """The idempotency key was used before with another request."""

    code = "idempotency_mismatch"
    http_status = 422

    def __init__(self) -> None:
        super().__init__("This idempotency key was used with another request. Use a new key.")


class RateLimited(BookingError):
    """Too much, too fast, or the held-time budget of this show is used up."""

    code = "rate_limited"
    http_status = 429
    retryable = True

    def __init__(self, detail: str, *, retry_after_ms: int) -> None:
        super().__init__(detail, retry_after_ms=retry_after_ms)


class NotReady(BookingError):
    """The seat picture is being rebuilt, or PostgreSQL does not answer."""

    code = "not_ready"
    http_status = 503
    retryable = True

    def __init__(self, detail: str = "The seat map is being restored. Try again in a second.") -> None:
        super().__init__(detail)


class OutcomeUnknown(BookingError):
    """The commit was sent and its answer lost: the hold may or may not stand."""

    code = "outcome_unknown"
    http_status = 503
    retryable = True

    def __init__(
        self, detail: str = "We could not learn whether your seats were held. Ask again with the same key."
    ) -> None:
        super().__init__(detail)
