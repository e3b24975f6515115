"""Bookings that have their tickets, and ushers: for tests of tickets and doors."""

import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.auth.models import User as AuthUser
from django.test import Client

from bookings.models import Booking, SeatClaim, Show
from bookings.services import check_in
from tests.support.cinema import PRICE_PAISE

SOON = timedelta(minutes=30)
BUYER = {"buyer_name": "Asha Rao", "buyer_email": "asha@example.org", "buyer_phone": "+919876543210"}


def make_booking(show: Show, seats: Sequence[int] = (0, 1), *, holder: str = "asha", **fields: Any) -> Booking:
    """A confirmed booking of these seats, unless the fields say otherwise."""
    now = datetime.now(UTC)  # noqa: TID251  (a factory stands where an interface does)
    values = {
        "status": "confirmed",
        "expires_at": now,
        "checkout_at": now,
        "confirmed_at": now,
        **BUYER,
        **fields,
    }
    booking = Booking.objects.create(id=uuid.uuid4(), show=show, holder=holder, **values)
    SeatClaim.objects.bulk_create(
        SeatClaim(
            show=show, seat_index=seat, booking=booking, price_paise=PRICE_PAISE, released_at=values.get("ended_at")
        )
        for seat in seats
    )
    return booking


def end_booking(booking: Booking, **fields: Any) -> None:
    """The booking ends, as the statements of the claim store end it, and knows nothing of its tickets."""
    now = datetime.now(UTC)  # noqa: TID251
    SeatClaim.objects.filter(booking=booking, released_at=None).update(released_at=now)
    Booking.objects.filter(pk=booking.pk).update(**{"status": "cancelled", "ended_at": now, **fields})


def make_usher(name: str = "usher", *, may_check_in: bool = True, **fields: Any) -> AuthUser:
    """Somebody who may let people in, and no more: not even into the admin."""
    user: Any = get_user_model().objects.create_user(username=name, password="a-long-password", **fields)
    if may_check_in:
        user.user_permissions.add(Permission.objects.get(codename="check_in_tickets"))
    return user  # type: ignore[no-any-return]


def session_of(user: AuthUser) -> str:
    """The session key of somebody who has signed in."""
    client = Client()
    client.force_login(user)
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def admit_without(cut: str, instead: str = "") -> AbstractContextManager[object]:
    """The statement that lets people in, without this text: a guard is off."""
    whole = vars(check_in)["sql_text"]

    def sql_text(name: str) -> str:
        text: str = whole(name)
        if name != "admit":
            return text
        assert text.count(cut) == 1, f"admit.sql has {text.count(cut)} times: {cut}"
        return text.replace(cut, instead)

    return patch.object(check_in, "sql_text", sql_text)
