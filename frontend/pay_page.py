"""What the payment page shows before payments exist: the seats, the total and the time left."""

from datetime import datetime
from typing import Any

from bookings import api as bookings


def pay_context(booking: bookings.BookingView, *, detail: bookings.ShowDetail, now: datetime) -> dict[str, Any]:
    """The template's context."""
    server_ms = int(now.timestamp() * 1000)
    left_seconds = max(0, -((server_ms - booking.expires_ms) // 1000))
    return {
        "booking": booking,
        "show": detail.show,
        "movie": detail.movie,
        "confirmed": booking.status == "confirmed",
        "ended": booking.status in ("expired", "cancelled") or (booking.status == "pending" and not left_seconds),
        "left": f"{left_seconds // 60}:{left_seconds % 60:02d}",
        "page_data": {"server_ms": server_ms, "expires_ms": booking.expires_ms},
    }
