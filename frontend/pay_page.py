"""What the payment page is made of: the seats, the total, the time left, and the data its scripts start from."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from bookings import api as bookings
from frontend.booking_words import listed

# Nobody reads more of it in Razorpay's window.
DESCRIPTION_MAX = 120


def pay_context(
    booking: bookings.BookingView,
    *,
    detail: bookings.ShowDetail,
    now: datetime,
    user: AbstractBaseUser | AnonymousUser,
) -> dict[str, Any]:
    """The template's context."""
    server_ms = int(now.timestamp() * 1000)
    left_seconds = max(0, -((server_ms - booking.expires_ms) // 1000))
    seats = listed(booking.seats)
    return {
        "booking": booking,
        "show": detail.show,
        "movie": detail.movie,
        "seats": seats,
        "buyer": _buyer(booking, user),
        "left": f"{left_seconds // 60}:{left_seconds % 60:02d}",
        "page_data": {
            "booking": booking.booking,
            "show": booking.show_id,
            "server_ms": server_ms,
            "expires_ms": booking.expires_ms,
            "hold_seconds": settings.HOLD_SECONDS,
            "refresh_policy": settings.REFRESH_POLICY,
            "merchant": detail.show.theatre_name,
            "description": f"{seats} · {detail.movie.title}"[:DESCRIPTION_MAX],
        },
    }


def _buyer(booking: bookings.BookingView, user: AbstractBaseUser | AnonymousUser) -> dict[str, str]:
    """Who pays, as far as that is known: what was said at an earlier checkout, else the account."""
    name, email = "", ""
    if user.is_authenticated:
        name, email = getattr(user, "get_full_name", str)(), getattr(user, "email", "")
    return {
        "name": booking.buyer_name or name,
        "email": booking.buyer_email or email,
        "phone": booking.buyer_phone,
    }
