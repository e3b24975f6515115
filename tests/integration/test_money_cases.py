"""Turns of money that histories found, or that others have lost money by, each told by itself."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Show
from tests.support.api import serving_office
from tests.support.cinema import make_show
from tests.support.money import assert_sound
from tests.support.money_evidence import Evidence, Row, read_evidence
from tests.support.money_house import House, Told
from tests.support.money_rest import brought_to_rest
from tests.support.razorpay import Razorpay

HALF_AN_HOUR_AND_MORE = 2000


@pytest.fixture
def show(database: str) -> Show:
    return make_show()


@pytest.fixture
async def office(settings: Settings, tmp_path: Path, show: Show) -> AsyncIterator[BoxOffice]:
    async with serving_office(settings, tmp_path) as office:
        yield office


@pytest.fixture
def house(office: BoxOffice, razorpay: Razorpay) -> House:
    house = House(razorpay)
    house.hold_webhooks_back()
    return house


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
