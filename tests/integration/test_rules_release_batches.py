"""Rules 9 to 11 of consistency, for giving back: releases of one loop turn are one transaction, and no holder pays
for another."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import psycopg
import pytest_asyncio

from bookings.api import BoxOffice, CheckoutStarted, Released
from bookings.claim_store import endings
from bookings.claim_store.arrays import plain, quoted
from bookings.claim_store.endings import ReleaseRow
from bookings.claim_store.pool import ClaimPool
from bookings.models import Show
from bookings.services.release import ReleaseCommits
from tests.support.guards import sql_without, unless, with_and_without_guard
from tests.support.witness import (
    another_office,
    booking_status,
    halt_at,
    holding,
    insert_booking,
    live_claims,
    pending_fences,
    rows,
    settled,
    waits_for_a_lock,
)


@pytest_asyncio.fixture
async def commits(database: str) -> AsyncIterator[ReleaseCommits]:
    pool = ClaimPool()
    await pool.open()
    try:
        yield ReleaseCommits(pool)
    finally:
        await pool.close()


def releasing(office: BoxOffice, show: Show, holder: str, *labels: str) -> "asyncio.Task[Released]":
    return asyncio.create_task(office.release(show_id=show.pk, holder=holder, labels=labels or None))


class TestABatch:
    async def test_is_one_transaction(self, box_office: BoxOffice, show: Show, database: str) -> None:
        held = await asyncio.gather(
            *(holding(box_office, show.pk, f"A{n}", f"B{n}", holder=f"holder-{n}") for n in range(1, 9))
        )
        with patch.object(endings, "release_batch", wraps=endings.release_batch) as batches:
            released = await asyncio.gather(
                *(releasing(box_office, show, f"holder-{n}", *(["B1"] if n == 1 else [])) for n in range(1, 9))
            )
        await settled(box_office)

        assert batches.call_count == 1
        assert [reply.seats for reply in released] == [("B1",)] + [(f"A{n}", f"B{n}") for n in range(2, 9)]
        assert live_claims(database, show.pk) == {0: held[0].booking}
        assert [booking_status(database, hold.booking) for hold in held] == ["pending"] + ["cancelled"] * 7
        assert pending_fences(database) == 0

    @with_and_without_guard
    async def test_never_has_two_of_one_holder(
        self, commits: ReleaseCommits, show: Show, database: str, guarded: bool
    ) -> None:
        def everything(self: ReleaseCommits) -> list[Any]:
            batch = list(self._waiting)
            self._waiting.clear()
            return batch

        insert_booking(database, show.pk, seats=[0, 1, 2], holder="holder")
        with unless(guarded, patch.object(ReleaseCommits, "_next_batch", everything)):
            told = await asyncio.gather(*(commits.submit(ReleaseRow(show.pk, "holder", (seat,))) for seat in (0, 2)))

        # They are in two batches; who finds the booking locked by the other is told nothing, and asks again alone.
        own = [reply is None or reply.seats == (seat,) for reply, seat in zip(told, (0, 2), strict=True)]
        gone = {seat for reply in told if reply is not None for seat in reply.seats}
        # Off: both are told of one seat, and of the other nobody is.
        assert all(own) is guarded
        assert gone
        assert set(live_claims(database, show.pk)) == {0, 1, 2} - gone

    async def test_lets_go_for_neighbours_of_who_is_at_checkout(
        self, box_office: BoxOffice, show: Show, database: str
    ) -> None:
        await holding(box_office, show.pk, "A1")
        await holding(box_office, show.pk, "A2", holder="neighbour")
        rows(database, "UPDATE bookings_booking SET checkout_at = clock_timestamp() WHERE holder = 'holder'")

        outcomes: Any = await asyncio.gather(
            releasing(box_office, show, "holder"), releasing(box_office, show, "neighbour"), return_exceptions=True
        )

        assert isinstance(outcomes[0], CheckoutStarted)
        assert outcomes[1].seats == ("A2",)
        assert set(live_claims(database, show.pk)) == {0}

    @with_and_without_guard
    async def test_does_not_wait_for_a_booking_that_somebody_is_changing(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        await holding(box_office, show.pk, "A1")
        await holding(box_office, show.pk, "A2", holder="neighbour")
        async with await psycopg.AsyncConnection.connect(database) as somebody:
            await somebody.execute("SELECT 1 FROM bookings_booking WHERE holder = 'holder' FOR UPDATE")
            with unless(guarded, sql_without("lock_pending_free", "SKIP LOCKED")):
                held_up, neighbour = releasing(box_office, show, "holder"), releasing(box_office, show, "neighbour")
                await waits_for_a_lock(database)
                await asyncio.wait([neighbour], timeout=0.5)

                # Off: whoever gives seats back at that moment waits for somebody else's payment.
                assert neighbour.done() is guarded
                assert not held_up.done()
                await somebody.rollback()
                await asyncio.gather(held_up, neighbour)

        assert live_claims(database, show.pk) == {}

    @with_and_without_guard
    async def test_takes_the_seat_that_is_being_added(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        held = await holding(box_office, show.pk, "A1")
        with unless(guarded, sql_without("lock_pending_free", "FOR NO KEY UPDATE SKIP LOCKED")):
            async with another_office() as office:
                with halt_at("batch.written") as halt:
                    adding = holding(office, show.pk, "A2")
                    await halt.reached()
                    release = releasing(box_office, show, "holder")
                    await waits_for_a_lock(database)
                    halt.go_on()
                    await asyncio.gather(adding, release)

        # Off: the seat is claimed for ever by a booking that nothing will end again.
        assert live_claims(database, show.pk) == ({} if guarded else {1: held.booking})


class TestAnArray:
    async def test_arrives_as_it_was_written(self, database: str) -> None:
        words = ["guest-1", "", "a,b", 'a "quoted" one', "back\\slash", "{brace}", "NULL", "Зал", None]

        found = rows(database, "SELECT %s::text[], %s::bigint[], %s::int[]", quoted(words), plain([3, -1]), plain([]))

        assert found == [(words, [3, -1], [])]
