"""Rules 17 and 19 of consistency: what was decided is shown, and what is shown wrong is repaired seat by seat."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
import redis

from bookings.api import BoxOffice
from bookings.claim_store import store as claims
from bookings.models import Show
from bookings.services.reconcile import Reconciler
from tests.support.guards import lua_without, sql_without, unless, with_and_without_guard
from tests.support.witness import (
    acquire,
    another_office,
    dies,
    halt_at,
    holding,
    insert_booking,
    listening,
    live_claims,
    move_back,
    pending_fences,
    raw_store,
    redis_url_of,
    rows,
    settled,
    shown,
    traces_of_holds,
    waits_for_a_lock,
)

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

SHOWN_LATER = (
    "    INSERT INTO bookings_picturepending (fence, show_id, seats) SELECT fence, show_id, seats FROM fenced"
)


async def nothing_pending(*_: object, **__: object) -> None:
    return None


class TestUnshown:
    """Rule 17: a process dies after PostgreSQL has decided and before Redis shows it."""

    @with_and_without_guard
    async def test_release_is_shown_by_whoever_relays(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        with unless(guarded, sql_without("release_seats", SHOWN_LATER, "SELECT 1")):
            async with another_office() as office:
                with halt_at("release.committed") as halt:
                    task = asyncio.create_task(office.release(show_id=show.pk, holder="holder"))
                    await halt.reached()
                    await dies(task)

        await self._relay(box_office, database, applied=1 if guarded else 0)

        assert live_claims(database, show.pk) == {}
        # Off: seats that anybody may have are shown as held.
        assert shown(redis_client, show.pk)[:2] == ("AA" if guarded else "HH")

    @with_and_without_guard
    async def test_expiry_is_shown_by_whoever_relays(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        rows(database, "UPDATE bookings_booking SET expires_at = clock_timestamp()")
        with unless(guarded, sql_without("end_bookings", SHOWN_LATER, "SELECT 1")):
            async with another_office() as office:
                with halt_at("expiry.committed") as halt:
                    task = asyncio.create_task(office.expire_due())
                    await halt.reached()
                    # A sweep outlives whoever waits for it, but not its process.
                    for work in (*office._expiry._sweeps, task):
                        await dies(work)

        await self._relay(box_office, database, applied=1 if guarded else 0)

        assert live_claims(database, show.pk) == {}
        assert shown(redis_client, show.pk)[0] == ("A" if guarded else "H")

    @with_and_without_guard
    async def test_block_is_shown_by_whoever_relays(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        await box_office.picture(show.pk)
        with unless(guarded, patch.object(claims, "picture_is_pending", nothing_pending)):
            async with another_office() as office:
                with halt_at("picture.painting") as halt:
                    task = asyncio.create_task(office.block_seats(show_id=show.pk, labels=["A1"], reason="broken"))
                    await halt.reached()
                    await dies(task)

        await self._relay(box_office, database, applied=1 if guarded else 0)

        assert live_claims(database, show.pk) == {0: "block"}
        # Off: a seat that nobody can have is shown free.
        assert shown(redis_client, show.pk)[0] == ("X" if guarded else "A")

    @staticmethod
    async def _relay(office: BoxOffice, database: str, *, applied: int) -> None:
        # Young ones may still be on their way.
        assert await office.apply_leftovers() == 0
        rows(database, "UPDATE bookings_picturepending SET created_at = created_at - interval '3 s'")
        assert await office.apply_leftovers() == applied
        assert pending_fences(database) == 0

    async def test_leaves_nothing_behind_once_everything_is_shown(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2", "A3"])
        await box_office.release(show_id=show.pk, holder="holder", labels=["A1"])
        await box_office.release(show_id=show.pk, holder="holder", labels=["A9"])
        await box_office.block_seats(show_id=show.pk, labels=["B1"], reason="broken")
        await box_office.unblock_seats(show_id=show.pk, labels=["B1"])
        rows(database, "UPDATE bookings_booking SET expires_at = clock_timestamp()")
        await box_office.expire_due()
        await settled(box_office)

        assert pending_fences(database) == 0
        assert traces_of_holds(redis_client, show.pk) == []


class TestReconcile:
    """Rule 19."""

    @with_and_without_guard
    async def test_repairs_a_seat_only_if_it_is_still_as_it_was_read(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, servers: "EmbeddedServers",
        guarded: bool,
    ) -> None:  # fmt: skip
        await box_office.picture(show.pk)
        blindly = lua_without("correct_seats", "state == seat.was and token == seat.was_token and ", "")
        async with raw_store(servers.redis_url) as store, another_office() as office:
            await acquire(store, show.pk, holder="ghost", seats=[0], token="ghost")
            move_back(database, redis_client, show.pk, ms=11_000)
            with unless(guarded, blindly), halt_at("reconcile.inspected") as halt:
                reconciling = asyncio.create_task(office.reconcile(show.pk))
                await halt.reached()
                await store.release(show.pk, token="ghost", fence=None)
                with halt_at("hold.acquired") as acquired:
                    task = holding(box_office, show.pk, "A1")
                    await acquired.reached()
                    halt.go_on()
                    await reconciling
                    # Off: the next customer is shown as nobody while he is being served.
                    assert shown(redis_client, show.pk)[0] == ("H" if guarded else "A")
                    acquired.go_on()
                    await task

    @with_and_without_guard
    async def test_repairs_under_the_lock_of_the_booking(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        async def lock_nothing(*_: object) -> None:
            return None

        await box_office.picture(show.pk)
        insert_booking(database, show.pk, seats=[0], holder="holder")
        async with another_office() as office:
            with (
                unless(guarded, patch.object(Reconciler, "_lock_bookings", lock_nothing)),
                halt_at("reconcile.read") as halt,
            ):
                reconciling = asyncio.create_task(office.reconcile(show.pk))
                await halt.reached()
                releasing = asyncio.create_task(box_office.release(show_id=show.pk, holder="holder"))
                if guarded:
                    await waits_for_a_lock(database)
                else:
                    await releasing
                halt.go_on()
                await asyncio.gather(reconciling, releasing)

        assert live_claims(database, show.pk) == {}
        # Off: a hold that was released before is shown until its deadline.
        assert shown(redis_client, show.pk)[0] == ("A" if guarded else "H")

    async def test_moves_nothing_but_what_differs(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        await settled(box_office)
        before = await box_office.picture(show.pk)
        insert_booking(database, show.pk, seats=[5], status="confirmed")
        async with listening(show.pk, redis_url_of(redis_client)) as listener:
            found = await box_office.reconcile(show.pk)
            told = await listener.heard()

        assert [(d.seat, d.shown.state, d.true.state) for d in found] == [(5, "A", "B")]
        assert [message["changes"] for message in told] == [[[5, "B"]]]
        after = await box_office.picture(show.pk)
        assert (after.epoch, after.version, after.holds) == (before.epoch, before.version + 1, before.holds)


Spoil = Callable[[redis.Redis, str, str], object]
DRIFT: dict[str, Spoil] = {
    "held seat shown free": lambda client, tag, _: client.setrange(f"seat_states:{tag}", 0, "A"),
    "held seat shown sold": lambda client, tag, _: client.setrange(f"seat_states:{tag}", 0, "B"),
    "free seat shown sold": lambda client, tag, _: client.setrange(f"seat_states:{tag}", 7, "B"),
    "free seat shown held": lambda client, tag, _: client.setrange(f"seat_states:{tag}", 7, "H"),
    "seat reserved by nobody": lambda client, tag, _: client.hdel(f"reserved_seats:{tag}", "A1"),
    "seat reserved by another": lambda client, tag, _: client.hset(f"reserved_seats:{tag}", "A1", "other 1"),
    "free seat reserved": lambda client, tag, _: client.hset(f"reserved_seats:{tag}", "A8", "other 1"),
    "hold record gone": lambda client, tag, booking: client.hdel(f"holds:{tag}", booking),
    "all hold records gone": lambda client, tag, _: client.delete(f"holds:{tag}"),
    "deadline gone": lambda client, tag, _: client.delete(f"hold_deadlines:{tag}"),
    "deadline moved": lambda client, tag, booking: client.zadd(f"hold_deadlines:{tag}", {booking: 4e12}),
    "holder gone": lambda client, tag, _: client.delete(f"holders:{tag}"),
    "holder of another": lambda client, tag, _: client.hset(f"holders:{tag}", "holder", "other"),
    "lock gone": lambda client, tag, _: client.delete(f"seat_lock:{tag}:A1"),
    "lock of another": lambda client, tag, _: client.set(f"seat_lock:{tag}:A1", "other", px=60_000),
    "states gone": lambda client, tag, _: client.delete(f"seat_states:{tag}"),
    "states of another hall": lambda client, tag, _: client.set(f"seat_states:{tag}", "AAA"),
    "show gone": lambda client, tag, _: client.delete(f"show:{tag}"),
}


class TestDrift:
    @pytest.mark.parametrize("spoil", DRIFT.values(), ids=list(DRIFT))
    async def test_of_every_kind_is_repaired(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, spoil: Spoil
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        await settled(box_office)
        before = await box_office.picture(show.pk)
        spoil(redis_client, f"{{{show.pk}}}", held.booking)

        await box_office.reconcile(show.pk)

        after = await box_office.picture(show.pk)
        assert await box_office.compare(show.pk) == []
        assert after.states == before.states
        assert [(h.booking, h.holder, h.seats, h.expires_ms) for h in after.holds] == [
            (held.booking, "holder", (0, 1), held.expires_ms)
        ]
        # Nothing is left that would bind a seat or its holder.
        await box_office.release(show_id=show.pk, holder="holder")
        assert traces_of_holds(redis_client, show.pk) == []
        assert (await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])).seats == ("A1",)

    async def test_is_not_seen_where_there_is_none(self, box_office: BoxOffice, show: Show) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        await box_office.block_seats(show_id=show.pk, labels=["B1"], reason="broken")
        await settled(box_office)
        before = await box_office.picture(show.pk)

        assert await box_office.reconcile(show.pk) == []
        assert (await box_office.picture(show.pk)).version == before.version
