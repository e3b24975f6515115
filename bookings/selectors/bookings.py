"""A booking as its holder may read it. Somebody else's does not exist.

The live map and holds in progress are live.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from bookings.domain.lifecycle import Status
from bookings.errors import NotFound
from bookings.models import Booking, SeatClaim

# Nobody reads further back on a page of his bookings.
LISTED_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingView:
    """A booking with its seats in index order; those it had at its end, once it has ended.

    `refund` says where the buyer's money is: None, due, pending, refunded or manual. `cancel_reason` says why a
    cancelled booking ended; `has_checked_out` whether its payment was ever begun. The buyer is empty before that.
    """

    booking: str
    show_id: int
    status: Status
    refund: str | None
    seats: tuple[str, ...]
    amount_paise: int
    currency: str
    expires_ms: int
    cancel_reason: str
    has_checked_out: bool
    buyer_name: str
    buyer_email: str
    buyer_phone: str
    created_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None


def get_booking(public_id: UUID, *, holder: str) -> BookingView:
    """A booking of this holder. Raises NotFound, also for somebody else's."""
    try:
        return _view(_readable().get(pk=public_id, holder=holder))
    except Booking.DoesNotExist:
        raise NotFound("There is no such booking.") from None


def find_booking(public_id: UUID) -> BookingView:
    """A booking, whoever's: for mail and for signed links. Raises NotFound."""
    try:
        return _view(_readable().get(pk=public_id))
    except Booking.DoesNotExist:
        raise NotFound("There is no such booking.") from None


def list_bookings(*, holder: str) -> list[BookingView]:
    """The bookings of this holder, newest first: held, booked, and ended ones whose payment was begun."""
    of_note = Q(status__in=[Status.PENDING, Status.CONFIRMED]) | Q(checkout_at__isnull=False) | ~Q(refund="")
    bookings = _readable().filter(of_note, holder=holder).exclude(cancel_reason="changed")
    return [_view(booking) for booking in bookings.order_by("-created_at")[:LISTED_MAX]]


def _readable() -> QuerySet[Booking]:
    return Booking.objects.select_related("show__layout").prefetch_related("claims")


def _its_claims(booking: Booking) -> list[SeatClaim]:
    """Its seats; those at its end, once it has ended."""
    ended_at = booking.ended_at
    return sorted(
        (claim for claim in booking.claims.all() if claim.released_at is None or claim.released_at == ended_at),
        key=lambda claim: claim.seat_index,
    )


def _view(booking: Booking) -> BookingView:
    claims = _its_claims(booking)
    labels = [seat["label"] for seat in booking.show.layout.seats]
    return BookingView(
        booking=str(booking.pk),
        show_id=booking.show_id,
        status=Status(booking.status),
        refund=booking.refund or None,
        seats=tuple(labels[claim.seat_index] for claim in claims),
        amount_paise=sum(claim.price_paise for claim in claims),
        currency="INR",
        expires_ms=round(booking.expires_at.timestamp() * 1000),
        cancel_reason=booking.cancel_reason,
        has_checked_out=booking.checkout_at is not None,
        buyer_name=booking.buyer_name,
        buyer_email=booking.buyer_email,
        buyer_phone=booking.buyer_phone,
        created_at=booking.created_at,
        confirmed_at=booking.confirmed_at,
        ended_at=booking.ended_at,
    )
