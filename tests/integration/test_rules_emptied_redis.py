"""Redis emptied, forgetful or full under the box office (consistency rules 18 and 20)."""

import asyncio
from typing import TYPE_CHECKING

import pytest
import redis

from bookings.api import BoxOffice, Held, NotReady, SeatsUnavailable
from bookings.models import Show
from bookings.seat_store import StoreUnavailable
from tests.support.witness import (
    another_office,
    eventually,
    holding,
    live_claims,
    raw_store,
    relay,
    settled,
    shown,
)

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


class TestEmptied:
    async def test_killed_and_started_empty_in_the_middle_of_a_run(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, servers: "EmbeddedServers"
    ) -> None:
        granted: dict[str, str] = {}

        async def buy(holder: str, labels: list[str]) -> None:
            for label in labels:
                held = await box_office.hold(show_id=show.pk, holder=holder, labels=[label])
                granted[label] = held.booking
                await asyncio.sleep(0.05)

        first = await box_office.hold(show_id=show.pk, holder="holder-0", labels=["J1"])
        epoch = (await box_office.picture(show.pk)).epoch
        buying = [
            asyncio.create_task(buy(f"holder-{row}", [f"{'ABCDEFGH'[row]}{n}" for n in range(1, 10)]))
            for row in range(8)
        ]
        await asyncio.sleep(0.1)
        servers.kill_redis()
        await asyncio.sleep(0.1)
        await asyncio.to_thread(servers.start_redis)
        await asyncio.gather(*buying)
        await eventually(lambda: box_office.live)
        await settled(box_office)
        await relay(box_office, database)

        plan = await box_office.plan(show.pk)
        owners = {plan.index_of[label]: booking for label, booking in {**granted, "J1": first.booking}.items()}
        picture = await box_office.picture(show.pk)
        assert len(granted) == 72
        assert live_claims(database, show.pk) == owners
        assert {seat: hold.booking for hold in picture.holds for seat in hold.seats} == owners
        assert picture.epoch != epoch
        assert picture.deadlines()[plan.index_of["J1"]] == first.expires_ms

    async def test_flushed_while_running(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        redis_client.flushall()

        with pytest.raises(SeatsUnavailable):
            await box_office.hold(show_id=show.pk, holder="rival", labels=["A1"])
        added = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])

        assert (added.booking, added.seats, added.expires_ms) == (held.booking, ("A1", "A2"), held.expires_ms)
        assert box_office.live
        async with another_office() as office:
            assert (await office.picture(show.pk)).states[:2] == "HH"

    async def test_flushed_again_and_again_between_gates_and_proofs(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder-0", labels=["J1"])
        tasks = [holding(box_office, show.pk, f"{row}{n}", holder=f"{row}-{n}") for row in "AB" for n in range(1, 10)]
        for _ in range(10):
            redis_client.flushdb()
            await asyncio.sleep(0.005)
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await settled(box_office)

        granted = {outcome.booking for outcome in outcomes if isinstance(outcome, Held)}
        refused = [outcome for outcome in outcomes if not isinstance(outcome, Held)]
        assert {type(refusal) for refusal in refused} <= {NotReady}
        claimed = live_claims(database, show.pk)
        assert granted == set(claimed.values()) - {claimed[108]}
        assert len(granted) == len(claimed) - 1
        states = (await box_office.picture(show.pk)).states
        assert {seat for seat, state in enumerate(states) if state == "H"} == set(claimed)

    async def test_without_its_scripts_nobody_notices(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        redis_client.script_flush()

        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])

        assert held.version is not None
        assert held.seats == ("A1", "A2")


class TestFull:
    @pytest.fixture(autouse=True)
    def _emptier_afterwards(self, servers: "EmbeddedServers") -> "object":
        yield
        with redis.Redis.from_url(servers.redis_url) as client:
            client.config_set("maxmemory", 0)

    async def test_postgresql_alone_goes_on(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        first = await box_office.hold(show_id=show.pk, holder="rival", labels=["A1"])
        redis_client.config_set("maxmemory", 1)

        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])
        with pytest.raises(SeatsUnavailable):
            await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        assert held.version is None
        assert live_claims(database, show.pk) == {0: first.booking, 1: held.booking}
        redis_client.config_set("maxmemory", 0)
        await relay(box_office, database)
        assert shown(redis_client, show.pk)[:2] == "HH"
        assert (await box_office.hold(show_id=show.pk, holder="holder", labels=["A3"])).version is not None

    async def test_is_the_same_as_away_for_every_command(
        self, show: Show, redis_client: redis.Redis, servers: "EmbeddedServers"
    ) -> None:
        redis_client.config_set("maxmemory", 1)
        async with raw_store(servers.redis_url) as store:
            with pytest.raises(StoreUnavailable):
                await store.connection.call("SET", "house:any", "1")
            assert await store.epoch(show.pk) == ""

    async def test_at_the_start_is_no_dead_end(self, show: Show, database: str, redis_client: redis.Redis) -> None:
        redis_client.config_set("maxmemory", 1)
        office = await BoxOffice.open()
        try:
            held = await office.hold(show_id=show.pk, holder="holder", labels=["A1"])
            assert held.version is None

            redis_client.config_set("maxmemory", 0)

            await eventually(lambda: office.live and office._standby._store is not None)
            assert (await office.picture(show.pk)).states[0] == "H"
            assert (await office.hold(show_id=show.pk, holder="holder", labels=["A2"])).version is not None
        finally:
            await office.close()
