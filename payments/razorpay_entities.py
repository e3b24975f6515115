"""Razorpay's entities as the house's values: what a payment, an order or a refund says, wherever it was read."""

from collections.abc import Mapping
from typing import Any, Final

from payments.domain.facts import RANKS, Fact, Rank
from payments.domain.refunds import RefundStatus
from payments.gateway import GatewayOrder, GatewayRefund

# Far beyond any ticket and any day: what is more is no number of Razorpay's, and would not fit a column.
PAISE_MAX: Final = 10**15
SECONDS_MAX: Final = 10**11
_REFUND_STATUSES: Final = {
    "pending": RefundStatus.PENDING,
    "processed": RefundStatus.PROCESSED,
    "failed": RefundStatus.FAILED,
}


def fact_of(entity: Mapping[str, Any]) -> Fact:
    """What a payment entity says. Raises KeyError, ValueError or TypeError where it is none."""
    rank = RANKS[entity["status"]]
    failed = rank is Rank.FAILED
    return Fact(
        payment=_text(entity["id"], 40),
        order=_text(entity.get("order_id"), 40),
        rank=rank,
        amount_paise=_paise(entity["amount"]),
        currency=_text(entity["currency"], 3),
        amount_refunded_paise=_paise(entity.get("amount_refunded") or 0),
        was_captured=rank is Rank.CAPTURED or (rank is Rank.REFUNDED and bool(entity.get("captured"))),
        booking_note=_note(entity, "booking"),
        method=_text(entity.get("method"), 20),
        error_code=_text(entity.get("error_code"), 60) if failed else "",
        error_detail=_text(entity.get("error_description"), 300) if failed else "",
        created_s=_seconds(entity["created_at"]) if entity.get("created_at") else None,
        fee_paise=_paise(entity["fee"]) if entity.get("fee") is not None else None,
    )


def order_of(entity: Mapping[str, Any]) -> GatewayOrder:
    """An order entity."""
    return GatewayOrder(
        order=_text(entity["id"], 40),
        amount_paise=_paise(entity["amount"]),
        currency=_text(entity["currency"], 3),
        receipt=receipt_of(entity),
        status=_text(entity["status"], 20),
    )


def receipt_of(entity: Mapping[str, Any]) -> str:
    """The receipt of an order entity, '' where it has none: the booking that it was made for."""
    return _text(entity.get("receipt"), 40)


def refund_of(entity: Mapping[str, Any]) -> GatewayRefund:
    """A refund entity."""
    return GatewayRefund(
        refund=_text(entity["id"], 40),
        payment=_text(entity["payment_id"], 40),
        amount_paise=_paise(entity["amount"]),
        status=_REFUND_STATUSES[entity["status"]],
        key=_note(entity, "key"),
    )


def _text(value: object, characters_max: int) -> str:
    """Text that PostgreSQL takes. Raises TypeError for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not text")
    # JSON may have halves of characters, which no database takes.
    return value.replace("\x00", "").encode(errors="replace").decode()[:characters_max]


def _paise(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= PAISE_MAX:
        raise TypeError(f"{value!r} is no amount of paise")
    return value


def _seconds(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= SECONDS_MAX:
        raise TypeError(f"{value!r} is no time")
    return value


def _note(entity: Mapping[str, Any], name: str) -> str:
    # Without notes Razorpay sends an empty list.
    notes = entity.get("notes")
    value = notes.get(name) if isinstance(notes, Mapping) else None
    return _text(value, 64) if isinstance(value, str) else ""
