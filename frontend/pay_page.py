"""What the payment page shows before payments exist: the seats, the total and the time left."""

from datetime import datetime
from typing import Any
from uuid import UUID

from bookings import api as bookings


def pay_context(public_id: UUID, *, holder: str, now: datetime) -> dict[str, Any]:
    """The template's context. Raises NotFound, also for somebody else's booking."""
    booking = bookings.get_booking(public_id, holder=holder)
    detail = bookings.get_show(booking.show_id)
    server_ms = int(now.timestamp() * 1000)
    left_ms = booking.expires_ms - server_ms
    return {
        "booking": booking,
        "show": detail.show,
        "movie": detail.movie,
        "ended": booking.status != "confirmed" and (booking.status != "pending" or left_ms <= 0),
        "confirmed": booking.status == "confirmed",
        "page_data": {"server_ms": server_ms, "expires_ms": booking.expires_ms},
    }
