"""Turns of money that histories found, or that others have lost money by, each told by itself."""

from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from bookings.models import Show
from payments.services import inbox, watch
from tests.support.cinema import PRICE_PAISE
from tests.support.guards import unless, with_and_without_guard
from tests.support.money import assert_sound
from tests.support.money_evidence import Evidence, Row, read_evidence
from tests.support.money_house import House, Told
from tests.support.money_rest import brought_to_rest

HALF_AN_HOUR_AND_MORE = 2000


@pytest.fixture
async def told(house: House, show: Show) -> Told:
    """Somebody who is at the checkout of A1."""
    return await Told.begin(house, show, "A1")


async def at_rest(told: Told, database: str) -> Evidence:
    """What there is when the worker has nothing more to do; it must be sound."""
    await brought_to_rest(database)
    found = read_evidence(database, told.house.razorpay.ledger())
    assert_sound(found, at_rest=True)
    return found


async def tell(told: Told, *events: str) -> None:
    """The webhooks of these names, of whatever payment of his."""
    for event in told.house.razorpay.webhooks(*events):
        assert await told.house.deliver(event["body"].encode(), event["event_id"]) == 200


def the(rows: list[Row]) -> Row:
    (row,) = rows
    return row


def dashboard_refund(told: Told, amount_paise: int | None = None) -> Any:
    assert told.paid is not None
    body = {} if amount_paise is None else {"amount": amount_paise}
    return told.house.razorpay.sdk().payment.refund(told.paid.payment_id, body)


class TestMoneyThatWasNeverCaptured:
    async def test_flows_back_and_was_never_the_cinemas(self, told: Told, database: str) -> None:
        told.pay("authorize")
        await told.house.post("/api/cancel_booking/", told.token, {"booking": told.booking, "reason": "user"})
        told.house.razorpay.advance(HALF_AN_HOUR_AND_MORE)

        await tell(told, "refund.created", "refund.processed", "payment.authorized")

        found = await at_rest(told, database)
        assert found.entries == []
        assert the(found.payments)["rank"] == 4


