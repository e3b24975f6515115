"""Looking for money that nobody told us of: orders are polled, captures watched, what was left undone is settled.

Without any webhook, verify calls and this settle everything within two minutes of the money (fault matrix).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import Final

from bookings.api import BookingWorks, ClaimsUnavailable, NotReady, Status, TryLater, pass_by
from payments import orders_store, store
from payments.domain.decide import Why
from payments.domain.facts import Rank, Resolution, as_fact
from payments.gateway import Gateway, GatewayFailed, GatewayOrder, in_gateway_thread
from payments.orders_store import Polled
from payments.services.alerts import alert
from payments.services.settle import give_back, settle_booking, take_in

logger = logging.getLogger(__name__)

# Even if the gateway answers none of a batch (7 s each), the last one ends within a task's time limit.
BATCH_MAX: Final = 24
# Less than Beat's 15 s: another batch is begun until then. At 0.2 s an answer that is 1,000 open checkouts in 45 s.
POLL_SECONDS_MAX: Final = 12.0
# Fewer than the gateway has threads and PostgreSQL's pool has connections.
AT_ONCE_MAX: Final = 6
POLL_LEASE_SECONDS: Final = 120.0
# While a booking can be paid for; and after it ended: late authorisations come for three days (reference: 2.6).
PENDING_POLL_SECONDS: Final = 45.0
LATE_POLL_SECONDS: Final = (60, 300, 900, 1800, 7200, 86_400, 259_200)
# Looks at the capture of a confirmed booking's payment, after the first at +30 s.
CAPTURE_LOOKS_SECONDS: Final = (90.0, 480.0, 900.0, 3600.0)
CAPTURE_LATE_TRIES: Final = 3
# A payment for an order that nobody knows gets so long to be matched, then it goes back.
PARKED_SECONDS: Final = 600
LEFT_UNDONE_SECONDS: Final = 5


async def poll_orders(works: BookingWorks, gateway: Gateway) -> int:
    """Look up the payments of orders, batch by batch until none is due. Returns how many were looked up."""
    give_up_at = time.monotonic() + POLL_SECONDS_MAX
    count = 0
    while polled := await _poll_batch(works, gateway):
        count += polled
        if time.monotonic() >= give_up_at:
            break
    return count


async def _poll_batch(works: BookingWorks, gateway: Gateway) -> int:
    async with works.open() as work:
        due = await orders_store.take_polled(work.connection, batch_max=BATCH_MAX, lease_seconds=POLL_LEASE_SECONDS)
    places = asyncio.Semaphore(AT_ONCE_MAX)

    async def poll(order: Polled) -> None:
        async with places:
            after_seconds = await _poll_one(works, gateway, order)
            try:
                async with works.open() as work:
                    await orders_store.poll_again(work.connection, order.id, after_seconds=after_seconds)
            except ClaimsUnavailable as failure:
                logger.warning("order %s is looked up again when its lease is over: %s", order.order, failure)

    await asyncio.gather(*(poll(order) for order in due))
    return len(due)


async def _poll_one(works: BookingWorks, gateway: Gateway, order: Polled) -> float | None:
    """Look one order up. Returns in how many seconds it is looked up again; None: never."""
    try:
        await _poll(works, gateway, order)
    except (GatewayFailed, ClaimsUnavailable, NotReady) as failure:
        logger.warning("order %s cannot be looked up: %s", order.order, failure)
        return PENDING_POLL_SECONDS
    except Exception:
        # Whatever is wrong with one, the others must not wait for it.
        logger.exception("order %s cannot be looked up", order.order)
        return PENDING_POLL_SECONDS
    return next_poll_seconds(order)


def next_poll_seconds(order: Polled) -> float | None:
    """When to look again; None: its money is settled, or too long ago."""
    if order.status == Status.CONFIRMED:
        return None
    if order.status == Status.PENDING:
        return PENDING_POLL_SECONDS
    return next((at - order.age_seconds for at in LATE_POLL_SECONDS if at > order.age_seconds), None)


async def _poll(works: BookingWorks, gateway: Gateway, order: Polled) -> None:
    if order.order is None:
        await _look_for_lost(works, gateway, order)
        return
    await take_payments_of(works, gateway, order.order)


async def take_payments_of(works: BookingWorks, gateway: Gateway, order: str) -> None:
    """Take in what the gateway knows of an order's payments. Raises GatewayFailed, ClaimsUnavailable, NotReady."""
    for fact in await in_gateway_thread(gateway.payments_of_order, order):
        if fact.rank is not Rank.CREATED:
            await take_in(works, fact)


