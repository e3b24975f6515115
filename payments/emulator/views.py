"""What the overview and the phone show, as plain values ready to be read. Pure but for the clock of the desk."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from payments.emulator.book import UNANSWERED_MS, Book, Order, Payment, Refund
from payments.emulator.desk import Desk
from payments.emulator.webhooks import Delivery, Webhooks

ROWS_MAX: Final = 50
ANSWERED_MAX: Final = 5
TRIES_SHOWN_MAX: Final = 2
# What the overview offers, in seconds. By default an order is captured within 12 minutes, or flows back after 30.
CLOCK_STEPS: Final = (("1 min", 60), ("10 min", 600), ("30 min", 1800), ("1 h", 3600), ("1 day", 86_400))
DELIVERY_PILLS: Final = {"given up": "lost", "dropped": "lost", "skipped": "lost"}


def overview(desk: Desk, webhooks: Webhooks) -> dict[str, Any]:
    """The newest of everything, and the sums."""
    book = desk.book
    captured = sum(p.amount for p in book.payments.values() if p.captured)
    # What flowed back without ever being captured was never the merchant's.
    refunded = sum(
        r.amount for r in book.refunds.values() if r.status != "failed" and book.payments[r.payment_id].captured
    )
    return {
        "clock": _moment(desk.now_ms),
        "ahead": _span(book.offset_ms),
        "steps": CLOCK_STEPS,
        "captured": rupees(captured),
        "refunded": rupees(refunded),
        "kept": rupees(captured - refunded),
        "order_count": len(book.orders),
        "payment_count": len(book.payments),
        "refund_count": len(book.refunds),
        "orders": [_order(order) for order in _newest(book.orders)],
        "payments": [_payment(book, payment) for payment in _newest(book.payments)],
        "refunds": [_refund(refund) for refund in _newest(book.refunds)],
        "webhooks": [_delivery(delivery) for delivery in _newest(webhooks.deliveries)],
        "webhook_url": webhooks.url,
        "enabled": webhooks.enabled,
        "held": sum(1 for delivery in webhooks.deliveries.values() if delivery.state == "held"),
        "rows_max": ROWS_MAX,
    }


def phone(desk: Desk) -> dict[str, Any]:
    """UPI requests that wait, and the last that were answered."""
    upi = [payment for payment in desk.book.payments.values() if payment.method == "upi"]
    waiting = [payment for payment in upi if payment.status == "created"]
    answered = [payment for payment in upi if payment.status != "created"][-ANSWERED_MAX:]
    return {
        "requests": [_request(payment, desk.now_ms) for payment in reversed(waiting)],
        "answered": [
            {"amount": rupees(p.amount), "vpa": p.detail.get("vpa"), "status": p.status} for p in reversed(answered)
        ],
    }


def rupees(paise: int) -> str:
    """₹1,25,000 as India groups digits; with paise only where there are some."""
    whole, rest = divmod(abs(paise), 100)
    head, tail = str(whole)[:-3], str(whole)[-3:]
    groups = [tail]
    while head:
        head, group = head[:-2], head[-2:]
        groups.insert(0, group)
    return f"{'-' if paise < 0 else ''}₹{','.join(groups)}" + (f".{rest:02}" if rest else "")


def _order(order: Order) -> dict[str, Any]:
    policy = order.policy
    back = f"back after {_span(policy.return_ms)}"
    capture = f"within {_span(policy.automatic_ms)}" if policy.automatic_ms is not None else "by the merchant"
    return {
        "id": order.id,
        "receipt": order.receipt,
        "amount": rupees(order.amount),
        "paid": rupees(order.amount_paid),
        "status": order.status,
        "attempts": order.attempts,
        "capture": f"{capture}, {back}",
        "at": _moment(order.created_ms),
    }


def _payment(book: Book, payment: Payment) -> dict[str, Any]:
    detail = payment.detail
    with_what = {
        "card": f"{detail.get('network', 'Card')} ••{detail.get('last4', '')}",
        "upi": detail.get("vpa"),
        "netbanking": detail.get("bank"),
    }.get(payment.method, payment.method)
    notes = [payment.error["reason"].replace("_", " ")] if payment.error else []
    if payment.amount_refunded:
        notes.append(f"{rupees(payment.amount_refunded)} refunded")
        notes += ["never captured"] if not payment.captured else []
    order = book.order_of(payment)
    if order is not None and order.amount != payment.amount:
        notes.append("not the order's amount")
    return {
        "id": payment.id,
        "order_id": payment.order_id,
        "with": with_what,
        "amount": rupees(payment.amount),
        "status": payment.status,
        "note": ", ".join(notes),
        "at": _moment(payment.created_ms),
    }


def _refund(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "payment_id": refund.payment_id,
        "amount": rupees(refund.amount),
        "status": refund.status,
        "by": "Razorpay, as nobody captured" if refund.automatic else "the merchant",
        "at": _moment(refund.created_ms),
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.event_id,
        "event": delivery.name,
        "state": delivery.state,
        "pill": DELIVERY_PILLS.get(delivery.state, delivery.state),
        "tries": [
            {
                "status": attempt["status"] or "no answer",
                "kind": "good" if attempt["kind"] == "webhook.acknowledged" else "bad",
                "took_ms": attempt["took_ms"],
                "said": attempt["said"],
            }
            for attempt in delivery.attempts[-TRIES_SHOWN_MAX:]
        ],
        "tries_before": max(0, len(delivery.attempts) - TRIES_SHOWN_MAX),
        "at": _moment(delivery.created_ms),
    }


def _request(payment: Payment, now_ms: int) -> dict[str, Any]:
    left_seconds = max(0, (payment.created_ms + UNANSWERED_MS - now_ms) // 1000)
    return {
        "id": payment.id,
        "amount": rupees(payment.amount),
        "what": payment.about.get("description") or payment.order_id or "Payment without an order",
        "vpa": payment.detail.get("vpa"),
        "left": f"{left_seconds // 60}:{left_seconds % 60:02}",
    }


def _newest(found: dict[str, Any]) -> list[Any]:
    rows = []
    for name in reversed(found):
        rows.append(found[name])
        if len(rows) == ROWS_MAX:
            break
    return rows


def _moment(unix_ms: int) -> str:
    return datetime.fromtimestamp(unix_ms // 1000, UTC).strftime("%-d %b %H:%M:%S")


def _span(ms: int) -> str:
    """Milliseconds in words: `1 day 2 h`, `12 min`."""
    whole = timedelta(milliseconds=ms)
    minutes, seconds = divmod(whole.seconds, 60)
    parts = [
        (whole.days, "day" if whole.days == 1 else "days"),
        (minutes // 60, "h"),
        (minutes % 60, "min"),
        (seconds, "s"),
    ]
    return " ".join(f"{count} {unit}" for count, unit in parts if count)
