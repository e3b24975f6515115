"""Rule 20 of consistency and the faults of Redis: killed or paused. Emptied and full: test_rules_emptied_redis.py."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
import redis

from bookings.api import BoxOffice, NotReady, RateLimited, SeatsUnavailable, TooManySeats
from bookings.claim_store import store as claims
from bookings.models import Show
from bookings.seat_store import connection
from bookings.services import standby
from bookings.services.reconcile import Reconciler
from tests.support.guards import unless, with_and_without_guard
from tests.support.redis_away import back, noticed, without_redis
from tests.support.witness import (
    another_office,
    dies,
    eventually,
    halt_at,
    holding,
    live_claims,
    pending_fences,
    relay,
    rows,
    settled,
    shown,
    shown_owner,
    waits_for_a_lock,
)

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

# The contract's word: without Redis holds go on within so long.
WITHIN_SECONDS = 2.0


class TestGone:
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
    async def test_holds_go_on_within_two_seconds_and_are_shown_afterwards(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, servers: "EmbeddedServers",
        number: signal.Signals,
    ) -> None:  # fmt: skip
        modes: list[bool] = []
        box_office.on_mode_change(modes.append)
        first = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        await settled(box_office)
        if number == signal.SIGKILL:
            servers.kill_redis()
        else:
            os.kill(servers.redis_pid, number)

        told = await asyncio.gather(
            *(holding(box_office, show.pk, f"B{n}", holder=f"holder-{n}") for n in range(1, 6))
        )
        await eventually(lambda: not box_office.live)
        added = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])
        await back(box_office, servers)

        # All that anybody waits for; how long it really takes is for the fault suite to say.
        until_lost_seconds = connection.WATCH_SECONDS * (connection.WATCH_LOOKS_MAX + 1)
        assert until_lost_seconds + standby.RECONNECT_WAIT_SECONDS < WITHIN_SECONDS
        assert {held.version for held in (*told, added)} == {None}
        assert (added.booking, added.seats, added.expires_ms) == (first.booking, ("A1", "A2"), first.expires_ms)
        owners = {0: first.booking, 1: first.booking, **{12 + n: held.booking for n, held in enumerate(told)}}
        assert live_claims(database, show.pk) == owners
        # What a paused Redis found waiting did nothing, and what PostgreSQL alone has decided is shown.
        picture = await box_office.picture(show.pk)
        assert {seat: hold.booking for hold in picture.holds for seat in hold.seats} == owners
        assert {i for i, state in enumerate(shown(redis_client, show.pk)) if state == "H"} == set(owners)
        assert modes == [False, True]
        assert pending_fences(database) == 0

    async def test_postgresql_alone_keeps_every_promise(
        self, box_office: BoxOffice, show: Show, database: str, servers: "EmbeddedServers"
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="rival", labels=["A1"])
        async with without_redis(box_office, servers, how="paused"):
            before = await box_office.picture(show.pk)
            with pytest.raises(SeatsUnavailable) as refusal:
                await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
            assert refusal.value.fields["seats"] == ["A1"]
            await box_office.hold(show_id=show.pk, holder="holder", labels=[f"B{n}" for n in range(1, 9)])
            with pytest.raises(TooManySeats):
                await box_office.hold(show_id=show.pk, holder="holder", labels=["C1", "C2", "C3"])
            best = await box_office.hold_best(show_id=show.pk, holder="holder", count=2)
            assert len(best.seats) == 10
            released = await box_office.release(show_id=show.pk, holder="holder", labels=["B1"])
            assert (released.seats, released.version) == (("B1",), None)
            await box_office.block_seats(show_id=show.pk, labels=["E1"], reason="broken")
            rows(database, "UPDATE bookings_booking SET expires_at = clock_timestamp() WHERE holder = 'rival'")
            assert len(await box_office.expire_due()) == 1
            after = await box_office.picture(show.pk)
            again = await box_office.picture(show.pk)

        assert before.epoch == after.epoch
        assert after.epoch.startswith("d")
        assert before.version < after.version == again.version
        assert (after.states[0], after.states[12], after.states[13], after.states[48]) == ("A", "A", "H", "X")
        assert (await box_office.picture(show.pk)).states == after.states

    async def test_a_budget_used_up_is_used_up_without_redis_too(
        self, box_office: BoxOffice, show: Show, database: str, servers: "EmbeddedServers"
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        rows(database, "UPDATE bookings_booking SET created_at = created_at - interval '25 min'")
        await box_office.release(show_id=show.pk, holder="holder")
        async with without_redis(box_office, servers, how="paused"):
            with pytest.raises(RateLimited) as refusal:
                await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        assert refusal.value.fields["retry_after_ms"] > 0

    async def test_its_epoch_is_new_each_time(
        self, box_office: BoxOffice, show: Show, servers: "EmbeddedServers"
    ) -> None:
        epochs = set()
        for _ in range(2):
            async with without_redis(box_office, servers, how="killed"):
                epochs.add((await box_office.picture(show.pk)).epoch)

        assert len(epochs) == 2

    @with_and_without_guard
    async def test_two_processes_count_one_limit(
        self, box_office: BoxOffice, show: Show, database: str, servers: "EmbeddedServers", guarded: bool
    ) -> None:
        async def lock_nothing(*_: object, **__: object) -> None:
            return None

        async with another_office() as office:
            await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
            await office.plan(show.pk)
            async with without_redis(box_office, servers, how="paused"):
                await noticed(office)
                with unless(guarded, patch.object(claims, "lock_pending", lock_nothing)):
                    async with between(database):
                        asked = ([f"B{n}" for n in range(1, 7)], [f"C{n}" for n in range(1, 7)])
                        tasks = [
                            holding(each, show.pk, *labels)
                            for each, labels in zip((box_office, office), asked, strict=True)
                        ]
                        await waits_for_a_lock(database, sessions=2)
                    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

        refused = [outcome for outcome in outcomes if isinstance(outcome, TooManySeats)]
        assert len(refused) == (1 if guarded else 0)
        assert len(live_claims(database, show.pk)) == (7 if guarded else 13)

    @with_and_without_guard
    async def test_what_was_held_without_redis_is_shown_when_it_is_back(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, servers: "EmbeddedServers",
        guarded: bool,
    ) -> None:  # fmt: skip
        async def nothing_pending(*_: object, **__: object) -> None:
            return None

        await box_office.picture(show.pk)
        with unless(guarded, patch.object(claims, "picture_is_pending", nothing_pending)):
            async with without_redis(box_office, servers, how="paused"):
                held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        # Off: a seat that is held is shown free.
        assert shown(redis_client, show.pk)[0] == ("H" if guarded else "A")
        assert shown_owner(redis_client, show.pk, "A1") == (held.booking if guarded else "")

    async def test_a_failure_on_the_way_back_is_not_the_last_try(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, servers: "EmbeddedServers"
    ) -> None:
        await box_office.picture(show.pk)
        whole, tries = Reconciler.apply_leftovers, []

        async def fail_once(self: Reconciler, *arguments: object, **options: object) -> int:
            tries.append(arguments)
            if len(tries) == 1:
                raise NotReady
            return await whole(self, *arguments, **options)  # type: ignore[arg-type]  # passed on

        with patch.object(Reconciler, "apply_leftovers", fail_once):
            async with without_redis(box_office, servers, how="paused"):
                await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        assert len(tries) == 2
        assert shown(redis_client, show.pk)[0] == "H"


class TestAShortCut:
    """Connections are cut and made again at once: the mode stays, and what was not told meanwhile is told."""

    @with_and_without_guard
    async def test_shows_at_once_what_redis_was_not_told(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis, guarded: bool
    ) -> None:
        async def look_away(*_: object) -> None:
            return None

        await box_office.picture(show.pk)
        async with another_office() as office:
            with halt_at("picture.painting") as halt:
                task = asyncio.create_task(office.block_seats(show_id=show.pk, labels=["A1"], reason="broken"))
                await halt.reached()
                await dies(task)
        before = box_office._standby._store
        with unless(guarded, patch.object(standby.Standby, "_show_what_was_missed", look_away)):
            redis_client.client_kill_filter(_type="normal")
            await eventually(lambda: box_office._standby._store not in (None, before))
            if guarded:
                await eventually(lambda: shown(redis_client, show.pk)[0] == "X")

        assert box_office.live
        # Off: a seat that nobody can have is shown free, until the tidying comes round.
        assert shown(redis_client, show.pk)[0] == ("X" if guarded else "A")


@asynccontextmanager
async def between(database: str) -> AsyncIterator[None]:
    """Every pending booking is locked by somebody else within this block."""
    import psycopg

    async with await psycopg.AsyncConnection.connect(database) as connection:
        await connection.execute("SELECT 1 FROM bookings_booking WHERE status = 'pending' FOR UPDATE")
        yield


class TestOneProcessAlone:
    """The mode is a process' own: another one may see Redis all the time."""

    async def test_its_holds_and_the_others_do_not_collide(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        await box_office.picture(show.pk)
        async with another_office() as cut_off:
            await cut_off.plan(show.pk)
            await dies(cut_off._standby._keeper)  # type: ignore[arg-type]  # it was started
            cut_off._standby._set_live(live=False, why="the line to Redis is cut")
            (await cut_off._standby.store()).connection.close()
            cut_off._standby._store = None

            alone = await cut_off.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
            with pytest.raises(SeatsUnavailable):
                await box_office.hold(show_id=show.pk, holder="rival", labels=["A2", "A3"])
            other = await box_office.hold(show_id=show.pk, holder="rival", labels=["A3"])
            with pytest.raises(SeatsUnavailable):
                await cut_off.hold(show_id=show.pk, holder="holder", labels=["A3"])

        assert live_claims(database, show.pk) == {0: alone.booking, 1: alone.booking, 2: other.booking}
        await relay(box_office, database)
        assert shown(redis_client, show.pk)[:4] == "HHHA"
