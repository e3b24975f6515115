"""What is paid for is what the buyer has: the seats of his booking, at their price, by an order that may be paid."""

import asyncio
from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import AsyncMock, patch

import pytest

from bookings.api import BoxOffice, Buyer, NotReady, issue_holder, read_holder
from bookings.models import Show
from payments import orders_store
from payments.domain import decide
from payments.razorpay_gateway import RazorpayGateway
from payments.services import orders, settle
from tests.support.buyer import BUYER
from tests.support.cinema import PRICE_PAISE
from tests.support.guards import unless, with_and_without_guard
from tests.support.money_guards import settling_without
from tests.support.money_house import House, Told
from tests.support.razorpay import Razorpay
from tests.support.witness import halt_at, live_claims, rows


def seats_near_the_end_count() -> AbstractContextManager[None]:
    """A booking had at its end what was let go at about that time."""
    return settling_without(
        "booking_facts", "c.released_at = b.ended_at", "c.released_at >= b.ended_at - interval '1 second'"
    )


def what_an_order_asks_is_enough() -> AbstractContextManager[object]:
    """Whatever the seats cost."""
    return patch.object(
        settle, "BookingState", lambda **facts: decide.BookingState(**{**facts, "amount_paise": PRICE_PAISE})
    )


async def pay_for_one_of_three(house: House, show: Show, office: BoxOffice, database: str) -> Told:
    """Hold three seats, let two go, check out the third and leave: all of it in a moment. Then pay."""
    token = issue_holder()
    held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["A1", "A2", "A3"]})
    await office.release(show_id=show.pk, holder=read_holder(token) or "", labels=["A2", "A3"])
    checkout = await house.post(f"/api/v1/bookings/{held['booking']}/checkout", token, BUYER)
    await house.post("/api/cancel_booking/", token, {"booking": held["booking"], "reason": "dismiss"})
    rows(
        database,
        "UPDATE bookings_seatclaim AS c SET released_at = b.ended_at - interval '1 millisecond'"
        " FROM bookings_booking AS b WHERE b.id = c.booking_id AND c.seat_index > 0",
    )
    told = Told(house, token, held["booking"], checkout["order_id"])
    told.pay("capture")
    await told.say("verify")
    return told


class TestMoneyThatComesLate:
    @with_and_without_guard
    async def test_takes_the_seats_that_the_booking_had_at_its_end(
        self, house: House, show: Show, office: BoxOffice, database: str, guarded: bool
    ) -> None:
        with unless(guarded, seats_near_the_end_count()):
            told = await pay_for_one_of_three(house, show, office, database)

        taken = {0: told.booking} if guarded else {}
        assert live_claims(database, show.pk) == taken

    @with_and_without_guard
    async def test_never_takes_more_seats_than_it_pays(
        self, house: House, show: Show, office: BoxOffice, database: str, guarded: bool
    ) -> None:
        with seats_near_the_end_count(), unless(guarded, what_an_order_asks_is_enough()):
            await pay_for_one_of_three(house, show, office, database)

        assert len(live_claims(database, show.pk)) == (0 if guarded else 3)
        assert rows(database, "SELECT resolution, reason FROM payments_payment") == [
            ("refund_due", "wrong_amount") if guarded else ("applied", "")
        ]


def payable_for_ever() -> AbstractContextManager[object]:
    """Nobody looks at the booking again when its order is made."""
    return patch.object(orders, "payable", lambda facts, _: facts)


class TestAnOrderThatIsMade:
    @with_and_without_guard
    async def test_is_not_handed_out_when_its_booking_has_ended_meanwhile(
        self, house: House, show: Show, database: str, guarded: bool
    ) -> None:
        token = issue_holder()
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["A1"]})
        with unless(guarded, payable_for_ever()), halt_at("order.made") as halt:
            asked = asyncio.create_task(house.call(f"/api/v1/bookings/{held['booking']}/checkout", token, BUYER))
            await halt.reached()
            await house.post("/api/cancel_booking/", token, {"booking": held["booking"], "reason": "user"})
            halt.go_on()
            status, reply = await asked

        assert (status, reply.get("code")) == ((409, "hold_expired") if guarded else (200, None))
        # Whatever is paid for it all the same is known.
        assert rows(database, "SELECT state, razorpay_id IS NOT NULL FROM payments_order") == [("created", True)]


def whoever_is_refused_thaws() -> AbstractContextManager[object]:
    """It is not asked whether the order was made meanwhile."""
    return patch.object(orders_store, "order_failed", AsyncMock(return_value=True))


class TestAnOrderThatIsRefused:
    @with_and_without_guard
    async def test_leaves_the_seats_frozen_when_a_twin_has_made_it(
        self, house: House, show: Show, office: BoxOffice, razorpay: Razorpay, database: str, guarded: bool
    ) -> None:
        token = issue_holder()
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["A1"]})
        refusing = RazorpayGateway(base_url=razorpay.url, key_id="rzp_test_of_another", key_secret="wrong")

        async def check_out_there() -> Any:
            return await orders.check_out(
                office.works, refusing, booking=held["booking"], holder=read_holder(token) or "", buyer=Buyer(**BUYER)
            )

        with unless(guarded, whoever_is_refused_thaws()), halt_at("order.leased") as halt:
            slow = asyncio.create_task(check_out_there())
            await halt.reached()
            rows(database, "UPDATE payments_order SET lease_until = clock_timestamp()")
            await house.post(f"/api/v1/bookings/{held['booking']}/checkout", token, BUYER)
            halt.go_on()
            with pytest.raises(NotReady):
                await slow

        status, reply = await house.call(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["A2"]})
        assert (status, reply.get("code")) == ((409, "checkout_started") if guarded else (201, None))
