"""Reading a booking: what became of a hold, for whoever holds it."""

from typing import Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router

from bookings.errors import IdentityRequired, NotFound
from bookings.http.auth import HOLDER_AUTH, holder_of
from bookings.http.documentation import documented
from bookings.http.schemas import CURRENCY, EXAMPLE_BOOKING, BookingReply, PublicId
from bookings.http.threads import in_thread
from bookings.selectors.bookings import get_booking

TAG: Final = "Bookings"
router = Router(tags=[TAG], auth=HOLDER_AUTH)


@router.get(
    "/bookings/{uuid:public_id}",
    operation_id="get_booking",
    summary="A booking",
    **documented(
        200,
        BookingReply(
            booking=EXAMPLE_BOOKING,
            show=24,
            status="pending",
            refund=None,
            seats=["C4", "C5"],
            amount_paise=50_000,
            currency=CURRENCY,
            expires_ms=1_763_750_400_123,
            server_ms=1_763_749_800_123,
        ),
        IdentityRequired(),
        NotFound("There is no such booking."),
    ),
)
async def read_booking(request: HttpRequest, public_id: PublicId) -> BookingReply:
    """A booking of yours. Somebody else's does not exist for you."""
    booking = await in_thread(get_booking, public_id, holder=holder_of(request))
    now = timezone.now()  # noqa: TID251  (views are where the clock is read)
    return BookingReply.model_validate(
        {
            "booking": booking.booking,
            "show": booking.show_id,
            "status": booking.status,
            "refund": booking.refund,
            "seats": booking.seats,
            "amount_paise": booking.amount_paise,
            "currency": booking.currency,
            "expires_ms": booking.expires_ms,
            "server_ms": int(now.timestamp() * 1000),
        }
    )
