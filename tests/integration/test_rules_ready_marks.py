"""Rule 18 of consistency: a picture is believed only if it was made for this Redis, and from one moment."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
import redis

from bookings.api import BoxOffice
from bookings.models import Show
from bookings.services import rebuild
from bookings.services.standby import READY_KEY, Standby
from tests.support.cinema import make_show
from tests.support.guards import lua_without, unless, with_and_without_guard
from tests.support.witness import (
    another_office,
    dies,
    eventually,
    halt_at,
    holding,
    insert_booking,
    listening,
    live_claims,
    move_back,
    redis_url_of,
    settled,
    shown,
    waits_for_a_lock,
)

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


@pytest.fixture
def long_over(database: str) -> Show:
    return make_show(starts_in=timedelta(days=-9))


class TestARebuiltPicture:
    async def test_keeps_the_remaining_time_under_a_new_epoch(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        move_back(database, redis_client, show.pk, ms=200_000)
        await box_office.block_seats(show_id=show.pk, labels=["B1"], reason="broken")
        insert_booking(database, show.pk, seats=[2], status="confirmed")
        insert_booking(database, show.pk, seats=[3], holder="late", ends_in_ms=-1)
        before = await box_office.picture(show.pk)
        async with listening(show.pk, redis_url_of(redis_client)) as listener:
            redis_client.flushall()

            after = await box_office.picture(show.pk)
            told = await listener.heard()

        assert after.epoch != before.epoch
        assert after.states[:4] == "HHBA"
        assert after.states[12] == "X"
        assert after.deadlines() == dict.fromkeys((0, 1), held.expires_ms - 200_000)
        assert [(m["type"], m["epoch"]) for m in told] == [("show.rebuilt", after.epoch)]
        # The next process to connect believes it.
        assert redis_client.get(READY_KEY) == redis_client.info("server")["run_id"]  # type: ignore[index]  # sync client

    async def test_of_a_show_that_is_long_over_can_be_seen(self, box_office: BoxOffice, long_over: Show) -> None:
        picture = await box_office.picture(long_over.pk)

        assert set(picture.states) == {"A"}

    @pytest.mark.parametrize("guards", ["both", "lock", "epoch", "none"])
    async def test_is_not_drawn_over_by_one_from_an_earlier_moment(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guards: str
    ) -> None:
        check = "if (epoch or '') ~= ARGV[1] then return { 'epoch_changed', now_ms } end"
        async with another_office() as office:
            await asyncio.gather(office.plan(show.pk), box_office.plan(show.pk))
            with (
                unless(guards in ("both", "epoch"), lua_without("rebuild_show", check)),
                halt_at("rebuild.read") as halt,
            ):
                drawing = asyncio.create_task(office.picture(show.pk))
                await halt.reached()
                with unless(guards in ("both", "lock"), patch.object(rebuild, "_SHOW_LOCK", 1)):
                    task = holding(box_office, show.pk, "A1")
                    if guards in ("both", "lock"):
                        await waits_for_a_lock(database)
                    else:
                        await task
                    halt.go_on()
                    await asyncio.gather(drawing, task)
                    await settled(box_office)

        assert len(live_claims(database, show.pk)) == 1
        # Off: a seat that is held is shown free.
        assert shown(redis_client, show.pk)[0] == ("A" if guards == "none" else "H")

    @with_and_without_guard
    async def test_is_compared_once_more(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        await box_office.picture(show.pk)
        with (
            patch.object(rebuild, "LOOK_AGAIN_SECONDS", 0.3 if guarded else 60),
            halt_at("batch.written") as written,
            halt_at("batch.committed") as committed,
        ):
            async with another_office() as office:
                task = holding(office, show.pk, "A1")
                await written.reached()
                redis_client.flushall()
                # PostgreSQL says nothing yet of the hold that is being committed.
                assert (await box_office.picture(show.pk)).states[0] == "A"
                written.go_on()
                await committed.reached()
                await dies(task)
                for batch in list(office._live._commits._in_flight):
                    await dies(batch)

            if guarded:
                await eventually(lambda: shown(redis_client, show.pk)[0] == "H")
            assert len(live_claims(database, show.pk)) == 1
            assert shown(redis_client, show.pk)[0] == ("H" if guarded else "A")


class TestAnOldDump:
    @with_and_without_guard
    async def test_is_not_believed(
        self, show: Show, database: str, redis_client: redis.Redis, servers: "EmbeddedServers", guarded: bool
    ) -> None:
        async with another_office() as office:
            await office.hold(show_id=show.pk, holder="holder", labels=["A1"])
            await settled(office)
            dump = self._dump(redis_client)
            await office.release(show_id=show.pk, holder="holder")
            await office.hold(show_id=show.pk, holder="holder", labels=["A2"])
            await settled(office)

        servers.kill_redis()
        servers.start_redis()
        self._restore(redis_client, dump)

        async def believe(self: Standby, store: object) -> None:
            return None

        with unless(guarded, patch.object(Standby, "ensure_ready", believe)):
            async with another_office() as office:
                picture = await office.picture(show.pk)

        # Off: a seat that is held is shown free, and the other way round.
        assert picture.states[:2] == ("AH" if guarded else "HA")

    @staticmethod
    def _dump(client: redis.Redis) -> list[tuple[bytes, int, bytes]]:
        with redis.Redis.from_url(redis_url_of(client)) as raw:
            return [(key, max(0, raw.pttl(key)), raw.dump(key)) for key in raw.keys("*")]

    @staticmethod
    def _restore(client: redis.Redis, dump: list[tuple[bytes, int, bytes]]) -> None:
        with redis.Redis.from_url(redis_url_of(client)) as raw:
            for key, left_ms, value in dump:
                raw.restore(key, left_ms, value)
