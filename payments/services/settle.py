"""Record a fact, then settle: the one way in which money decides about a booking.

Whoever learns something about a payment (verify call, webhook, poller, sweep, staff) calls `take_in`. It records the
fact and settles in one transaction under the booking's row lock (consistency rule 13), so the order of arrival cannot
matter, and what is decided once is not decided again.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from django.conf import settings

from bookings.api import BookingFacts, BookingWork, BookingWorks, Grab, Status, pass_by
from payments import store
from payments.domain.decide import BookingState, Decision, Unpaid, Why, decide
from payments.domain.facts import Fact, Payment, Rank, Resolution, knows
from payments.services.alerts import alert
from payments.store import LookedUp

logger = logging.getLogger(__name__)

# How often late money may find its seats taken and free again before it is left to the sweep.
TRIES_MAX: Final = 3
CAPTURE_WATCH_SECONDS: Final = 30
CAPTURE_WATCH: Final = "payment.capture_watch"
REFUND_DUE: Final = "payment.refund_due"


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a fact. `booking` and `status` are None while the payment is nobody's."""

    booking: str | None
    status: Status | None
    payment: Payment


# Called in the transaction that decides, with what it decided: to store a reply with it.
Decided: TypeAlias = Callable[[BookingWork, str, Status], Awaitable[None]]


async def take_in(
    works: BookingWorks, fact: Fact, *, decided: Decided | None = None, seen: LookedUp | None = None
) -> Settled:
    """Record what is said about a payment and settle its booking. Idempotent. Raises ClaimsUnavailable, NotReady.

    `seen` is what a caller has looked up already.
    """
    if seen is None:
        async with works.connection() as connection:
            seen = await store.look_up(connection, payment=fact.payment, order=fact.order)
    if decided is None and seen.booking is not None and seen.payment is not None and _is_told(seen.payment, fact):
        # Nothing new about a payment that is decided: the lock would only make others wait.
        return Settled(booking=seen.booking, status=seen.status, payment=seen.payment)
    async with works.open() as work:
        if seen.booking is None and await _match(work, fact):
            seen = await store.look_up(work.connection, payment=fact.payment, order=fact.order)
        if seen.booking is None:
            payment = await store.record(work.connection, fact, booking=None, amount_paise=0)
            if seen.payment is None:
                alert("a payment for an order that is not ours", payment=fact.payment, order=fact.order)
            return Settled(booking=None, status=None, payment=payment)
        facts = await work.lock(seen.booking)
        assert facts is not None, "an order's booking stays"
        payment = await store.record(work.connection, fact, booking=seen.booking, amount_paise=seen.amount_paise)
        await pass_by("settle.recorded")
        look = await _look(work, facts, grabbed=None, decided=decided)
    return Settled(booking=seen.booking, status=await _with_seats(works, look, decided=decided), payment=payment)


def _is_told(known: Payment, fact: Fact) -> bool:
    return known.resolution is not Resolution.NONE and knows(known, fact)


async def settle_booking(works: BookingWorks, booking: str) -> Status | None:
    """Settle what is recorded of a booking and not decided. Raises ClaimsUnavailable, NotReady."""
    async with works.open() as work:
        facts = await work.lock(booking)
        if facts is None:
            return None
        look = await _look(work, facts, grabbed=None)
    return await _with_seats(works, look)


@dataclass(frozen=True, slots=True)
class _Look:
    """One transaction's outcome."""

    facts: BookingFacts
    status: Status
    needs_seats: bool


async def _with_seats(works: BookingWorks, look: _Look, *, decided: Decided | None = None) -> Status:
    """Where late money needs its seats again: take them in Redis and look again (consistency rule 14)."""
    for _ in range(TRIES_MAX):
        if not look.needs_seats:
            break
        facts = look.facts
        grabbed = await works.grab(facts)
        await pass_by("settle.grabbed")
        async with works.open() as work:
            locked = await work.lock(facts.booking)
            assert locked is not None, "a booking stays"
            look = await _look(work, locked, grabbed=grabbed, decided=decided)
        if grabbed is not Grab.REFUSED and look.status != Status.CONFIRMED:
            await works.let_go(facts)
    return look.status


