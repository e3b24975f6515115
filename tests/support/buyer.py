"""A buyer who speaks to the house as a payment page does: by the real calls, over the emulated Razorpay.

Runs in the test's own loop (`tests.support.api`); what money did is read from PostgreSQL's raw rows and from the
emulator's ledger, never through the house.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import httpx
from asgiref.sync import sync_to_async

from bookings.models import Booking, Show
from tests.support.api import ApiClient, api_guest
from tests.support.openapi import assert_matches_openapi
from tests.support.razorpay import Paid, Razorpay

BUYER = {"name": "Asha Rao", "email": "asha@example.org", "phone": "+919876543210"}


class Buyer:
    """One holder with one booking at a time."""

    def __init__(self, api: ApiClient, razorpay: Razorpay) -> None:
        self.api = api
        self.razorpay = razorpay
        self.booking = ""
        self.order = ""

    async def hold(self, show: Show, *seats: str) -> None:
        reply = await self.api.hold(show.pk, *seats)
        assert reply.status_code == 201, reply.text
        self.booking = reply.json()["booking"]

    async def check_out(self) -> httpx.Response:
        reply = await self.api.ask("POST", f"bookings/{self.booking}/checkout", json=BUYER)
        if reply.status_code == 200:
            self.order = reply.json()["order_id"]
        return reply

    async def begin(self, show: Show, *seats: str) -> None:
        """Hold seats and check out."""
        await self.hold(show, *seats)
        reply = await self.check_out()
        assert reply.status_code == 200, reply.text

    def pay(self, outcome: str = "capture", **wishes: Any) -> Paid:
        """Pay at Razorpay; the house has not heard of it."""
        return self.razorpay.pay(self.order, outcome, **wishes)

    async def verify(self, paid: Paid) -> httpx.Response:
        return await self.call("/verify_payment/", paid.handed)

    async def cancel(self, reason: str, **more: Any) -> httpx.Response:
        return await self.call("/api/cancel_booking/", {"booking": self.booking, "reason": reason, **more})

    async def look(self) -> dict[str, Any]:
        """The booking as the contract tells it."""
        told: dict[str, Any] = await self.api.get(f"bookings/{self.booking}")
        return told

    async def call(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """A call outside /api/v1/, held to the document as well."""
        reply = await self.api.http.post(path, json=body)
        assert_matches_openapi("POST", path, reply.status_code, reply.json())
        return reply

    async def row(self) -> Booking:
        return await sync_to_async(Booking.objects.get)(pk=UUID(self.booking))


@asynccontextmanager
async def new_buyer(razorpay: Razorpay) -> AsyncIterator[Buyer]:
    """Somebody who has bought nothing yet."""
    async with api_guest() as api:
        yield Buyer(api, razorpay)
