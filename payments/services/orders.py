"""The order of a booking: made once, found again when the answer to its making was lost.

A `creating` row with a lease is committed before Razorpay is called, outside any lock; a twin waits for it
(consistency rule 16). The receipt is the booking's public id, so an order whose answer was lost can be looked up.
"""

import asyncio
import logging
import time
from dataclasses import asdict, dataclass
from typing import Final

from bookings.api import (
    BadRequest,
    BookingConfirmed,
    BookingError,
    BookingFacts,
    BookingWork,
    BookingWorks,
    Buyer,
    CheckoutInProgress,
    HoldExpired,
    KeyedRequest,
    NotFound,
    NotReady,
    OutcomeUnknown,
    Status,
    pass_by,
)
from payments import orders_store as store
from payments.gateway import Busy, Gateway, GatewayOrder, OutcomeUnclear, Refused, in_gateway_thread
from payments.services.alerts import alert

logger = logging.getLogger(__name__)

LEASE_SECONDS: Final = 15.0
# A twin waits so long for the one that is creating the order, and looks so often: it may be in another process.
TWIN_WAIT_SECONDS: Final = 5.0
TWIN_LOOK_SECONDS: Final = 0.1
PAISE_MIN: Final = 100


@dataclass(frozen=True, slots=True)
class Checkout:
    """What a buyer's browser needs to pay."""

    booking: str
    order: str
    amount_paise: int
    expires_ms: int


async def check_out(
    works: BookingWorks,
    gateway: Gateway,
    *,
    booking: str,
    holder: str,
    buyer: Buyer,
    keyed: KeyedRequest | None = None,
) -> Checkout:
    """Freeze the seats and make the order, or find it. Idempotent.

    Raises NotFound, HoldExpired, BookingConfirmed, CheckoutInProgress, BadRequest, NotReady, OutcomeUnknown.
    """
    give_up_at = time.monotonic() + TWIN_WAIT_SECONDS
    while True:
        async with works.open() as work:
            facts = payable(await work.lock(booking), holder)
            lease = await store.lease_order(
                work.connection, booking=booking, amount_paise=facts.amount_paise, lease_seconds=LEASE_SECONDS
            )
            if (lease.is_made or lease.is_mine) and not await work.freeze(facts, buyer):
                raise HoldExpired
            if lease.is_made:
                return await _granted(work, facts, lease, keyed)
        if lease.is_mine:
            await pass_by("order.leased")
            return await _make(works, gateway, facts, lease, keyed)
        if time.monotonic() > give_up_at:
            raise CheckoutInProgress
        await asyncio.sleep(TWIN_LOOK_SECONDS)


def payable(facts: BookingFacts | None, holder: str) -> BookingFacts:
    """The booking, if this holder may pay it now. Raises NotFound, BookingConfirmed, HoldExpired, BadRequest."""
    if facts is None or facts.holder != holder:
        raise NotFound("There is no such booking.")
    if facts.status == Status.CONFIRMED:
        raise BookingConfirmed
    if facts.status != Status.PENDING or facts.is_late:
        raise HoldExpired
    if facts.amount_paise < PAISE_MIN:
        raise BadRequest("A booking of less than ₹1 cannot be paid.")
    return facts


async def _granted(
    work: BookingWork, facts: BookingFacts, lease: store.Lease, keyed: KeyedRequest | None
) -> Checkout:
    assert lease.order is not None, "an order that is made has a name"
    checkout = Checkout(
        booking=facts.booking, order=lease.order, amount_paise=lease.amount_paise, expires_ms=facts.expires_ms
    )
    await work.remember(facts.holder, keyed, asdict(checkout))
    return checkout


async def _make(
    works: BookingWorks, gateway: Gateway, facts: BookingFacts, lease: store.Lease, keyed: KeyedRequest | None
) -> Checkout:
    try:
        made = await in_gateway_thread(
            make_or_find, gateway, receipt=facts.booking, amount_paise=lease.amount_paise, look_first=lease.tries > 1
        )
    except Refused as refusal:
        alert("Razorpay refuses an order", booking=facts.booking, detail=refusal.detail)
        async with works.open() as work:
            now = await work.lock(facts.booking)
            # Not where a twin has made it meanwhile: its order asks for these seats and no others.
            if await store.order_failed(work.connection, lease.id) and now is not None:
                await work.thaw(now)
        raise NotReady("Payments cannot be taken right now. Your seats are still held; try again.") from refusal
    except Busy as busy:
        await _end_lease(works, lease)
        raise NotReady("The payment service is busy. Your seats are still held; try again in a moment.") from busy
    except OutcomeUnclear as unclear:
        await _end_lease(works, lease)
        raise OutcomeUnknown("We could not learn whether your payment is ready. Try again in a moment.") from unclear
    await pass_by("order.made")
    return await _keep(works, facts, lease, made, keyed)


async def _keep(
    works: BookingWorks, facts: BookingFacts, lease: store.Lease, made: GatewayOrder, keyed: KeyedRequest | None
) -> Checkout:
    """Write the order's name down, whatever has become of its booking; hand it out only if that may be paid."""
    async with works.open() as work:
        now = await work.lock(facts.booking)
        made_lease = await store.order_is_made(work.connection, lease, order=made.order)
        try:
            payable(now, facts.holder)
        except BookingError as ended:
            refusal = ended
        else:
            return await _granted(work, facts, made_lease, keyed)
    raise refusal


async def _end_lease(works: BookingWorks, lease: store.Lease) -> None:
    """Nobody is creating this order any more; whoever comes next looks it up first."""
    async with works.open() as work:
        await store.end_lease(work.connection, lease.id)


def make_or_find(gateway: Gateway, *, receipt: str, amount_paise: int, look_first: bool) -> GatewayOrder:
    """Make an order; where the answer was lost, now or before, find it. Raises Refused, Busy, OutcomeUnclear."""
    if look_first and (found := _find(gateway, receipt, amount_paise)) is not None:
        return found
    try:
        return gateway.create_order(receipt=receipt, amount_paise=amount_paise)
    except OutcomeUnclear:
        try:
            found = _find(gateway, receipt, amount_paise)
        except (Busy, Refused) as error:
            raise OutcomeUnclear(f"and it could not be looked up: {error}") from error
        if found is None:
            raise
        logger.info("order %s of booking %s was found again", found.order, receipt)
        return found


def _find(gateway: Gateway, receipt: str, amount_paise: int) -> GatewayOrder | None:
    """The order with this receipt that asks for this amount: the oldest, so that everyone finds the same."""
    found = [order for order in gateway.find_orders(receipt) if order.amount_paise == amount_paise]
    return found[-1] if found else None
