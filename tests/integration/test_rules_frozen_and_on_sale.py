"""Rules 11 and 12 of consistency: frozen at checkout, the sale, and bookings that end while they grow."""

import asyncio
from typing import TYPE_CHECKING

import psycopg
import pytest
import redis

from bookings.api import (
    BoxOffice,
    CheckoutStarted,
    SalesClosed,
    SeatsUnavailable,
)
from bookings.models import Show
from tests.support.cinema import PRICE_PAISE
from tests.support.guards import sql_without, unless, with_and_without_guard, without_index
from tests.support.witness import (
    another_office,
    booking_status,
    halt_at,
    holding,
    live_claims,
    rows,
    shown,
    waits_for_a_lock,
)

if TYPE_CHECKING:
    pass


class TestFrozenAtCheckout:
    """Rule 11, up to the freezing: payment sets `checkout_at`."""

    FREEZE = "UPDATE bookings_booking SET checkout_at = clock_timestamp() WHERE id = %s"

    @with_and_without_guard
    async def test_refuses_to_add(self, box_office: BoxOffice, show: Show, database: str, guarded: bool) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        rows(database, self.FREEZE, held.booking)

        with unless(guarded, sql_without("hold_batch", "AND b.checkout_at IS NULL ")):
            if guarded:
                with pytest.raises(CheckoutStarted):
                    await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])
            else:
                await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])

        # Off: he pays for one seat and gets two.
        assert set(live_claims(database, show.pk)) == ({0} if guarded else {0, 1})
        assert (await box_office.picture(show.pk)).states[:2] == ("HA" if guarded else "HH")

    @with_and_without_guard
    async def test_refuses_to_release_also_when_it_came_first_by_a_moment(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        with unless(guarded, sql_without("release_seats", "AND checkout_at IS NULL ")):
            async with await psycopg.AsyncConnection.connect(database) as paying:
                await paying.execute(self.FREEZE, (held.booking,))
                releasing = asyncio.create_task(box_office.release(show_id=show.pk, holder="holder"))
                await waits_for_a_lock(database)
                await paying.commit()
                if guarded:
                    with pytest.raises(CheckoutStarted):
                        await releasing
                else:
                    await releasing

        # Off: his seat is sold to someone else while he pays.
        assert set(live_claims(database, show.pk)) == ({0} if guarded else set())

    async def test_keeps_the_price_at_which_a_seat_was_taken(
        self, box_office: BoxOffice, show: Show, database: str
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        rows(database, "UPDATE bookings_show SET prices = '{\"standard\": 40000}' WHERE id = %s", show.pk)
        await box_office._plans.refresh(show.pk)

        added = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])

        assert added.booking == held.booking
        assert added.amount_paise == PRICE_PAISE + 40_000
        prices = "SELECT price_paise FROM bookings_seatclaim WHERE booking_id = %s ORDER BY seat_index"
        assert rows(database, prices, held.booking) == [(PRICE_PAISE,), (40_000,)]


class TestTheSale:
    """Rule 12."""

    @with_and_without_guard
    async def test_that_closes_between_gate_and_proof_refuses(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        with unless(guarded, sql_without("hold_batch", "s.status = 'open' AND ")), halt_at("hold.acquired") as halt:
            task = holding(box_office, show.pk, "A1")
            await halt.reached()
            rows(database, "UPDATE bookings_show SET status = 'closed' WHERE id = %s", show.pk)
            halt.go_on()
            if guarded:
                with pytest.raises(SalesClosed):
                    await task
            else:
                await task

        assert len(live_claims(database, show.pk)) == (0 if guarded else 1)
        assert shown(redis_client, show.pk)[0] == ("A" if guarded else "H")

    @with_and_without_guard
    async def test_a_blocked_seat_and_a_hold_are_decided_by_the_same_index(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        clause = "ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING"
        async with another_office() as office:
            with halt_at("hold.acquired") as halt:
                task = holding(box_office, show.pk, "A1")
                await halt.reached()
                # The hold is through the gate; the block is first to the proof.
                await office.block_seats(show_id=show.pk, labels=["A1"], reason="broken")
                with (
                    unless(guarded, without_index(database, "one_live_claim_per_seat")),
                    unless(guarded, sql_without("hold_batch", clause)),
                ):
                    halt.go_on()
                    if guarded:
                        with pytest.raises(SeatsUnavailable):
                            await task
                    else:
                        await task
                        owners = "SELECT kind FROM bookings_seatclaim WHERE released_at IS NULL ORDER BY kind"
                        assert rows(database, owners) == [("block",), ("booking",)]

        if guarded:
            assert live_claims(database, show.pk) == {0: "block"}
            assert shown(redis_client, show.pk)[0] == "X"

    @with_and_without_guard
    async def test_cancelling_the_show_waits_for_a_hold_that_saw_it_open(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        with unless(guarded, sql_without("hold_batch", "FOR KEY SHARE")):
            async with another_office() as office:
                with halt_at("batch.written") as halt:
                    task = holding(office, show.pk, "A1")
                    await halt.reached()
                    cancelling = asyncio.create_task(box_office.cancel_show(show_id=show.pk))
                    if guarded:
                        await waits_for_a_lock(database)
                    else:
                        await cancelling
                    halt.go_on()
                    await asyncio.gather(task, cancelling)

        assert len(live_claims(database, show.pk)) == (0 if guarded else 1)


class TestAnEndingMeetsAnAddition:
    """Rules 9 to 12: a booking is extended by one process while another ends it."""

    @with_and_without_guard
    async def test_release_takes_the_seat_that_is_being_added(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        with unless(guarded, sql_without("lock_pending", "FOR NO KEY UPDATE")):
            async with another_office() as office:
                with halt_at("batch.written") as halt:
                    adding = holding(office, show.pk, "A2")
                    await halt.reached()
                    releasing = asyncio.create_task(box_office.release(show_id=show.pk, holder="holder"))
                    await waits_for_a_lock(database)
                    halt.go_on()
                    await asyncio.gather(adding, releasing)

        assert booking_status(database, held.booking) == "cancelled"
        # Off: the seat is claimed for ever by a booking that nothing will end again.
        assert live_claims(database, show.pk) == ({} if guarded else {1: held.booking})

    @with_and_without_guard
    async def test_cancelling_the_show_takes_the_seat_that_is_being_added(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        with (
            unless(guarded, sql_without("due_by_show", "FOR NO KEY UPDATE")),
            unless(guarded, sql_without("hold_batch", "FOR KEY SHARE")),
        ):
            async with another_office() as office:
                with halt_at("batch.written") as halt:
                    adding = holding(office, show.pk, "A2")
                    await halt.reached()
                    cancelling = asyncio.create_task(box_office.cancel_show(show_id=show.pk))
                    await waits_for_a_lock(database)
                    halt.go_on()
                    await asyncio.gather(adding, cancelling)

        assert booking_status(database, held.booking) == "cancelled"
        assert live_claims(database, show.pk) == ({} if guarded else {1: held.booking})
