"""What the outbox is told of bookings and their money, for whoever writes letters about it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice
from bookings.models import OutboxEvent, Show
from tests.support.buyer import Buyer, new_buyer
from tests.support.cinema import make_show
from tests.support.guards import unless, with_and_without_guard
from tests.support.money_guards import settling_without
from tests.support.razorpay import Razorpay
from tests.support.relay import relay
from tests.support.witness import rows


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


async def events(kind: str) -> list[OutboxEvent]:
    return [event async for event in OutboxEvent.objects.filter(kind=kind).order_by("id")]


class TestARefund:
    async def test_is_told_at_each_step_once(self, buyer: Buyer, razorpay: Razorpay, database: str) -> None:
        show: Show = await sync_to_async(make_show)(starts_in=timedelta(days=3))
        await buyer.begin(show, "A1")
        await buyer.verify(buyer.pay())
        razorpay.refund_outcome("pending")

        await buyer.cancel("user")
        await relay(database)
        await relay(database)

        told = await events("booking.refund")
        assert [event.payload["refund"] for event in told] == ["due", "pending"]
        assert {event.payload["booking"] for event in told} == {buyer.booking}

    @with_and_without_guard
    async def test_is_told_again_when_more_money_goes_back(
        self, buyer: Buyer, razorpay: Razorpay, database: str, guarded: bool
    ) -> None:
        razorpay.switch(second_success="capture")
        show: Show = await sync_to_async(make_show)(starts_in=timedelta(days=3))
        await buyer.begin(show, "A1")
        first, second = buyer.pay(), buyer.pay(forced=True)
        told_once = settling_without("note_refund", "%(refund)s::text, %(payments)s::int)", "%(refund)s::text)")

        with unless(guarded, told_once):
            await buyer.verify(first)
            await buyer.verify(second)
            await relay(database)
            await buyer.cancel("user")
            await relay(database)

        steps = [(event.payload["refund"], event.payload["payments"]) for event in await events("booking.refund")]
        assert steps == [("due", 1), ("refunded", 1)] + [("due", 2), ("refunded", 2)] * guarded


class TestACancelling:
    async def test_that_happens_again_is_told_again(self, buyer: Buyer, database: str) -> None:
        show: Show = await sync_to_async(make_show)(starts_in=timedelta(days=3))
        await buyer.begin(show, "A1")
        paid = buyer.pay()
        await buyer.cancel("refresh")
        await relay(database, kind="booking.cancelled")
        assert rows(database, "SELECT done_at IS NOT NULL FROM bookings_outboxevent") == [(True,)]
        await buyer.verify(paid)  # late money finds its seats

        await buyer.cancel("user")

        assert [event.done_at for event in await events("booking.cancelled")] == [None]
