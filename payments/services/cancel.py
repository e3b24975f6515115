"""Giving a booking up: the brief's four cancels, the buyer's change of seats, and his return of a paid booking."""

import logging
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeAlias

from bookings.api import (
    BookingConfirmed,
    BookingFacts,
    BookingWork,
    BookingWorks,
    KeyedRequest,
    NotFound,
    RefundState,
    Status,
    TicketUsed,
)
from payments import orders_store, store
from payments.domain.facts import Resolution
from payments.domain.refunds import DEFAULT_POLICY, share_paise
from payments.gateway import Gateway, GatewayFailed
from payments.services.orders import payable
from payments.services.settle import give_back
from payments.services.watch import take_payments_of

logger = logging.getLogger(__name__)

# Why a payment page, or its reader, gives a booking up.
Reason: TypeAlias = Literal["refresh", "dismiss", "timer", "user"]
# What is written of a confirmed booking that its buyer gave back: late money does not revive it.
RETURNED: Final = "returned"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What the booking is now."""

    booking: str
    status: Status
    refund: RefundState

    def as_json(self) -> dict[str, Any]:
        """As it is stored for a key."""
        return {"booking": self.booking, "status": self.status.value, "refund": self.refund.value}

    @classmethod
    def from_json(cls, reply: dict[str, Any]) -> "Cancelled":
        """A stored one."""
        return cls(reply["booking"], Status(reply["status"]), RefundState(reply["refund"]))


@dataclass(frozen=True, slots=True)
class Moved:
    """The booking that has the seats now, and its show."""

    booking: str
    show: int


async def cancel_booking(
    works: BookingWorks,
    gateway: Gateway,
    *,
    booking: str,
    holder: str,
    reason: Reason,
    expected: Status | None,
    keyed: KeyedRequest | None = None,
) -> Cancelled:
    """Cancel a pending booking; a confirmed one only for its buyer (`user`), by the theatre's policy. Idempotent.

    `expected` guards a page that has not heard that the money came. Raises NotFound, BookingConfirmed, TicketUsed.
    """
    if await _has_looked_for_money(works, gateway, booking=booking, holder=holder) and reason == "user":
        # Whoever gives up what he has not paid for does not give back what he has.
        expected = Status.PENDING
    async with works.open() as work:
        facts = await work.lock(booking)
        if facts is None or facts.holder != holder:
            raise NotFound("There is no such booking.")
        if (first := await work.first_reply(holder, keyed)) is not None:
            return Cancelled.from_json(first)
        if facts.status == Status.CONFIRMED and expected == Status.PENDING:
            raise BookingConfirmed
        cancelled = await _cancel(work, facts, reason=reason)
        await work.remember(holder, keyed, cancelled.as_json())
        return cancelled


async def _has_looked_for_money(works: BookingWorks, gateway: Gateway, *, booking: str, holder: str) -> bool:
    """Ask the gateway first where somebody has tried to pay (reference: 2.4): what is paid is not given up.

    False: nobody has, or it is too late to ask. Without an answer the booking is given up as any other; money that
    we are told of later is late money.
    """
    async with works.connection() as connection:
        order = await orders_store.tried_order(connection, booking=booking, holder=holder)
    if order is None:
        return False
    try:
        await take_payments_of(works, gateway, order)
    except GatewayFailed as failure:
        logger.warning("booking %s is given up unasked: %s", booking, failure)
    return True


async def _cancel(work: BookingWork, facts: BookingFacts, *, reason: Reason) -> Cancelled:
    if facts.status == Status.PENDING:
        await work.cancel(facts, reason=reason)
        return Cancelled(facts.booking, Status.CANCELLED, facts.refund)
    if facts.status == Status.CONFIRMED and reason == "user":
        refund_paise = await refund_by_policy(work, facts)
        refund = await end_confirmed(work, facts, refund_paise=refund_paise, reason=RETURNED)
        return Cancelled(facts.booking, Status.CANCELLED, refund)
    return Cancelled(facts.booking, facts.status, facts.refund)


async def refund_by_policy(work: BookingWork, facts: BookingFacts) -> int:
    """What the buyer of a confirmed booking gets back, in paise, who cancels now by PostgreSQL's clock.

    Whoever sits inside gives nothing back, whoever asks for him; a refund by staff is another act. Raises TicketUsed.
    """
    if await work.has_come_in(facts):
        raise TicketUsed
    policy = await store.refund_policy(work.connection, facts.theatre_id) or DEFAULT_POLICY
    now_ms = await store.now_ms(work.connection)
    return share_paise(policy, amount_paise=facts.amount_paise, now_ms=now_ms, starts_ms=facts.starts_ms)


async def end_confirmed(work: BookingWork, facts: BookingFacts, *, refund_paise: int, reason: str) -> RefundState:
    """Cancel a locked, confirmed booking and give back so much of its payment; the rest is the cinema's."""
    for payment in await store.payments_of(work.connection, facts.booking):
        if payment.resolution is not Resolution.APPLIED:
            continue
        # A part may have been given back in Razorpay's dashboard before.
        left_paise = payment.amount_paise - payment.amount_refunded_paise
        if min(refund_paise, left_paise) > 0:
            await give_back(work, payment, reason, amount_paise=min(refund_paise, left_paise))
        else:
            await store.resolve(work.connection, payment.payment, Resolution.RETAINED, reason=reason)
    back = await store.money_back(work.connection, facts.booking)
    await work.cancel(facts, reason=reason, back=back)
    return back.state


async def change_seats(works: BookingWorks, *, booking: str, holder: str, keyed: KeyedRequest | None = None) -> Moved:
    """Move the seats to a new booking that is not at checkout (consistency rule 11).

    Money that still comes for the old order is late money, and goes back. Raises NotFound, HoldExpired,
    BookingConfirmed.
    """
    async with works.open() as work:
        facts = await work.lock(booking)
        if facts is not None and (first := await work.first_reply(holder, keyed)) is not None:
            return Moved(**first)
        facts = payable(facts, holder)
        moved = Moved(booking=await work.open_instead(facts), show=facts.show_id)
        await work.remember(holder, keyed, asdict(moved))
        return moved
