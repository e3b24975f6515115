"""Rules of holding (consistency 5 to 12): each interleaving is forced, and without its guard the harm is seen."""

import asyncio

import pytest_asyncio
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice
from bookings.models import Show
from tests.support.cinema import make_show
from tests.support.guards import sql_without, unless, with_and_without_guard
from tests.support.witness import another_office, booking_status, halt_at, live_claims, waits_for_a_lock


@pytest_asyncio.fixture
async def show(database: str) -> Show:
    return await sync_to_async(make_show)()


class TestAnEndingMeetsAnAddition:
    """Rules 9 to 12: a booking may be extended by one process while another ends it."""

    @with_and_without_guard
    async def test_release_takes_the_seat_that_is_being_added(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        with unless(guarded, sql_without("lock_pending", "FOR NO KEY UPDATE")):
            async with another_office() as office:
                with halt_at("batch.written") as halt:
                    adding = asyncio.create_task(office.hold(show_id=show.pk, holder="holder", labels=["A2"]))
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
            unless(guarded, sql_without("hold_batch", "FOR KEY SHARE OF s")),
        ):
            async with another_office() as office:
                with halt_at("batch.written") as halt:
                    adding = asyncio.create_task(office.hold(show_id=show.pk, holder="holder", labels=["A2"]))
                    await halt.reached()
                    cancelling = asyncio.create_task(box_office.cancel_show(show_id=show.pk))
                    await waits_for_a_lock(database)
                    halt.go_on()
                    await asyncio.gather(adding, cancelling)

        assert booking_status(database, held.booking) == "cancelled"
        assert live_claims(database, show.pk) == ({} if guarded else {1: held.booking})

    @with_and_without_guard
    async def test_cancelling_the_show_waits_for_a_hold_that_saw_it_open(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        with unless(guarded, sql_without("hold_batch", "FOR KEY SHARE OF s")):
            async with another_office() as office:
                with halt_at("batch.written") as halt:
                    holding = asyncio.create_task(office.hold(show_id=show.pk, holder="holder", labels=["A1"]))
                    await halt.reached()
                    cancelling = asyncio.create_task(box_office.cancel_show(show_id=show.pk))
                    if guarded:
                        await waits_for_a_lock(database)
                    else:
                        await cancelling
                    halt.go_on()
                    await asyncio.gather(holding, cancelling)

        assert len(live_claims(database, show.pk)) == (0 if guarded else 1)
