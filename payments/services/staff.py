"""What staff do with somebody's money by hand: refund, try again, match, give back, note what went another way.

Each act is one transaction under the booking's row lock, with its audit entry in it. Each can be foreseen: the same
checks, in words, and nothing done. Who may is asked by the admin's views: `payments.refund_payment`, and for what the
buyer could do himself `bookings.cancel_booking`.
"""

from dataclasses import dataclass
from typing import Final

from bookings.api import BookingFacts, BookingWork, BookingWorks, Status, TicketUsed, format_inr, sql_file
from payments import store
from payments.domain.decide import BookingState, decide
from payments.domain.facts import Payment, Resolution, as_fact
from payments.domain.refunds import REFUND_PAISE_MIN, KnownRefund, RefundStatus
from payments.services.cancel import RETURNED, end_confirmed, refund_by_policy
from payments.services.settle import REFUND_DUE, give_back, settle_booking

# Why a booking was cancelled, or money given back; the words of the person are in the audit entry.
STAFF: Final = "staff"
_UNDER_WAY: Final = frozenset({RefundStatus.DUE, RefundStatus.PENDING})


class NotPossible(Exception):
    """What was asked does not fit what the money is by now; the text says why. Nothing was done."""


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, and why, in his words."""

    user_id: int
    reason: str


async def audit(
    work: BookingWork, by: By, action: str, *, booking: str | None, payment: str | None, amount_paise: int | None
) -> None:
    """Write down who did what, and why, in the transaction that does it."""
    await work.connection.execute(
        sql_file("payments", "audit"),
        {
            "user": by.user_id,
            "action": action,
            "booking": booking,
            "payment": payment,
            "amount": amount_paise,
            "reason": by.reason[:300],
        },
    )


# --- a confirmed booking is refunded


async def foresee_refund(works: BookingWorks, *, booking: str, amount_paise: int | None) -> str:
    """What `refund_booking` would do, in words. Raises NotPossible, ClaimsUnavailable."""
    async with works.open() as work:
        facts, payment, refund_paise = await _refundable(work, booking, amount_paise)
    kept_paise = payment.amount_paise - payment.amount_refunded_paise - refund_paise
    keeps = f"; the cinema keeps {format_inr(kept_paise)}" if kept_paise else ""
    return (
        f"The booking is cancelled and its {_seats(facts)} go back on sale. "
        f"{format_inr(refund_paise)} go back to {facts.buyer.email or 'the buyer'}{keeps}."
    )


async def refund_booking(works: BookingWorks, *, booking: str, amount_paise: int | None, by: By) -> None:
    """Cancel a confirmed booking and give back so much (None: all that is left). Raises NotPossible."""
    async with works.open() as work:
        facts, payment, refund_paise = await _refundable(work, booking, amount_paise)
        await end_confirmed(work, facts, refund_paise=refund_paise, reason=STAFF)
        await audit(work, by, "refund", booking=booking, payment=payment.payment, amount_paise=refund_paise)


async def _refundable(work: BookingWork, booking: str, amount_paise: int | None) -> tuple[BookingFacts, Payment, int]:
    facts = await work.lock(booking)
    if facts is None:
        raise NotPossible("There is no such booking.")
    if facts.status != Status.CONFIRMED:
        raise NotPossible(f"The booking is {facts.status} by now; only a confirmed one can be refunded.")
    paid = [p for p in await store.payments_of(work.connection, booking) if p.resolution is Resolution.APPLIED]
    if not paid:
        raise NotPossible("Nothing was paid for this booking here.")
    left_paise = paid[0].amount_paise - paid[0].amount_refunded_paise
    wanted_paise = left_paise if amount_paise is None else amount_paise
    if not REFUND_PAISE_MIN <= wanted_paise <= left_paise:
        raise NotPossible(f"Between {format_inr(REFUND_PAISE_MIN)} and {format_inr(left_paise)} can be given back.")
    return facts, paid[0], wanted_paise


# --- a booking is cancelled as its buyer could, who asked for it at the counter


async def foresee_cancel(works: BookingWorks, *, booking: str) -> str:
    """What `cancel_by_policy` would do, in words. Raises NotPossible, ClaimsUnavailable."""
    async with works.open() as work:
        facts = await _cancellable(work, booking)
        if facts.status == Status.PENDING:
            return f"The hold ends and its {_seats(facts)} go back on sale. Nothing was paid."
        paid = await store.payments_of(work.connection, booking)
        refund_paise = await _by_policy(work, facts)
    told = f"The booking is cancelled and its {_seats(facts)} go back on sale."
    if not any(p.resolution is Resolution.APPLIED for p in paid):
        return f"{told} Nothing was paid for it here."
    buyer = facts.buyer.email or "the buyer"
    if not refund_paise:
        return f"{told} By the theatre’s policy nothing goes back any more."
    share = f"{format_inr(refund_paise)} of {format_inr(facts.amount_paise)}"
    return f"{told} By the theatre’s policy {share} go back to {buyer}."


async def cancel_by_policy(works: BookingWorks, *, booking: str, by: By) -> None:
    """Cancel a pending or confirmed booking; the theatre's policy says what goes back. Raises NotPossible."""
    async with works.open() as work:
        facts = await _cancellable(work, booking)
        refund_paise = 0
        if facts.status == Status.PENDING:
            await work.cancel(facts, reason=STAFF)
        else:
            refund_paise = await _by_policy(work, facts)
            await end_confirmed(work, facts, refund_paise=refund_paise, reason=RETURNED)
        await audit(work, by, "cancel", booking=booking, payment=None, amount_paise=refund_paise)


