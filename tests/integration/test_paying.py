"""A booking is paid, or not: by the calls of a payment page and Razorpay's webhooks, over the emulator."""

from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice
from bookings.models import Show
from payments.models import LedgerEntry, Payment
from tests.support.buyer import Buyer, new_buyer
from tests.support.razorpay import Razorpay


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


async def letters(office: BoxOffice, show: Show) -> str:
    return (await office.picture(show.pk)).states


class TestABuyer:
    async def test_pays_and_has_the_seats(self, office: BoxOffice, show: Show, buyer: Buyer) -> None:
        await buyer.begin(show, "A1", "A2")

        reply = await buyer.verify(buyer.pay())

        assert reply.json() == {"booking": buyer.booking, "status": "confirmed"}
        assert (await letters(office, show))[:3] == "BBA"
        assert (await buyer.look())["status"] == "confirmed"

    async def test_is_asked_once_for_the_money(self, show: Show, buyer: Buyer) -> None:
        await buyer.begin(show, "A1")
        first = buyer.order

        again = await buyer.check_out()

        assert again.json()["order_id"] == first
        assert len(buyer.razorpay.ledger("order.created")) == 1

    async def test_cannot_change_seats_while_paying(self, show: Show, buyer: Buyer) -> None:
        await buyer.begin(show, "A1")

        reply = await buyer.api.hold(show.pk, "A2")

        assert reply.json()["code"] == "checkout_started"

    async def test_may_cancel_and_the_seats_are_free(self, office: BoxOffice, show: Show, buyer: Buyer) -> None:
        await buyer.begin(show, "A1")

        first = await buyer.cancel("dismiss")
        second = await buyer.cancel("dismiss")

        assert first.json() == second.json() == {"booking": buyer.booking, "status": "cancelled", "refund": None}
        assert (await letters(office, show))[0] == "A"

    async def test_who_paid_after_cancelling_gets_the_same_seats(
        self, office: BoxOffice, show: Show, buyer: Buyer
    ) -> None:
        await buyer.begin(show, "A1")
        paid = buyer.pay()
        await buyer.cancel("dismiss")

        reply = await buyer.verify(paid)

        assert reply.json()["status"] == "confirmed"
        assert (await letters(office, show))[0] == "B"

    async def test_who_paid_too_late_for_taken_seats_gets_the_money_back(
        self, office: BoxOffice, show: Show, buyer: Buyer, razorpay: Razorpay
    ) -> None:
        await buyer.begin(show, "A1", "A2")
        paid = buyer.pay()
        await buyer.cancel("timer")
        async with new_buyer(razorpay) as rival:
            await rival.hold(show, "A2")

            reply = await buyer.verify(paid)

        assert reply.json()["status"] == "cancelled"
        assert (await buyer.look())["refund"] == "due"
        assert (await letters(office, show))[:3] == "AHA"
        payment = await sync_to_async(Payment.objects.get)(pk=paid.payment_id)
        assert (payment.resolution, payment.reason) == ("refund_due", "late")

    async def test_may_change_seats_instead_of_paying(self, office: BoxOffice, show: Show, buyer: Buyer) -> None:
        await buyer.begin(show, "A1")
        before = await buyer.row()

        reply = await buyer.api.ask("POST", f"bookings/{buyer.booking}/change_seats")
        buyer.booking = reply.json()["booking"]

        assert buyer.booking != str(before.pk)
        assert (await buyer.row()).expires_at == before.expires_at
        added = await buyer.api.hold(show.pk, "A2")
        assert (added.status_code, added.json()["seats"]) == (201, ["A1", "A2"])
        assert (await letters(office, show))[:3] == "HHA"

    async def test_books_the_capture_once(self, show: Show, buyer: Buyer, office: BoxOffice) -> None:
        await buyer.begin(show, "A1")
        paid = buyer.pay()

        await buyer.verify(paid)
        await buyer.verify(paid)

        assert await sync_to_async(LedgerEntry.objects.count)() == 0
        assert await sync_to_async(Payment.objects.filter(resolution="applied").count)() == 1
