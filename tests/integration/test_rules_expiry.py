"""Rule 15 of consistency: whoever comes first ends a hold, once; the others find nothing to do."""

import asyncio
import logging
from typing import Any

import psycopg
import pytest
import redis

from bookings.api import BoxOffice
from bookings.claim_store import endings
from bookings.models import Show
from bookings.services.expiry import BOOKINGS_TOLD_MAX, tell_expired
from tests.support.guards import lua_without, sql_without, unless, with_and_without_guard
from tests.support.witness import (
    HOLD_MS,
    another_office,
    booking_status,
    dies,
    halt_at,
    listening,
    live_claims,
    move_back,
    redis_url_of,
    rows,
    settled,
    shown,
    shown_owner,
    traces_of_holds,
    waits_for_a_lock,
)


def endings_told(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(m["booking"], m["status"]) for m in messages if m["type"] == "show.booking"]


class TestReap:
    @with_and_without_guard
    async def test_frees_only_seats_that_still_bear_the_token(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS)
        redis_client.hset(f"reserved_seats:{{{show.pk}}}", "A1", "someone-else 9999999999999")

        greedy = lua_without("reap", "if owner_of(seat[2]) == hold.token then paint_seat", "if true then paint_seat")
        with unless(guarded, greedy):
            await box_office.reap(show.pk)

        assert shown(redis_client, show.pk)[:2] == ("HA" if guarded else "AA")
        assert shown_owner(redis_client, show.pk, "A1") == ("someone-else" if guarded else "")

    async def test_of_two_processes_ends_a_hold_once(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        await settled(box_office)
        before = (await box_office.picture(show.pk)).version
        move_back(database, redis_client, show.pk, ms=HOLD_MS)
        async with another_office() as office, listening(show.pk, redis_url_of(redis_client)) as listener:
            await asyncio.gather(*(each.reap(show.pk) for each in (office, box_office) for _ in range(5)))
            await asyncio.gather(settled(box_office), settled(office))
            told = await listener.heard()

        assert endings_told(told) == [(held.booking, "expired")]
        assert [m["version"] for m in told if m["type"] == "show.changes"] == [before + 1]
        assert booking_status(database, held.booking) == "expired"
        assert rows(database, "SELECT key FROM bookings_outboxevent") == [(f"booking.expired:{held.booking}",)]
        assert live_claims(database, show.pk) == {}
        assert traces_of_holds(redis_client, show.pk) == []

    async def test_says_when_to_come_again(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        move_back(database, redis_client, show.pk, ms=1000)
        later = await box_office.hold(show_id=show.pk, holder="rival", labels=["A2"])

        first = await box_office.reap(show.pk)
        move_back(database, redis_client, show.pk, ms=HOLD_MS - 500)
        second = await box_office.reap(show.pk)

        assert first < later.expires_ms
        assert second == later.expires_ms - (HOLD_MS - 500)
        assert (await box_office.picture(show.pk)).states[:2] == "AH"

    async def test_leaves_the_booking_to_beat_when_the_winner_dies(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS)
        async with another_office() as office:
            with halt_at("expiry.reaped") as halt:
                await office.reap(show.pk)
                await halt.reached()
                assert office._expiry._expiring is not None
                office._expiry._expiring.cancel()
        # Without Beat the claim would stay for ever.
        assert booking_status(database, held.booking) == "pending"

        ended = await box_office.expire_due()

        assert [e.booking for e in ended] == [held.booking]
        assert live_claims(database, show.pk) == {}


class TestExpiry:
    @with_and_without_guard
    async def test_moves_a_booking_once(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS)
        with unless(guarded, sql_without("due_by_deadline", "FOR NO KEY UPDATE SKIP LOCKED")):
            async with await psycopg.AsyncConnection.connect(database) as first:
                ended = await endings.expire_bookings(first, bookings=None)
                second = asyncio.create_task(box_office.expire_due())
                if not guarded:
                    await waits_for_a_lock(database)
                    await first.commit()
                again = await second

        assert [e.booking for e in ended] == [held.booking]
        # Off: the owner is told twice, under a second fence.
        assert [e.booking for e in again] == ([] if guarded else [held.booking])

    async def test_that_comes_after_a_takeover_leaves_the_new_owner_alone(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        late = await box_office.hold(show_id=show.pk, holder="late", labels=["A1", "A2"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS)
        async with another_office() as office:
            with halt_at("expiry.reaped") as halt:
                await box_office.reap(show.pk)
                await halt.reached()
                held = await office.hold(show_id=show.pk, holder="holder", labels=["A1"])
                halt.go_on()
                await settled(box_office)

        assert booking_status(database, late.booking) == "expired"
        assert live_claims(database, show.pk) == {0: held.booking}
        assert shown(redis_client, show.pk)[:2] == "HA"
        assert shown_owner(redis_client, show.pk, "A1") == held.booking

    async def test_does_not_touch_what_is_not_due(self, box_office: BoxOffice, show: Show, database: str) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        assert await box_office.expire_due() == []
        assert await box_office.reap(show.pk) == held.expires_ms
        assert live_claims(database, show.pk) == {0: held.booking}


class TestTheLog:
    @pytest.mark.parametrize("layer", ["room or watcher", "Beat"])
    async def test_names_an_expired_booking_whoever_ended_it(
        self,
        box_office: BoxOffice,
        show: Show,
        database: str,
        redis_client: redis.Redis,
        caplog: pytest.LogCaptureFixture,
        layer: str,
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS)

        with caplog.at_level(logging.INFO, "bookings.services.expiry"):
            if layer == "Beat":
                await box_office.expire_due()
            else:
                await box_office.reap(show.pk)
            await settled(box_office)

        told = [record.getMessage() for record in caplog.records if record.name == "bookings.services.expiry"]
        assert told == [f"expired: booking {held.booking} of show {show.pk} (seats: 2)"]

    async def test_names_a_booking_whose_sweep_nobody_waits_for_any_more(
        self, show: Show, database: str, redis_client: redis.Redis, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with another_office() as office:
            held = await office.hold(show_id=show.pk, holder="holder", labels=["A1"])
            move_back(database, redis_client, show.pk, ms=HOLD_MS)
            with caplog.at_level(logging.INFO, "bookings.services.expiry"), halt_at("expiry.sweeping") as halt:
                sweep = asyncio.create_task(office.expire_due())
                await halt.reached()
                await dies(sweep)
                halt.go_on()
                await settled(office)

        assert booking_status(database, held.booking) == "expired"
        assert f"booking {held.booking} of show" in caplog.text
        assert shown(redis_client, show.pk)[0] == "A"

    def test_tells_of_a_large_batch_in_one_short_line(self, caplog: pytest.LogCaptureFixture) -> None:
        batch = [
            endings.Ended(booking=f"b{number}", show_id=7, holder="h", fence=number, seats=(1,))
            for number in range(endings.EXPIRE_BATCH_MAX)
        ]

        with caplog.at_level(logging.INFO, "bookings.services.expiry"):
            tell_expired(batch)

        (line,) = caplog.messages
        assert line.count("of show 7") == BOOKINGS_TOLD_MAX
        assert line.endswith(f"and {endings.EXPIRE_BATCH_MAX - BOOKINGS_TOLD_MAX} more bookings")
