"""What the seat page is made of: the show, its drawn seats, and the data its scripts start from.

The picture in the page is the one the scripts resume from, so nothing is sent twice and nothing flickers.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from bookings import api as bookings
from frontend.seating import Plan, Seat, plan_of

BOOKING_PLACEHOLDER: Final = "{booking}"


def show_context(
    detail: bookings.ShowDetail, *, picture: bookings.SeatPicture | None, now: datetime
) -> dict[str, Any]:
    """The template's context. Without a picture the seats wait for the first snapshot."""
    mine = picture["mine"] if picture else None
    plan = plan_of(detail.seats, states=picture["states"] if picture else None, mine=mine["seats"] if mine else ())
    sales = detail.show.sales_state(now)
    return {
        "show": detail.show,
        "movie": detail.movie,
        "plan": plan,
        "sales": sales,
        "hold_length": _length(settings.HOLD_SECONDS),
        "page_data": {
            "show": detail.show.id,
            "sales": sales,
            "hold_seconds": settings.HOLD_SECONDS,
            "seats_max": settings.SEATS_PER_HOLD_MAX,
            "pay_path": _pay_path(),
            "picture": picture,
            **_seats(detail.seats, plan),
        },
    }


def _length(seconds: int) -> str:
    """A length of time in words: minutes where it is that long."""
    count, unit = (round(seconds / 60), "minute") if seconds >= 60 else (seconds, "second")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _pay_path() -> str:
    """The payment page of a booking that scripts fill in."""
    nobody = UUID(int=0)
    return reverse("frontend:pay", args=[nobody]).replace(str(nobody), BOOKING_PLACEHOLDER)


def _seats(seats: Sequence[Seat], plan: Plan) -> dict[str, Any]:
    """The seats in index order as short rows; kind and category are positions in their lists."""
    keys = [category.key for category in plan.categories]
    kinds = list(plan.kinds)
    return {
        "categories": [
            {"key": category.key, "name": category.name, "price_paise": category.price_paise}
            for category in plan.categories
        ],
        "kinds": kinds,
        "seats": [[seat.label, seat.x, seat.y, kinds.index(seat.kind), keys.index(seat.category)] for seat in seats],
    }
