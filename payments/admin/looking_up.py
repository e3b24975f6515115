"""How staff find a booking: by what its buyer can tell them. One look, by an index where there is one.

The name of a booking or the code of a seat as a ticket prints them, a whole id, a mail address, a phone number, an id
of Razorpay's; anything else is taken for a person's name.
"""

import re
from typing import Any, Final, TypeAlias
from uuid import UUID

from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Cast, Lower, Right

from bookings.api import typed_code

# As a ticket prints it: 3F9A 21C7.
SHORT_CODE: Final = re.compile(r"[0-9A-F]{4}[ -]?[0-9A-F]{4}", re.IGNORECASE)
RAZORPAY_ID: Final = re.compile(r"(pay|order|rfnd)_[A-Za-z0-9]{1,40}")
PHONE: Final = re.compile(r"\+?[\d\s()-]{6,20}")
PHONE_DIGITS_MIN: Final = 6
# A number that is told without its country.
PHONE_DIGITS: Final = 10


# The rows of a model that another room keeps.
Bookings: TypeAlias = Any


def look_up(bookings: Bookings, asked: str) -> Bookings:
    """The bookings that somebody may mean by these words."""
    words = asked.strip()
    if RAZORPAY_ID.fullmatch(words):
        return _by_razorpay(bookings, words)
    if booking := _uuid(words):
        return bookings.filter(pk=booking)
    if "@" in words:
        return bookings.annotate(mail=Lower("buyer_email")).filter(mail=words.lower(), status__in=_KEPT)
    if code := typed_code(words):
        coded = bookings.filter(tickets__code=code).distinct()
        if coded.exists():
            return coded
    if SHORT_CODE.fullmatch(words):
        found = _by_code(bookings, re.sub(r"[ -]", "", words).lower())
        # Eight digits may be the beginning of a phone number as well.
        return found if found.exists() or not words.isdecimal() else _by_phone(bookings, words)
    if PHONE.fullmatch(words) and len(re.sub(r"\D", "", words)) >= PHONE_DIGITS_MIN:
        return _by_phone(bookings, words)
    return bookings.filter(Q(buyer_name__icontains=words) | Q(buyer_email__istartswith=words))


# What the indexes of lookups hold (bookings/models/bookings.py).
_KEPT: Final = ["confirmed", "cancelled"]


def _by_razorpay(bookings: Bookings, words: str) -> Bookings:
    kind = words.partition("_")[0]
    where = {"pay": "payments__pk", "order": "orders__razorpay_id", "rfnd": "payments__refunds__razorpay_id"}[kind]
    return bookings.filter(**{where: words}).distinct()


def _by_code(bookings: Bookings, code: str) -> Bookings:
    coded = bookings.annotate(code=Right(Cast("id", TextField()), 8))
    kept = coded.filter(code=code, status__in=_KEPT)
    # Holds under way are few; what was held and let go is found by its whole id.
    return kept if kept.exists() else coded.filter(code=code, status="pending")


def _by_phone(bookings: Bookings, words: str) -> Bookings:
    digits = re.sub(r"\D", "", words)[-PHONE_DIGITS:]
    plain = Func(
        F("buyer_phone"), Value(r"\D"), Value(""), Value("g"), function="regexp_replace", output_field=TextField()
    )
    return bookings.exclude(buyer_phone="").annotate(digits=plain).filter(digits__endswith=digits)


def _uuid(words: str) -> UUID | None:
    try:
        return UUID(words)
    except ValueError:
        return None
