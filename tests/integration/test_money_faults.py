"""The gateway fails in every way it can: a booking stays payable or ends cleanly, and nothing is done twice."""

from collections.abc import Iterator
from typing import Any, Final
from unittest.mock import patch

import pytest
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice, issue_holder
from bookings.models import Show
from payments import razorpay_gateway
from payments.razorpay_gateway import gateway
from payments.services import watch
from tests.support.buyer import BUYER
from tests.support.guards import unless, with_and_without_guard
from tests.support.money import assert_sound
from tests.support.money_crasher import run_task
from tests.support.money_evidence import Evidence, read_evidence
from tests.support.money_house import House, Told
from tests.support.money_rest import brought_to_rest, make_due
from tests.support.razorpay import Razorpay
from tests.support.witness import rows

# Kind, and whether the work was done although it does not look so.
FAULTS: Final[tuple[tuple[str, bool], ...]] = (
    ("status_429", False),
    ("error_500", False),
    ("error_500", True),
    ("html_502", False),
    ("html_502", True),
    ("reset", False),
    ("dropped", True),
    ("hang", False),
    ("hang", True),
    ("slow_body", True),
)
SLOW_SECONDS: Final = 0.3
POLL_SECONDS_MAX: Final = 60


@pytest.fixture
def house(office: BoxOffice, razorpay: Razorpay) -> Iterator[House]:
    house = House(razorpay)
    house.hold_webhooks_back()
    with patch.object(razorpay_gateway, "TIMEOUT_SECONDS", (0.5, 0.4)):
        yield house


def plan(razorpay: Razorpay, call: str, kind: str, after_work: bool, **more: Any) -> None:
    wishes: dict[str, Any] = {"seconds": SLOW_SECONDS} if kind == "slow_body" else {"after_work": after_work}
    razorpay.fault(kind, call, **wishes, **more)


def evidence(house: House, database: str) -> Evidence:
    return read_evidence(database, house.razorpay.ledger())


async def relay(database: str) -> None:
    """The worker once, with everything due."""
    make_due(database)
    await sync_to_async(run_task)("relay_outbox")


class TestMakingAnOrder:
    async def test_ends_in_one_whatever_the_gateway_does(self, house: House, show: Show, database: str) -> None:
        for number, (kind, after_work) in enumerate(FAULTS):
            token = issue_holder()
            held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": [f"A{number + 1}"]})
            checkout = f"/api/v1/bookings/{held['booking']}/checkout"
            plan(house.razorpay, "orders.create", kind, after_work)

            first = await house.call(checkout, token, BUYER)
            again = await house.call(checkout, token, BUYER)

            assert first[0] == 200 or (first[0] == 503 and first[1]["retryable"]), (kind, first)
            assert again[0] == 200, (kind, again)
            made = [e["order_id"] for e in house.razorpay.ledger("order.created") if e["receipt"] == held["booking"]]
            assert made == [again[1]["order_id"]], f"{kind} made {made}"
        assert_sound(evidence(house, database), at_rest=False)

    async def test_ends_in_one_though_it_cannot_be_looked_up_either(
        self, house: House, show: Show, database: str
    ) -> None:
        token = issue_holder()
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["A1"]})
        checkout = f"/api/v1/bookings/{held['booking']}/checkout"
        house.razorpay.fault("dropped", "orders.create")
        house.razorpay.fault("html_502", "orders.list", count=2)

        replies = [await house.call(checkout, token, BUYER) for _ in range(3)]

        assert [status for status, _ in replies] == [503, 503, 200], replies
        assert replies[0][1]["code"] == "outcome_unknown"
        (made,) = house.razorpay.ledger("order.created")
        assert replies[2][1]["order_id"] == made["order_id"]

    async def test_is_found_by_the_worker_when_the_buyer_does_not_come_back(
        self, house: House, show: Show, database: str
    ) -> None:
        token = issue_holder()
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["A1"]})
        house.razorpay.fault("dropped", "orders.create")
        house.razorpay.fault("html_502", "orders.list")
        await house.call(f"/api/v1/bookings/{held['booking']}/checkout", token, BUYER)

        await brought_to_rest(database)

        (order,) = evidence(house, database).orders
        (made,) = house.razorpay.ledger("order.created")
        assert (order["order"], order["state"]) == (made["order_id"], "created")


