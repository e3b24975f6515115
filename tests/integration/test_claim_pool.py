"""How the box office connects to PostgreSQL, and how PostgreSQL goes about what it is asked there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString
from unittest.mock import patch

import psycopg
import pytest
from django.db import connections
from psycopg import AsyncConnection, sql

from bookings.claim_store import endings
from bookings.claim_store import pool as pools
from bookings.claim_store import store as claims
from bookings.claim_store.endings import ReleaseRow
from bookings.claim_store.pool import ClaimPool
from bookings.claim_store.store import HoldRow
from bookings.models import Show
from bookings.services.booking_ids import new_booking_id
from tests.support.cinema import make_show
from tests.support.witness import HOLD_MS

PENDING = 2000
PLAN_KEPT_AFTER = 8


@asynccontextmanager
async def a_connection() -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
    pool = ClaimPool()
    await pool.open()
    try:
        async with pool.connection() as connection:
            yield connection
    finally:
        await pool.close()


async def shown(connection: AsyncConnection[tuple[Any, ...]], setting: LiteralString) -> str:
    cursor = await connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting)))
    row = await cursor.fetchone()
    assert row is not None
    return str(row[0])


class TestConnections:
    async def test_have_the_settings_of_the_house(self, database: str) -> None:
        async with a_connection() as connection:
            assert await shown(connection, "statement_timeout") == "5s"
            assert await shown(connection, "application_name") == "housefull"

    async def test_have_the_options_of_the_database_url(self, database: str) -> None:
        asked = {"options": "-c statement_timeout=1234ms", "application_name": "elsewhere", "sslmode": "disable"}
        configured = connections["default"].settings_dict
        with patch.dict(configured, {"OPTIONS": {**asked, "server_side_binding": True}}):
            async with a_connection() as connection:
                assert await shown(connection, "statement_timeout") == "1234ms"
                assert await shown(connection, "application_name") == "elsewhere"
            assert pools._connection_options()["sslmode"] == "disable"


class TestPlans:
    """A sale opens: the statements of every hold were planned while there were no bookings."""

    @pytest.fixture
    def show(self, database: str) -> Show:
        return make_show()

    async def test_do_not_read_every_pending_booking(self, show: Show, database: str) -> None:
        async with a_connection() as connection:
            for number in range(PLAN_KEPT_AFTER):
                await self._hold_and_release(connection, show, f"early-{number}")
            self._everybody_else_holds(show, database)
            before = await self._rows_read(connection)
            await self._hold_and_release(connection, show, "late")
            read = await self._rows_read(connection) - before

        # A hold and a release of one seat; as joins, each statement reads the bookings or claims of everybody.
        assert 0 < read < PENDING / 20

    @staticmethod
    def _everybody_else_holds(show: Show, database: str) -> None:
        with psycopg.connect(database, autocommit=True) as crowd:
            crowd.execute(
                "WITH n AS (SELECT generate_series(1, %s) AS n), b AS (INSERT INTO bookings_booking "
                "(id, show_id, holder, status, expires_at) SELECT gen_random_uuid(), %s, 'holder-' || n, 'pending', "
                "clock_timestamp() + interval '5 minutes' FROM n RETURNING id) "
                "INSERT INTO bookings_seatclaim (show_id, seat_index, booking_id, price_paise) "
                "SELECT %s, 1000 + row_number() OVER (), id, 100 FROM b",
                (PENDING, show.pk, show.pk),
            )
            # What this session has read is counted before it ends, and not while the next one is looked at.
            crowd.execute("SELECT pg_stat_force_next_flush()")

    @staticmethod
    async def _hold_and_release(connection: AsyncConnection[tuple[Any, ...]], show: Show, holder: str) -> None:
        row = HoldRow(new_booking_id(), show.pk, holder, 4_000_000_000_000, ((0, 100),))
        async with connection.transaction():
            assert row.booking in await claims.hold_batch(connection, [row], hold_ms=HOLD_MS)
        async with connection.transaction():
            assert await endings.release_batch(connection, [ReleaseRow(show.pk, holder, None)])

    @staticmethod
    async def _rows_read(connection: AsyncConnection[tuple[Any, ...]]) -> int:
        """Of the tables that grow."""
        await connection.execute("SELECT pg_stat_force_next_flush()")
        cursor = await connection.execute(
            "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_user_tables "
            "WHERE relname IN ('bookings_booking', 'bookings_seatclaim')"
        )
        row = await cursor.fetchone()
        assert row is not None
        return int(row[0])
