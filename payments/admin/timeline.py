"""What happened to the money of a booking, in order: from its hold to its refund, and who had a hand in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from payments.domain.facts import Rank
from payments.models import AuditEntry, LedgerEntry, Order, Payment, Refund

ALMOST_A_SECOND: Final = timedelta(milliseconds=999)


@dataclass(frozen=True, slots=True)
class Moment:
    """One line. `amount_paise` is signed as in the ledger: − goes back to the buyer."""

    at: datetime
    what: str
    amount_paise: int | None = None
    detail: str = ""
    payment: str | None = None


def timeline_of(booking: Any) -> list[Moment]:
    """Every moment of a booking's money, the first first."""
    moments = [*_of_booking(booking), *_of_money(booking), *_of_staff(booking)]
    return sorted(moments, key=lambda moment: moment.at)


def _of_booking(booking: Any) -> Iterator[Moment]:
    yield Moment(booking.created_at, "seats held")
    if booking.checkout_at:
        buyer = f"{booking.buyer_name} <{booking.buyer_email}>" if booking.buyer_email else ""
        yield Moment(booking.checkout_at, "checkout", detail=buyer)
    if booking.confirmed_at:
        yield Moment(booking.confirmed_at, "confirmed")
    if booking.ended_at:
        yield Moment(booking.ended_at, booking.status, detail=booking.cancel_reason)


def _of_money(booking: Any) -> Iterator[Moment]:
    for order in Order.objects.filter(booking=booking):
        yield Moment(order.created_at, f"order {order.state}", order.amount_paise, order.razorpay_id or "no name yet")
    for payment in Payment.objects.filter(booking=booking):
        told = f"{Rank(payment.rank).name.lower()} by now, {payment.resolution} {payment.reason}".strip()
        yield Moment(
            _paid_at(payment), f"paid by {payment.method or 'unknown means'}", payment.amount_paise, told, payment.pk
        )
    for entry in LedgerEntry.objects.filter(payment__booking=booking):
        yield Moment(entry.at, f"ledger: {entry.kind}", entry.amount_paise, entry.key, entry.payment_id)
    for refund in Refund.objects.filter(payment__booking=booking):
        who = f"attempt {refund.attempt}" if refund.attempt else "made outside the house"
        detail = " ".join(filter(None, [refund.status, who, refund.razorpay_id, refund.reason, refund.detail]))
        yield Moment(refund.created_at, "refund", -refund.amount_paise, detail, refund.payment_id)


def _paid_at(payment: Payment) -> datetime:
    """Razorpay tells whole seconds; within one, a payment comes after the order that it pays."""
    told = payment.razorpay_created_at
    return payment.first_seen_at if told is None else min(told + ALMOST_A_SECOND, payment.first_seen_at)


def _of_staff(booking: Any) -> Iterator[Moment]:
    for entry in AuditEntry.objects.filter(booking=booking).select_related("user"):
        who = entry.user.get_username() if entry.user else "somebody"
        yield Moment(
            entry.at, f"staff: {entry.action}", entry.amount_paise, f"{who}: {entry.reason}", entry.payment_id
        )
