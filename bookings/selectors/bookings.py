"""A booking as its holder may read it. Somebody else's does not exist.

The live map and holds in progress are live.py.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from bookings.domain.lifecycle import Status
from bookings.errors import NotFound
from bookings.models import Booking, SeatClaim

# Seats that ended with their booking were let go in the same statement, microseconds apart.
_SAME_STATEMENT: Final = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingView:
    """A booking with its seats in index order; those it had at its end, once it has ended.

    `refund` says where the buyer's money is: None, due, pending, refunded or manual.
    """

    booking: str
    show_id: int
    status: Status
    refund: str | None
    seats: tuple[str, ...]
    amount_paise: int
    currency: str
    expires_ms: int


def get_booking(public_id: UUID, *, holder: str) -> BookingView:
    """A booking of this holder. Raises NotFound, also for somebody else's."""
    try:
        booking = Booking.objects.select_related("show__layout").get(pk=public_id, holder=holder)
    except Booking.DoesNotExist:
        raise NotFound("There is no such booking.") from None
    held = Q(released_at__isnull=True)
    if booking.ended_at is not None:
        held |= Q(released_at__gte=booking.ended_at - _SAME_STATEMENT)
    claims = list(SeatClaim.objects.filter(held, booking=booking).order_by("seat_index"))
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
    )