async def _cancellable(work: BookingWork, booking: str) -> BookingFacts:
    facts = await work.lock(booking)
    if facts is None:
        raise NotPossible("There is no such booking.")
    if facts.status not in (Status.PENDING, Status.CONFIRMED):
        raise NotPossible(f"The booking is {facts.status} already.")
    return facts


async def _by_policy(work: BookingWork, facts: BookingFacts) -> int:
    """What goes back; never more than its buyer would get, as for that one needs the right to refund."""
    try:
        return await refund_by_policy(work, facts)
    except TicketUsed:
        raise NotPossible(
            "Somebody has come in with this booking, so by the policy it is over. Whoever may give money back"
            " can still refund it."
        ) from None


# --- a refund that needs a person


async def foresee_retry(works: BookingWorks, *, payment: str) -> str:
    """What `retry_refund` would do, in words. Raises NotPossible, ClaimsUnavailable."""
    async with works.open() as work:
        _, _, last, left_paise = await _manual(work, payment)
    attempt = (last.attempt or 0) + 1
    return (
        f"Razorpay is asked for {format_inr(min(last.amount_paise, left_paise))} again, as attempt {attempt} with a"
        f" new key. The attempts before it moved no money."
    )


async def retry_refund(works: BookingWorks, *, payment: str, by: By) -> None:
    """Ask for a refund again that ended with a person, under a new key. Raises NotPossible."""
    async with works.open() as work:
        facts, paid, last, left_paise = await _manual(work, payment)
        reason = await _reason_of(work, last)
        amount_paise = min(last.amount_paise, left_paise)
        await store.resolve(work.connection, payment, Resolution.REFUND_DUE, reason=reason)
        refund, key = await store.refund_is_due(
            work.connection, payment, amount_paise=amount_paise, reason=reason, attempt=(last.attempt or 0) + 1
        )
        await work.tell(kind=REFUND_DUE, key=key, payload={"refund": refund})
        await audit(work, by, "retry", booking=paid.booking, payment=payment, amount_paise=amount_paise)
        await _tell_buyer(work, facts)


async def foresee_by_hand(works: BookingWorks, *, payment: str) -> str:
    """What `note_given_by_hand` would do, in words. Raises NotPossible, ClaimsUnavailable."""
    async with works.open() as work:
        _, _, last, left_paise = await _manual(work, payment)
    return (
        f"{format_inr(min(last.amount_paise, left_paise))} are noted as given back another way, such as by bank"
        " transfer. Razorpay is not asked for them any more. Write the transfer's number as the reason."
    )


async def note_given_by_hand(works: BookingWorks, *, payment: str, by: By) -> None:
    """Note that the buyer has his money by another way than Razorpay. Raises NotPossible."""
    async with works.open() as work:
        facts, paid, last, left_paise = await _manual(work, payment)
        amount_paise = min(last.amount_paise, left_paise)
        await store.resolve(work.connection, payment, Resolution.REFUNDED, reason="given by hand")
        await work.connection.execute(
            sql_file("payments", "given_by_hand"),
            {"payment": payment, "booking": paid.booking, "amount": amount_paise},
        )
        await audit(work, by, "given by hand", booking=paid.booking, payment=payment, amount_paise=amount_paise)
        await _tell_buyer(work, facts)


async def _manual(work: BookingWork, payment: str) -> tuple[BookingFacts | None, Payment, KnownRefund, int]:
    """The payment under its lock, its last attempt, and what was not given back of it. Raises NotPossible."""
    facts, paid = await _locked(work, payment)
    if paid.resolution is not Resolution.MANUAL:
        raise NotPossible(f"This payment does not wait for a person any more: it is {paid.resolution}.")
    refunds = await store.refunds_of(work.connection, payment)
    own = [row for row in refunds if row.attempt is not None]
    if not own or any(row.status in _UNDER_WAY for row in refunds):
        raise NotPossible("A refund of this payment is under way.")
    gone_paise = sum(row.amount_paise for row in refunds if row.status is RefundStatus.PROCESSED)
    left_paise = paid.amount_paise - max(gone_paise, paid.amount_refunded_paise)
    if left_paise <= 0:
        raise NotPossible("All of this payment was given back already, in Razorpay's dashboard or by Razorpay.")
    return facts, paid, own[-1], left_paise


