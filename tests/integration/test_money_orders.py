"""Six facts about one payment, in all 720 orders: the same rows in the end, whoever said what first.

Each order has a booking and a payment of its own, so that hundreds are told at a time; the bodies are the emulator's
genuine webhooks, and they enter where Razorpay's and the browser's requests enter.
"""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.urls import resolve
from pytest_django import Settings

from bookings.api import BoxOffice, issue_holder
from bookings.models import Show
from payments.emulator.ids import signature
from tests.support.buyer import BUYER
from tests.support.cinema import make_show
from tests.support.money import assert_sound, told_alike
from tests.support.money_evidence import read_evidence
from tests.support.razorpay import Paid, Razorpay
from tests.support.razorpay_keys import WEBHOOK_SECRET

FACTS: Final = ("verify", "payment.authorized", "payment.captured", "order.paid", "duplicate", "payment.failed")
AT_ONCE: Final = 8


class House:
    """The house's views, without a server and a client around each call: there are thousands of them."""

    def __init__(self, razorpay: Razorpay) -> None:
        self.razorpay = razorpay

    async def post(self, path: str, token: str, body: object) -> Any:
        """The reply to a buyer's call."""
        response = await self._call(path, json.dumps(body).encode(), {"authorization": f"Bearer {token}"})
        assert response.status_code < 300, response.content
        return json.loads(response.content)

    async def deliver(self, body: bytes, event_id: str) -> None:
        """Razorpay tells of an event."""
        headers = {"x-razorpay-signature": signature(WEBHOOK_SECRET, body), "x-razorpay-event-id": event_id}
        response = await self._call("/payments/webhook/", body, headers)
        assert response.status_code == 200, response.content

    async def _call(self, path: str, body: bytes, headers: dict[str, str]) -> HttpResponse:
        sent = {"host": "testserver", "content-type": "application/json", "content-length": str(len(body)), **headers}
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
            "client": ("192.0.2.1", 50_000),
        }
        view = resolve(path)
        response: HttpResponse = await view.func(ASGIRequest(scope, BytesIO(body)), *view.args, **view.kwargs)
        return response


class Told:
    """A booking of somebody who has paid, and all that can be said of it."""

    def __init__(self, house: House, token: str, booking: str, order: str) -> None:
        self._house = house
        self._token = token
        self.booking = booking
        self.order = order
        self.paid: Paid | None = None
        self.bodies: dict[str, bytes] = {}

    async def say(self, fact: str) -> None:
        """By the call or the webhook that says it."""
        if fact == "verify":
            assert self.paid is not None
            reply = await self._house.post("/verify_payment/", self._token, self.paid.handed)
            assert reply == {"booking": self.booking, "status": "confirmed"}
        elif fact == "duplicate":
            # The same said by another event: its bytes differ, so the inbox does not know it again.
            again = {**json.loads(self.bodies["payment.captured"]), "created_at": 1}
            await self._house.deliver(json.dumps(again).encode(), f"evt_again_{self.booking}")
        else:
            await self._house.deliver(self.bodies[fact], f"evt_{fact}_{self.booking}")


@pytest.fixture
def show(database: str) -> Show:
    return make_show(seats=760)


@pytest.fixture
async def office(settings: Settings, tmp_path: Path, show: Show) -> AsyncIterator[BoxOffice]:
    settings.STATIC_ROOT = tmp_path
    office = await BoxOffice.current()
    yield office
    await office.close()


@pytest.fixture
def house(office: BoxOffice, razorpay: Razorpay) -> House:
    # Webhooks are made and never sent: the tests say them in their own order.
    razorpay.webhooks_to("http://127.0.0.1:9/")
    razorpay.plan_webhooks(hold=True)
    return House(razorpay)


async def paid_bookings(house: House, office: BoxOffice, show: Show, *, count: int) -> list[Told]:
    """So many bookings that were paid and failed first, and nobody has said so yet."""
    labels = [seat["label"] for seat in show.layout.seats[:count]]
    gate = asyncio.Semaphore(AT_ONCE)

    async def begin(label: str) -> Told:
        token = issue_holder()
        async with gate:
            held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": [label]})
            checkout = await house.post(f"/api/v1/bookings/{held['booking']}/checkout", token, BUYER)
        return Told(house, token, held["booking"], checkout["order_id"])

    told = await asyncio.gather(*(begin(label) for label in labels))
    by_payment: dict[str, Told] = {}
    for one in told:
        one.paid = house.razorpay.pay(one.order, "fail_then_capture")
        by_payment[one.paid.payment_id] = one
    for event in house.razorpay.webhooks():
        payment = json.loads(event["body"])["payload"]["payment"]["entity"]["id"]
        by_payment[payment].bodies[event["event"]] = event["body"].encode()
    return told


async def say_in_orders(told: Iterable[Told], orders: Iterable[tuple[str, ...]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def say_all(one: Told, order: tuple[str, ...]) -> None:
        async with gate:
            for fact in order:
                await one.say(fact)

    await asyncio.gather(*(say_all(one, order) for one, order in zip(told, orders, strict=True)))


class TestSixFacts:
    async def test_end_in_the_same_rows_in_all_720_orders(
        self, database: str, show: Show, office: BoxOffice, house: House
    ) -> None:
        orders = list(itertools.permutations(FACTS))
        told = await paid_bookings(house, office, show, count=len(orders))

        await say_in_orders(told, orders)

        found = read_evidence(database, house.razorpay.ledger())
        assert_sound(found, at_rest=False)
        ends = Counter(told_alike(found, one.booking) for one in told)
        assert len(ends) == 1, f"{ends.most_common(3)}"
        (end,) = ends
        assert end.count("'resolution': 'applied'") == 1
        assert "'status': 'confirmed'" in end
