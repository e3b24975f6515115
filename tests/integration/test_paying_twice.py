"""Rule 23 for money: a payment page's call with an Idempotency-Key may be sent again without being done twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice
from bookings.claim_store import store as claims
from bookings.models import Show
from payments.services.cancel import Moved, change_seats
from tests.support.buyer import BUYER, Buyer, new_buyer
from tests.support.cinema import make_show
from tests.support.guards import unless, with_and_without_guard
from tests.support.openapi import assert_matches_openapi
from tests.support.razorpay import Razorpay
from tests.support.witness import another_office, dies, halt_at, rows

KEY = {"Idempotency-Key": "key"}


async def nothing_stored(*_: object, **__: object) -> None:
    return None


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


async def post(buyer: Buyer, path: str, body: Any = None, *, key: str = "key") -> httpx.Response:
    reply = await buyer.api.http.post(path, json=body, headers={"Idempotency-Key": key})
    assert_matches_openapi("POST", path, reply.status_code, reply.json())
    return reply


def checkout_of(buyer: Buyer) -> str:
    return f"/api/v1/bookings/{buyer.booking}/checkout"


def change_of(buyer: Buyer) -> str:
    return f"/api/v1/bookings/{buyer.booking}/change_seats"


async def change(office: BoxOffice, buyer: Buyer) -> Moved:
    """The call to change seats, in another process."""
    holder, booking = (await buyer.row()).holder, buyer.booking
    async with office.works.keyed(holder=holder, operation="change_seats", key="key", body=[booking]) as keyed:
        return await change_seats(office.works, booking=booking, holder=holder, keyed=keyed)


class TestTheSameKey:
    @with_and_without_guard
    async def test_gives_up_the_same_seats_and_no_others(self, show: Show, buyer: Buyer, guarded: bool) -> None:
        await buyer.begin(show, "A1")
        first = await post(buyer, change_of(buyer))

        with unless(guarded, patch.object(claims, "stored_reply", nothing_stored)):
            again = await post(buyer, change_of(buyer))

        # Off: the retransmission of a request that was done is told that its hold is over.
        assert (again.status_code == 200) is guarded
        assert (again.json() == first.json()) is guarded

    async def test_checks_out_with_the_same_reply_when_the_booking_is_over(self, show: Show, buyer: Buyer) -> None:
        await buyer.hold(show, "A1")
        first = await post(buyer, checkout_of(buyer), BUYER)
        await buyer.cancel("dismiss")

        again = await post(buyer, checkout_of(buyer), BUYER)

        assert (again.status_code, again.json()) == (200, first.json())
        assert (await post(buyer, checkout_of(buyer), BUYER, key="another")).json()["code"] == "hold_expired"

    async def test_verifies_once(self, show: Show, buyer: Buyer, database: str) -> None:
        await buyer.begin(show, "A1")
        paid = buyer.pay()

        first = await post(buyer, "/verify_payment/", paid.handed)
        await buyer.cancel("user")
        again = await post(buyer, "/verify_payment/", paid.handed)

        assert first.json() == again.json() == {"booking": buyer.booking, "status": "confirmed"}
        assert (await post(buyer, "/verify_payment/", paid.handed, key="now")).json()["status"] == "cancelled"

    async def test_cancels_once(self, buyer: Buyer, database: str) -> None:
        await buyer.begin(await sync_to_async(make_show)(starts_in=timedelta(days=3)), "A1")
        await buyer.verify(buyer.pay())
        wish = {"booking": buyer.booking, "reason": "user"}

        replies = [await post(buyer, "/api/cancel_booking/", wish) for _ in range(2)]

        assert replies[0].json() == replies[1].json()
        assert len(rows(database, "SELECT 1 FROM payments_refund")) == 1

    @pytest.mark.parametrize("call", ["checkout", "verify", "cancel"])
    async def test_with_another_body_is_a_mistake(self, show: Show, buyer: Buyer, database: str, call: str) -> None:
        await buyer.begin(show, "A1")
        paid = buyer.pay()
        path, body, other = {
            "checkout": (checkout_of(buyer), BUYER, BUYER | {"name": "Another"}),
            "verify": ("/verify_payment/", paid.handed, paid.handed | {"razorpay_signature": "0" * 64}),
            "cancel": (
                "/api/cancel_booking/",
                {"booking": buyer.booking, "reason": "dismiss"},
                {"booking": buyer.booking, "reason": "user"},
            ),
        }[call]
        await post(buyer, path, body)

        refused = await post(buyer, path, other)

        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_mismatch")

    async def test_of_another_call_is_another_key(self, show: Show, buyer: Buyer) -> None:
        await buyer.hold(show, "A1")
        assert (await post(buyer, checkout_of(buyer), BUYER)).status_code == 200

        assert (await post(buyer, change_of(buyer))).status_code == 200


class TestAStoredReply:
    async def test_is_not_kept_of_a_refusal(self, show: Show, buyer: Buyer, database: str) -> None:
        await buyer.begin(show, "A1")
        forged = buyer.pay().handed | {"razorpay_signature": "0" * 64}

        assert (await post(buyer, "/verify_payment/", forged)).status_code == 400

        assert rows(database, "SELECT 1 FROM bookings_idempotencyrecord WHERE operation = 'verify'") == []

    async def test_is_kept_with_what_it_grants_or_not_at_all(self, show: Show, buyer: Buyer, database: str) -> None:
        await buyer.begin(show, "A1")
        async with another_office() as office:
            with halt_at("work.written") as halt:
                changing = asyncio.create_task(change(office, buyer))
                await halt.reached()
                await dies(changing)

        assert rows(database, "SELECT 1 FROM bookings_idempotencyrecord WHERE operation = 'change_seats'") == []
        assert (await buyer.row()).status == "pending"


class TestATwin:
    async def test_in_flight_is_told_so(self, show: Show, buyer: Buyer) -> None:
        await buyer.hold(show, "A1")
        with halt_at("order.leased") as halt:
            first = asyncio.create_task(post(buyer, checkout_of(buyer), BUYER))
            await halt.reached()

            twin = await post(buyer, checkout_of(buyer), BUYER)
            halt.go_on()

        assert (twin.status_code, twin.json()["code"], twin.json()["retryable"]) == (409, "in_progress", True)
        assert (await first).status_code == 200

    async def test_in_another_process_gets_the_same_booking(self, show: Show, buyer: Buyer, database: str) -> None:
        await buyer.begin(show, "A1")

        async with another_office() as one, another_office() as other:
            with halt_at("work.written") as halt:
                first = asyncio.create_task(change(one, buyer))
                await halt.reached()
                twin = asyncio.create_task(change(other, buyer))
                await asyncio.wait([twin], timeout=0.2)
                halt.go_on()
                moved, told = await asyncio.gather(first, twin)

        assert told == moved
        assert len(rows(database, "SELECT 1 FROM bookings_booking")) == 2
