"""Money on its way back: asked for with a stable key until Razorpay's answer is known, then followed to its end.

An attempt has one key: repeating it is the same refund. Another key is drawn only after Razorpay said that the refund
failed; after ATTEMPTS_MAX of them a person looks (reference: 2.4, 2.5).
"""

import logging
from typing import Final

from bookings.api import BookingWork, BookingWorks, TryLater, pass_by
from payments import store
from payments.domain.facts import Fact, Payment, Rank, Resolution
from payments.domain.refunds import ATTEMPTS_MAX, KnownRefund, RefundStatus, merged
from payments.gateway import Busy, Gateway, GatewayFailed, GatewayRefund, OutcomeUnclear, Refused, in_gateway_thread
from payments.services.alerts import alert
from payments.services.settle import REFUND_DUE, settle_booking, take_in

logger = logging.getLogger(__name__)

# An answer was lost, or Razorpay is busy: the same key again.
AGAIN_SECONDS: Final = 20.0
# Authorised money cannot be refunded: it is captured within minutes, or flows back by itself.
AUTHORIZED_SECONDS: Final = 60.0
# Razorpay has it; the bank takes days. Webhooks are sooner.
PENDING_SECONDS: Final = 3600.0
# The account has not enough money for it.
BALANCE_SECONDS: Final = 900.0


async def process_refund(works: BookingWorks, gateway: Gateway, refund_id: int) -> None:
    """Bring one refund a step further. Idempotent; raises TryLater while it has not ended."""
    async with works.open() as work:
        row = await store.find_refund(work.connection, refund_id)
    if row is None or row.status in {RefundStatus.PROCESSED, RefundStatus.MANUAL, RefundStatus.FAILED}:
        return
    fact = await _ask(gateway, row.payment)
    await take_in(works, fact)
    found = await _refunds_there(gateway, row, fact)
    for other in found:
        # Made in the dashboard, or an attempt before: nobody may have told us of it.
        if other.key != row.key:
            await take_refund(works, other)
    told = next((refund for refund in found if refund.key == row.key), None)
    if told is None and fact.rank is Rank.AUTHORIZED:
        raise TryLater(AUTHORIZED_SECONDS)
    if told is None and not _adds_up(fact, found):
        # It still counts a refund that failed, or we have not been shown one: nothing can be said of what is left.
        logger.warning("refund %s waits: what was given back of its payment does not add up", row.key)
        raise TryLater(AGAIN_SECONDS)
    if told is None and fact.rank is Rank.REFUNDED:
        # Given back by somebody else, or by Razorpay itself as nobody captured it.
        await _end_without_us(works, row)
        return
    if told is None and fact.amount_refunded_paise and row.amount_paise > _left_paise(fact):
        # Razorpay would refuse it for ever, and how much the buyer is to have is not ours to guess.
        await _leave_to_a_person(works, row, "a part was given back already, outside the house")
        return
    if told is None:
        told = await _refund(works, gateway, row)
    await pass_by("refund.asked")
    status = await take_refund(works, told)
    if status is RefundStatus.PENDING:
        raise TryLater(PENDING_SECONDS)


def _adds_up(fact: Fact, found: list[GatewayRefund]) -> bool:
    """Whether a payment counts as given back what its refunds move (reference: 2.4)."""
    if fact.rank is Rank.REFUNDED and not fact.was_captured:
        # Nobody captured it, so it flowed back by itself; Razorpay need not have a refund of that.
        return True
    moved_paise = sum(refund.amount_paise for refund in found if refund.status is not RefundStatus.FAILED)
    return moved_paise == fact.amount_refunded_paise


def _left_paise(fact: Fact) -> int:
    assert fact.amount_paise is not None, "the gateway names the amount"
    return fact.amount_paise - fact.amount_refunded_paise


async def _ask(gateway: Gateway, payment: str) -> Fact:
    try:
        return await in_gateway_thread(gateway.fetch_payment, payment)
    except GatewayFailed as failure:
        logger.warning("payment %s cannot be looked up: %s", payment, failure.detail)
        raise TryLater(AGAIN_SECONDS) from failure


async def _refunds_there(gateway: Gateway, row: KnownRefund, fact: Fact) -> list[GatewayRefund]:
    """What Razorpay has of this payment's refunds. Only a payment that may have some is asked for them."""
    if not fact.amount_refunded_paise and row.status is RefundStatus.DUE:
        return []
    try:
        return await in_gateway_thread(gateway.refunds_of_payment, row.payment)
    except GatewayFailed as failure:
        raise TryLater(AGAIN_SECONDS) from failure


async def _refund(works: BookingWorks, gateway: Gateway, row: KnownRefund) -> GatewayRefund:
    """Raises TryLater."""
    try:
        return await in_gateway_thread(gateway.refund, row.payment, amount_paise=row.amount_paise, key=row.key)
    except (Busy, OutcomeUnclear) as failure:
        logger.warning("refund %s: %s; again with the same key", row.key, failure.detail)
        raise TryLater(AGAIN_SECONDS) from failure
    except Refused as refusal:
        if "balance" in refusal.detail.lower():
            alert("a refund waits for money on the account", refund=row.key)
            raise TryLater(BALANCE_SECONDS) from refusal
        if "refunded already" in refusal.detail.lower() or "greater than amount captured" in refusal.detail.lower():
            # Somebody was faster; the next look sees it.
            raise TryLater(AGAIN_SECONDS) from refusal
        await _leave_to_a_person(works, row, refusal.detail)
        raise TryLater(AGAIN_SECONDS) from refusal


