"""CAPTURE_MODE=manual: money is taken only for bookings that are confirmed, and every other payment flows back."""

import pytest
from pytest_django import Settings

from bookings.api import BoxOffice, issue_holder
from bookings.models import Show
from tests.support.money import assert_sound
from tests.support.money_evidence import Evidence, read_evidence
from tests.support.money_house import House, Told
from tests.support.money_rest import brought_to_rest
from tests.support.razorpay import Razorpay

# Past the half hour after which what nobody captured flows back.
FLOWN_BACK_SECONDS = 2000


@pytest.fixture
def house(office: BoxOffice, razorpay: Razorpay, settings: Settings) -> House:
    settings.CAPTURE_MODE = "manual"
    house = House(razorpay)
    house.hold_webhooks_back()
    return house


def captured(house: House) -> list[str]:
    """Who captured, of every capture."""
    return [event["by"] for event in house.razorpay.ledger("payment.captured")]


async def at_rest(house: House, database: str) -> Evidence:
    await brought_to_rest(database)
    house.razorpay.advance(FLOWN_BACK_SECONDS)
    await brought_to_rest(database)
    found = read_evidence(database, house.razorpay.ledger())
    assert_sound(found, at_rest=True)
    return found


class TestTheHouseThatCapturesItself:
    async def test_captures_what_pays_for_a_booking(self, house: House, show: Show, database: str) -> None:
        told = await Told.begin(house, show, "A1")
        told.pay("success")
        await told.say("verify")
        assert captured(house) == []

        found = await at_rest(house, database)

        assert captured(house) == ["merchant"]
        assert found.bookings[0]["status"] == "confirmed"

    async def test_captures_after_any_fault_of_the_gateway(self, house: House, show: Show, database: str) -> None:
        told = await Told.begin(house, show, "A1")
        told.pay("success")
        await told.say("verify")
        house.razorpay.fault("dropped", "payments.capture")

        await at_rest(house, database)

        assert captured(house) == ["merchant"]

    async def test_lets_the_money_of_who_came_too_late_flow_back(
        self, house: House, show: Show, database: str
    ) -> None:
        told = await Told.begin(house, show, "A1")
        told.pay("success")
        await house.post("/api/cancel_booking/", told.token, {"booking": told.booking, "reason": "timer"})
        await house.post(f"/api/v1/shows/{show.pk}/holds", issue_holder(), {"seats": ["A1"]})
        await told.say("verify")

        found = await at_rest(house, database)

        assert captured(house) == []
        assert [refund.ours for refund in found.returned.values()] == [None]
        assert found.payments[0]["resolution"] == "refunded"
        assert {booking["refund"] for booking in found.bookings} == {"refunded", ""}

    async def test_captures_one_of_two_payments(self, house: House, show: Show, database: str) -> None:
        told = await Told.begin(house, show, "A1")
        for _ in range(2):
            told.pay("success", forced=True)
            await told.say("verify")

        found = await at_rest(house, database)

        assert captured(house) == ["merchant"]
        assert sorted(payment["resolution"] for payment in found.payments) == ["applied", "refunded"]

    async def test_ends_a_booking_whose_money_could_not_be_captured_in_time(
        self, house: House, show: Show, database: str
    ) -> None:
        told = await Told.begin(house, show, "A1")
        told.pay("success")
        await told.say("verify")
        house.razorpay.advance(FLOWN_BACK_SECONDS)

        found = await at_rest(house, database)

        assert (found.bookings[0]["status"], found.bookings[0]["refund"]) == ("cancelled", "refunded")
