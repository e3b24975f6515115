"""What happens to payments: each function says which events follow, and changes nothing itself.

Owns attempts, bank answers, captures, and what the virtual clock brings about. Refunds are `refunds.py`. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from payments.emulator import errors, refunds
from payments.emulator.book import Book, CapturePolicy, Order, Payment, Timer
from payments.emulator.errors import Refused
from payments.emulator.ledger import Event
from payments.emulator.outcomes import NO_ANSWER, failure

DAY_MS: Final = 86_400_000
# Nobody asked for anything else: captured within three days of creation, refunded after them.
ACCOUNT_POLICY: Final = CapturePolicy(automatic_ms=3 * DAY_MS, return_ms=3 * DAY_MS)
# What a bank's answer can be. "success" lets the order's capture options decide; "capture" and "authorize" do not.
VERDICTS: Final = ("success", "capture", "authorize", "fail")
# 2 % and GST of 18 % on that.
FEE_BASIS_POINTS: Final = 200
GST_PERCENT: Final = 18


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody wants to pay; `answers` are (seconds from now, verdict, reason) of the bank."""

    order_id: str | None
    method: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    amount: int | None = None
    currency: str | None = None
    answers: Sequence[tuple[float, str, str]] = ()
    # For tests: even where Razorpay would not let anybody pay.
    forced: bool = False


def attempt(book: Book, wish: Attempt, *, now_ms: int) -> list[Event]:
    """Begin a payment. Raises Refused where the order takes none."""
    order = None
    if wish.order_id is not None:
        order = book.orders.get(wish.order_id)
        if order is None:
            raise Refused(errors.ID_UNKNOWN)
        if not wish.forced:
            _must_take_payments(book, order)
    if order is None and wish.amount is None:
        raise Refused(errors.AMOUNT_REQUIRED, field="amount")
    return [
        {
            "kind": "payment.created",
            "payment_id": book.new_id("pay"),
            "order_id": wish.order_id,
            "amount": _given(wish.amount, order.amount if order else None),
            "currency": _given(wish.currency, order.currency if order else "INR"),
            "method": wish.method,
            "detail": dict(wish.detail),
            "about": dict(wish.about),
            "answers": [[now_ms + round(1000 * after), verdict, why] for after, verdict, why in wish.answers],
        }
    ]


def answer(book: Book, payment: Payment, verdict: str, reason: str, *, now_ms: int) -> list[Event]:
    """The bank answers. An answer that the payment is past changes nothing."""
    if verdict == "fail":
        return fail(payment, failure(reason))
    if payment.status not in {"created", "failed"}:
        return []
    policy = policy_of(book, payment)
    events: list[Event] = [
        {
            "kind": "payment.authorized",
            "payment_id": payment.id,
            "late": now_ms - payment.created_ms > refunds.UNANSWERED_MS,
            "return_at_ms": max(now_ms, payment.created_ms + policy.return_ms),
        }
    ]
    order = book.order_of(payment)
    if order is not None and order.status == "paid" and book.switches["second_success"] == "refund":
        return events + refunds.send_back(book, payment, why="order already paid")
    if verdict == "capture" or (verdict == "success" and _captures_itself(payment, policy, now_ms=now_ms)):
        return events + captured(book, payment, by="razorpay")
    return events


def fail(payment: Payment, error: Mapping[str, str]) -> list[Event]:
    """The payment fails, if it is still open."""
    if payment.status != "created":
        return []
    return [{"kind": "payment.failed", "payment_id": payment.id, "error": dict(error)}]


def capture(book: Book, payment: Payment, *, amount: Any, currency: Any) -> list[Event]:
    """The merchant captures. Raises Refused."""
    order = book.order_of(payment)
    if payment.captured or (_is_paid_by_other(book, payment) and book.switches["second_success"] == "refund"):
        raise Refused(errors.ALREADY_PAID)
    if payment.status != "authorized":
        raise Refused(errors.CAPTURE_ONCE)
    if order is None:
        raise Refused(errors.CAPTURE_WITHOUT_ORDER)
    if type(amount) is not int:
        raise Refused(errors.AMOUNT_NOT_INTEGER if amount is not None else errors.AMOUNT_REQUIRED, field="amount")
    if amount != payment.amount:
        raise Refused(errors.CAPTURE_AMOUNT, field="amount")
    if currency not in (None, payment.currency):
        raise Refused(errors.CAPTURE_CURRENCY, field="currency")
    return captured(book, payment, by="merchant")


def captured(book: Book, payment: Payment, *, by: str) -> list[Event]:
    """The money is the merchant's, and the order paid."""
    base = payment.amount * FEE_BASIS_POINTS // 10_000
    tax = base * GST_PERCENT // 100
    events: list[Event] = [
        {"kind": "payment.captured", "payment_id": payment.id, "by": by, "fee": base + tax, "tax": tax}
    ]
    order = book.order_of(payment)
    if order is not None and order.status != "paid":
        events.append({"kind": "order.paid", "order_id": order.id, "payment_id": payment.id})
    return events


def on_timer(book: Book, timer: Timer) -> list[Event]:
    """What happens at this moment; often nothing, because it was settled before."""
    if timer.kind == "settle":
        return refunds.settle(book, book.refunds[timer.id])
    payment = book.payments[timer.id]
    if timer.kind == "return":
        return refunds.send_back(book, payment, why="not captured") if payment.status == "authorized" else []
    if timer.kind == "unanswered":
        return fail(payment, NO_ANSWER)
    # What the bank was going to say may have been changed since.
    for when_ms, verdict, reason in payment.answers[timer.place : timer.place + 1]:
        if when_ms == timer.due_ms:
            return answer(book, payment, verdict, reason, now_ms=timer.due_ms)
    return []


def policy_of(book: Book, payment: Payment) -> CapturePolicy:
    """When this payment is captured and when it flows back."""
    order = book.order_of(payment)
    # Without an order there is nothing to capture it for.
    return order.policy if order else CapturePolicy(automatic_ms=None, return_ms=ACCOUNT_POLICY.return_ms)


def _captures_itself(payment: Payment, policy: CapturePolicy, *, now_ms: int) -> bool:
    return policy.automatic_ms is not None and now_ms - payment.created_ms <= policy.automatic_ms


def _must_take_payments(book: Book, order: Order) -> None:
    taken = order.status == "paid" or any(book.payments[p].status == "authorized" for p in order.payment_ids)
    if taken:
        raise Refused(errors.ALREADY_PAID, metadata={"order_id": order.id})


def _is_paid_by_other(book: Book, payment: Payment) -> bool:
    order = book.order_of(payment)
    return order is not None and order.status == "paid"


def _given(wanted: Any, otherwise: Any) -> Any:
    return otherwise if wanted is None else wanted
