"""Giving a booking up: the brief's four cancels, the buyer's change of seats, and his return of a paid booking."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from bookings.api import BookingConfirmed, BookingFacts, BookingWork, BookingWorks, NotFound, RefundState, Status
from payments import store
from payments.domain.facts import Resolution
from payments.domain.refunds import DEFAULT_POLICY, share_paise
from payments.services.orders import payable
from payments.services.settle import give_back

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


async def cancel_booking(
    works: BookingWorks, *, booking: str, holder: str, reason: Reason, expected: Status | None, now_ms: int
) -> Cancelled:
    """Cancel a pending booking; a confirmed one only for its buyer (`user`), by the theatre's policy. Idempotent.

    `expected` guards a page that has not heard that the money came. Raises NotFound, BookingConfirmed.
    """
    async with works.open() as work:
        facts = await work.lock(booking)
        if facts is None or facts.holder != holder:
            raise NotFound("There is no such booking.")
        if facts.status == Status.CONFIRMED and expected == Status.PENDING:
            raise BookingConfirmed
        if facts.status == Status.PENDING:
            await work.cancel(facts, reason=reason)
            return Cancelled(booking, Status.CANCELLED, facts.refund)
        if facts.status == Status.CONFIRMED and reason == "user":
            refund_paise = await refund_by_policy(work, facts, now_ms=now_ms)
            refund = await end_confirmed(work, facts, refund_paise=refund_paise, reason=RETURNED)
            return Cancelled(booking, Status.CANCELLED, refund)
        return Cancelled(booking, facts.status, facts.refund)


async def refund_by_policy(work: BookingWork, facts: BookingFacts, *, now_ms: int) -> int:
    """What the buyer of a confirmed booking gets back who cancels now, in paise."""
    policy = await store.refund_policy(work.connection, facts.theatre_id) or DEFAULT_POLICY
    return share_paise(policy, amount_paise=facts.amount_paise, now_ms=now_ms, starts_ms=facts.starts_ms)


async def end_confirmed(work: BookingWork, facts: BookingFacts, *, refund_paise: int, reason: str) -> RefundState:
    """Cancel a locked, confirmed booking and give back so much of its payment; the rest is the cinema's."""
    for payment in await store.payments_of(work.connection, facts.booking):
        if payment.resolution is not Resolution.APPLIED:
            continue
        if refund_paise:
            await give_back(work, payment, reason, amount_paise=min(refund_paise, payment.amount_paise))
        else:
            await store.resolve(work.connection, payment.payment, Resolution.RETAINED, reason=reason)
    refund = await store.refund_state(work.connection, facts.booking)
    await work.cancel(facts, reason=reason, refund=refund)
    return refund


async def change_seats(works: BookingWorks, *, booking: str, holder: str) -> tuple[str, int]:
    """Move the seats to a new booking that is not at checkout (consistency rule 11). Returns it and its show.

    Money that still comes for the old order is late money, and goes back. Raises NotFound, HoldExpired,
    BookingConfirmed.
    """
    async with works.open() as work:
        facts = payable(await work.lock(booking), holder)
        return await work.open_instead(facts), facts.show_id
