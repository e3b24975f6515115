"""Bookings as they are after their payment, written straight through the ORM: for tests of what comes then."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from bookings.models import Booking, OutboxEvent, SeatClaim, Show
from payments.models import Payment, Refund
from tests.support.cinema import PRICE_PAISE, make_show
from tests.support.razorpay import Razorpay


def make_booking(show: Show | None = None, *, seats: tuple[int, ...] = (0, 1), **fields: Any) -> Booking:
    """A confirmed booking of Asha's, two seats for ₹500 unless said otherwise; ended ones have let their seats go."""
    show = show or make_show()
    now = datetime.now(UTC)  # noqa: TID251  (a factory stands where an interface does: it reads the clock)
    values: dict[str, Any] = {
        "status": "confirmed",
        "expires_at": now + timedelta(minutes=10),
        "checkout_at": now,
        "confirmed_at": now if fields.get("status") != "expired" else None,
        "buyer_name": "Asha Rao",
        "buyer_email": "asha@example.org",
        **fields,
    }
    if values["status"] in ("expired", "cancelled"):
        values.setdefault("ended_at", now)
    booking = Booking.objects.create(id=uuid.uuid4(), show=show, holder=uuid.uuid4().hex, **values)
    SeatClaim.objects.bulk_create(
        SeatClaim(
            show=show,
            seat_index=seat,
            booking=booking,
            price_paise=PRICE_PAISE,
            released_at=values.get("ended_at"),
        )
        for seat in seats
    )
    return booking


def owe(razorpay: Razorpay) -> Refund:
    """A cancelled booking whose captured money is to go back, and the event that says so; nobody has asked yet."""
    booking = make_booking(status="cancelled", cancel_reason="returned", refund="due")
    paise = 2 * PRICE_PAISE
    paid = razorpay.pay(razorpay.create_order(paise))
    payment = Payment.objects.create(
        id=paid.payment_id,
        order_id=paid.order_id or "",
        booking=booking,
        amount_paise=paise,
        currency="INR",
        rank=3,
        resolution="refund_due",
    )
    key = f"refund-{payment.pk}-1"
    refund = Refund.objects.create(payment=payment, attempt=1, idempotency_key=key, amount_paise=paise, status="due")
    OutboxEvent.objects.create(kind="payment.refund_due", key=key, payload={"refund": refund.pk})
    return refund


def pay_back(booking: Booking, paise: int, *, status: str = "processed") -> None:
    """A refund of its payment, as far as this."""
    payment = Payment.objects.create(
        id=f"pay_{uuid.uuid4().hex[:14]}",
        booking=booking,
        amount_paise=paise,
        currency="INR",
        rank=3,
        method="upi",
        resolution="refunded" if status == "processed" else "refund_due",
    )
    Refund.objects.create(
        payment=payment, attempt=1, idempotency_key=uuid.uuid4().hex, amount_paise=paise, status=status
    )