class TestAPaymentOfTheWrongAmount:
    """Razorpay takes what an order asks for, nothing else; should it ever not, nobody keeps seats he did not pay."""

    async def test_does_not_pay_for_the_seats(self, told: Told, database: str) -> None:
        told.pay("capture", amount=PRICE_PAISE // 2)
        await tell(told, "payment.captured")

        found = await at_rest(told, database)

        assert the(found.bookings)["status"] == "pending"
        assert (the(found.payments)["resolution"], the(found.payments)["reason"]) == ("refunded", "wrong_amount")

    async def test_does_not_either_when_the_browser_was_first(self, told: Told, database: str) -> None:
        told.pay("capture", amount=PRICE_PAISE // 2)
        # The checkout's signature names no amount, so that of the order is believed until Razorpay says another.
        await told.say("verify")
        await tell(told, "payment.captured")

        found = await at_rest(told, database)

        assert (the(found.bookings)["status"], the(found.bookings)["cancel_reason"]) == ("cancelled", "wrong amount")
        assert (the(found.payments)["resolution"], the(found.payments)["reason"]) == ("refunded", "wrong_amount")


class TestARefundMadeInTheDashboard:
    async def test_of_a_part_before_we_heard_of_the_payment_sends_the_rest_after_it(
        self, told: Told, database: str
    ) -> None:
        told.pay("capture")
        dashboard_refund(told, 10_000)

        found = await at_rest(told, database)

        assert [refund["amount_paise"] for refund in found.refunds if refund["attempt"]] == [PRICE_PAISE - 10_000]
        assert the(found.bookings)["status"] == "pending"

    async def test_of_all_ends_the_booking(self, told: Told, database: str) -> None:
        told.pay("capture")
        await told.say("verify")
        dashboard_refund(told)
        await tell(told, "refund.processed")

        found = await at_rest(told, database)

        assert (the(found.bookings)["status"], the(found.bookings)["refund"]) == ("cancelled", "refunded")

    async def test_of_a_part_leaves_the_booking(self, told: Told, database: str) -> None:
        told.pay("capture")
        await told.say("verify")
        dashboard_refund(told, 10_000)
        await tell(told, "payment.captured", "refund.processed")

        found = await at_rest(told, database)

        assert the(found.bookings)["status"] == "confirmed"


class TestARefundToldBeforeItsPayment:
    """razorpay-woocommerce #664: the refund was lost, the order fulfilled."""

    async def test_ends_like_the_other_way_round(self, told: Told, database: str) -> None:
        told.pay("capture")
        dashboard_refund(told)

        await tell(told, "refund.created", "refund.processed")
        await tell(told, "payment.authorized", "payment.captured", "order.paid")

        found = await at_rest(told, database)
        assert the(found.bookings)["status"] == "pending"
        assert the(found.payments)["rank"] == 4
        assert the(found.refunds)["reason"] == "outside"


class TestAWebhookThatBeatsTheOrdersRow:
    """statamic-cargo #190: it was answered 200 and forgotten."""

    @with_and_without_guard
    async def test_is_matched_by_the_receipt_that_it_tells(
        self, house: House, show: Show, database: str, guarded: bool
    ) -> None:
        told = await Told.begin(house, show, "A1")
        with psycopg.connect(database, autocommit=True) as books:
            books.execute("UPDATE payments_order SET razorpay_id = NULL, state = 'creating', lease_until = now()")
        told.pay("capture")

        with unless(guarded, patch.object(inbox, "receipt_of", lambda _: "")):
            await tell(told, "order.paid")

        found = read_evidence(database)
        assert the(found.bookings)["status"] == ("confirmed" if guarded else "pending")
        assert the(found.orders)["order"] == (told.order if guarded else None)

    async def test_that_names_no_booking_is_found_by_the_receipt(self, told: Told, database: str) -> None:
        with psycopg.connect(database, autocommit=True) as books:
            books.execute("UPDATE payments_order SET razorpay_id = NULL, state = 'creating', lease_until = now()")
        told.pay("capture")

        await tell(told, "payment.captured")

        found = await at_rest(told, database)
        assert the(found.bookings)["status"] == "confirmed"


class TestMoneyForAnOrderThatIsNotOurs:
    async def test_goes_back_after_a_while(self, house: House, show: Show, database: str) -> None:
        order = house.razorpay.create_order(50_000)
        paid = house.razorpay.pay(order, "capture")
        for event in house.razorpay.webhooks("payment.captured"):
            await house.deliver(event["body"].encode(), event["event_id"])
        await brought_to_rest(database)
        assert the(read_evidence(database).payments)["resolution"] == "none"

        await brought_to_rest(database, parked_too=True)

        found = read_evidence(database, house.razorpay.ledger())
        assert_sound(found, at_rest=True)
        assert (the(found.payments)["payment"], the(found.payments)["resolution"]) == (paid.payment_id, "refunded")


class TestABookingThatCannotBeSettled:
    async def test_keeps_nobody_else_waiting(
        self, house: House, show: Show, database: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        told = [await Told.begin(house, show, seat) for seat in ("A1", "A2", "A3")]
        for one in told:
            one.pay("capture")
        settle, odd = vars(watch)["take_in"], told[0].order

        async def stumble(works: Any, fact: Any) -> Any:
            if fact.order == odd:
                raise AssertionError("a fault of ours")
            return await settle(works, fact)

        with patch.object(watch, "take_in", stumble):
            await brought_to_rest(database)

        statuses = {b["id"]: b["status"] for b in read_evidence(database).bookings}
        assert [statuses[one.booking] for one in told] == ["pending", "confirmed", "confirmed"]
        assert "a fault of ours" in caplog.text