async def _look(
    work: BookingWork, facts: BookingFacts, *, grabbed: Grab | None, decided: Decided | None = None
) -> _Look:
    """Decide and carry it out, in the transaction that has locked the booking."""
    found = await store.payments_with_amounts(work.connection, facts.booking)
    payments = [payment for payment, _ in found]
    amounts = {payment.order: amount for payment, amount in found if amount is not None}
    state = BookingState(
        status=facts.status,
        cancel_reason=facts.cancel_reason,
        amount_paise=facts.amount_paise,
        may_be_late_paid=bool(facts.seats) and facts.is_sold and not facts.has_started and not facts.has_newer,
    )
    # Without Redis the claim in PostgreSQL says it.
    seats_are_ours = None if grabbed is None else grabbed is not Grab.REFUSED
    decision = decide(state, payments, amounts_paise=amounts, seats_are_ours=seats_are_ours)
    is_late = decision.apply is not None and facts.status != Status.PENDING
    if is_late and not await work.reclaim(facts, let_through=grabbed is Grab.GRANTED):
        decision = decide(state, payments, amounts_paise=amounts, seats_are_ours=False)
    status = await _carry_out(work, facts, payments, decision)
    if not decision.needs_seats:
        await _tell_decided(decided, work, facts.booking, status)
    return _Look(facts, status, decision.needs_seats)


async def _tell_decided(decided: Decided | None, work: BookingWork, booking: str, status: Status) -> None:
    if decided is not None:
        await decided(work, booking, status)


async def _carry_out(work: BookingWork, facts: BookingFacts, payments: list[Payment], decision: Decision) -> Status:
    status = facts.status
    by_id = {payment.payment: payment for payment in payments}
    if decision.apply is not None:
        await store.apply(
            work.connection,
            by_id[decision.apply],
            watch_kind=CAPTURE_WATCH,
            watch_after_seconds=CAPTURE_WATCH_SECONDS if settings.CAPTURE_MODE == "automatic" else 0,
        )
        await work.confirm(facts)
        status = Status.CONFIRMED
    for payment_id, why in decision.refund:
        await give_back(work, by_id[payment_id], why)
    if decision.cancel is not None:
        await _cancel_unpaid(work, facts, payments, decision.cancel)
        status = Status.CANCELLED
    if decision.refund or decision.cancel is not None:
        await work.set_refund(facts, await store.money_back(work.connection, facts.booking), status=status)
    await pass_by("settle.decided")
    return status


async def give_back(work: BookingWork, payment: Payment, why: Why | str, *, amount_paise: int | None = None) -> None:
    """Decide that a payment goes back, all that is left of it unless an amount is given; the worker sees to it."""
    await store.resolve(work.connection, payment.payment, Resolution.REFUND_DUE, reason=why)
    due_paise = payment.left_paise if amount_paise is None else amount_paise
    refund, key = await store.refund_is_due(work.connection, payment.payment, amount_paise=due_paise, reason=why)
    await work.tell(kind=REFUND_DUE, key=key, payload={"refund": refund})
    if why in {Why.WRONG_AMOUNT, Why.PART_LEFT, Why.UNKNOWN_ORDER}:
        alert(f"a payment goes back: {why}", payment=payment.payment, order=payment.order)


async def _cancel_unpaid(work: BookingWork, facts: BookingFacts, payments: list[Payment], why: Unpaid) -> None:
    """What paid for a confirmed booking went back without the house, or was never what it had to be."""
    for payment in payments:
        if payment.resolution is Resolution.APPLIED and payment.rank is Rank.REFUNDED:
            await store.resolve(work.connection, payment.payment, Resolution.REFUNDED, reason="outside")
    await work.cancel(facts, reason=why)
    alert(f"a confirmed booking is not paid any more: {why}", booking=facts.booking)


async def _match(work: BookingWork, fact: Fact) -> bool:
    """Find whose an order is that we do not know: its creation may have been lost on its way."""
    if not fact.order or not _is_booking_id(fact.booking_note):
        return False
    facts = await work.lock(fact.booking_note)
    if facts is None or not facts.amount_paise:
        return False
    await store.adopt_order(work.connection, booking=facts.booking, order=fact.order, amount_paise=facts.amount_paise)
    logger.info("order %s of booking %s was found by a payment", fact.order, facts.booking)
    return True


def _is_booking_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
