"""What is kept of Razorpay's events when one of them cannot be taken in: it waits alone, and says why."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from bookings.api import BoxOffice
from bookings.models import Show
from payments.services import inbox, watch
from tests.support.money_evidence import read_evidence
from tests.support.money_house import House, Told
from tests.support.money_rest import brought_to_rest
from tests.support.staff import park
from tests.support.witness import rows


@contextmanager
def stumbling(where: Any, name: str, *, over: str) -> Iterator[None]:
    """A fault of ours, met only with the order or payment of this name."""
    do = vars(where)[name]

    async def stumble(works: Any, what: Any, **more: Any) -> Any:
        if over in (what, getattr(what, "order", None)):
            raise psycopg.errors.UniqueViolation("a fault of ours")
        return await do(works, what, **more)

    with patch.object(where, name, stumble):
        yield


def kept(database: str) -> list[tuple[Any, ...]]:
    """(whether it is taken in, error) of every event, in order."""
    return rows(database, "SELECT processed_at IS NOT NULL, error FROM payments_webhookevent ORDER BY id")


class TestAnEventThatCannotBeTakenIn:
    async def test_is_durable_so_it_is_answered_and_says_what_is_wrong(
        self, house: House, show: Show, database: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        told = await Told.begin(house, show, "A1")
        told.pay("capture")
        (event,) = house.razorpay.webhooks("payment.captured")

        with stumbling(inbox, "take_in", over=told.order):
            assert await house.deliver(event["body"].encode(), "evt_1") == 200

        assert kept(database) == [(False, "UniqueViolation('a fault of ours')")]
        assert "Traceback" in caplog.text
        await brought_to_rest(database)
        assert kept(database) == [(True, "")]

    async def test_keeps_nobody_else_waiting(self, house: House, show: Show, database: str) -> None:
        odd, told, polled = [await Told.begin(house, show, seat) for seat in ("A1", "A2", "A3")]
        bodies = {}
        for one in (odd, told):
            one.pay("capture")
            bodies[one] = house.razorpay.webhooks("payment.captured")[-1]["body"].encode()
        polled.pay("capture")
        with patch.object(inbox, "take_event"):  # The process died.
            for one, body in bodies.items():
                assert await house.deliver(body, f"evt_{one.booking}") == 200

        with stumbling(inbox, "take_in", over=odd.order), stumbling(watch, "take_in", over=odd.order):
            await brought_to_rest(database)

        statuses = {booking["id"]: booking["status"] for booking in read_evidence(database).bookings}
        assert [statuses[one.booking] for one in (odd, told, polled)] == ["pending", "confirmed", "confirmed"]


class TestMoneyOfNobodyThatCannotBeSettled:
    async def test_keeps_nobody_else_waiting(
        self, house: House, office: BoxOffice, show: Show, database: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        parked = await park(office, house.razorpay)
        told = await Told.begin(house, show, "A1")
        told.pay("capture")

        with stumbling(watch, "_match_or_give_back", over=parked.payment_id):
            await brought_to_rest(database)

        assert read_evidence(database).bookings[0]["status"] == "confirmed"
        assert f"payment {parked.payment_id} cannot be settled" in caplog.text


class TestARefundOfNothing:
    async def test_is_taken_in_and_moves_nothing(self, house: House, show: Show, database: str) -> None:
        told = await Told.begin(house, show, "A1")
        paid = told.pay("capture")
        await told.say("verify")
        house.razorpay.sdk().payment.refund(paid.payment_id, {"amount": 10_000})
        (event,) = house.razorpay.webhooks("refund.created")
        body = json.loads(event["body"])
        body["payload"]["refund"]["entity"]["amount"] = 0

        assert await house.deliver(json.dumps(body).encode(), "evt_1") == 200

        assert kept(database) == [(True, "")]
        assert rows(database, "SELECT 1 FROM payments_refund") == []
