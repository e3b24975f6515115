"""Celery's tasks of money: who calls, not what is done (services/). All idempotent, all may be killed anywhere."""

from typing import Final

from celery import shared_task

from bookings.api import BoxOffice, ClaimsUnavailable, NotReady, TryLater, with_box_office
from payments.gateway import GatewayFailed
from payments.razorpay_gateway import gateway
from payments.services import inbox, refunds, watch

AWAY: Final = (ClaimsUnavailable, NotReady, GatewayFailed)


@shared_task(name="poll_payments", throws=AWAY)  # type: ignore[untyped-decorator]  # Celery has no types
def poll_payments(**_: object) -> None:
    """Every 15 s: take in webhooks that were left, settle what is undecided, look up orders that are due."""

    async def work(office: BoxOffice) -> None:
        await inbox.take_leftovers(office.works)
        await watch.settle_leftovers(office.works)
        await watch.poll_orders(office.works, gateway)

    with_box_office(work)


@shared_task(name="process_refund", throws=AWAY)  # type: ignore[untyped-decorator]  # Celery has no types
def process_refund(refund: int, **_: object) -> None:
    """Bring one refund a step further, now; the outbox does so by itself."""

    async def work(office: BoxOffice) -> None:
        await refunds.process_refund(office.works, gateway, refund)

    try:
        with_box_office(work)
    except TryLater:
        return  # the outbox's own event looks again
