"""Refunds that staff make in Razorpay's dashboard, and that the bank then does not take: the money is here again.

What a fact about the payment counted as given back is not; a booking and a buyer that believed it are put right.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice
from bookings.models import Show
from payments.domain.facts import Fact
from payments.razorpay_gateway import gateway
from payments.services.refunds import take_refund
from payments.services.settle import take_in
from tests.support.buyer import Buyer, new_buyer
from tests.support.cinema import PRICE_PAISE, make_show
from tests.support.guards import unless, with_and_without_guard
from tests.support.money import assert_sound
from tests.support.money_evidence import read_evidence
from tests.support.money_guards import money_sql_without
from tests.support.razorpay import Paid, Razorpay
from tests.support.relay import relay
from tests.support.witness import rows


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    """Somebody who is paying for A1, early enough to get all of it back."""
    show: Show = await sync_to_async(make_show)(starts_in=timedelta(days=3))
    async with new_buyer(razorpay) as buyer:
        await buyer.begin(show, "A1")
        yield buyer


@pytest.fixture
async def paid(buyer: Buyer, office: BoxOffice) -> Paid:
    """What he paid; it confirmed his booking, and is known to be captured."""
    paid = buyer.pay()
    await buyer.verify(paid)
    await take_in(office.works, gateway.fetch_payment(paid.payment_id))
    return paid


async def hear_of(office: BoxOffice, payment: str) -> Fact:
    """Take in what Razorpay has of a payment and its refunds, as the ledger check does."""
    fact = gateway.fetch_payment(payment)
    await take_in(office.works, fact)
    for told in gateway.refunds_of_payment(payment):
        await take_refund(office.works, told)
    return fact


async def refund_in_the_dashboard(
    razorpay: Razorpay, office: BoxOffice, payment: str, **part: int
) -> tuple[str, Fact]:
    """Staff do so and the bank has not answered; the house hears of it. Returns the refund, and what was heard."""
    razorpay.refund_outcome("pending")
    refund: str = razorpay.sdk().payment.refund(payment, part)["id"]
    return refund, await hear_of(office, payment)


def sent_back(razorpay: Razorpay) -> list[tuple[int, bool]]:
    """(amount, whether the house asked for it) of every refund, in order."""
    return [(event["amount"], bool(event.get("key"))) for event in razorpay.ledger("refund.created")]


def decided(database: str, payment: str) -> list[tuple[Any, ...]]:
    """(rank, amount given back, resolution) of a payment."""
    return rows(
        database, "SELECT rank, amount_refunded_paise, resolution FROM payments_payment WHERE id = %s", payment
    )


class TestARefundElsewhereThatFails:
    async def test_after_it_cancelled_a_booking_is_made_by_the_house(
        self, buyer: Buyer, paid: Paid, razorpay: Razorpay, office: BoxOffice, database: str
    ) -> None:
        refund, _ = await refund_in_the_dashboard(razorpay, office, paid.payment_id)
        assert ((await buyer.look())["status"], (await buyer.look())["refund"]) == ("cancelled", "refunded")

        razorpay.settle_refund(refund, "failed")
        await hear_of(office, paid.payment_id)
        assert (await buyer.look())["refund"] == "due"
        await relay(database, rounds=2)

        assert (await buyer.look())["refund"] == "refunded"
        assert sent_back(razorpay) == [(PRICE_PAISE, False), (PRICE_PAISE, True)]
        assert_sound(read_evidence(database, razorpay.ledger("payment.", "refund.")), at_rest=False)

    async def test_instead_of_the_house_s_own_is_made_by_it_after_all(
        self, buyer: Buyer, paid: Paid, razorpay: Razorpay, office: BoxOffice, database: str
    ) -> None:
        """The buyer cancels, staff are faster than the worker, and the bank does not take what staff sent."""
        await buyer.cancel("user")
        razorpay.refund_outcome("pending")
        refund: str = razorpay.sdk().payment.refund(paid.payment_id, {})["id"]
        await relay(database)
        assert (await buyer.look())["refund"] == "refunded"

        razorpay.settle_refund(refund, "failed")
        await hear_of(office, paid.payment_id)
        await relay(database, rounds=2)

        assert (await buyer.look())["refund"] == "refunded"
        assert sent_back(razorpay) == [(PRICE_PAISE, False), (PRICE_PAISE, True)]

    async def test_before_anything_was_decided_leaves_the_money_to_be_decided(
        self, buyer: Buyer, paid: Paid, razorpay: Razorpay, office: BoxOffice, database: str
    ) -> None:
        """He paid twice, and staff saw it before the house did."""
        razorpay.switch(second_success="capture")
        double = buyer.pay(forced=True)
        refund, _ = await refund_in_the_dashboard(razorpay, office, double.payment_id)
        assert decided(database, double.payment_id) == [(4, PRICE_PAISE, "none")]

        razorpay.settle_refund(refund, "failed")
        await hear_of(office, double.payment_id)
        await relay(database, rounds=2)

        assert sent_back(razorpay) == [(PRICE_PAISE, False), (PRICE_PAISE, True)]
        assert ((await buyer.look())["status"], (await buyer.look())["refund"]) == ("confirmed", "refunded")

    @with_and_without_guard
    async def test_is_not_believed_again_when_an_old_fact_comes_late(
        self, buyer: Buyer, paid: Paid, razorpay: Razorpay, office: BoxOffice, database: str, guarded: bool
    ) -> None:
        refund, counted = await refund_in_the_dashboard(razorpay, office, paid.payment_id, amount=10_000)
        razorpay.settle_refund(refund, "failed")
        await hear_of(office, paid.payment_id)
        assert decided(database, paid.payment_id) == [(3, 0, "applied")]

        with unless(guarded, money_sql_without("record_payment", "%(refunded)s - failed.paise", "%(refunded)s")):
            await take_in(office.works, counted)

        assert (decided(database, paid.payment_id) == [(3, 0, "applied")]) is guarded

    async def test_of_a_part_changes_nothing_for_the_buyer(
        self, buyer: Buyer, paid: Paid, razorpay: Razorpay, office: BoxOffice, database: str
    ) -> None:
        refund, _ = await refund_in_the_dashboard(razorpay, office, paid.payment_id, amount=10_000)
        razorpay.settle_refund(refund, "failed")
        await hear_of(office, paid.payment_id)

        await buyer.cancel("user")
        await relay(database, rounds=2)

        assert sent_back(razorpay) == [(10_000, False), (PRICE_PAISE, True)]


class TestARefundOfTheHouseThatFailedForGood:
    async def test_leaves_the_whole_payment_to_the_person_who_looks(
        self, buyer: Buyer, paid: Paid, razorpay: Razorpay, office: BoxOffice, database: str
    ) -> None:
        """Razorpay counted each attempt as given back, until it failed."""
        razorpay.refund_outcome("pending", count=3)
        await buyer.cancel("user")
        for _ in range(3):
            await relay(database)
            ((refund,),) = rows(database, "SELECT razorpay_id FROM payments_refund WHERE status = 'pending'")
            await hear_of(office, paid.payment_id)
            razorpay.settle_refund(refund, "failed")
            await hear_of(office, paid.payment_id)

        assert (await buyer.look())["refund"] == "manual"
        assert decided(database, paid.payment_id) == [(3, 0, "manual")]
