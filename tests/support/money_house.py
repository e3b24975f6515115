"""The house's views called in process, and buyers who pay there: for tests that make thousands of calls.

There is no server, no client library and no socket around a call; all else is the product's own path. What the
gateway tells is held back, so that a test says it in its own order.
"""

import json
import logging
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse
from django.urls import resolve

from bookings.api import issue_holder
from bookings.models import Show
from payments.emulator.ids import signature
from tests.support.buyer import BUYER
from tests.support.razorpay import Paid, Razorpay
from tests.support.razorpay_keys import WEBHOOK_SECRET


class Doors:
    """Where requests enter the house."""

    async def call(self, path: str, token: str, body: object) -> tuple[int, Any]:
        """The status and the body of the reply to a buyer's call."""
        response = await self.request(path, json.dumps(body).encode(), {"authorization": f"Bearer {token}"})
        return response.status_code, json.loads(response.content)

    async def post(self, path: str, token: str, body: object) -> Any:
        """The reply to a call that must succeed."""
        status, reply = await self.call(path, token, body)
        assert status < 300, reply
        return reply

    async def deliver(self, body: bytes, event_id: str, *, secret: str = WEBHOOK_SECRET) -> int:
        """Razorpay tells of an event. Returns the status."""
        headers = {"x-razorpay-signature": signature(secret, body), "x-razorpay-event-id": event_id}
        return (await self.request("/payments/webhook/", body, headers)).status_code

    async def request(self, path: str, body: bytes, headers: dict[str, str]) -> HttpResponse:
        """The response of the view at this address."""
        sent = {"host": "testserver", "content-type": "application/json", "content-length": str(len(body)), **headers}
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("192.0.2.1", 50_000),
        }
        view = resolve(path)
        with BytesIO(body) as stream:
            response: HttpResponse = await view.func(ASGIRequest(scope, stream), *view.args, **view.kwargs)
        return response


class House(Doors):
    """The house's doors, and the gateway behind it."""

    def __init__(self, razorpay: Razorpay) -> None:
        self.razorpay = razorpay
        # Thousands of lines would bury what a failure says.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    def hold_webhooks_back(self) -> None:
        """Webhooks are made and never sent by the gateway itself."""
        self.razorpay.webhooks_to("http://127.0.0.1:9/")
        self.razorpay.plan_webhooks(hold=True)


class Told:
    """A booking of somebody who has paid, and all that can be said of it."""

    def __init__(self, house: House, token: str, booking: str, order: str) -> None:
        self.house = house
        self.token = token
        self.booking = booking
        self.order = order
        self.paid: Paid | None = None
        self.bodies: dict[str, bytes] = {}

    @classmethod
    async def begin(cls, house: House, show: Show, *labels: str) -> "Told":
        """Somebody new holds these seats and checks out."""
        token = issue_holder()
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": labels})
        checkout = await house.post(f"/api/v1/bookings/{held['booking']}/checkout", token, BUYER)
        return cls(house, token, held["booking"], checkout["order_id"])

    def pay(self, outcome: str = "fail_then_capture", **wishes: Any) -> Paid:
        """Pay; nobody has told the house. By default it fails first and succeeds then, on the same id."""
        self.paid = self.house.razorpay.pay(self.order, outcome, **wishes)
        return self.paid

    async def say(self, fact: str) -> None:
        """By the call or the webhook that says it."""
        if fact == "verify":
            assert self.paid is not None
            reply = await self.house.post("/verify_payment/", self.token, self.paid.handed)
            assert reply["booking"] == self.booking
        elif fact == "duplicate":
            # The same said by another event: its bytes differ, so the inbox does not know it again.
            again = {**json.loads(self.bodies["payment.captured"]), "created_at": 1}
            assert await self.house.deliver(json.dumps(again).encode(), f"evt_again_{self.booking}") == 200
        else:
            assert await self.house.deliver(self.bodies[fact], f"evt_{fact}_{self.booking}") == 200


def hand_out_webhooks(razorpay: Razorpay, told: list[Told]) -> None:
    """Give everyone the webhooks about his payment."""
    by_payment = {one.paid.payment_id: one for one in told if one.paid is not None}
    for event in razorpay.webhooks():
        payment = json.loads(event["body"])["payload"]["payment"]["entity"]["id"]
        if payment in by_payment:
            by_payment[payment].bodies[event["event"]] = event["body"].encode()
