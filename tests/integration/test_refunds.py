"""Money on its way back, followed to its end over the emulated Razorpay: whose wish it was, and what may go wrong."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice
from bookings.models import Show
from payments import store
from payments.models import RefundPolicy
from payments.razorpay_gateway import RazorpayGateway, gateway
from payments.services import refunds as services
from payments.services.refunds import take_refund
from payments.services.settle import take_in
from tests.support.buyer import Buyer, new_buyer
from tests.support.cinema import PRICE_PAISE, make_show
from tests.support.guards import unless, with_and_without_guard
from tests.support.razorpay import Paid, Razorpay
from tests.support.relay import relay
from tests.support.witness import live_claims, rows

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


async def buy(buyer: Buyer, *seats: str, starts_in: timedelta = 3 * DAY) -> tuple[Show, Paid]:
    """A confirmed booking whose money is captured, and known to be."""
    show: Show = await sync_to_async(make_show)(starts_in=starts_in)
    await buyer.begin(show, *(seats or ("A1", "A2")))
    paid = buyer.pay()
    assert (await buyer.verify(paid)).json()["status"] == "confirmed"
    await take_in((await BoxOffice.current()).works, gateway.fetch_payment(paid.payment_id))
    return show, paid


def refunds(database: str) -> list[tuple[Any, ...]]:
    """(attempt, amount, status) of every refund, in order."""
    return rows(database, "SELECT attempt, amount_paise, status FROM payments_refund ORDER BY id")


def sent_back(razorpay: Razorpay) -> list[int]:
    """Amounts of the refunds that Razorpay made."""
    return [event["amount"] for event in razorpay.ledger("refund.created")]


def balance(database: str) -> int:
    """What the ledger says the cinema has, in paise."""
    ((paise,),) = rows(database, "SELECT COALESCE(sum(amount_paise), 0)::bigint FROM payments_ledgerentry")
    return int(paise)


class TestTheBuyersOwnCancelling:
    @pytest.mark.parametrize(
        ("starts_in", "share_percent"), [(25 * HOUR, 100), (23 * HOUR, 50), (3 * HOUR, 50), (1 * HOUR, 0)]
    )
    async def test_gives_back_what_the_policy_says(
        self, buyer: Buyer, razorpay: Razorpay, database: str, starts_in: timedelta, share_percent: int
    ) -> None:
        show, _ = await buy(buyer, starts_in=starts_in)
        due_paise = 2 * PRICE_PAISE * share_percent // 100

        reply = await buyer.cancel("user")
        await relay(database)

        assert reply.json() == {
            "booking": buyer.booking,
            "status": "cancelled",
            "refund": "due" if share_percent else None,
        }
        assert sent_back(razorpay) == ([due_paise] if due_paise else [])
        assert (await buyer.look())["refund"] == ("refunded" if share_percent else None)
        assert live_claims(database, show.pk) == {}
        assert balance(database) == 2 * PRICE_PAISE - due_paise

    async def test_follows_the_theatres_own_policy(self, buyer: Buyer, razorpay: Razorpay, database: str) -> None:
        show, _ = await buy(buyer, starts_in=3 * HOUR)
        theatre = (await sync_to_async(lambda: show.screen.theatre)()).pk
        await sync_to_async(RefundPolicy.objects.create)(
            theatre_id=theatre, full_until_hours=2, share_until_hours=1, share_percent=10
        )

        await buyer.cancel("user")
        await relay(database)

        assert sent_back(razorpay) == [2 * PRICE_PAISE]

    @with_and_without_guard
    async def test_does_not_believe_the_clock_of_a_process(
        self, buyer: Buyer, razorpay: Razorpay, monkeypatch: pytest.MonkeyPatch, database: str, guarded: bool
    ) -> None:
        await buy(buyer, starts_in=25 * HOUR)
        two_hours_ahead = time.time_ns() + 2 * 3_600_000_000_000

        async def by_the_process(_: object) -> int:
            return time.time_ns() // 1_000_000

        if not guarded:
            monkeypatch.setattr(store, "now_ms", by_the_process)
        with patch.object(time, "time_ns", lambda: two_hours_ahead):
            await buyer.cancel("user")
        await relay(database)

        # Off: too late for all of it, by a clock that is wrong.
        assert sent_back(razorpay) == [2 * PRICE_PAISE if guarded else PRICE_PAISE]

    @with_and_without_guard
    async def test_gives_back_a_rupee_where_the_share_is_less(
        self, buyer: Buyer, razorpay: Razorpay, database: str, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        show: Show = await sync_to_async(make_show)(starts_in=3 * HOUR, prices={"standard": 150})
        await buyer.begin(show, "A1")
        await buyer.verify(buyer.pay())
        if not guarded:
            monkeypatch.setattr("payments.domain.refunds.REFUND_PAISE_MIN", 1)

        await buyer.cancel("user")
        await relay(database, rounds=2)

        # Off: Razorpay refuses so little, and a person has to look.
        assert (await buyer.look())["refund"] == ("refunded" if guarded else "manual")
        assert sent_back(razorpay) == ([100] if guarded else [])

    async def test_waits_for_the_banks(self, buyer: Buyer, razorpay: Razorpay, database: str) -> None:
        await buy(buyer)
        razorpay.refund_outcome("pending")

        await buyer.cancel("user")
        await relay(database)
        assert (await buyer.look())["refund"] == "pending"

        (refund,) = rows(database, "SELECT razorpay_id FROM payments_refund")[0]
        razorpay.settle_refund(refund, "processed")
        await relay(database)

        assert (await buyer.look())["refund"] == "refunded"
        assert sent_back(razorpay) == [2 * PRICE_PAISE]


class TestARefund:
    async def test_that_failed_is_tried_three_times_then_a_person_looks(
        self, buyer: Buyer, razorpay: Razorpay, database: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        await buy(buyer)
        razorpay.refund_outcome("failed", count=3)

        await buyer.cancel("user")
        await relay(database, rounds=6)

        assert refunds(database) == [(n, 2 * PRICE_PAISE, "failed") for n in (1, 2, 3)]
        keys = [key for (key,) in rows(database, "SELECT idempotency_key FROM payments_refund")]
        assert len(set(keys)) == 3
        assert (await buyer.look())["refund"] == "manual"
        assert "a refund failed for good" in caplog.text
        assert balance(database) == 2 * PRICE_PAISE

    async def test_is_made_once_though_its_answer_was_lost(
        self, buyer: Buyer, razorpay: Razorpay, database: str
    ) -> None:
        await buy(buyer)
        razorpay.fault("reset", "payments.refund", after_work=True)

        await buyer.cancel("user")
        await relay(database, rounds=3)

        assert sent_back(razorpay) == [2 * PRICE_PAISE]
        assert refunds(database) == [(1, 2 * PRICE_PAISE, "processed")]

    async def test_waits_for_money_on_the_account(
        self, buyer: Buyer, razorpay: Razorpay, database: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        await buy(buyer)
        razorpay.refund_outcome("low_balance")

        await buyer.cancel("user")
        await relay(database)
        assert ((await buyer.look())["refund"], sent_back(razorpay)) == ("due", [])
        assert "waits for money on the account" in caplog.text

        await relay(database)
        assert ((await buyer.look())["refund"], sent_back(razorpay)) == ("refunded", [2 * PRICE_PAISE])

    async def test_made_in_the_dashboard_cancels_the_booking(
        self, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        show, paid = await buy(buyer)
        razorpay.sdk().payment.refund(paid.payment_id, {})

        await take_in(office.works, gateway.fetch_payment(paid.payment_id))
        for told in gateway.refunds_of_payment(paid.payment_id):
            await take_refund(office.works, told)

        assert ((await buyer.look())["status"], (await buyer.look())["refund"]) == ("cancelled", "refunded")
        assert live_claims(database, show.pk) == {}
        assert balance(database) == 0
        await relay(database, rounds=2)
        assert sent_back(razorpay) == [2 * PRICE_PAISE]

    async def test_of_the_rest_follows_a_part_given_back_in_the_dashboard(
        self, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        _, paid = await buy(buyer)
        razorpay.sdk().payment.refund(paid.payment_id, {"amount": 10_000})
        await take_in(office.works, gateway.fetch_payment(paid.payment_id))

        await buyer.cancel("user")
        await relay(database, rounds=2)

        assert sent_back(razorpay) == [10_000, 2 * PRICE_PAISE - 10_000]
        assert (await buyer.look())["refund"] == "refunded"

    async def test_of_more_than_is_left_waits_for_a_person(
        self, buyer: Buyer, razorpay: Razorpay, database: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        _, paid = await buy(buyer)
        razorpay.sdk().payment.refund(paid.payment_id, {"amount": 10_000})  # and nobody tells the house

        await buyer.cancel("user")
        await relay(database, rounds=2)

        assert sent_back(razorpay) == [10_000]
        assert (await buyer.look())["refund"] == "manual"
        assert "a refund is refused" in caplog.text

    async def test_of_a_cancelled_show_reaches_everyone(
        self, office: BoxOffice, razorpay: Razorpay, database: str
    ) -> None:
        show: Show = await sync_to_async(make_show)(starts_in=HOUR)
        async with new_buyer(razorpay) as one, new_buyer(razorpay) as other, new_buyer(razorpay) as third:
            for buyer, seat in ((one, "A1"), (other, "A2"), (third, "A3")):
                await buyer.begin(show, seat)
            await one.verify(one.pay())
            await other.verify(other.pay())
            late = third.pay()

            await office.cancel_show(show_id=show.pk)
            await third.verify(late)
            await relay(database, rounds=3)

            assert [(await buyer.look())["refund"] for buyer in (one, other, third)] == ["refunded"] * 3
        assert sent_back(razorpay) == [PRICE_PAISE] * 3
        assert balance(database) == 0

    @pytest.mark.parametrize("listed", [True, False])
    async def test_of_money_nobody_captured_is_left_to_razorpay(
        self, buyer: Buyer, razorpay: Razorpay, database: str, monkeypatch: pytest.MonkeyPatch, listed: bool
    ) -> None:
        if not listed:
            # Razorpay need not have a refund of what it never had.
            monkeypatch.setattr(RazorpayGateway, "refunds_of_payment", lambda *_: [])
        show: Show = await sync_to_async(make_show)(starts_in=3 * DAY)
        await buyer.begin(show, "A1")
        await buyer.verify(buyer.pay("authorize"))

        await buyer.cancel("user")
        razorpay.advance(31 * 60)
        await relay(database, kind="payment.refund_due", rounds=2)

        assert (await buyer.look())["refund"] == "refunded"
        assert razorpay.ledger("payment.captured") == []


class TestARefundThatFailedAndIsStillCounted:
    """The payment is slow to learn of it: what it has as given back is more than its refunds move."""

    @with_and_without_guard
    @pytest.mark.parametrize(
        ("starts_in", "due_paise", "harm"), [(3 * DAY, 50_000, "refunded"), (3 * HOUR, 37_500, "manual")]
    )
    async def test_is_tried_again_once_it_is_not(
        self,
        buyer: Buyer,
        razorpay: Razorpay,
        database: str,
        starts_in: timedelta,
        due_paise: int,
        harm: str,
        guarded: bool,
    ) -> None:
        show, _ = await buy(buyer, starts_in=starts_in)
        theatre = (await sync_to_async(lambda: show.screen.theatre)()).pk
        await sync_to_async(RefundPolicy.objects.create)(theatre_id=theatre, share_percent=75)
        razorpay.switch(failed_refunds_count=True)
        razorpay.refund_outcome("failed")
        await buyer.cancel("user")

        with unless(guarded, patch.object(services, "_adds_up", lambda *_: True)):
            await relay(database, rounds=4)

        # Off: nothing has moved, and the house believes that it did, or that it cannot.
        assert (await buyer.look())["refund"] == ("due" if guarded else harm)
        assert sent_back(razorpay) == [due_paise]
        razorpay.switch(failed_refunds_count=False)
        await relay(database)
        if guarded:
            assert (await buyer.look())["refund"] == "refunded"
            assert refunds(database) == [(1, due_paise, "failed"), (2, due_paise, "processed")]


class TestTheLedger:
    @pytest.mark.parametrize("table", ["payments_ledgerentry", "payments_auditentry"])
    @pytest.mark.parametrize("change", ["UPDATE {} SET amount_paise = 1", "DELETE FROM {}"])
    async def test_is_never_rewritten(self, buyer: Buyer, database: str, table: str, change: str) -> None:
        _, paid = await buy(buyer)
        rows(
            database,
            "INSERT INTO payments_auditentry (action, payment_id, amount_paise) VALUES ('refund', %s, 1)",
            paid.payment_id,
        )

        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            rows(database, change.format(table))

    async def test_has_a_late_failure_booked_back(self, buyer: Buyer, razorpay: Razorpay, database: str) -> None:
        await buy(buyer)
        razorpay.refund_outcome("pending")
        await buyer.cancel("user")
        await relay(database)
        assert balance(database) == 0

        (refund,) = rows(database, "SELECT razorpay_id FROM payments_refund")[0]
        razorpay.settle_refund(refund, "failed")
        await relay(database)

        await relay(database, rounds=2)
        assert refunds(database) == [(1, 2 * PRICE_PAISE, "failed"), (2, 2 * PRICE_PAISE, "processed")]
        assert balance(database) == 0
