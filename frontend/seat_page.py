"""What the seat page is made of: the show, its drawn seats, and the data its scripts start from.

The picture in the page is the one the scripts resume from, so nothing is sent twice and nothing flickers.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from bookings import api as bookings
from frontend.seating import Plan, plan_of


def show_context(show_id: int, *, holder: str, now: datetime) -> dict[str, Any]:
    """The template's context. Raises NotFound."""
    detail = bookings.get_show(show_id)
    picture = bookings.get_seat_picture(show_id, holder=holder)
    mine = picture["mine"]
    plan = plan_of(detail.seats, states=picture["states"], mine=mine["seats"] if mine else ())
    sales = detail.show.sales_state(now)
    return {
        "show": detail.show,
        "movie": detail.movie,
        "plan": plan,
        "sales": sales,
        "hold_minutes": max(1, round(settings.HOLD_SECONDS / 60)),
        "page_data": {
            "show": show_id,
            "sales": sales,
            "hold_seconds": settings.HOLD_SECONDS,
            "seats_max": settings.SEATS_PER_HOLD_MAX,
            "time_zone": detail.show.time_zone,
            "picture": picture,
            "mine": mine,
            "pay_path": _pay_path(),
            **_seats_data(detail.seats, plan),
        },
    }


def _pay_path() -> str:
    """The payment page of a booking that scripts fill in for {booking}."""
    nobody = UUID(int=0)
    return reverse("frontend:pay", args=[nobody]).replace(str(nobody), "{booking}")


def _seats_data(seats: list[Any], plan: Plan) -> dict[str, Any]:
    """The seats in index order as short rows; kind and category are positions in their lists."""
    categories = [category.key for category in plan.categories]
    kinds = list(plan.shapes)
    return {
        "categories": [
            {"key": category.key, "name": category.name, "price_paise": category.price_paise}
            for category in plan.categories
        ],
        "kinds": kinds,
        "seats": [
            [seat.label, seat.x, seat.y, kinds.index(seat.kind), categories.index(seat.category)] for seat in seats
        ],
    }
