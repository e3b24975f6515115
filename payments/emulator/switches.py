"""Switches for what Razorpay does not document, or says in two ways; each default is the likelier reading."""

from collections.abc import Mapping
from typing import Any, Final

SWITCHES: Final[Mapping[str, Any]] = {
    # What a wrong key or secret is answered with: 400 (orders page) or 401 (as remembered).
    "bad_key_status": 401,
    # Whether a second order with the same receipt is refused ("has to be unique").
    "unique_receipts": False,
    # "processed" or "pending": what a new refund says first.
    "first_refund_status": "processed",
    # Virtual seconds until a pending refund is processed by itself.
    "refund_seconds": 5,
    # A second success on an order already paid: "refund" (as documented), or "capture" (both are captured).
    "second_success": "refund",
    # Virtual seconds for which a refund's idempotency key is remembered.
    "idempotency_seconds": 86_400,
    # Whether a payment goes on counting a refund that failed as given back, as one that is slow to learn of it.
    "failed_refunds_count": False,
    # payment.failed is "not always sent".
    "omit_payment_failed": False,
    # Virtual seconds that success@razorpay and failure@razorpay take to answer; None: they wait for the phone.
    "upi_seconds": 2,
    # Documented for test mode: a UPI payment that the buyer cancels succeeds.
    "upi_cancel_succeeds": False,
}


class NotASwitch(Exception):
    """There is no such switch, or it cannot have this value; the text says which."""


def checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The switches to change. Raises NotASwitch."""
    for name, value in wanted.items():
        if name not in SWITCHES:
            raise NotASwitch(f"There is no switch {name!r}; there are {', '.join(SWITCHES)}.")
        allowed = ALLOWED.get(name)
        if allowed is not None and value not in allowed:
            raise NotASwitch(f"{name} may be {', '.join(map(str, allowed))}; not {value!r}.")
        if allowed is None and not _same_kind(SWITCHES[name], value):
            raise NotASwitch(f"{name} cannot be {value!r}.")
    return dict(wanted)


ALLOWED: Final[Mapping[str, tuple[Any, ...]]] = {
    "bad_key_status": (400, 401),
    "first_refund_status": ("processed", "pending"),
    "second_success": ("refund", "capture"),
}


def _same_kind(default: Any, value: Any) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    return value is None or (isinstance(value, int | float) and value >= 0)