async def _look_for_lost(works: BookingWorks, gateway: Gateway, order: Polled) -> None:
    """An order whose making was never answered: if Razorpay has it, an old answer may have let somebody pay it."""
    found: list[GatewayOrder] = await in_gateway_thread(gateway.find_orders, order.booking)
    for made in found:
        async with works.open() as work:
            await work.lock(order.booking)
            await store.adopt_order(
                work.connection, booking=order.booking, order=made.order, amount_paise=made.amount_paise
            )
        await take_payments_of(works, gateway, made.order)


async def watch_capture(works: BookingWorks, gateway: Gateway, *, payment: str, tries: int) -> None:
    """See that the money of a confirmed booking is captured; capture it where it is not. Raises TryLater."""
    async with works.open() as work:
        known = await store.find(work.connection, payment)
    if known is None or known.rank >= Rank.CAPTURED:
        return
    later = TryLater(CAPTURE_LOOKS_SECONDS[min(tries, len(CAPTURE_LOOKS_SECONDS)) - 1])
    try:
        fact = await in_gateway_thread(gateway.fetch_payment, payment)
        if fact.rank is Rank.AUTHORIZED:
            fact = await in_gateway_thread(gateway.capture, payment, amount_paise=known.amount_paise)
            await pass_by("capture.asked")
    except GatewayFailed as failure:
        if tries >= CAPTURE_LATE_TRIES:
            alert("a confirmed booking's money is not captured", payment=payment, detail=failure.detail)
        raise later from failure
    await take_in(works, fact)
    if fact.rank < Rank.CAPTURED:
        raise later


async def settle_leftovers(works: BookingWorks) -> int:
    """Settle what a dead process left: undecided money, paid bookings that were cancelled, money of nobody."""
    async with works.open() as work:
        bookings = await store.unsettled_bookings(work.connection, older_than_seconds=LEFT_UNDONE_SECONDS)
        parked = await store.parked_payments(work.connection, older_than_seconds=LEFT_UNDONE_SECONDS)
    for booking in bookings:
        await _apart(f"booking {booking}", settle_booking(works, booking))
    for payment in parked:
        await _apart(f"payment {payment}", _match_or_give_back(works, payment))
    return len(bookings) + len(parked)


async def _apart(what: str, settling: Awaitable[object]) -> None:
    """Settle one. Whatever is wrong with it, the others must not wait for it."""
    try:
        await settling
    except (ClaimsUnavailable, NotReady) as failure:
        logger.warning("%s is settled later: %s", what, failure)
    except Exception:
        logger.exception("%s cannot be settled", what)


async def _match_or_give_back(works: BookingWorks, payment: str) -> None:
    """The order of a payment may be somebody's by now; after a while it goes back."""
    async with works.open() as work:
        known = await store.find(work.connection, payment)
    if known is None or (await take_in(works, as_fact(known))).booking is not None:
        return
    async with works.open() as work:
        known = await store.find_parked(work.connection, payment, older_than_seconds=PARKED_SECONDS)
        if known is None or known.resolution is not Resolution.NONE:
            return
        if known.is_good or known.has_part_left:
            await give_back(work, known, Why.UNKNOWN_ORDER)
