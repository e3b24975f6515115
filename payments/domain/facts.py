"""What is known of a payment, and how more of it is taken in: upward only.

Verify call, webhook, poller, sweep and admin all say facts; merging them is a join, so any order and any repetition
end in the same row (reference: state machine 2.2).
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class Rank(IntEnum):
    """How far a payment has come. A failed one may still succeed, on the same id: late authorisation, UPI retries."""

    CREATED = 0
    FAILED = 1
    AUTHORIZED = 2
    CAPTURED = 3
    REFUNDED = 4


class Resolution(StrEnum):
    """What was decided about a payment."""

    NONE = "none"
    APPLIED = "applied"
    REFUND_DUE = "refund_due"
    REFUNDED = "refunded"
    RETAINED = "retained"
    MANUAL = "manual"


# Razorpay's words. `refunded` is a payment that was given back in full.
RANKS: Final = {
    "created": Rank.CREATED,
    "failed": Rank.FAILED,
    "authorized": Rank.AUTHORIZED,
    "captured": Rank.CAPTURED,
    "refunded": Rank.REFUNDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something said about a payment. None and '' mean that this source does not say. Money is integer paise.

    `amount_paise` None is what its order asked for: the checkout's signature names no amount.
    """

    payment: str
    order: str
    rank: Rank
    amount_paise: int | None
    currency: str = "INR"
    amount_refunded_paise: int = 0
    was_captured: bool = False
    booking_note: str = ""
    method: str = ""
    error_code: str = ""
    error_detail: str = ""
    created_s: int | None = None
    fee_paise: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A payment with all that is known of it, and what was decided. `created_s` is Razorpay's, Unix seconds."""

    payment: str
    order: str
    rank: Rank
    amount_paise: int
    currency: str
    amount_refunded_paise: int
    resolution: Resolution
    created_s: int | None
    booking: str | None = None
    reason: str = ""
    booking_note: str = ""

    @property
    def is_good(self) -> bool:
        """Whether there is money that could pay for a booking."""
        return self.rank in {Rank.AUTHORIZED, Rank.CAPTURED} and self.amount_refunded_paise == 0

    @property
    def has_part_left(self) -> bool:
        """Whether a part of it was given back, and a part was not."""
        return self.rank is Rank.CAPTURED and 0 < self.amount_refunded_paise < self.amount_paise

    @property
    def left_paise(self) -> int:
        """What of it was not given back."""
        return self.amount_paise - self.amount_refunded_paise


def knows(payment: Payment, fact: Fact) -> bool:
    """Whether a fact says nothing that is not known: no further rank, no further refund, not its first details."""
    return (
        payment.rank >= fact.rank
        and payment.amount_refunded_paise >= fact.amount_refunded_paise
        and (payment.created_s is not None or fact.created_s is None)
    )


def as_fact(payment: Payment) -> Fact:
    """What is known of a payment, to be taken in again: its order may be somebody's by now."""
    return Fact(
        payment=payment.payment,
        order=payment.order,
        rank=payment.rank,
        amount_paise=payment.amount_paise,
        currency=payment.currency,
        amount_refunded_paise=payment.amount_refunded_paise,
        was_captured=payment.rank is Rank.CAPTURED,
        booking_note=payment.booking_note,
        created_s=payment.created_s,
    )
