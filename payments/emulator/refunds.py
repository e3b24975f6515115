"""What happens to refunds: asked for by the merchant, or made by Razorpay for money that nobody captured.

Owns idempotency keys and the fate of refunds. Says which events follow and changes nothing itself. Pure.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from payments.emulator import errors
from payments.emulator.book import UNANSWERED_MS, Book, Payment, Refund
from payments.emulator.errors import Refused
from payments.emulator.ledger import Event
from payments.emulator.orders import checked_notes

__all__ = ["FATES", "UNANSWERED_MS", "known_key", "move", "refund", "send_back", "settle"]

# What becomes of a refund. "low_balance" is refused at once, the others are accepted first.
FATES: Final = ("processed", "pending", "failed", "low_balance")
KEY_FORM: Final = re.compile(r"[A-Za-z0-9_-]{10,}\Z")
FIELDS: Final = ("amount", "speed", "notes", "receipt")
SPEEDS: Final = ("normal", "optimum")
OLDEST_MS: Final = 180 * 86_400_000


def known_key(book: Book, key: str, body: Mapping[str, Any], *, payment_id: str, now_ms: int) -> Refund | None:
    """The refund that this key was used for. Raises Refused where the key is bad or was used for another body."""
    if not KEY_FORM.match(key):
        raise Refused(errors.KEY_FORM)
    used = book.keys.get(key)
    lifetime_seconds = book.switches["idempotency_seconds"]
    if used is None or (lifetime_seconds is not None and now_ms - used.used_ms > 1000 * lifetime_seconds):
        return None
    if used.body_sha256 != _digest(payment_id, body):
        raise Refused(errors.KEY_SAME_BUT_OTHER_BODY, status=409)
    return book.refunds[used.refund_id]


def refund(
    book: Book, payment: Payment, body: Mapping[str, Any], *, key: str | None, fate: str | None, now_ms: int
) -> list[Event]:
    """The merchant sends money back; without a fate, as planned or as the switches say. Raises Refused."""
    unknown = [name for name in body if name not in FIELDS]
    if unknown:
        raise errors.not_needed(unknown)
    amount = _amount(payment, body.get("amount"))
    speed = body.get("speed", "normal")
    if speed not in SPEEDS:
        raise Refused("The selected speed is invalid.", field="speed")
    fate = fate or (book.refund_fates[0] if book.refund_fates else "")
    if fate == "low_balance":
        return [{"kind": "refund.refused", "payment_id": payment.id, "amount": amount, "why": fate}]
    if now_ms - payment.created_ms > OLDEST_MS:
        fate = "failed"
    status, settles_ms = _beginning(book, fate)
    return _created(
        book,
        payment,
        amount=amount,
        speed=speed,
        status=status,
        fate=fate or "processed",
        notes=checked_notes(body.get("notes")),
        receipt=body.get("receipt"),
        settles_at_ms=None if settles_ms is None else now_ms + settles_ms,
        key=key,
        body_sha256=_digest(payment.id, body),
    )


def send_back(book: Book, payment: Payment, *, why: str) -> list[Event]:
    """Razorpay returns the whole of a payment that nobody captured."""
    order = book.order_of(payment)
    return _created(
        book,
        payment,
        amount=payment.amount - payment.amount_refunded,
        speed=order.policy.refund_speed if order else "normal",
        status="processed",
        fate="processed",
        notes={},
        receipt=None,
        automatic=True,
        why=why,
    )


def settle(book: Book, pending: Refund) -> list[Event]:
    """The bank's answer to a pending refund comes by itself."""
    return move(pending, "failed" if pending.fate == "failed" else "processed") if pending.fate != "pending" else []


def move(pending: Refund, status: str, *, speed: str | None = None) -> list[Event]:
    """The bank says what became of a refund. One that is not pending any more stays as it is."""
    if pending.status != "pending":
        return []
    moved: Event = {"kind": f"refund.{status}", "refund_id": pending.id, "payment_id": pending.payment_id}
    if status == "processed" and speed is not None:
        moved["speed"] = speed
        if speed != pending.speed_processed:
            changed: Event = {
                "kind": "refund.speed_changed",
                "refund_id": pending.id,
                "payment_id": pending.payment_id,
                "speed": speed,
            }
            return [changed, moved]
    return [moved]


def _created(book: Book, payment: Payment, **fields: Any) -> list[Event]:
    refund_id = book.new_id("rfnd")
    automatic = fields.setdefault("automatic", False)
    created: Event = {
        "kind": "refund.created",
        "refund_id": refund_id,
        "payment_id": payment.id,
        "order_id": payment.order_id,
        "currency": payment.currency,
        **fields,
    }
    if fields["status"] == "processed" or automatic:
        # The state says so already; this one tells the merchant.
        return [created, {"kind": "refund.settled", "refund_id": refund_id, "payment_id": payment.id}]
    return [created]


def _beginning(book: Book, fate: str) -> tuple[str, int | None]:
    """The first status, and the virtual milliseconds until the bank answers (None: when told)."""
    if fate == "processed" or (not fate and book.switches["first_refund_status"] == "processed"):
        return "processed", None
    seconds = book.switches["refund_seconds"]
    if fate == "pending" or seconds is None:
        return "pending", None
    return "pending", 0 if fate == "failed" else round(1000 * seconds)


def _amount(payment: Payment, wanted: Any) -> int:
    if payment.status == "refunded":
        raise Refused(errors.REFUNDED_FULLY)
    if not payment.captured:
        raise Refused(errors.REFUND_ONLY_CAPTURED)
    left = payment.amount - payment.amount_refunded
    amount = left if wanted is None else wanted
    if type(amount) is not int:
        raise Refused(errors.AMOUNT_NOT_INTEGER, field="amount")
    if amount < 100:
        raise Refused(errors.AMOUNT_TOO_SMALL, field="amount")
    if amount > left:
        raise Refused(errors.REFUND_TOO_LARGE, field="amount")
    return amount


def _digest(payment_id: str, body: Mapping[str, Any]) -> str:
    return hashlib.sha256(f"{payment_id}:{json.dumps(body, sort_keys=True)}".encode()).hexdigest()
