"""Rules of the gate and the proof (consistency 5 to 8), each also without its guard."""

import asyncio
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import psycopg
import pytest
import redis

from bookings.api import (
    BoxOffice,
    NotReady,
    OutcomeUnknown,
    SalesClosed,
    SeatsUnavailable,
)
from bookings.claim_store.store import HoldRow, Standing
from bookings.domain import drift
from bookings.models import Show
from bookings.seat_store import SeatStore, StoreUnavailable
from bookings.services import holds
from bookings.services.group_commit import GroupCommit
from bookings.services.holds import LiveHolds
from bookings.services.reconcile import Reconciler
from tests.support.cinema import PRICE_PAISE
from tests.support.guards import lua_without, unless, with_and_without_guard
from tests.support.witness import (
    acquire,
    another_office,
    calls_of,
    dies,
    eventually,
    halt_at,
    holding,
    insert_booking,
    listening,
    live_claims,
    move_back,
    raw_store,
    redis_url_of,
    rows,
    settled,
    shown,
    shown_owner,
    waits_for_a_lock,
)

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


class TestALateCall:
    """Rule 5: what a paused Redis runs late does nothing."""

    @with_and_without_guard
    async def test_leaves_no_lock_that_nobody_owns(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis, servers: "EmbeddedServers", guarded: bool
    ) -> None:
        await box_office.picture(show.pk)
        check = "if valid_until_ms > 0 and now_ms > valid_until_ms then return { 'too_late', now_ms } end"
        async with raw_store(servers.redis_url) as store:
            with unless(guarded, lua_without("acquire_seats", check)):
                await store.learn_time()
                # Known to Redis in this form, so that the late call is one command.
                await acquire(store, show.pk, holder="before", seats=[5])
                runs = calls_of(redis_client, "evalsha")
                servers.pause_redis()
                with pytest.raises(StoreUnavailable):
                    await acquire(store, show.pk, holder="holder", seats=[0])
                servers.resume_redis()
                await eventually(lambda: calls_of(redis_client, "evalsha") > runs)

        assert shown(redis_client, show.pk)[0] == ("A" if guarded else "H")

    async def test_says_which_seats_are_new_and_repeats_without_a_step(
        self, box_office: BoxOffice, show: Show, servers: "EmbeddedServers"
    ) -> None:
        await box_office.picture(show.pk)
        async with raw_store(servers.redis_url) as store:
            first = await acquire(store, show.pk, holder="holder", seats=[0])
            both = await acquire(store, show.pk, holder="holder", seats=[0, 1], token="another")
            again = await acquire(store, show.pk, holder="holder", seats=[0, 1])

        assert (first.new_seats, both.new_seats, again.new_seats) == ((0,), (1,), ())
        assert both.booking == first.booking
        assert (both.version, again.version) == (first.version + 1, first.version + 1)


async def only_release(self: Reconciler, store: SeatStore, show_id: int, *, booking: str, seats: Any) -> None:
    """A repair that gives back instead of showing what is true."""
    await store.release(show_id, token=booking, fence=None)