async def take_refund(works: BookingWorks, told: GatewayRefund) -> RefundStatus | None:
    """Record what is said of a refund, ours or one made elsewhere. None: its payment is not known (yet)."""
    if not told.amount_paise:
        # Razorpay documents no such refund; it would move nothing.
        return told.status
    async with works.open() as work:
        payment = await _lock_payment(work, told.payment)
        if payment is None:
            return None
        rows = await store.refunds_of(work.connection, told.payment)
        row = await _row_of(work, rows, told)
        status = merged(row.status, told.status) if row is not None else told.status
        has_failed = status is RefundStatus.FAILED and (row is None or row.status is not RefundStatus.FAILED)
        await store.record_refund(work.connection, payment, told, row=row, status=status)
        has_changed = await store.recount_refunded(
            work.connection, payment.payment, failed_paise=told.amount_paise if has_failed else 0
        )
        if row is not None and row.attempt is not None:
            await _follow(work, payment, row, status)
        elif has_failed and payment.resolution is Resolution.REFUNDED:
            await _give_back_after_all(work, payment.payment, rows)
        await _tell_buyer(work, payment)
    if has_changed and payment.booking is not None and payment.resolution in {Resolution.NONE, Resolution.APPLIED}:
        # Had this process died here, the sweep would settle it.
        await settle_booking(works, payment.booking)
    return status


async def _row_of(work: BookingWork, rows: list[KnownRefund], told: GatewayRefund) -> KnownRefund | None:
    for row in rows:
        if row.key in {told.key, told.refund}:
            return row
    return await store.refund_by_name(work.connection, told.refund)


async def _follow(work: BookingWork, payment: Payment, row: KnownRefund, status: RefundStatus) -> None:
    """What an attempt's end means for its payment."""
    if status is RefundStatus.PROCESSED:
        await store.resolve(work.connection, payment.payment, Resolution.REFUNDED, reason=payment.reason)
    elif status is RefundStatus.FAILED and row.status is not RefundStatus.FAILED:
        assert row.attempt is not None, "only attempts of ours are followed"
        if row.attempt >= ATTEMPTS_MAX:
            await store.resolve(work.connection, payment.payment, Resolution.MANUAL, reason="refunds failed")
            alert("a refund failed for good", payment=payment.payment, refund=row.key)
            return
        refund, key = await store.refund_is_due(
            work.connection,
            payment.payment,
            amount_paise=row.amount_paise,
            reason=payment.reason,
            attempt=row.attempt + 1,
        )
        await work.tell(kind=REFUND_DUE, key=key, payload={"refund": refund})
        alert("a refund failed and is tried again", payment=payment.payment, refund=key)


async def _give_back_after_all(work: BookingWork, payment_id: str, rows: list[KnownRefund]) -> None:
    """A refund made elsewhere was to bring the money back, and failed: what the buyer was to have goes back by us."""
    own = [row for row in rows if row.attempt is not None]
    last = own[-1] if own else None
    if last is not None and not last.ended_without_us:
        return
    payment = await store.find(work.connection, payment_id)
    assert payment is not None, "a refund has a payment"
    due_paise = min(last.amount_paise, payment.left_paise) if last is not None else payment.left_paise
    if due_paise <= 0:
        return
    attempt = 1 if last is None or last.attempt is None else last.attempt + 1
    await store.resolve(work.connection, payment_id, Resolution.REFUND_DUE, reason=payment.reason)
    refund, key = await store.refund_is_due(
        work.connection, payment_id, amount_paise=due_paise, reason=payment.reason, attempt=attempt
    )
    await work.tell(kind=REFUND_DUE, key=key, payload={"refund": refund})
    alert("a refund made elsewhere failed; the house gives the money back", payment=payment_id, refund=key)


async def _end_without_us(works: BookingWorks, row: KnownRefund) -> None:
    async with works.open() as work:
        payment = await _lock_payment(work, row.payment)
        assert payment is not None, "a refund has a payment"
        await store.set_refund_status(
            work.connection, row.id, RefundStatus.PROCESSED, detail="was given back without us"
        )
        await store.resolve(work.connection, row.payment, Resolution.REFUNDED, reason=payment.reason)
        await _tell_buyer(work, payment)


async def _leave_to_a_person(works: BookingWorks, row: KnownRefund, detail: str) -> None:
    async with works.open() as work:
        payment = await _lock_payment(work, row.payment)
        assert payment is not None, "a refund has a payment"
        await store.set_refund_status(work.connection, row.id, RefundStatus.MANUAL, detail=detail)
        await store.resolve(work.connection, row.payment, Resolution.MANUAL, reason=detail)
        await _tell_buyer(work, payment)
    alert("a refund is refused", payment=row.payment, refund=row.key, detail=detail)


async def _lock_payment(work: BookingWork, payment_id: str) -> Payment | None:
    """The payment, under its booking's lock; of nobody's the payment itself is locked. None: it is not known."""
    payment = await store.find(work.connection, payment_id)
    if payment is not None and payment.booking is None:
        # Not found: while this waited, it has found its booking.
        parked = await store.find_parked(work.connection, payment_id, older_than_seconds=0)
        payment = parked or await store.find(work.connection, payment_id)
    if payment is not None and payment.booking is not None:
        await work.lock(payment.booking)
        payment = await store.find(work.connection, payment_id)
    return payment


async def _tell_buyer(work: BookingWork, payment: Payment) -> None:
    if payment.booking is None:
        return
    facts = await work.lock(payment.booking)
    assert facts is not None, "a payment's booking stays"
    await work.set_refund(facts, await store.money_back(work.connection, payment.booking))
