"""What stands in the QR code of a ticket, and the short code that people type instead.

A QR code carries a signed value: it cannot be made or changed without the key. A short code proves nothing by itself:
it is looked up, and hard to guess. Both are of one seat. Whether a ticket lets anybody in is the door's to say
(bookings/services/check_in.py).
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

# A QR code has a denser mode for capitals and digits. In these 32 letters (Crockford's) 50 bytes are 80 letters to
# the bit: every text of them is another value, so there is no second spelling of any.
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
VERSION: Final = "HF1"
_SEPARATOR: Final = ":"
SHOW_BYTES: Final = 6
SEAT_BYTES: Final = 2
NONCE_BYTES: Final = 10
# 128 of SHA-256's 256 bits: one forgery in 2^128 tries, in a code that a phone reads from a cracked screen.
MAC_BYTES: Final = 16
_BODY_BYTES: Final = 16 + SHOW_BYTES + SEAT_BYTES + NONCE_BYTES
_LETTERS: Final = (_BODY_BYTES + MAC_BYTES) * 8 // 5
TEXT_LENGTH: Final = len(VERSION) + len(_SEPARATOR) + _LETTERS
_LETTER_SET: Final = frozenset(ALPHABET)
_TO_PYTHONS: Final = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")

# No two of these 22 look alike, and without vowels they spell nothing. 22^8 are 55 thousand million.
CODE_ALPHABET: Final = "34679CDFGHJKMNPQRTVWXY"
CODE_LENGTH: Final = 8
_PUT_BETWEEN: Final = " -\u2009\u00a0"


class Flaw(StrEnum):
    """Why a text is no ticket of ours."""

    NOT_A_TICKET = "not_a_ticket"
    UNKNOWN_VERSION = "unknown_version"
    FORGED = "forged"


class NoTicket(Exception):
    """A text that no door of ours has signed. `flaw` says what is wrong with it."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.value)
        self.flaw = flaw


@dataclass(frozen=True, slots=True)
class SignedTicket:
    """What the QR code of one seat says."""

    booking: UUID
    show_id: int
    seat_index: int
    nonce: bytes


def ticket_key(secret: str) -> bytes:
    """The key for tickets, derived from the house's secret, so that no other signature of it can pass for one."""
    return hmac.digest(secret.encode(), b"housefull.tickets.1", sha256)


def sign_ticket(ticket: SignedTicket, *, key: bytes) -> str:
    """The text of its QR code."""
    body = b"".join(
        (
            ticket.booking.bytes,
            ticket.show_id.to_bytes(SHOW_BYTES, "big"),
            ticket.seat_index.to_bytes(SEAT_BYTES, "big"),
            ticket.nonce,
        )
    )
    assert len(body) == _BODY_BYTES, "a nonce has its length"
    return f"{VERSION}{_SEPARATOR}{_to_letters(body + _mac(body, key))}"


def read_ticket(text: str, *, keys: Sequence[bytes]) -> SignedTicket:
    """The ticket in a text, signed with one of these keys. Raises NoTicket."""
    version, separator, letters = text.partition(_SEPARATOR)
    if not separator or not version.startswith("HF"):
        raise NoTicket(Flaw.NOT_A_TICKET)
    if version != VERSION:
        raise NoTicket(Flaw.UNKNOWN_VERSION)
    if len(letters) != _LETTERS or not _LETTER_SET.issuperset(letters):
        raise NoTicket(Flaw.NOT_A_TICKET)
    signed = _from_letters(letters)
    body, mac = signed[:_BODY_BYTES], signed[_BODY_BYTES:]
    # Every key is tried, so that the time it takes tells nothing about any of them.
    if not sum([hmac.compare_digest(_mac(body, key), mac) for key in keys]):
        raise NoTicket(Flaw.FORGED)
    return SignedTicket(
        booking=UUID(bytes=body[:16]),
        show_id=int.from_bytes(body[16 : 16 + SHOW_BYTES], "big"),
        seat_index=int.from_bytes(body[16 + SHOW_BYTES : -NONCE_BYTES], "big"),
        nonce=body[-NONCE_BYTES:],
    )


def short_code(nonce: bytes) -> str:
    """The code that stands under the QR code of this nonce: K7MQ3XPD."""
    number = int.from_bytes(nonce, "big")
    letters = []
    for _ in range(CODE_LENGTH):
        number, value = divmod(number, len(CODE_ALPHABET))
        letters.append(CODE_ALPHABET[value])
    return "".join(letters)


def spaced(code: str) -> str:
    """A code as it is written for people: K7MQ 3XPD."""
    return f"{code[:4]} {code[4:]}"


def typed_code(text: str) -> str | None:
    """The code somebody typed, in any case and with any gaps; None when it cannot be one."""
    code = "".join(letter for letter in text.upper() if letter not in _PUT_BETWEEN)
    return code if len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET) else None


def booking_reference(booking: UUID) -> str:
    """What a booking is called between people: 3F9A 21C7, the random end of its id. It opens no door."""
    return spaced(booking.hex[-8:].upper())


def is_booking_reference(text: str) -> bool:
    """Whether somebody typed the name of a booking where a ticket's code belongs."""
    typed = "".join(letter for letter in text.upper() if letter not in _PUT_BETWEEN)
    return len(typed) == CODE_LENGTH and set(typed) <= set("0123456789ABCDEF")


def _mac(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, VERSION.encode() + body, sha256)[:MAC_BYTES]


def _to_letters(value: bytes) -> str:
    number = int.from_bytes(value, "big")
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(len(value) * 8 - 5, -1, -5))


def _from_letters(letters: str) -> bytes:
    # Python reads numbers of base 32 itself, in letters of its own.
    return int(letters.translate(_TO_PYTHONS), 32).to_bytes(_BODY_BYTES + MAC_BYTES, "big")
