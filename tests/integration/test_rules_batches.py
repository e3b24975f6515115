"""Rule 9 of consistency: holds of one loop turn are one statement, and none of them pays for another."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
import pytest_asyncio
import redis

from bookings.api import BoxOffice, SeatsUnavailable
from bookings.claim_store import store as claims
from bookings.claim_store.pool import ClaimPool, ClaimsUnavailable
from bookings.claim_store.store import HoldRow
from bookings.models import Show
from bookings.services.booking_ids import new_booking_id
from bookings.services.group_commit import GroupCommit
from bookings.services.holds import LiveHolds
from tests.support.cinema import PRICE_PAISE
from tests.support.guards import sql_without, unless, with_and_without_guard
from tests.support.witness import (
    HOLD_MS,
    booking_status,
    holding,
    insert_booking,
    live_claims,
    rows,
    shown,
    waits_for_a_lock,
)


@pytest_asyncio.fixture
async def pool(database: str) -> AsyncIterator[ClaimPool]:
    pool = ClaimPool()
    await pool.open()
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
def commits(pool: ClaimPool) -> GroupCommit:
    return GroupCommit(pool, hold_ms=HOLD_MS, seats_max=10)


def hold_of(
    show: Show, *seats: int, holder: str = "holder", booking: str = "", price_paise: int = PRICE_PAISE
) -> HoldRow:
    return HoldRow(
        booking=booking or new_booking_id(),
        show_id=show.pk,
        holder=holder,
        expires_ms=4_000_000_000_000,  # PostgreSQL takes its own deadline, which is sooner
        claims=tuple((seat, price_paise) for seat in seats),
    )


class TestABatch:
    async def test_is_one_statement(self, commits: GroupCommit, show: Show, database: str) -> None:
        asked = [hold_of(show, n, holder=f"holder-{n}") for n in range(20)]
        with patch.object(claims, "hold_batch", wraps=claims.hold_batch) as statements:
            fences = await asyncio.gather(*(commits.submit(row) for row in asked))

        assert statements.call_count == 1
        assert None not in fences
        assert live_claims(database, show.pk) == {n: row.booking for n, row in enumerate(asked)}

    @with_and_without_guard
    async def test_undoes_an_incomplete_hold_and_lets_its_neighbours_stand(
        self, commits: GroupCommit, show: Show, database: str, guarded: bool
    ) -> None:
        async def undo_nothing(*_: object) -> None:
            return None

        rival = insert_booking(database, show.pk, seats=[1])
        incomplete, neighbour = hold_of(show, 0, 1), hold_of(show, 2, 3, holder="neighbour")
        with unless(guarded, patch.object(claims, "undo_holds", undo_nothing)):
            stands = await asyncio.gather(commits.submit(incomplete), commits.submit(neighbour))

        assert stands[0] is None
        assert stands[1] is not None
        owners = {1: rival, 2: neighbour.booking, 3: neighbour.booking}
        # Off: a refused hold keeps a seat.
        assert live_claims(database, show.pk) == (owners if guarded else owners | {0: incomplete.booking})
        assert booking_status(database, incomplete.booking) == ("" if guarded else "pending")

    @with_and_without_guard
    async def test_never_holds_two_of_one_holder(
        self, commits: GroupCommit, show: Show, database: str, guarded: bool
    ) -> None:
        def everything(self: GroupCommit) -> list[Any]:
            batch = list(self._waiting)
            self._waiting.clear()
            return batch

        booking = new_booking_id()
        await commits.submit(hold_of(show, 0, booking=booking))
        with unless(guarded, patch.object(GroupCommit, "_next_batch", everything)):
            more = [commits.submit(hold_of(show, seat, booking=booking)) for seat in (1, 2)]
            stands = await asyncio.gather(*more)

        # Off: both are taken for incomplete, though nothing is in their way.
        assert (None not in stands) is guarded
        assert set(live_claims(database, show.pk)) == ({0, 1, 2} if guarded else {0})

    async def test_never_holds_two_who_want_one_seat(self, commits: GroupCommit, show: Show, database: str) -> None:
        first, second = hold_of(show, 0, 1), hold_of(show, 1, 2, holder="rival")

        stands = await asyncio.gather(commits.submit(first), commits.submit(second))

        # Which of the two batches is first is PostgreSQL's affair.
        winner = first if stands[1] is None else second
        assert stands.count(None) == 1
        assert live_claims(database, show.pk) == {seat: winner.booking for seat, _ in winner.claims}

    @with_and_without_guard
    async def test_survives_one_hold_that_postgresql_cannot_digest(
        self, commits: GroupCommit, show: Show, database: str, guarded: bool
    ) -> None:
        async def all_or_nothing(self: GroupCommit, batch: list[Any]) -> None:
            try:
                await self._commit(batch)
            except psycopg.Error as error:
                for waiting in batch:
                    waiting.stands.set_exception(ClaimsUnavailable(str(error)))

        bad = hold_of(show, 0, price_paise=2**40)
        good = hold_of(show, 1, holder="neighbour")
        with unless(guarded, patch.object(GroupCommit, "_run", all_or_nothing)):
            outcomes: Any = await asyncio.gather(commits.submit(bad), commits.submit(good), return_exceptions=True)

        assert isinstance(outcomes[0], ClaimsUnavailable)
        assert isinstance(outcomes[1], ClaimsUnavailable) is not guarded
        assert live_claims(database, show.pk) == ({1: good.booking} if guarded else {})


class TestTwoBatches:
    @with_and_without_guard
    async def test_do_not_deadlock_because_their_rows_are_sorted(
        self, pool: ClaimPool, show: Show, database: str, guarded: bool
    ) -> None:
        # Both wait for the middle seat, each with one end of the row already in its hands, if rows go as they come.
        one, other = hold_of(show, 0, 5, 9), hold_of(show, 9, 5, 0, holder="other")
        unsorted = patch.object(claims, "sorted", list, create=True)
        in_any_order = sql_without("hold_batch", "    ORDER BY c.place\n")
        async with await psycopg.AsyncConnection.connect(database) as between:
            await between.execute(
                "INSERT INTO bookings_seatclaim (show_id, seat_index, kind) VALUES (%s, 5, 'block')", (show.pk,)
            )
            with unless(guarded, unsorted), unless(guarded, in_any_order):
                batches = [asyncio.create_task(self._commit(pool, row)) for row in (one, other)]
                await waits_for_a_lock(database, sessions=2)
                await between.rollback()
                outcomes: Any = await asyncio.gather(*batches, return_exceptions=True)

        deadlocked = [outcome for outcome in outcomes if isinstance(outcome, ClaimsUnavailable)]
        assert len(deadlocked) == (0 if guarded else 1)

    @staticmethod
    async def _commit(pool: ClaimPool, row: HoldRow) -> None:
        async with pool.connection() as connection, connection.transaction():
            await claims.hold_batch(connection, [row], hold_ms=HOLD_MS)


class TestTakeover:
    @with_and_without_guard
    async def test_of_an_expired_claim_leaves_the_batch(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        async def refuse(*_: Any) -> Any:
            raise SeatsUnavailable(["A1"])

        await box_office.picture(show.pk)
        late = insert_booking(database, show.pk, seats=[0, 1], ends_in_ms=-1)
        with unless(guarded, patch.object(LiveHolds, "_take_over", refuse)):
            outcomes: Any = await asyncio.gather(
                holding(box_office, show.pk, "A1"),
                holding(box_office, show.pk, "A9", holder="neighbour"),
                return_exceptions=True,
            )

        # Off: the seat is nobody's, and is refused.
        assert isinstance(outcomes[0], SeatsUnavailable) is not guarded
        neighbours = {8: outcomes[1].booking}
        if guarded:
            assert live_claims(database, show.pk) == {0: outcomes[0].booking, **neighbours}
            assert booking_status(database, late) == "expired"
            assert rows(database, "SELECT kind FROM bookings_outboxevent") == [("booking.expired",)]
            assert shown(redis_client, show.pk)[:2] == "HA"
        else:
            assert live_claims(database, show.pk) == {0: late, 1: late, **neighbours}
