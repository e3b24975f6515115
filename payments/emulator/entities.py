"""The JSON of orders, payments, refunds and webhook events, shaped as Razorpay's. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from payments.emulator.book import Book, Order, Payment, Refund
from payments.emulator.ids import digits
from payments.emulator.ledger import Event

ACCOUNT_ID: Final = "acc_HousefullNoBnk"
# Which webhooks an event is told by, and what each contains.
TOLD_BY: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "payment.authorized": ("payment.authorized", ("payment",)),
    "payment.captured": ("payment.captured", ("payment",)),
    "payment.failed": ("payment.failed", ("payment",)),
    "order.paid": ("order.paid", ("payment", "order")),
    "refund.created": ("refund.created", ("refund", "payment")),
    "refund.settled": ("refund.processed", ("refund", "payment")),
    "refund.processed": ("refund.processed", ("refund", "payment")),
    "refund.failed": ("refund.failed", ("refund", "payment")),
    "refund.speed_changed": ("refund.speed_changed", ("refund", "payment")),
}


def order_json(order: Order) -> dict[str, Any]:
    """An order."""
    return {
        "id": order.id,
        "entity": "order",
        "amount": order.amount,
        "amount_paid": order.amount_paid,
        "amount_due": max(0, order.amount - order.amount_paid),
        "currency": order.currency,
        "receipt": order.receipt,
        "offer_id": None,
        "status": order.status,
        "attempts": order.attempts,
        "notes": _notes(order.notes),
        "created_at": order.created_ms // 1000,
    }


def payment_json(book: Book, payment: Payment) -> dict[str, Any]:
    """A payment."""
    detail, about, error = payment.detail, payment.about, payment.error or {}
    refunded = payment.amount_refunded + _failed_and_counted(book, payment)
    found: dict[str, Any] = {
        "id": payment.id,
        "entity": "payment",
        "amount": payment.amount,
        "currency": payment.currency,
        "status": "refunded" if refunded == payment.amount else payment.status,
        "order_id": payment.order_id,
        "invoice_id": None,
        "international": False,
        "method": payment.method,
        "amount_refunded": refunded,
        "refund_status": refund_status(payment, refunded),
        "captured": payment.captured,
        "description": about.get("description"),
        "card_id": None,
        "bank": detail.get("bank"),
        "wallet": detail.get("wallet"),
        "vpa": detail.get("vpa"),
        "email": about.get("email"),
        "contact": about.get("contact"),
        "notes": _notes(about.get("notes") or {}),
        "fee": payment.fee,
        "tax": payment.tax,
        "error_code": error.get("code"),
        "error_description": error.get("description"),
        "error_source": error.get("source"),
        "error_step": error.get("step"),
        "error_reason": error.get("reason"),
        "acquirer_data": _acquirer_data(book.seed, payment),
        "created_at": payment.created_ms // 1000,
    }
    if payment.method == "card":
        found["card_id"] = f"card_{payment.id[4:]}"
        found["card"] = _card(payment)
    elif payment.method == "upi":
        found["upi"] = {"payer_account_type": "bank_account", "vpa": detail.get("vpa"), "flow": "collect"}
    return found


def refund_json(book: Book, refund: Refund) -> dict[str, Any]:
    """A refund."""
    done = refund.status == "processed"
    return {
        "id": refund.id,
        "entity": "refund",
        "amount": refund.amount,
        "currency": refund.currency,
        "payment_id": refund.payment_id,
        "notes": _notes(refund.notes),
        "receipt": refund.receipt,
        "acquirer_data": {"arn": digits(book.seed, f"{refund.id}:arn", 14) if done else None},
        "created_at": refund.created_ms // 1000,
        "batch_id": None,
        "status": refund.status,
        "speed_requested": refund.speed_requested,
        "speed_processed": refund.speed_processed,
    }


def collection(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A list of entities."""
    listed = list(items)
    return {"entity": "collection", "count": len(listed), "items": listed}


def refund_status(payment: Payment, refunded: int) -> str | None:
    """Null, partial or full."""
    if not refunded:
        return None
    return "full" if refunded >= payment.amount else "partial"


def _failed_and_counted(book: Book, payment: Payment) -> int:
    if not book.switches["failed_refunds_count"]:
        return 0
    refunds = (book.refunds[refund] for refund in payment.refund_ids)
    return sum(refund.amount for refund in refunds if refund.status == "failed")


def webhook_json(book: Book, event: Event) -> dict[str, Any] | None:
    """What the merchant is told of this event: a snapshot of now. None where he is told nothing."""
    told = TOLD_BY.get(event["kind"])
    if told is None or (told[0] == "payment.failed" and book.switches["omit_payment_failed"]):
        return None
    name, contains = told
    entities: dict[str, Any] = {}
    for kind in contains:
        if kind == "payment":
            entities[kind] = {"entity": payment_json(book, book.payments[event["payment_id"]])}
        elif kind == "order":
            entities[kind] = {"entity": order_json(book.orders[event["order_id"]])}
        else:
            entities[kind] = {"entity": refund_json(book, book.refunds[event["refund_id"]])}
    return {
        "entity": "event",
        "account_id": ACCOUNT_ID,
        "event": name,
        "contains": list(contains),
        "payload": entities,
        "created_at": event["at_ms"] // 1000,
    }


def webhook_text(told: Mapping[str, Any]) -> str:
    """The body as it is sent, in ASCII. Slashes and all else beyond ASCII are escaped, as Razorpay's are, so that

    whoever signs what he parsed and wrote again instead of what he received is found out.
    """
    # In JSON a slash can only stand within a string, where it may be escaped.
    return json.dumps(told, separators=(",", ":")).replace("/", "\\/")


def body_sha256(body: bytes) -> str:
    """How a delivered body is named in the ledger."""
    return hashlib.sha256(body).hexdigest()


def _notes(notes: Mapping[str, str]) -> Any:
    return dict(notes) if notes else []


def _card(payment: Payment) -> dict[str, Any]:
    detail = payment.detail
    return {
        "id": f"card_{payment.id[4:]}",
        "entity": "card",
        "name": detail.get("name", ""),
        "last4": detail.get("last4", "1007"),
        "network": detail.get("network", "Visa"),
        "type": "debit",
        "issuer": None,
        "international": False,
        "emi": False,
        "sub_type": "consumer",
        "iin": detail.get("iin", "410028"),
    }


def _acquirer_data(seed: str, payment: Payment) -> dict[str, Any]:
    bank_said_yes = payment.status not in {"created", "failed"}

    def reference(name: str, count: int) -> str | None:
        return digits(seed, f"{payment.id}:{name}", count) if bank_said_yes else None

    if payment.method == "card":
        return {"auth_code": reference("auth", 6), "rrn": reference("rrn", 12)}
    if payment.method == "upi":
        return {"rrn": reference("rrn", 12), "upi_transaction_id": reference("upi", 16)}
    return {"bank_transaction_id": reference("bank", 10)}
