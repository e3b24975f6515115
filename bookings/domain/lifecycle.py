"""The states of a booking: one table, and the only place that says which moves are legal.

Everything that changes a booking's status names a trigger of this table; a pair that is missing raises.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class RefundState(StrEnum):
    """Where a buyer's money is that the cinema does not keep; NONE: there is none to give back."""

    NONE = ""
    DUE = "due"
    PENDING = "pending"
    REFUNDED = "refunded"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class MoneyBack:
    """Where the money of so many payments of a booking is, which go back: the least settled of them."""

    state: RefundState = RefundState.NONE
    payments: int = 0


class Trigger(StrEnum):
    """Why a booking moves: its deadline passed, its holder let go, or money decided."""

    EXPIRE = "expire"
    RELEASE = "release"
    CONFIRM = "confirm"
    CONFIRM_LATE = "confirm_late"
    CANCEL = "cancel"


class IllegalTransition(Exception):
    """A status was asked to move in a way the table does not know."""

    def __init__(self, status: Status, trigger: Trigger) -> None:
        super().__init__(f"a {status} booking cannot {trigger}")
        self.status = status
        self.trigger = trigger


TRANSITIONS: Final[dict[tuple[Status, Trigger], Status]] = {
    (Status.PENDING, Trigger.EXPIRE): Status.EXPIRED,
    (Status.PENDING, Trigger.RELEASE): Status.CANCELLED,
    (Status.PENDING, Trigger.CONFIRM): Status.CONFIRMED,
    (Status.PENDING, Trigger.CANCEL): Status.CANCELLED,
    (Status.EXPIRED, Trigger.CONFIRM_LATE): Status.CONFIRMED,
    (Status.CANCELLED, Trigger.CONFIRM_LATE): Status.CONFIRMED,
    (Status.CONFIRMED, Trigger.CANCEL): Status.CANCELLED,
}


def next_status(status: Status, trigger: Trigger) -> Status:
    """The status after `trigger`. Raises IllegalTransition for a pair that is not in the table."""
    try:
        return TRANSITIONS[status, trigger]
    except KeyError:
        raise IllegalTransition(status, trigger) from None
