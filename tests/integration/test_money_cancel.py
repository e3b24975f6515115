"""A booking given up after an attempt to pay it: the gateway is asked first, and what was paid is not given up."""

from typing import Any
from unittest.mock import patch

import pytest

from bookings.api import issue_holder
from bookings.models import Show
from payments.services import cancel
from tests.support.guards import unless, with_and_without_guard
from tests.support.money import assert_sound
from tests.support.money_evidence import read_evidence
from tests.support.money_house import House, Told
from tests.support.money_rest import brought_to_rest
from tests.support.witness import booking_status

REASONS = ["refresh", "dismiss", "timer", "user"]


@pytest.fixture
async def told(house: House, show: Show) -> Told:
    """Somebody who is at the checkout of A1."""
    return await Told.begin(house, show, "A1")


async def try_in_vain(told: Told) -> None:
    """An attempt that fails, and of which the house is told."""
    told.pay("fail")
    (event,) = told.house.razorpay.webhooks("payment.failed")
    assert await told.house.deliver(event["body"].encode(), event["event_id"]) == 200


async def give_up(told: Told, reason: str, *, token: str = "") -> tuple[int, Any]:
    wish = {"booking": told.booking, "reason": reason}
    return await told.house.call("/api/cancel_booking/", token or told.token, wish)


async def assert_sound_at_rest(told: Told, database: str) -> None:
    await brought_to_rest(database)
    assert_sound(read_evidence(database, told.house.razorpay.ledger()), at_rest=True)


async def never(*_: object) -> None:
    raise AssertionError("the gateway was asked")


class TestGivingUp:
    @with_and_without_guard
    @pytest.mark.parametrize("reason", REASONS)
    async def test_finds_what_was_paid_a_moment_ago(
        self, told: Told, database: str, reason: str, guarded: bool
    ) -> None:
        """The second attempt succeeded in the bank's app, and nobody has told the house yet."""
        await try_in_vain(told)
        told.pay("capture")

        async def asks_nobody(*_: object, **__: object) -> bool:
            return False

        with unless(guarded, patch.object(cancel, "_has_looked_for_money", asks_nobody)):
            status, reply = await give_up(told, reason)

        if not guarded:
            assert (status, reply["status"]) == (200, "cancelled")
        elif reason == "user":
            assert (status, reply["code"]) == (409, "booking_confirmed")
        else:
            assert (status, reply["status"]) == (200, "confirmed")
        assert booking_status(database, told.booking) == ("confirmed" if guarded else "cancelled")
        await assert_sound_at_rest(told, database)

    async def test_is_done_where_only_attempts_failed(self, told: Told, database: str) -> None:
        await try_in_vain(told)

        assert await give_up(told, "user") == (
            200,
            {"booking": told.booking, "status": "cancelled", "refund": None},
        )
        await assert_sound_at_rest(told, database)

    async def test_is_done_when_the_gateway_does_not_answer(self, told: Told, database: str) -> None:
        await try_in_vain(told)
        told.pay("capture")
        told.house.razorpay.fault("reset", count=None)

        status, reply = await give_up(told, "user")

        assert (status, reply["status"]) == (200, "cancelled")
        told.house.razorpay.clear_faults()
        await assert_sound_at_rest(told, database)

    async def test_asks_nobody_where_nobody_has_tried(self, told: Told) -> None:
        with patch.object(cancel, "take_payments_of", never):
            status, reply = await give_up(told, "user")

        assert (status, reply["status"]) == (200, "cancelled")

    async def test_asks_nobody_for_a_stranger(self, told: Told, database: str) -> None:
        await try_in_vain(told)
        told.pay("capture")

        with patch.object(cancel, "take_payments_of", never):
            status, reply = await give_up(told, "user", token=issue_holder())

        assert (status, reply["code"]) == (404, "not_found")
        assert booking_status(database, told.booking) == "pending"

    async def test_once_more_asks_nobody(self, told: Told) -> None:
        await try_in_vain(told)
        await give_up(told, "user")

        with patch.object(cancel, "take_payments_of", never):
            status, reply = await give_up(told, "user")

        assert (status, reply["status"]) == (200, "cancelled")
