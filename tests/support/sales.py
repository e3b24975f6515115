"""Sales made up for reports: bookings with seats and money, written straight into the tables, at chosen moments."""

import itertools
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bookings.models import Booking, SeatClaim, Show, Theatre
from payments.models import LedgerEntry, Order, Payment, Refund
from tests.support.cinema import make_movie, make_screen, make_show, make_theatre

TWO_CATEGORIES = "categories: stalls, balcony\n[stalls]\nA SSSSSSSS\nB SSSSSSSS\n[balcony]\nC SSSSSSSS"
PRICES = {"stalls": 20_000, "balcony": 35_050}
SEATS = 24
_numbers = itertools.count(1)
HOLD = timedelta(minutes=10)


def local(zone: str, *clock: int) -> datetime:
    """The moment at which a clock in this zone shows this, the first of two."""
    return datetime(*clock, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc,arg-type]  # year to microsecond


def make_cinema(*, time_zone: str = "Asia/Kolkata", starts_at: datetime, theatre: Theatre | None = None) -> Show:
    """A show of two categories in a theatre of its own."""
    screen = make_screen(layout=TWO_CATEGORIES, theatre=theatre or make_theatre(time_zone=time_zone))
    return make_show(
        screen=screen,
        movie=make_movie(),
        prices=PRICES,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        sales_open_at=starts_at - timedelta(days=60),
        sales_close_at=starts_at,
    )


def price_of(seat: int) -> int:
    return PRICES["balcony" if seat >= 16 else "stalls"]


def hold(show: Show, *, at: datetime, seats: Sequence[int] = (0,), **fields: Any) -> Booking:
    """A hold as its rows are left by whatever `fields` say became of it."""
    ended_at = fields.get("ended_at")
    booking = Booking.objects.create(
        id=uuid.uuid4(), show=show, holder=uuid.uuid4().hex[:16], created_at=at, expires_at=at + HOLD, **fields
    )
    for seat in seats:
        SeatClaim.objects.create(
            show=show,
            seat_index=seat,
            booking=booking,
            price_paise=price_of(seat),
            claimed_at=at,
            released_at=ended_at,
        )
    return booking


def sell(show: Show, *, at: datetime, seats: Sequence[int] = (0,), returned_at: datetime | None = None) -> Booking:
    """A booking that was paid at a moment, and perhaps given back later with all of its money."""
    status, refund = ("cancelled", "refunded") if returned_at else ("confirmed", "")
    booking = hold(
        show,
        at=at - timedelta(minutes=3),
        seats=seats,
        status=status,
        refund=refund,
        checkout_at=at - timedelta(minutes=1),
        confirmed_at=at,
        ended_at=returned_at,
    )
    _pay(booking, at=at, paise=sum(map(price_of, seats)), returned_at=returned_at)
    return booking


def _pay(booking: Booking, *, at: datetime, paise: int, returned_at: datetime | None) -> None:
    number = next(_numbers)
    Order.objects.create(
        booking=booking,
        razorpay_id=f"order_{number:014d}",
        amount_paise=paise,
        state="created",
        lease_until=at,
        created_at=at,
    )
    payment = Payment.objects.create(
        id=f"pay_{number:014d}",
        order_id=f"order_{number:014d}",
        booking=booking,
        amount_paise=paise,
        currency="INR",
        rank=4 if returned_at else 3,
        amount_refunded_paise=paise if returned_at else 0,
        resolution="refunded" if returned_at else "applied",
        fee_paise=paise // 50,
        first_seen_at=at,
    )
    book(payment, "captured", paise, at)
    if returned_at:
        Refund.objects.create(
            payment=payment,
            attempt=1,
            idempotency_key=f"key-{number}",
            razorpay_id=f"rfnd_{number:014d}",
            amount_paise=paise,
            status="processed",
            reason="returned",
            created_at=returned_at,
            changed_at=returned_at,
        )
        book(payment, "refunded", -paise, returned_at)


def book(payment: Payment, kind: str, paise: int, at: datetime) -> None:
    """An entry of the ledger."""
    LedgerEntry.objects.create(
        key=f"{kind}:{payment.pk}", kind=kind, payment=payment, booking=payment.booking, amount_paise=paise, at=at
    )


def sell_at_random(chance: Random, shows: Sequence[Show], *, count: int, around: datetime) -> None:
    """Holds of every fate within a few days of a moment, on free seats of random shows."""
    free = {show.pk: list(range(SEATS)) for show in shows}
    for _ in range(count):
        show = chance.choice(shows)
        at = around + timedelta(minutes=chance.randrange(-4_000, 4_000), microseconds=chance.randrange(10**6))
        fate = chance.choice(("sold", "sold", "returned", "expired", "given up", "expired at checkout"))
        seats = [free[show.pk].pop() for _ in range(chance.randint(1, 4)) if free[show.pk]]
        if not seats:
            continue
        if fate in ("sold", "returned"):
            returned_at = at + timedelta(minutes=chance.randrange(1, 3_000)) if fate == "returned" else None
            sell(show, at=at, seats=seats, returned_at=returned_at)
        else:
            status = "cancelled" if fate == "given up" else "expired"
            checkout_at = at + timedelta(minutes=1) if fate == "expired at checkout" else None
            hold(show, at=at, seats=seats, status=status, checkout_at=checkout_at, ended_at=at + HOLD)
