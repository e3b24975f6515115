"""What can happen to a seat, in words, and who had it at any moment: a fold over its events in order.

A moment belongs to the event that happens at it: a seat held at 19:02:31 exactly is held at 19:02:31.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, TypeAlias


class EventKind(StrEnum):
    """As the triggers write them."""

    HELD = "held"
    ADDED = "added"
    RECLAIMED = "reclaimed"
    MOVED = "moved"
    CHECKOUT = "checkout"
    REOPENED = "reopened"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNDONE = "undone"
    REFUND_DUE = "refund due"
    REFUND_PENDING = "refund pending"
    REFUND_REFUNDED = "refund refunded"
    REFUND_MANUAL = "refund manual"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"


State: TypeAlias = Literal["free", "held", "booked", "blocked"]

WORDS: Final = {
    EventKind.HELD: "Held",
    EventKind.ADDED: "Added to a hold",
    EventKind.RECLAIMED: "Claimed again, for money that came late",
    EventKind.MOVED: "Moved to a new booking of the same visitor",
    EventKind.CHECKOUT: "Payment begun; the seats are fixed",
    EventKind.REOPENED: "Payment could not be begun; the seats may change again",
    EventKind.CONFIRMED: "Paid and booked",
    EventKind.RELEASED: "Given back",
    EventKind.EXPIRED: "The hold ran out",
    EventKind.CANCELLED: "Cancelled",
    EventKind.UNDONE: "Taken back at once: the hold could not have all of its seats",
    EventKind.REFUND_DUE: "The money is to be sent back",
    EventKind.REFUND_PENDING: "The money is on its way back",
    EventKind.REFUND_REFUNDED: "The money is back with the buyer",
    EventKind.REFUND_MANUAL: "A person must see to the money",
    EventKind.BLOCKED: "Blocked by the cinema",
    EventKind.UNBLOCKED: "Put back on sale",
}
REASON_WORDS: Final = {
    "refresh": "the payment page was reloaded",
    "dismiss": "the payment was closed",
    "timer": "the time ran out on the payment page",
    "user": "by the buyer",
    "returned": "given back by its buyer",
    "staff": "by staff",
    "show cancelled": "with its show",
}
# What a seat is after each; those that are missing tell of money and leave it as it is.
_AFTER: Final[dict[EventKind, State]] = {
    EventKind.HELD: "held",
    EventKind.ADDED: "held",
    EventKind.RECLAIMED: "held",
    EventKind.CONFIRMED: "booked",
    EventKind.RELEASED: "free",
    EventKind.EXPIRED: "free",
    EventKind.CANCELLED: "free",
    EventKind.UNDONE: "free",
    EventKind.BLOCKED: "blocked",
    EventKind.UNBLOCKED: "free",
}


@dataclass(frozen=True, slots=True)
class SeatEvent:
    """One thing that happened. `booking` and `holder` are empty for what the cinema itself did."""

    at: datetime
    kind: EventKind
    booking: str
    holder: str
    price_paise: int
    reason: str

    @property
    def words(self) -> str:
        """What happened, for people."""
        said = WORDS[self.kind]
        return f"{said}: {REASON_WORDS.get(self.reason, self.reason)}" if self.reason else said


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose a seat is from `since` on; `since` is None before anything happened to it."""

    state: State
    booking: str = ""
    holder: str = ""
    reason: str = ""
    since: datetime | None = None


NEVER_TOUCHED: Final = Standing("free")


def standing_at(events: Iterable[SeatEvent], moment: datetime) -> Standing:
    """Whose the seat was at a moment. `events` are all of the seat's, in order."""
    standing = NEVER_TOUCHED
    for event in events:
        if event.at > moment:
            break
        standing = after(standing, event)
    return standing


def after(standing: Standing, event: SeatEvent) -> Standing:
    """Whose the seat is once this has happened."""
    if event.kind == EventKind.MOVED:
        return Standing(standing.state, event.booking, event.holder, since=event.at)
    state = _AFTER.get(event.kind)
    if state is None:
        return standing
    if state == "free":
        return Standing("free", since=event.at)
    return Standing(state, event.booking, event.holder, event.reason, since=event.at)
