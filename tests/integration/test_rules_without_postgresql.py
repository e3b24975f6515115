"""PostgreSQL crashed, paused or out of connections: holds refuse politely and no Redis-only hold is left."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import psycopg
import pytest
import pytest_asyncio
import redis
from asgiref.sync import sync_to_async
from django.db import connections

from bookings.api import BookingError, BoxOffice, NotReady, OutcomeUnknown
from bookings.claim_store import pool
from bookings.models import Show
from bookings.services import holds
from bookings.services.holds import LiveHolds
from tests.support.guards import unless, with_and_without_guard
from tests.support.patience import PATIENCE_SECONDS
from tests.support.servers import pause_postgres, resume_postgres
from tests.support.witness import eventually, holding, live_claims, settled, shown, traces_of_holds

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


@pytest_asyncio.fixture(autouse=True)
async def _no_dead_session() -> AsyncIterator[None]:
    yield
    # Django's thread for async callers keeps its connection from test to test.
    await sync_to_async(connections.close_all)()


class TestCrashed:
    async def test_acknowledged_holds_survive_and_the_others_vanish_whole(
        self, box_office: BoxOffice, show: Show, database: str, servers: "EmbeddedServers"
    ) -> None:
        granted: dict[str, str] = {}
        refused: list[BookingError] = []
        plan = await box_office.plan(show.pk)

        async def buy(holder: str, labels: list[str]) -> None:
            for label in labels:
                try:
                    held = await box_office.hold(show_id=show.pk, holder=holder, labels=[label])
                except (NotReady, OutcomeUnknown) as refusal:
                    refused.append(refusal)
                else:
                    granted[label] = held.booking
                await asyncio.sleep(0.03)

        with patch.object(holds, "OUTCOME_WAIT_SECONDS", 0.1):
            buying = [
                asyncio.create_task(buy(f"holder-{row}", [f"{'ABCDEFGH'[row]}{n}" for n in range(1, 11)]))
                for row in range(8)
            ]
            await asyncio.sleep(0.1)
            await asyncio.to_thread(servers.restart_postgres)
            await asyncio.gather(*buying)
        # Back to normal within seconds, without a restart of this process.
        await eventually_holds(box_office, show)
        await settled(box_office)

        owners = {plan.index_of[label]: booking for label, booking in granted.items()}
        claimed = live_claims(database, show.pk)
        assert refused
        assert len(granted) > len(refused)
        # An unknown outcome may have been a yes; nothing else may differ.
        unknown = sum(isinstance(refusal, OutcomeUnknown) for refusal in refused)
        assert {seat: claimed.get(seat) for seat in owners} == owners
        assert len(claimed) - len(owners) - 1 <= unknown

    async def test_breaks_a_request_and_not_one_for_each_connection(
        self, box_office: BoxOffice, show: Show, database: str, servers: "EmbeddedServers"
    ) -> None:
        await asyncio.gather(*(holding(box_office, show.pk, f"A{n}", holder=f"holder-{n}") for n in range(1, 9)))
        await asyncio.gather(*(box_office.release(show_id=show.pk, holder=f"holder-{n}") for n in range(1, 9)))
        await asyncio.to_thread(servers.restart_postgres)
        await eventually(lambda: accepts_connections(database))

        refused = 0
        for n in range(1, 11):
            try:
                await box_office.hold(show_id=show.pk, holder=f"holder-{n}", labels=[f"B{n}"])
            except NotReady:
                refused += 1
            checking = box_office._pool._checking
            await eventually(lambda checking=checking: checking is None or checking.done())  # type: ignore[misc]

        # Eight connections died. One request finds out; on a starved machine a second is on its way by then.
        assert refused <= 2


def accepts_connections(database: str) -> bool:
    """Whether PostgreSQL has recovered."""
    try:
        psycopg.connect(database).close()
    except psycopg.OperationalError:
        return False
    return True


async def eventually_holds(office: BoxOffice, show: Show) -> None:
    """Wait until somebody can hold a seat."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await office.hold(show_id=show.pk, holder="afterwards", labels=["J12"])
            except NotReady:
                await asyncio.sleep(0.05)
            else:
                return


class TestUnreachable:
    @with_and_without_guard
    async def test_leaves_no_hold_in_redis_alone(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        async def keep(*_: object) -> None:
            return None

        await box_office.picture(show.pk)

        def refused(*_: object, **__: object) -> Any:
            raise psycopg.OperationalError("connection refused")

        with (
            patch.object(box_office._pool._pool, "connection", refused),
            unless(guarded, patch.object(LiveHolds, "_take_back", keep)),
            pytest.raises(NotReady) as refusal,
        ):
            await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])

        assert refusal.value.retryable
        assert live_claims(database, show.pk) == {}
        # Off: seats that nobody has are shown held until somebody looks after ten seconds.
        assert shown(redis_client, show.pk)[:2] == ("AA" if guarded else "HH")
        assert (traces_of_holds(redis_client, show.pk) == []) is guarded

    async def test_a_full_pool_refuses_instead_of_piling_up(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        await box_office.picture(show.pk)
        box_office._pool._pool.timeout = 0.2
        taken = [box_office._pool.connection() for _ in range(box_office._pool._pool.max_size)]
        for each in taken:
            await each.__aenter__()
        try:
            with pytest.raises(NotReady):
                await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        finally:
            for each in taken:
                await each.__aexit__(None, None, None)
        await settled(box_office)

        assert shown(redis_client, show.pk)[0] == "A"
        assert (await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])).seats == ("A1",)


class TestHanging:
    async def test_refuses_in_time_and_recovers(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, servers: "EmbeddedServers"
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="rival", labels=["B1"])
        await settled(box_office)
        with patch.object(pool, "WORK_SECONDS_MAX", 0.5), patch.object(holds, "OUTCOME_WAIT_SECONDS", 0.1):
            pause_postgres(servers)
            try:
                started = time.monotonic()
                with pytest.raises(NotReady):
                    await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
                lasted = time.monotonic() - started
                # Watching goes on meanwhile.
                assert (await box_office.picture(show.pk)).states[12] == "H"
            finally:
                resume_postgres(servers)

        assert lasted < PATIENCE_SECONDS
        assert shown(redis_client, show.pk)[0] == "A"
        await eventually_holds(box_office, show)
        assert (await box_office.picture(show.pk)).states[0] == "A"
