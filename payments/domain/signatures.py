"""Razorpay's signatures, checked without its SDK: over raw bytes, in constant time, never raising for a forged one.

Facts: payments-and-reliability 1.1 (what the SDK's own helpers raise on), 1.5 (webhooks).
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

_HEX: Final = re.compile(r"[0-9a-f]{64}")
_PAYMENT_ID: Final = re.compile(r"pay_[A-Za-z0-9]{14}")


def is_payment_id(text: str) -> bool:
    """Whether a text has the form of a payment's id."""
    return _PAYMENT_ID.fullmatch(text) is not None


def checkout_signature_is_right(*, order: str, payment: str, signature: str, secret: str) -> bool:
    """Whether Razorpay signed that this payment is for this order. It says authorised, not captured."""
    return _matches(f"{order}|{payment}".encode(), signature, secret)


def webhook_signature_is_right(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Whether one of these secrets, the current and the previous one, signed the raw body."""
    return any([_matches(body, signature, secret) for secret in secrets])


def _matches(message: bytes, signature: str, secret: str) -> bool:
    assert secret, "an empty secret would verify what anyone signs"
    if _HEX.fullmatch(signature) is None:
        return False
    return hmac.compare_digest(hmac.new(secret.encode(), message, hashlib.sha256).hexdigest(), signature)
