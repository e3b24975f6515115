"""Ids and signatures: the same seed gives the same ids, also after a restart."""

import hashlib
import hmac
import re
from typing import Final

LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH: Final = 14
ID_FORM: Final = re.compile(r"(order|pay|rfnd)_[A-Za-z0-9]{14}\Z")


def nth_id(seed: str, prefix: str, number: int) -> str:
    """The `number`-th id of this kind: `pay_` and 14 letters or digits; without a prefix only those."""
    value = int.from_bytes(hashlib.sha256(f"{seed}:{prefix}:{number}".encode()).digest(), "big")
    letters = []
    for _ in range(LENGTH):
        value, place = divmod(value, len(LETTERS))
        letters.append(LETTERS[place])
    return f"{prefix}_{''.join(letters)}" if prefix else "".join(letters)


def digits(seed: str, name: str, count: int) -> str:
    """So many digits, as bank references have them."""
    value = int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest(), "big")
    return str(value)[-count:]


def signature(secret: str, message: bytes) -> str:
    """Hexadecimal HMAC-SHA256."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def checkout_signature(key_secret: str, order_id: str, payment_id: str) -> str:
    """What checkout hands to the browser: it signs that this payment belongs to this order, nothing more."""
    return signature(key_secret, f"{order_id}|{payment_id}".encode())