async def _locked(work: BookingWork, payment: str) -> tuple[BookingFacts | None, Payment]:
    known = await store.find(work.connection, payment)
    facts = None
    if known is not None and known.booking is not None:
        facts = await work.lock(known.booking)
        known = await store.find(work.connection, payment)
    elif known is not None:
        known = await store.find_parked(work.connection, payment, older_than_seconds=0)
    if known is None:
        raise NotPossible("There is no such payment, or it has found its booking just now. Look again.")
    return facts, known


async def _reason_of(work: BookingWork, row: KnownRefund) -> str:
    cursor = await work.connection.execute("SELECT reason FROM payments_refund WHERE id = %s", (row.id,))
    found = await cursor.fetchone()
    return str(found[0]) if found else STAFF


async def _tell_buyer(work: BookingWork, facts: BookingFacts | None) -> None:
    if facts is not None:
        await work.set_refund(facts, await store.money_back(work.connection, facts.booking))


# --- money of nobody


async def foresee_match(works: BookingWorks, *, payment: str, booking: str) -> str:
    """What `match_payment` would do, in words. Raises NotPossible, ClaimsUnavailable."""
    async with works.open() as work:
        facts, parked = await _matchable(work, payment, booking)
        known = await store.payments_with_amounts(work.connection, booking)
    state = BookingState(
        status=facts.status,
        cancel_reason=facts.cancel_reason,
        amount_paise=facts.amount_paise,
        may_be_late_paid=facts.is_sold and not facts.has_started and not facts.has_newer,
    )
    decision = decide(
        state,
        [*(one for one, _ in known), parked],
        amounts_paise={
            **{one.order: amount for one, amount in known if amount is not None},
            parked.order: facts.amount_paise,
        },
        seats_are_ours=None,
    )
    money = format_inr(parked.amount_paise)
    if decision.apply == payment:
        return f"{money} pay for the booking: it is confirmed, with {_seats(facts)}."
    if decision.needs_seats:
        return f"If its {_seats(facts)} are still free, the booking is confirmed; if not, {money} go back."
    why = next((why for name, why in decision.refund if name == payment), "")
    reasons = {
        "wrong_amount": f"the booking costs {format_inr(facts.amount_paise)}",
        "double": "the booking is paid already",
        "late": "its show has begun, is not sold any more, or its buyer has booked anew",
        "cancelled": "the booking was cancelled after it was paid, or by the cinema",
    }
    return f"{money} go back, as {reasons.get(why, 'the booking cannot be paid any more')}."


async def match_payment(works: BookingWorks, *, payment: str, booking: str, by: By) -> Status | None:
    """Say whose a payment of nobody is, and settle. Returns what the booking is then. Raises NotPossible."""
    async with works.open() as work:
        facts, parked = await _matchable(work, payment, booking)
        await store.adopt_order(work.connection, booking=booking, order=parked.order, amount_paise=facts.amount_paise)
        await store.record(work.connection, as_fact(parked), booking=booking, amount_paise=parked.amount_paise)
        await audit(work, by, "match", booking=booking, payment=payment, amount_paise=parked.amount_paise)
    # Had this process died here, the sweep would settle it.
    return await settle_booking(works, booking)


async def _matchable(work: BookingWork, payment: str, booking: str) -> tuple[BookingFacts, Payment]:
    facts = await work.lock(booking)
    if facts is None:
        raise NotPossible("There is no such booking.")
    parked = await _parked(work, payment)
    if not parked.order:
        raise NotPossible("This payment has no order: it cannot be captured, and Razorpay gives it back by itself.")
    if facts.amount_paise < REFUND_PAISE_MIN:
        raise NotPossible("That booking has no seats that could be paid for.")
    return facts, parked


async def foresee_give_back(works: BookingWorks, *, payment: str) -> str:
    """What `give_back_parked` would do, in words. Raises NotPossible, ClaimsUnavailable."""
    async with works.open() as work:
        parked = await _parked(work, payment)
    return f"{format_inr(parked.amount_paise)} go back to whoever paid them. No booking is touched."


async def give_back_parked(works: BookingWorks, *, payment: str, by: By) -> None:
    """Give money of nobody back, whole. Raises NotPossible."""
    async with works.open() as work:
        parked = await _parked(work, payment)
        await give_back(work, parked, STAFF)
        await audit(work, by, "give back", booking=None, payment=payment, amount_paise=parked.amount_paise)


async def _parked(work: BookingWork, payment: str) -> Payment:
    parked = await store.find_parked(work.connection, payment, older_than_seconds=0)
    if parked is None:
        raise NotPossible("There is no such payment, or it has a booking by now.")
    if parked.resolution is not Resolution.NONE or not parked.is_good:
        raise NotPossible(f"This payment is decided: it is {parked.resolution}.")
    return parked


def _seats(facts: BookingFacts) -> str:
    return "1 seat" if len(facts.seats) == 1 else f"{len(facts.seats)} seats"
