"""Rules of clocks, tokens and fences (consistency 1 to 4), each also without its guard."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
import redis

from bookings.api import BoxOffice, HoldExpired, NotReady, SeatsUnavailable
from bookings.claim_store import endings
from bookings.models import Show
from bookings.seat_store import NotHeld
from bookings.services import expiry, rebuild
from bookings.services.booking_ids import new_booking_id
from tests.support.guards import lua_without, redis_clock_ahead, sql_without, unless, with_and_without_guard
from tests.support.witness import (
    HOLD_MS,
    acquire,
    another_office,
    booking_status,
    halt_at,
    live_claims,
    move_back,
    raw_store,
    rows,
    shown,
    shown_owner,
)

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

HOUR_MS = 3_600_000
FENCE_CHECK = "if last and tonumber(last) > fence then return false end"


def deadline_ms(database: str, booking: str) -> int:
    """The deadline as PostgreSQL has it, from its own clock's now."""
    left = "(extract(epoch FROM expires_at - clock_timestamp()) * 1000)::bigint"
    return int(rows(database, f"SELECT {left} FROM bookings_booking WHERE id = %s", booking)[0][0])


@contextmanager
def stale_clocks() -> Iterator[None]:
    """The statement that extends a hold and the look that follows it both believe that it is still the beginning."""
    asks, says = "b.expires_at > clock_timestamp()", "b.expires_at > now()"
    with sql_without("hold_batch", asks, says), sql_without("pending_hold", asks, says):
        yield


class TestOneDeadlineNumber:
    """Rule 1."""

    @with_and_without_guard
    async def test_is_not_longer_than_a_hold_although_redis_is_an_hour_ahead(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        lesser = (
            "LEAST(\n        to_timestamp(expires_ms / 1000.0), "
            "clock_timestamp() + %(hold_ms)s * interval '1 millisecond')"
        )
        only_redis = sql_without("hold_batch", lesser, "to_timestamp(expires_ms / 1000.0 + 0 * %(hold_ms)s)")
        with redis_clock_ahead(HOUR_MS), unless(guarded, only_redis):
            await box_office.picture(show.pk)

            held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        # Off: the seat cannot be sold for an hour after its countdown has ended on PostgreSQL's clock.
        assert (deadline_ms(database, held.booking) <= HOLD_MS) is guarded

    @with_and_without_guard
    async def test_is_redis_number_although_redis_is_behind(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        only_own = sql_without(
            "hold_batch", "LEAST(\n        to_timestamp(expires_ms / 1000.0),", "GREATEST(to_timestamp(0),"
        )
        with redis_clock_ahead(-5_000), unless(guarded, only_own):
            held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        query = "SELECT (extract(epoch FROM expires_at) * 1000)::bigint FROM bookings_booking WHERE id = %s"
        # Off: Redis lets the seat go, and PostgreSQL refuses the next customer for five seconds.
        assert (rows(database, query, held.booking) == [(held.expires_ms,)]) is guarded

    @with_and_without_guard
    async def test_leaves_a_second_for_a_clock_that_is_behind_redis(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        late = await box_office.hold(show_id=show.pk, holder="late", labels=["A1"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS, postgres=False)
        rows(database, "UPDATE bookings_booking SET expires_at = clock_timestamp() + interval '900 ms'")
        without = [patch.object(module, "CLOCK_SLACK_MS", 0) for module in (endings, expiry)]

        with unless(guarded, without[0]), unless(guarded, without[1]):
            if guarded:
                held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
                assert live_claims(database, show.pk) == {0: held.booking}
                assert booking_status(database, late.booking) == "expired"
            else:
                # The seat is shown free, and is not.
                with pytest.raises(SeatsUnavailable):
                    await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

    @with_and_without_guard
    async def test_is_judged_by_the_clock_and_not_by_the_beginning_of_a_transaction(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        with unless(guarded, stale_clocks()), halt_at("takeover.stale_ended") as halt:
            adding = asyncio.create_task(box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"]))
            await halt.reached()
            rows(database, "UPDATE bookings_booking SET expires_at = clock_timestamp() WHERE id = %s", held.booking)
            halt.go_on()
            if guarded:
                with pytest.raises(HoldExpired):
                    await adding
            else:
                await adding

        # Off: a seat was added to a hold that was over.
        assert (1 in live_claims(database, show.pk)) is not guarded


class TestTokenIsTheBooking:
    """Rule 2."""

    @with_and_without_guard
    async def test_a_rebuilt_hold_still_belongs_to_its_owner(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        redis_client.flushdb()
        holds_of = vars(rebuild)["_holds_of"]

        def with_tokens_of_their_own(*arguments: Any) -> list[dict[str, Any]]:
            return [{**hold, "token": new_booking_id()} for hold in holds_of(*arguments)]

        with unless(guarded, patch.object(rebuild, "_holds_of", with_tokens_of_their_own)):
            await box_office.picture(show.pk)
            if guarded:
                added = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])
                assert added.booking == held.booking
                assert added.seats == ("A1", "A2")
            else:
                # His own hold stands in his way.
                with pytest.raises(NotReady):
                    await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])

    @with_and_without_guard
    async def test_acquire_answers_with_the_booking_the_holder_has_already(
        self, box_office: BoxOffice, show: Show, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        forgetful = lua_without("acquire_seats", "redis.call('HGET', HOLDERS, holder)", "false")

        with unless(guarded, forgetful):
            if guarded:
                added = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])
                assert added.booking == held.booking
            else:
                with pytest.raises(NotReady):
                    await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])