class TestARefusalRepairs:
    """Rule 6: a seat that PostgreSQL refuses is shown as PostgreSQL has it."""

    @with_and_without_guard
    @pytest.mark.parametrize(("status", "state"), [("pending", "H"), ("confirmed", "B"), ("block", "X")])
    async def test_to_what_postgresql_says(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, *, status: str, state: str,
        guarded: bool,
    ) -> None:  # fmt: skip
        await box_office.picture(show.pk)
        rival = self._unheard_of(database, show, status)
        async with listening(show.pk, redis_url_of(redis_client)) as listener:
            with (
                unless(guarded, patch.object(Reconciler, "correct_refused", only_release)),
                pytest.raises(SeatsUnavailable) as refusal,
            ):
                await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
            told = await listener.heard()

        assert refusal.value.fields["seats"] == ["A1"]
        # Off: a seat that cannot be had is shown free.
        assert shown(redis_client, show.pk)[:2] == (state + "A" if guarded else "AA")
        if guarded and status == "pending":
            picture = await box_office.picture(show.pk)
            assert [(hold.booking, hold.holder, hold.seats) for hold in picture.holds] == [(rival, "rival", (0,))]
            stored = "SELECT (extract(epoch FROM expires_at) * 1000)::bigint FROM bookings_booking WHERE id = %s"
            assert rows(database, stored, rival) == [(picture.deadlines()[0],)]
        assert not [hold for message in told for hold in message.get("holds", []) if hold["holder"] == "holder"]

    @staticmethod
    def _unheard_of(database: str, show: Show, status: str) -> str:
        if status != "block":
            return insert_booking(database, show.pk, seats=[0], status=status)
        blocked = "INSERT INTO bookings_seatclaim (show_id, seat_index, kind) VALUES (%s, 0, 'block')"
        rows(database, blocked, show.pk)
        return ""

    async def test_to_free_when_nobody_has_it(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        await box_office.picture(show.pk)
        rows(database, "UPDATE bookings_show SET status = 'closed' WHERE id = %s", show.pk)

        with pytest.raises(SalesClosed):
            await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        assert shown(redis_client, show.pk)[0] == "A"
        assert shown_owner(redis_client, show.pk, "A1") == ""

    @with_and_without_guard
    async def test_from_a_reading_that_still_holds(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        await box_office.picture(show.pk)
        insert_booking(database, show.pk, seats=[0])

        async def lock_nothing(*_: object) -> None:
            return None

        with (
            unless(guarded, patch.object(Reconciler, "_lock_bookings", lock_nothing)),
            halt_at("repair.read") as halt,
        ):
            refused = holding(box_office, show.pk, "A1")
            await halt.reached()
            async with another_office() as office:
                releasing = asyncio.create_task(office.release(show_id=show.pk, holder="rival"))
                if guarded:
                    await waits_for_a_lock(database)
                else:
                    await releasing
                halt.go_on()
                with pytest.raises(SeatsUnavailable):
                    await refused
                await releasing

        # Off: the rival's hold is shown although it was released before.
        assert shown(redis_client, show.pk)[0] == ("A" if guarded else "H")


def commit_answer_lost() -> AbstractContextManager[object]:
    """COMMIT is done, and the connection breaks before its answer arrives; once."""
    execute = psycopg.AsyncConnection.execute
    lost: list[str] = []

    async def execute_and_lose(self: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        cursor = await execute(self, query, *arguments, **options)
        if query == "COMMIT" and not lost:
            lost.append(query)
            await self.close()
            raise psycopg.OperationalError("the connection broke")
        return cursor

    return patch.object(psycopg.AsyncConnection, "execute", execute_and_lose)


class TestUnknownCommit:
    """Rule 7."""

    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(holds, "OUTCOME_WAIT_SECONDS", 0.05)

    async def test_that_was_done_is_found_out(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        with commit_answer_lost():
            held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        assert live_claims(database, show.pk) == {0: held.booking}
        assert shown(redis_client, show.pk)[0] == "H"

    async def test_that_was_not_done_is_refused_and_repaired(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        with halt_at("batch.written") as halt:
            task = holding(box_office, show.pk, "A1")
            await halt.reached()
            busy = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'"
            assert rows(database, busy)
            halt.go_on()
            with pytest.raises(NotReady):
                await task

        assert live_claims(database, show.pk) == {}
        assert shown(redis_client, show.pk)[0] == "A"

    @with_and_without_guard
    async def test_keeps_the_locks_while_nobody_knows(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        async def take_back(self: LiveHolds, store: SeatStore, plan: Any, acquired: Any, *_: Any) -> None:
            await self._take_back(store, plan, acquired)
            raise NotReady

        # Nobody can be asked: every look comes too late.
        with (
            patch.object(holds, "OUTCOME_TRIES", 0),
            unless(guarded, patch.object(LiveHolds, "_learn_outcome", take_back)),
            commit_answer_lost(),
            pytest.raises(OutcomeUnknown if guarded else NotReady),
        ):
            await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        assert len(live_claims(database, show.pk)) == 1
        # Off: a seat that is held is shown free.
        assert shown(redis_client, show.pk)[0] == ("H" if guarded else "A")

    async def test_is_found_by_the_same_key(self, box_office: BoxOffice, show: Show, database: str) -> None:
        async def hold() -> Any:
            return await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"], idempotency_key="once more")

        with patch.object(holds, "OUTCOME_TRIES", 0), commit_answer_lost(), pytest.raises(OutcomeUnknown):
            await hold()

        held = await hold()
        assert live_claims(database, show.pk) == {0: held.booking}


class TestOrphans:
    """Rule 8: a hold that PostgreSQL never heard of."""

    @with_and_without_guard
    async def test_costs_ten_seconds_and_not_ten_minutes(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        with halt_at("hold.acquired") as halt:
            task = holding(box_office, show.pk, "A1")
            await halt.reached()
            await dies(task)
        await box_office.release_orphans(show.pk)
        assert shown(redis_client, show.pk)[0] == "H"

        move_back(database, redis_client, show.pk, ms=10_001)
        with unless(guarded, patch.object(drift, "UNCOMMITTED_MS_MAX", 600_000)):
            await box_office.release_orphans(show.pk)

        assert shown(redis_client, show.pk)[0] == ("A" if guarded else "H")

    @with_and_without_guard
    async def test_is_left_alone_while_it_may_be_on_its_way(
        self, box_office: BoxOffice, show: Show, redis_client: redis.Redis, guarded: bool
    ) -> None:
        async with another_office() as office:
            with unless(guarded, patch.object(drift, "UNCOMMITTED_MS_MAX", 0)), halt_at("hold.acquired") as halt:
                task = holding(box_office, show.pk, "A1")
                await halt.reached()
                await office.release_orphans(show.pk)

                # Off: the seat is offered to the next one while the first is being told that he has it.
                assert shown(redis_client, show.pk)[0] == ("H" if guarded else "A")
                halt.go_on()
                await task

    @with_and_without_guard
    async def test_who_proves_a_hold_sees_that_the_picture_has_not_lost_it(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        blind = lua_without("commit_holds", "if owner_of(label) ~= token then lost[#lost + 1] = label end")
        async with another_office() as office:
            with unless(guarded, blind), halt_at("hold.acquired") as halt:
                adding = holding(box_office, show.pk, "A2")
                await halt.reached()
                # The booking is known, the seat is not: under the row lock there is nothing to wait for.
                await office.reconcile(show.pk)
                assert shown(redis_client, show.pk)[:2] == "HA"
                halt.go_on()
                await adding
                await settled(box_office)

        assert live_claims(database, show.pk) == {0: held.booking, 1: held.booking}
        assert shown(redis_client, show.pk)[:2] == ("HH" if guarded else "HA")


class TestASeatThatWasLetGoWhileRedisWasAway:
    """A holder is told the hold that is proven, not the one that Redis still shows."""

    @staticmethod
    async def _hold_two_of_which_one_was_let_go(office: BoxOffice, show: Show, database: str) -> str:
        """A1 and A2 held; A2 let go in PostgreSQL alone, where somebody else holds it now. The first booking."""
        held = await office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        await settled(office)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "UPDATE bookings_seatclaim SET released_at = clock_timestamp() "
                "WHERE booking_id = %s AND seat_index = 1",
                (held.booking,),
            )
        insert_booking(database, show.pk, seats=[1])
        return held.booking

    @with_and_without_guard
    async def test_is_not_named_in_what_he_is_granted_next(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        booking = await self._hold_two_of_which_one_was_let_go(box_office, show, database)

        def stands(self: GroupCommit, row: HoldRow, standing: Standing | None) -> bool:
            return standing is not None and len(standing.claimed) == len(row.claims)

        with unless(guarded, patch.object(GroupCommit, "_stands", stands)):
            held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A3"], idempotency_key="again")

        assert held.booking == booking
        assert held.seats == (("A1", "A3") if guarded else ("A1", "A2", "A3"))
        assert held.amount_paise == PRICE_PAISE * len(held.seats)
        # The stored reply says the same.
        again = await box_office.hold(show_id=show.pk, holder="holder", labels=["A3"], idempotency_key="again")
        assert again.seats == held.seats

    async def test_is_not_named_when_he_asks_for_what_he_has(
        self, box_office: BoxOffice, show: Show, database: str
    ) -> None:
        await self._hold_two_of_which_one_was_let_go(box_office, show, database)

        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        assert held.seats == ("A1",)

    async def test_is_refused_when_he_asks_for_it_again(
        self, box_office: BoxOffice, show: Show, database: str
    ) -> None:
        await self._hold_two_of_which_one_was_let_go(box_office, show, database)

        with pytest.raises(SeatsUnavailable) as refusal:
            await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])

        assert refusal.value.fields["seats"] == ["A2"]
