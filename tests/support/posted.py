"""Letters as tests see them: what calls for one, what became of it, and time that passes."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection

from bookings.api import Event
from bookings.models import Booking
from frontend import handlers
from frontend.models import Letter
from tests.support.bought import make_booking

SENT, DUE, FAILED, OVERTAKEN = Letter.State.SENT, Letter.State.DUE, Letter.State.FAILED, Letter.State.OVERTAKEN


def happened(kind: str, booking: Booking, **payload: Any) -> None:
    """The outbox tells of it."""
    told = Event(kind=kind, key=f"{kind}:{booking.pk}", payload={"booking": str(booking.pk), **payload}, tries=1)
    {
        "booking.confirmed": handlers.confirmation_is_due,
        "booking.cancelled": handlers.cancellation_is_due,
        "booking.refund": handlers.refund_is_told,
    }[kind](told)


def confirmed(**fields: Any) -> Booking:
    """A booking that was paid, and whose letter is written down."""
    booking = make_booking(**fields)
    happened("booking.confirmed", booking)
    return booking


def the_letter() -> Letter:
    """The first of them, where staff sent others."""
    return Letter.objects.earliest("id")


def let_time_pass(**span: float) -> None:
    """So much later: every deadline of letters is that much nearer, and a server's rest is over."""
    cache.clear()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE frontend_letter"
            " SET next_at = next_at - %(span)s::interval, give_up_at = give_up_at - %(span)s::interval",
            {"span": str(timedelta(**span))},
        )


def wait_of(letter: Letter) -> int:
    """How long it waits for its next try, in whole minutes: however long this test has taken since."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM next_at - clock_timestamp()) FROM frontend_letter WHERE id = %s", [letter.pk]
        )
        row = cursor.fetchone()
    assert row is not None
    return round(float(row[0]) / 60)