class TestFence:
    """Rule 3."""

    @with_and_without_guard
    async def test_a_block_that_is_shown_late_does_not_undo_the_unblocking(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        await box_office.picture(show.pk)
        with unless(guarded, lua_without("paint_seats", FENCE_CHECK)):
            async with another_office() as office:
                with halt_at("picture.painting") as halt:
                    blocking = asyncio.create_task(
                        office.block_seats(show_id=show.pk, labels=["A1"], reason="broken")
                    )
                    await halt.reached()
                    await box_office.unblock_seats(show_id=show.pk, labels=["A1"])
                    halt.go_on()
                    await blocking

        assert live_claims(database, show.pk) == {}
        assert shown(redis_client, show.pk)[0] == ("A" if guarded else "X")

    @with_and_without_guard
    async def test_a_release_that_is_shown_late_does_not_free_a_seat_held_again(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        with unless(guarded, lua_without("release_seats", FENCE_CHECK)):
            async with another_office() as office:
                with halt_at("release.committed") as halt:
                    releasing = asyncio.create_task(office.release(show_id=show.pk, holder="holder", labels=["A1"]))
                    await halt.reached()
                    again = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
                    await box_office._live._proven.close()
                    halt.go_on()
                    await releasing

        assert again.booking == held.booking
        assert live_claims(database, show.pk) == {0: held.booking, 1: held.booking}
        # Off: the seat is shown free, and its holder was told that he has it.
        assert shown(redis_client, show.pk)[:2] == ("HH" if guarded else "AH")

    @with_and_without_guard
    async def test_a_confirmation_from_the_past_does_not_paint_over_a_newer_owner(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis, servers: "EmbeddedServers", guarded: bool
    ) -> None:
        await box_office.picture(show.pk)
        async with raw_store(servers.redis_url) as store:
            with unless(guarded, lua_without("paint_seats", FENCE_CHECK)):
                floor = int(str(redis_client.hget(f"show:{{{show.pk}}}", "fence_floor")))
                await store.paint(show.pk, state="B", fence=floor + 1, seats=[(0, "A1")])
                await store.paint(show.pk, state="A", fence=floor + 3, seats=[(0, "A1")])
                await acquire(store, show.pk, holder="newer", seats=[0])

                await store.paint(show.pk, state="B", fence=floor + 2, seats=[(0, "A1")])

        assert shown(redis_client, show.pk)[0] == ("H" if guarded else "B")

    @with_and_without_guard
    async def test_a_confirmation_overrides_any_token(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis, servers: "EmbeddedServers", guarded: bool
    ) -> None:
        await box_office.picture(show.pk)
        polite = lua_without(
            "paint_seats", "now_shown ~= state then", "now_shown ~= state and not owner_of(label) then"
        )
        async with raw_store(servers.redis_url) as store:
            token = (await acquire(store, show.pk, holder="rival", seats=[0, 1])).booking
            with unless(guarded, polite):
                await store.paint(show.pk, state="B", fence=10**9, seats=[(0, "A1")])

        # Off: a sold seat goes on counting down as somebody's hold.
        assert shown(redis_client, show.pk)[:2] == ("BH" if guarded else "HH")
        assert shown_owner(redis_client, show.pk, "A1") == ("" if guarded else token)
        assert shown_owner(redis_client, show.pk, "A2") == token


class TestKeysForEyes:
    """Rule 4."""

    @with_and_without_guard
    async def test_do_not_decide(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis, servers: "EmbeddedServers", guarded: bool
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        believing = lua_without(
            "acquire_seats",
            "  if state == 'H' then\n",
            "  if state == 'H' and redis.call('EXISTS', seat_lock(label)) == 0 then state = 'A' end\n"
            "  if state == 'H' then\n",
        )

        redis_client.delete(f"seat_lock:{{{show.pk}}}:A1", f"seat_reservation:{{{show.pk}}}:holder")

        async with raw_store(servers.redis_url) as store:
            with unless(guarded, believing):
                if guarded:
                    with pytest.raises(NotHeld):
                        await acquire(store, show.pk, holder="rival", seats=[0])
                else:
                    # Two holders are through the gate.
                    assert await acquire(store, show.pk, holder="rival", seats=[0])

    async def test_are_not_needed_to_end_a_hold(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        for label in ("A1", "A2"):
            redis_client.delete(f"seat_lock:{{{show.pk}}}:{label}")

        released = await box_office.release(show_id=show.pk, holder="holder")

        assert released.seats == ("A1", "A2")
        assert "H" not in shown(redis_client, show.pk)
