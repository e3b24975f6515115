"""Money in a race: real processes, one deadline, and fifty of everything at once.

The test's own process serves as a second web process of the house: its box office shares nothing with the other.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest
from pytest_django import Settings

from bookings.api import BoxOffice, issue_holder
from bookings.models import Show
from tests.support.api import serving_office
from tests.support.buyer import BUYER
from tests.support.cinema import make_show
from tests.support.house import RunningHouse, running_house
from tests.support.money import assert_sound
from tests.support.money_evidence import Evidence, read_evidence
from tests.support.money_house import House, Told
from tests.support.money_rest import brought_to_rest
from tests.support.razorpay import Razorpay

FIFTY: Final = 50
DEADLINES_MS: Final = (-1, 0, 1)
BUYERS: Final = 9
LEAD_SECONDS: Final = 0.25

Reply = tuple[int, Any]


@pytest.fixture
def show(database: str) -> Show:
    return make_show()


@pytest.fixture
def running(database: str, razorpay: Razorpay) -> Iterator[RunningHouse]:
    with running_house(LIMIT_PROFILE="bench") as running:
        running.start_web()
        yield running


@pytest.fixture
async def office(settings: Settings, tmp_path: Path, show: Show) -> AsyncIterator[BoxOffice]:
    settings.LIMIT_PAYMENT_CALLS_PER_MINUTE = settings.LIMIT_HOLDS_PER_MINUTE = 0
    async with serving_office(settings, tmp_path) as office:
        yield office


class TwoProcesses(House):
    """A house whose calls go to its two processes in turn."""

    def __init__(self, razorpay: Razorpay, http: httpx.AsyncClient) -> None:
        super().__init__(razorpay)
        self._http = http
        self._calls = 0

    async def call(self, path: str, token: str, body: object) -> Reply:
        self._calls += 1
        if self._calls % 2:
            return await super().call(path, token, body)
        reply = await self._http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
        return reply.status_code, reply.json()

    async def fifty(self, path: str, token: str, body: object) -> list[Reply]:
        """The replies to the same call, made fifty times at once."""
        return list(await asyncio.gather(*(self.call(path, token, body) for _ in range(FIFTY))))


@pytest.fixture
async def house(office: BoxOffice, razorpay: Razorpay, running: RunningHouse) -> AsyncIterator[TwoProcesses]:
    limits = httpx.Limits(max_connections=FIFTY)
    async with httpx.AsyncClient(base_url=running.url, timeout=30, limits=limits, trust_env=False) as http:
        house = TwoProcesses(razorpay, http)
        house.hold_webhooks_back()
        yield house


def evidence(house: House, database: str) -> Evidence:
    return read_evidence(database, house.razorpay.ledger())


def status_of(found: Evidence, told: Told) -> str:
    return next(str(row["status"]) for row in found.bookings if row["id"] == told.booking)


class TestFiftyAtOnce:
    async def test_of_each_call_are_as_good_as_one(self, show: Show, house: TwoProcesses, database: str) -> None:
        told = await Told.begin(house, show, "A1", "A2")
        checkouts = await house.fifty(f"/api/v1/bookings/{told.booking}/checkout", told.token, BUYER)
        told.pay("capture")
        assert told.paid is not None
        verified = await house.fifty("/verify_payment/", told.token, told.paid.handed)
        give_back = {"booking": told.booking, "reason": "user"}
        returned = await house.fifty("/api/cancel_booking/", told.token, give_back)
        dropped = await Told.begin(house, show, "B1")
        give_up = {"booking": dropped.booking, "reason": "dismiss", "expected_status": "pending"}
        dismissed = await house.fifty("/api/cancel_booking/", dropped.token, give_up)

        assert {(status, reply["order_id"]) for status, reply in checkouts} == {(200, told.order)}
        confirmed = {"booking": told.booking, "status": "confirmed"}
        assert all(reply == (200, confirmed) for reply in verified), Counter(map(str, verified))
        for replies in (returned, dismissed):
            assert all(reply == replies[0] for reply in replies), Counter(map(str, replies))
            assert (replies[0][0], replies[0][1]["status"]) == (200, "cancelled")
        await brought_to_rest(database)
        assert_sound(evidence(house, database), at_rest=True)

    async def test_checkouts_make_one_order(self, show: Show, house: TwoProcesses) -> None:
        # Everyone is on his way before there is an order.
        house.razorpay.fault("latency", "orders.create", seconds=0.5, count=None)
        token = issue_holder()
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["C1"]})

        replies = await house.fifty(f"/api/v1/bookings/{held['booking']}/checkout", token, BUYER)

        (made,) = house.razorpay.ledger("order.created")
        assert {(status, reply.get("order_id")) for status, reply in replies} == {(200, made["order_id"])}

    async def test_changes_of_seats_move_them_once(self, show: Show, house: TwoProcesses, database: str) -> None:
        told = await Told.begin(house, show, "D1", "D2")

        replies = await house.fifty(f"/api/v1/bookings/{told.booking}/change_seats", told.token, {})

        assert Counter(status for status, _ in replies) == {200: 1, 409: FIFTY - 1}
        found = evidence(house, database)
        assert_sound(found, at_rest=False)
        assert sorted(booking["status"] for booking in found.bookings) == ["cancelled", "pending"]


class TestMoneyAtTheDeadline:
    async def test_and_the_sweep_leave_sound_bookings(
        self, show: Show, house: TwoProcesses, office: BoxOffice, database: str
    ) -> None:
        """Browser, webhook and sweep come in the same millisecond. Nobody else wants the seats: they are his."""
        told = [await Told.begin(house, show, f"A{number + 1}") for number in range(BUYERS)]
        for one in told:
            one.pay("capture")
        bodies = [event["body"].encode() for event in house.razorpay.webhooks("payment.captured")]
        # Deadlines a millisecond before, at and after the moment at which everyone comes.
        with psycopg.connect(database, autocommit=True) as books:
            for number, one in enumerate(told):
                lead_ms = 1000 * LEAD_SECONDS + DEADLINES_MS[number % len(DEADLINES_MS)]
                books.execute(
                    "UPDATE bookings_booking SET expires_at = clock_timestamp() + %s * interval '1 ms' WHERE id = %s",
                    (lead_ms, one.booking),
                )
        at = asyncio.get_running_loop().time() + LEAD_SECONDS

        async def then(work: Any) -> Any:
            await asyncio.sleep(at - asyncio.get_running_loop().time())
            return await work

        replies = await asyncio.gather(
            *(then(house.call("/verify_payment/", one.token, one.paid.handed)) for one in told if one.paid),
            *(then(house.deliver(body, f"evt_{number}")) for number, body in enumerate(bodies)),
            *(then(office.expire_due()) for _ in range(3)),
        )

        assert all(status == 200 for status, _ in replies[:BUYERS]), replies[:BUYERS]
        assert all(status == 200 for status in replies[BUYERS : 2 * BUYERS])
        await brought_to_rest(database)
        found = evidence(house, database)
        assert_sound(found, at_rest=True)
        assert {status_of(found, one) for one in told} == {"confirmed"}


class TestOneBuyerInTwoTabs:
    async def test_pays_in_both_and_gets_one_payment_back(
        self, show: Show, house: TwoProcesses, database: str
    ) -> None:
        house.razorpay.switch(second_success="capture")
        told = [await Told.begin(house, show, f"A{number + 1}") for number in range(BUYERS)]
        pairs = [(one, one.pay("capture"), one.pay("capture", forced=True)) for one in told]

        replies = await asyncio.gather(
            *(house.call("/verify_payment/", one.token, p.handed) for one, *both in pairs for p in both)
        )

        assert all(reply["status"] == "confirmed" for _, reply in replies), replies
        await brought_to_rest(database)
        found = evidence(house, database)
        assert_sound(found, at_rest=True)
        for one in told:
            assert sorted(p["resolution"] for p in found.payments_of(one.booking)) == ["applied", "refunded"]

    async def test_gives_up_in_one_and_pays_in_the_other(
        self, show: Show, house: TwoProcesses, database: str
    ) -> None:
        told = [await Told.begin(house, show, f"A{number + 1}") for number in range(BUYERS)]
        for one in told:
            one.pay("capture")

        def give_up(one: Told) -> dict[str, str]:
            return {"booking": one.booking, "reason": "dismiss", "expected_status": "pending"}

        replies = await asyncio.gather(
            *(house.call("/verify_payment/", one.token, one.paid.handed) for one in told if one.paid),
            *(house.call("/api/cancel_booking/", one.token, give_up(one)) for one in told),
        )

        # Whoever was first: the money came, and nobody else wanted the seat.
        assert all(reply == (200, replies[n][1]) for n, reply in enumerate(replies[:BUYERS])), replies
        assert {status for status, _ in replies[BUYERS:]} <= {200, 409}
        found = evidence(house, database)
        assert_sound(found, at_rest=False)
        assert {status_of(found, one) for one in told} == {"confirmed"}

    async def test_adds_a_seat_in_one_and_begins_to_pay_in_the_other(
        self, show: Show, house: TwoProcesses, database: str
    ) -> None:
        tokens = [issue_holder() for _ in range(BUYERS)]
        held = [
            await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": [f"A{number + 1}"]})
            for number, token in enumerate(tokens)
        ]
        replies = await asyncio.gather(
            *(
                house.call(path, token, body)
                for number, (token, hold) in enumerate(zip(tokens, held, strict=True))
                for path, body in (
                    (f"/api/v1/bookings/{hold['booking']}/checkout", BUYER),
                    (f"/api/v1/shows/{show.pk}/holds", {"seats": [f"B{number + 1}"]}),
                )
            )
        )

        asked = {reply["order_id"]: reply["amount_paise"] for _, reply in replies[::2]}
        added = [reply.get("code", "added") for _, reply in replies[1::2]]
        # On a busy machine a hold may be told to come again: nothing was held.
        assert set(added) <= {"added", "checkout_started", "not_ready"}, added
        found = evidence(house, database)
        # The order asks for what the seats cost, whoever was first.
        assert_sound(found, at_rest=False)
        assert {order["order"]: order["amount_paise"] for order in found.orders} == asked
