"""Staff act on money: a refund by hand, one that failed for good, money of nobody; and it is written down."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Show
from payments.models import Payment
from payments.razorpay_gateway import gateway
from payments.services.refunds import take_refund
from payments.services.settle import take_in
from tests.support.buyer import Buyer, new_buyer
from tests.support.cinema import PRICE_PAISE, make_show
from tests.support.razorpay import Razorpay
from tests.support.relay import relay
from tests.support.staff import (
    OPEN_MONEY,
    Browser,
    act_on,
    assert_books_are_right,
    audit,
    buy,
    cancel_of,
    fail_for_good,
    new_clerk,
    new_manager,
    new_user,
    park,
    refund_of,
)
from tests.support.witness import live_claims, rows


@pytest.fixture
def clerk(database: str, settings: Settings, tmp_path: Path) -> Browser:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    return new_clerk()


@pytest.fixture
def manager(database: str, settings: Settings, tmp_path: Path) -> Browser:
    settings.STATIC_ROOT = tmp_path
    return new_manager()


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


class TestWhoeverMayNot:
    async def test_is_refused(
        self, clerk: Browser, buyer: Buyer, razorpay: Razorpay, office: BoxOffice, database: str
    ) -> None:
        await buy(buyer)
        parked = await park(office, razorpay)
        pages = [
            refund_of(buyer),
            cancel_of(buyer),
            *(act_on(parked, name) for name in ("retry", "by-hand", "match", "give-back")),
        ]

        for page in pages:
            assert (await clerk.get(page)).status_code == 403
            assert (await clerk.post(page, reason="because", confirmed="yes")).status_code == 403

        assert ((await buyer.look())["status"], audit(database)) == ("confirmed", [])

    async def test_does_not_see_open_money_without_the_right_to_look(
        self, database: str, settings: Any, tmp_path: Path
    ) -> None:
        settings.STATIC_ROOT = tmp_path
        usher = await sync_to_async(lambda: Browser(new_user("usher")))()

        assert (await usher.get(OPEN_MONEY)).status_code == 403
        assert "Open money" not in await usher.reads("/admin/")

    async def test_is_sent_to_log_in_when_nobody(self, buyer: Buyer, settings: Any, tmp_path: Path) -> None:
        await buy(buyer)
        reply: Any = await sync_to_async(Client().post)(refund_of(buyer), {"reason": "because", "confirmed": "yes"})

        assert (reply.status_code, "/admin/login/" in reply["Location"]) == (302, True)


class TestARefund:
    async def test_is_foreseen_before_it_is_made(
        self, manager: Browser, buyer: Buyer, database: str, office: BoxOffice
    ) -> None:
        await buy(buyer)

        page = (await manager.post(refund_of(buyer), amount="100.50", reason="a broken seat")).content.decode()

        assert "The booking is cancelled and its 2 seats go back on sale." in page
        assert "₹100.50 go back to asha@example.org; the cinema keeps ₹399.50." in page
        assert ((await buyer.look())["status"], audit(database)) == ("confirmed", [])

    @pytest.mark.parametrize(("amount", "due_paise"), [("", 50_000), ("500", 50_000), ("100.50", 10_050), ("1", 100)])
    async def test_cancels_the_booking_and_gives_back_so_much(
        self,
        manager: Browser,
        buyer: Buyer,
        razorpay: Razorpay,
        database: str,
        office: BoxOffice,
        amount: str,
        due_paise: int,
    ) -> None:
        show, paid = await buy(buyer)

        reply = await manager.post(refund_of(buyer), amount=amount, reason="a broken seat", confirmed="yes")
        await relay(database)

        assert reply.status_code == 302
        assert [event["amount"] for event in razorpay.ledger("refund.created")] == [due_paise]
        told = await buyer.look()
        assert (told["status"], told["refund"]) == ("cancelled", "refunded")
        assert live_claims(database, show.pk) == {}
        assert audit(database) == [("manager", "refund", buyer.booking, paid.payment_id, due_paise, "a broken seat")]
        await assert_books_are_right(office)

    @pytest.mark.parametrize("amount", ["0", "0.50", "500.01", "-1", "many"])
    async def test_is_never_of_more_than_was_paid_nor_of_nothing(
        self, manager: Browser, buyer: Buyer, database: str, office: BoxOffice, amount: str
    ) -> None:
        await buy(buyer)

        reply = await manager.post(refund_of(buyer), amount=amount, reason="a broken seat", confirmed="yes")

        assert reply.status_code == 200
        assert ((await buyer.look())["status"], audit(database)) == ("confirmed", [])

    async def test_has_a_reason(self, manager: Browser, buyer: Buyer, database: str, office: BoxOffice) -> None:
        await buy(buyer)

        reply = await manager.post(refund_of(buyer), reason=" ", confirmed="yes")

        assert (reply.status_code, (await buyer.look())["status"]) == (200, "confirmed")

    async def test_asked_for_twice_is_made_once(
        self, manager: Browser, buyer: Buyer, database: str, office: BoxOffice
    ) -> None:
        await buy(buyer)
        await manager.post(refund_of(buyer), reason="first", confirmed="yes")

        again = await manager.post(refund_of(buyer), reason="second", confirmed="yes")

        assert "is cancelled by now" in again.content.decode()
        assert (len(audit(database)), len(rows(database, "SELECT 1 FROM payments_refund"))) == (1, 1)

    async def test_is_written_down_or_not_made(
        self, manager: Browser, buyer: Buyer, database: str, office: BoxOffice, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await buy(buyer)

        async def fails(*_: object, **__: object) -> None:
            raise RuntimeError("no ink")

        monkeypatch.setattr("payments.services.staff.audit", fails)
        with pytest.raises(RuntimeError, match="no ink"):
            await manager.post(refund_of(buyer), reason="a broken seat", confirmed="yes")

        assert (await buyer.look())["status"] == "confirmed"
        assert rows(database, "SELECT 1 FROM payments_refund") == []


class TestAManualRefund:
    async def test_is_tried_again_under_a_new_key(
        self, manager: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        paid = await fail_for_good(buyer, razorpay, database)
        assert (
            "as attempt 4 with a new key"
            in (await manager.post(act_on(paid, "retry"), reason="now")).content.decode()
        )

        await manager.post(act_on(paid, "retry"), reason="the account is right again", confirmed="yes")
        assert (await buyer.look())["refund"] == "due"
        await relay(database)

        assert (await buyer.look())["refund"] == "refunded"
        assert [(a[0], a[1], a[4]) for a in audit(database)] == [("manager", "retry", 50_000)]
        again = await manager.post(act_on(paid, "retry"), reason="once more", confirmed="yes")
        assert "does not wait for a person any more" in again.content.decode()
        await assert_books_are_right(office)

    async def test_that_fails_again_waits_for_a_person_again(
        self, manager: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        paid = await fail_for_good(buyer, razorpay, database)
        razorpay.refund_outcome("failed")

        await manager.post(act_on(paid, "retry"), reason="now", confirmed="yes")
        await relay(database, rounds=3)

        assert (await buyer.look())["refund"] == "manual"
        await assert_books_are_right(office)

    async def test_is_noted_when_the_buyer_has_his_money_another_way(
        self, manager: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        paid = await fail_for_good(buyer, razorpay, database)

        await manager.post(act_on(paid, "by-hand"), reason="transfer 4711", confirmed="yes")
        await relay(database, rounds=2)

        assert (await buyer.look())["refund"] == "refunded"
        assert [(a[1], a[4], a[5]) for a in audit(database)] == [("given by hand", 50_000, "transfer 4711")]
        assert [e["kind"] for e in razorpay.ledger("refund.created")] == ["refund.created"] * 3
        assert "Nothing is open" in await manager.reads(OPEN_MONEY)
        await assert_books_are_right(office)


class TestARefundOfMoreThanIsLeft:
    async def test_is_tried_again_for_the_rest(
        self, manager: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        _, paid = await buy(buyer, starts_in=timedelta(days=3))
        razorpay.sdk().payment.refund(paid.payment_id, {"amount": 10_000})
        await buyer.cancel("user")
        await relay(database)

        await manager.post(act_on(paid, "retry"), reason="the rest", confirmed="yes")
        await relay(database)
        for told in gateway.refunds_of_payment(paid.payment_id):
            await take_refund(office.works, told)

        assert [event["amount"] for event in razorpay.ledger("refund.created")] == [10_000, 40_000]
        assert (await buyer.look())["refund"] == "refunded"
        await assert_books_are_right(office)


class TestMoneyOfNobody:
    async def test_is_matched_to_the_booking_it_was_meant_for(
        self, manager: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        show: Show = await sync_to_async(make_show)()
        await buyer.hold(show, "A1")
        parked = await park(office, razorpay)
        wish = {"booking": buyer.booking, "reason": "he showed me his receipt"}

        foreseen = (await manager.post(act_on(parked, "match"), **wish)).content.decode()
        await manager.post(act_on(parked, "match"), **wish, confirmed="yes")

        assert "₹250 pay for the booking: it is confirmed, with 1 seat." in foreseen
        assert (await buyer.look())["status"] == "confirmed"
        assert audit(database) == [
            ("manager", "match", buyer.booking, parked.payment_id, PRICE_PAISE, "he showed me his receipt")
        ]
        await assert_books_are_right(office)

    @pytest.mark.parametrize(
        ("amount_paise", "paid_before", "foreseen"),
        [(20_000, False, "as the booking costs ₹250"), (25_000, True, "as the booking is paid already")],
    )
    async def test_goes_back_where_it_cannot_pay(
        self,
        manager: Browser,
        buyer: Buyer,
        razorpay: Razorpay,
        database: str,
        office: BoxOffice,
        amount_paise: int,
        paid_before: bool,
        foreseen: str,
    ) -> None:
        show: Show = await sync_to_async(make_show)()
        await buyer.begin(show, "A1")
        if paid_before:
            await buyer.verify(buyer.pay())
        parked = await park(office, razorpay, amount_paise=amount_paise)
        wish = {"booking": buyer.booking, "reason": "perhaps"}

        assert foreseen in (await manager.post(act_on(parked, "match"), **wish)).content.decode()
        await manager.post(act_on(parked, "match"), **wish, confirmed="yes")
        await relay(database, rounds=2)

        assert (await buyer.look())["status"] == ("confirmed" if paid_before else "pending")
        payment = await sync_to_async(Payment.objects.get)(pk=parked.payment_id)
        assert payment.resolution == "refunded"

    async def test_pays_for_a_booking_that_has_ended_if_its_seats_are_free(
        self, manager: Browser, buyer: Buyer, razorpay: Razorpay, office: BoxOffice
    ) -> None:
        show: Show = await sync_to_async(make_show)()
        await buyer.begin(show, "A1")
        await buyer.cancel("dismiss")
        parked = await park(office, razorpay)
        wish = {"booking": buyer.booking, "reason": "he came to the desk"}

        assert "still free" in (await manager.post(act_on(parked, "match"), **wish)).content.decode()
        await manager.post(act_on(parked, "match"), **wish, confirmed="yes")

        assert (await buyer.look())["status"] == "confirmed"

    async def test_is_given_back(
        self, manager: Browser, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        parked = await park(office, razorpay)

        await manager.post(act_on(parked, "give-back"), reason="not ours", confirmed="yes")
        await relay(database)

        assert [event["amount"] for event in razorpay.ledger("refund.created")] == [PRICE_PAISE]
        assert [(a[1], a[3], a[4]) for a in audit(database)] == [("give back", parked.payment_id, PRICE_PAISE)]
        again = await manager.post(act_on(parked, "give-back"), reason="again", confirmed="yes")
        assert "is decided" in again.content.decode()

    async def test_without_an_order_is_left_to_razorpay(
        self, manager: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        await buyer.hold(await sync_to_async(make_show)(), "A1")
        paid = razorpay.pay(None, "authorize", amount=PRICE_PAISE)
        await take_in(office.works, gateway.fetch_payment(paid.payment_id))

        reply = await manager.post(act_on(paid, "match"), booking=buyer.booking, reason="why not", confirmed="yes")

        assert "has no order" in reply.content.decode()
        assert audit(database) == []

    async def test_of_no_booking_is_not_matched(
        self, manager: Browser, razorpay: Razorpay, office: BoxOffice
    ) -> None:
        parked = await park(office, razorpay)
        nobody = "01935c00-0000-7000-8000-000000000000"

        reply = await manager.post(act_on(parked, "match"), booking=nobody, reason="why not", confirmed="yes")

        assert "There is no such booking" in reply.content.decode()