class TestTheWorkersCalls:
    async def test_capture_and_give_back_once_whatever_the_gateway_does(
        self, house: House, show: Show, database: str
    ) -> None:
        house.razorpay.switch(second_success="capture")
        for number, (kind, after_work) in enumerate(FAULTS):
            told = await Told.begin(house, show, f"A{number + 1}")
            told.pay("authorize")
            await told.say("verify")
            twice = told.pay("capture", forced=True)
            await told.say("verify")
            for call in ("payments.fetch", "payments.capture", "payments.refund"):
                plan(house.razorpay, call, kind, after_work)
            # Once to stumble over the looks, once over the deeds.
            await relay(database)
            await relay(database)
            house.razorpay.clear_faults()
            assert twice.payment_id

        await brought_to_rest(database)

        found = evidence(house, database)
        assert_sound(found, at_rest=True)
        assert [b["status"] for b in found.bookings] == ["confirmed"] * len(FAULTS)
        assert len(found.returned) == len(FAULTS)
        captures = [e["by"] for e in house.razorpay.ledger("payment.captured")]
        assert captures.count("merchant") == len(FAULTS)


class TestWithoutAnyWebhook:
    async def test_polling_alone_settles_everything(self, house: House, show: Show, database: str) -> None:
        house.razorpay.switch(second_success="capture")
        seats = iter(f"A{number}" for number in range(1, 10))
        at_once = await Told.begin(house, show, next(seats))
        at_once.pay("capture")
        authorised = await Told.begin(house, show, next(seats))
        authorised.pay("authorize")
        retried = await Told.begin(house, show, next(seats))
        retried.pay("fail_then_capture")
        failed = await Told.begin(house, show, next(seats))
        failed.pay("fail")
        twice = await Told.begin(house, show, next(seats))
        twice.pay("capture")
        twice.pay("capture", forced=True)
        given_up = await Told.begin(house, show, next(seats))
        given_up.pay("capture")
        await house.post("/api/cancel_booking/", given_up.token, {"booking": given_up.booking, "reason": "dismiss"})
        lost = await Told.begin(house, show, (seat := next(seats)))
        lost.pay("capture")
        await house.post("/api/cancel_booking/", lost.token, {"booking": lost.booking, "reason": "timer"})
        rival = await Told.begin(house, show, seat)
        waits = rows(database, "SELECT extract(epoch FROM poll_at - clock_timestamp())::float8 FROM payments_order")
        assert max(seconds for (seconds,) in waits) <= POLL_SECONDS_MAX

        await brought_to_rest(database)

        found = evidence(house, database)
        assert_sound(found, at_rest=True)
        statuses = {b["id"]: (b["status"], b["refund"]) for b in found.bookings}
        assert {who: statuses[told.booking] for who, told in locals().items() if isinstance(told, Told)} == {
            "at_once": ("confirmed", ""),
            "authorised": ("confirmed", ""),
            "retried": ("confirmed", ""),
            "failed": ("pending", ""),
            "twice": ("confirmed", "refunded"),
            "given_up": ("confirmed", ""),
            "lost": ("cancelled", "refunded"),
            "rival": ("pending", ""),
        }

    @with_and_without_guard
    async def test_one_poll_looks_up_all_that_are_due(
        self, house: House, office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        told = [await Told.begin(house, show, seat) for seat in ("A1", "A2", "A3")]
        for one in told:
            one.pay("capture")
        make_due(database)

        # More checkouts are open than one batch takes.
        with (
            patch.object(watch, "BATCH_MAX", 1),
            unless(guarded, patch.object(watch, "POLL_SECONDS_MAX", 0)),
        ):
            count = await watch.poll_orders(office.works, gateway)

        statuses = [booking["status"] for booking in evidence(house, database).bookings]
        assert (count, statuses.count("confirmed")) == ((3, 3) if guarded else (1, 1))
