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
from payments.razorpay_gateway import gateway
from payments.services import inbox, watch
from tests.support.guards import python_without, unless, with_and_without_guard
from tests.support.money_house import House, Told
from tests.support.money_rest import LONG, brought_to_rest, make_due
from tests.support.staff import park
from tests.support.witness import booking_status, rows


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


@contextmanager
def ended_by_the_first_fault(where: Any, name: str) -> Iterator[None]:
    """This function without what it does about faults that nobody foresaw."""
    with (
        python_without(where, name, "except Exception", "except ZeroDivisionError"),
        pytest.raises(psycopg.errors.UniqueViolation),
    ):
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

    @with_and_without_guard
    async def test_keeps_no_other_event_waiting(
        self, house: House, office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        odd, told = [await Told.begin(house, show, seat) for seat in ("A1", "A2")]
        for one in (odd, told):
            one.pay("capture")
            body = house.razorpay.webhooks("payment.captured")[-1]["body"].encode()
            with patch.object(inbox, "take_event"):  # The process died.
                assert await house.deliver(body, f"evt_{one.booking}") == 200
        make_due(database)

        with (
            stumbling(inbox, "take_in", over=odd.order),
            unless(guarded, ended_by_the_first_fault(inbox, "take_event")),
        ):
            await inbox.take_leftovers(office.works)

        told_ends_as = "confirmed" if guarded else "pending"
        assert [booking_status(database, one.booking) for one in (odd, told)] == ["pending", told_ends_as]


class TestAnOrderThatCannotBeLookedUp:
    @with_and_without_guard
    async def test_does_not_end_the_round(
        self, house: House, office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        odd, polled = [await Told.begin(house, show, seat) for seat in ("A1", "A2")]
        for one in (odd, polled):
            one.pay("capture")
        make_due(database)

        with (
            stumbling(watch, "take_in", over=odd.order),
            unless(guarded, ended_by_the_first_fault(watch, "_poll_one")),
        ):
            assert await watch.poll_orders(office.works, gateway) == 2
            assert [booking_status(database, one.booking) for one in (odd, polled)] == ["pending", "confirmed"]


class TestMoneyOfNobodyThatCannotBeSettled:
    @with_and_without_guard
    async def test_keeps_no_other_waiting(
        self, house: House, office: BoxOffice, database: str, guarded: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        odd, other = [await park(office, house.razorpay) for _ in range(2)]
        make_due(database, age=LONG)

        with (
            stumbling(watch, "_match_or_give_back", over=odd.payment_id),
            unless(guarded, ended_by_the_first_fault(watch, "_apart")),
        ):
            await watch.settle_leftovers(office.works)

        resolutions = dict(rows(database, "SELECT id, resolution FROM payments_payment"))
        assert resolutions[odd.payment_id] == "none"
        assert resolutions[other.payment_id] == ("refund_due" if guarded else "none")
        assert (f"payment {odd.payment_id} cannot be settled" in caplog.text) is guarded


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
