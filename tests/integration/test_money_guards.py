"""Each guard of the money core, and the harm that is done as soon as it is switched off."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import AsyncMock, patch
from uuid import uuid4

import psycopg
import pytest

from bookings.api import BookingWorks, BoxOffice, Grab, issue_holder
from bookings.models import Show
from payments import store
from payments.gateway import GatewayRefund
from payments.razorpay_entities import refund_of
from payments.razorpay_gateway import RazorpayGateway, gateway
from payments.services import inbox, refunds
from tests.support.buyer import BUYER
from tests.support.guards import unless, with_and_without_guard, without_index
from tests.support.money import breaches, nobody_is_paid_back_twice
from tests.support.money_evidence import Evidence, read_evidence
from tests.support.money_guards import money_sql_without, settling_without
from tests.support.money_house import House, Told
from tests.support.razorpay import Paid
from tests.support.staff import park
from tests.support.witness import Halt, halt_at, rows, waits_for_a_lock


@pytest.fixture
async def told(house: House, show: Show) -> Told:
    """Somebody who is at the checkout of A1."""
    return await Told.begin(house, show, "A1")


def evidence(told: Told, database: str) -> Evidence:
    return read_evidence(database, told.house.razorpay.ledger("payment.", "refund."))


async def verify(told: Told, paid: Paid) -> tuple[int, Any]:
    return await told.house.call("/verify_payment/", told.token, paid.handed)


def no_lock() -> AbstractContextManager[None]:
    return settling_without("lock_booking", "FOR NO KEY UPDATE")


class TestTheRowLock:
    @with_and_without_guard
    async def test_lets_one_payment_decide_after_the_other(self, told: Told, database: str, guarded: bool) -> None:
        told.house.razorpay.switch(second_success="capture")
        first, second = told.pay("capture"), told.pay("capture", forced=True)

        with unless(guarded, no_lock()), halt_at("settle.recorded") as halt:
            one = asyncio.create_task(verify(told, first))
            await halt.reached()
            other = asyncio.create_task(verify(told, second))
            if guarded:
                await waits_for_a_lock(database)
            else:
                await other
            halt.go_on()
            replies = await asyncio.gather(one, other, return_exceptions=True)

        # Off: the one that read the booking before the other confirmed it sends the money back that pays for it.
        found = evidence(told, database)
        assert bool(breaches(found, at_rest=False)) is not guarded, (replies, found.payments)

    @with_and_without_guard
    async def test_makes_a_cancel_wait_for_the_money(self, told: Told, database: str, guarded: bool) -> None:
        paid = told.pay("capture")
        give_up = {"booking": told.booking, "reason": "dismiss", "expected_status": "pending"}

        with unless(guarded, no_lock()), halt_at("settle.recorded") as halt:
            money = asyncio.create_task(verify(told, paid))
            await halt.reached()
            cancel = asyncio.create_task(told.house.call("/api/cancel_booking/", told.token, give_up))
            if guarded:
                await waits_for_a_lock(database)
            else:
                await cancel
            halt.go_on()
            await asyncio.gather(money, cancel, return_exceptions=True)

        # Off: confirmed without a seat, as the cancel that money did not see has let it go.
        assert bool(breaches(evidence(told, database), at_rest=False)) is not guarded
        if guarded:
            status, reply = cancel.result()
            assert (status, reply["code"]) == (409, "booking_confirmed")


class TestTheIndexOfAppliedPayments:
    @with_and_without_guard
    async def test_lets_one_payment_pay_even_without_a_lock(self, told: Told, database: str, guarded: bool) -> None:
        told.house.razorpay.switch(second_success="capture")
        first, second = told.pay("capture"), told.pay("capture", forced=True)
        both = asyncio.Barrier(2)

        async def wait_for_the_other() -> None:
            await both.wait()

        # Both have read what there is before either has written what it makes of it.
        with (
            no_lock(),
            unless(guarded, without_index(database, "one_applied_payment_per_booking")),
            patch(
                "payments.services.settle.pass_by", lambda point: _at(point, "settle.recorded", wait_for_the_other)
            ),
        ):
            await asyncio.gather(verify(told, first), verify(told, second), return_exceptions=True)
            applied = [p for p in evidence(told, database).payments if p["resolution"] == "applied"]

        # The two stand in each other's way, so both may be turned away and settle later; but never may both pay.
        assert (len(applied) < 2) is guarded


async def _at(point: str, wanted: str, visit: Any) -> None:
    if point == wanted:
        await visit()


class TestTheRefundsKey:
    @with_and_without_guard
    async def test_makes_two_workers_give_back_once(
        self, told: Told, database: str, office: BoxOffice, guarded: bool
    ) -> None:
        # Half of it: the gateway itself refuses only what is more than the whole.
        await _returned_by_half(told, database)
        ((refund,),) = rows(database, "SELECT id FROM payments_refund")
        both = asyncio.Barrier(2)
        ask = refunds._refund

        async def ask_together(*arguments: Any) -> GatewayRefund:
            await both.wait()
            return await ask(*arguments)

        with patch.object(refunds, "_refund", ask_together), unless(guarded, _refunds_without_a_key()):
            work = [refunds.process_refund(office.works, gateway, refund) for _ in range(2)]
            await asyncio.gather(*work, return_exceptions=True)

        assert bool(list(nobody_is_paid_back_twice(evidence(told, database)))) is not guarded


async def _returned_by_half(told: Told, database: str) -> None:
    told.pay("capture")
    await told.say("verify")
    rows(
        database,
        "UPDATE bookings_show SET starts_at = starts_at + interval '8 hours', ends_at = ends_at + interval '8 hours'",
    )
    await told.house.post("/api/cancel_booking/", told.token, {"booking": told.booking, "reason": "user"})


@contextmanager
def _refunds_without_a_key() -> Iterator[None]:
    def refund(self: RazorpayGateway, payment: str, *, amount_paise: int, key: str) -> GatewayRefund:
        body = {"amount": amount_paise, "speed": "normal", "notes": {"key": key}}
        another = {"X-Refund-Idempotency": uuid4().hex}
        return refund_of(self._client.payment.refund(payment, body, headers=another))

    with patch.object(RazorpayGateway, "refund", refund):
        yield


class TestTheLockOfMoneyOfNobody:
    @with_and_without_guard
    async def test_makes_one_teller_of_its_refund_wait_for_the_other(
        self, house: House, office: BoxOffice, database: str, guarded: bool
    ) -> None:
        paid = await park(office, house.razorpay)
        house.razorpay.sdk().payment.refund(paid.payment_id, {})
        (refund,) = gateway.refunds_of_payment(paid.payment_id)
        halt, record = Halt(), store.record_refund

        async def halted(*arguments: Any, **named: Any) -> None:
            await halt()
            await record(*arguments, **named)

        unlocked = patch.object(store, "find_parked", AsyncMock(return_value=None))
        with unless(guarded, unlocked), patch.object(store, "record_refund", halted):
            one = asyncio.create_task(refunds.take_refund(office.works, refund))
            await halt.reached()
            other = asyncio.create_task(refunds.take_refund(office.works, refund))
            if guarded:
                await waits_for_a_lock(database)
            else:
                await other
            halt.go_on()
            said = await asyncio.gather(one, other, return_exceptions=True)

        # Off: each has seen no row of the refund, and writes one.
        assert any(isinstance(outcome, psycopg.errors.UniqueViolation) for outcome in said) is not guarded
        assert len(rows(database, "SELECT 1 FROM payments_refund")) == 1


class TestTheOrdersLease:
    @with_and_without_guard
    async def test_makes_one_order_however_often_the_buyer_asks(
        self, house: House, show: Show, database: str, guarded: bool
    ) -> None:
        token = issue_holder()
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["A1"]})
        path = f"/api/v1/bookings/{held['booking']}/checkout"
        # Slow enough for both to be on their way.
        house.razorpay.fault("latency", "orders.create", seconds=0.5, count=None)

        lease = "AND o.lease_until <= clock_timestamp()"
        with unless(guarded, money_sql_without("lease_order", lease)):
            replies = await asyncio.gather(*(house.call(path, token, BUYER) for _ in range(4)))

        made = [event for event in house.razorpay.ledger("order.created") if event["receipt"] == held["booking"]]
        assert (len(made) == 1) is guarded, replies
        if guarded:
            assert {(status, reply["order_id"]) for status, reply in replies} == {(200, made[0]["order_id"])}


class TestTheInboxDigest:
    @with_and_without_guard
    async def test_knows_an_event_again_under_another_id(self, told: Told, database: str, guarded: bool) -> None:
        told.pay("capture")
        (event,) = told.house.razorpay.webhooks("payment.captured")
        body = event["body"].encode()

        with unless(guarded, _digests_that_tell_nothing()):
            for number in range(5):
                assert await told.house.deliver(body, f"evt_{number}") == 200

        assert len(evidence(told, database).inbox) == (1 if guarded else 5)


@contextmanager
def _digests_that_tell_nothing() -> Iterator[None]:
    numbers = iter(range(100))

    class Hashes:
        @staticmethod
        def sha256(body: bytes) -> Any:
            return hashlib.sha256(body + bytes([next(numbers)]))

    with patch.object(inbox, "hashlib", Hashes):
        yield


class TestTheClaimOfLateMoney:
    @with_and_without_guard
    async def test_takes_no_seat_that_somebody_else_has(
        self, told: Told, house: House, show: Show, database: str, guarded: bool
    ) -> None:
        paid = told.pay("capture")
        await house.post("/api/cancel_booking/", told.token, {"booking": told.booking, "reason": "dismiss"})
        await Told.begin(house, show, "A1")

        clause = "ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING"
        with (
            # Redis would refuse as well.
            patch.object(BookingWorks, "grab", AsyncMock(return_value=Grab.GRANTED)),
            unless(guarded, settling_without("reclaim_seats", clause)),
            unless(guarded, without_index(database, "one_live_claim_per_seat")),
        ):
            await verify(told, paid)
            said = breaches(evidence(told, database), at_rest=False)

        assert bool(said) is not guarded
