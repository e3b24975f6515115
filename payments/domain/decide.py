"""What the facts about a booking's payments decide: the heart of settling, without any I/O.

One table of cases (reference: 2.3). It is asked again whenever a fact is new, under the booking's row lock, and says
nothing where everything is decided: asking twice changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from payments.domain.facts import Payment, Rank, Resolution

# A booking that ended in one of these ways may still be paid for: its buyer, or his page, let go before the money
# came. One that the cinema or the buyer cancelled after it was paid may not.
LATE_REASONS: Final = frozenset({"", "refresh", "dismiss", "timer", "user", "released"})


class Why(StrEnum):
    """Why money goes back."""

    DOUBLE = "double"
    LATE = "late"
    WRONG_AMOUNT = "wrong_amount"
    CANCELLED = "cancelled"
    # Somebody gave a part of it back in Razorpay's dashboard before it was decided: it cannot pay for seats any more.
    PART_LEFT = "part_left"
    UNKNOWN_ORDER = "unknown_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingState:
    """What settling must know of a booking. `may_be_late_paid`: its show is sold and it has no newer rival.

    `amount_paise` is what its seats cost, those at its end once it has ended.
    """

    status: str
    cancel_reason: str
    amount_paise: int
    may_be_late_paid: bool


class Unpaid(StrEnum):
    """Why a confirmed booking is not paid any more; written as the reason of its end."""

    OUTSIDE = "refunded outside"
    WRONG_AMOUNT = "wrong amount"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done, in this order. `apply` confirms the booking with that payment; `cancel` ends it."""

    apply: str | None = None
    needs_seats: bool = False
    refund: tuple[tuple[str, Why], ...] = field(default=())
    cancel: Unpaid | None = None

    @property
    def is_nothing(self) -> bool:
        """Whether all is decided already."""
        return self == Decision()


def decide(
    booking: BookingState, payments: Iterable[Payment], *, amounts_paise: dict[str, int], seats_are_ours: bool | None
) -> Decision:
    """What the payments of a booking decide. `amounts_paise` has what each of its orders asked for.

    `seats_are_ours` says for an ended booking whether its seats were claimed again: None, nobody has tried; then the
    answer may be `needs_seats`, and the caller tries and asks again.
    """
    all_of_them = sorted(payments, key=lambda p: (-min(p.rank, Rank.CAPTURED), p.created_s or 0, p.payment))
    applied = [p for p in all_of_them if p.resolution is Resolution.APPLIED]
    undecided = [p for p in all_of_them if p.resolution is Resolution.NONE]
    good = [p for p in undecided if p.is_good]
    right = [p for p in good if _is_right(p, amounts_paise)]
    wrong = (
        *_each([p for p in good if p not in right], Why.WRONG_AMOUNT),
        *_each([p for p in undecided if p.has_part_left], Why.PART_LEFT),
    )

    if booking.status == "confirmed":
        if any(p.rank is Rank.REFUNDED for p in applied):
            return Decision(refund=wrong + _each(right, Why.DOUBLE), cancel=Unpaid.OUTSIDE)
        # A checkout's signature names no amount, so it may come to light only when the booking is confirmed.
        if not all(_is_right(p, amounts_paise) for p in applied):
            return Decision(
                refund=wrong + _each(applied, Why.WRONG_AMOUNT) + _each(right, Why.CANCELLED),
                cancel=Unpaid.WRONG_AMOUNT,
            )
        return Decision(refund=wrong + _each(right, Why.DOUBLE))
    if applied:
        # Paid, and then cancelled: by the cinema, or with its show. What the buyer's own cancelling gives back is
        # decided with it (services/cancel.py) and is not applied any more.
        return Decision(refund=wrong + _each([*applied, *right], Why.CANCELLED))
    if not right:
        return Decision(refund=wrong)
    if (why := _why_too_late(booking, seats_are_lost=seats_are_ours is False)) is not None:
        return Decision(refund=wrong + _each(right, why))
    # What an order asked for is not enough: it must be what these seats cost.
    enough = [p for p in right if p.amount_paise == booking.amount_paise]
    wrong += _each([p for p in right if p not in enough], Why.WRONG_AMOUNT)
    if not enough:
        return Decision(refund=wrong)
    if booking.status != "pending" and seats_are_ours is None:
        return Decision(needs_seats=True)
    return Decision(apply=enough[0].payment, refund=wrong + _each(enough[1:], Why.DOUBLE))


def _why_too_late(booking: BookingState, *, seats_are_lost: bool) -> Why | None:
    if booking.status == "pending":
        return None
    if booking.cancel_reason not in LATE_REASONS:
        return Why.CANCELLED
    return Why.LATE if not booking.may_be_late_paid or seats_are_lost else None


def _is_right(payment: Payment, amounts_paise: dict[str, int]) -> bool:
    return payment.currency == "INR" and payment.amount_paise == amounts_paise.get(payment.order)


def _each(payments: Sequence[Payment], why: Why) -> tuple[tuple[str, Why], ...]:
    return tuple((p.payment, why) for p in payments)
