"""Celery's tasks of money: who calls, not what is done (services/). All idempotent, all may be killed anywhere."""

import time
from typing import Final

from celery import shared_task
from django.conf import settings

from bookings.api import BoxOffice, ClaimsUnavailable, NotReady, TryLater, with_box_office
from payments.gateway import GatewayFailed
from payments.razorpay_gateway import gateway
from payments.services import inbox, refunds, watch
from payments.services.ledger import Period, alert_of, check_ledger

AWAY: Final = (ClaimsUnavailable, NotReady, GatewayFailed)


@shared_task(name="poll_payments", throws=AWAY)  # type: ignore[untyped-decorator]  # Celery has no types
def poll_payments(**_: object) -> None:
    """Every 15 s: take in webhooks that were left, settle what is undecided, look up orders that are due."""

    async def work(office: BoxOffice) -> None:
        await inbox.take_leftovers(office.works)
        await watch.settle_leftovers(office.works)
        await watch.poll_orders(office.works, gateway)

    with_box_office(work)


# A day of a big house is many pages of the gateway's lists.
@shared_task(name="check_ledger", throws=AWAY, soft_time_limit=240, time_limit=270)  # type: ignore[untyped-decorator]
def check_ledger_daily(**_: object) -> None:
    """Every day: compare the ledger with the gateway, take in what was missed, and alert on every difference."""
    if not settings.RAZORPAY_KEY_ID:
        return
    period = Period.usual(time.time_ns() // 1_000_000_000)

    async def work(office: BoxOffice) -> None:
        alert_of(await check_ledger(office.works, gateway, period=period, repair=True))

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
