"""Rule 10 of consistency: one holder, one booking and one limit, in any number of processes."""

import asyncio
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
import redis

from bookings.api import (
    BookingError,
    BoxOffice,
    HoldExpired,
    NotReady,
    TooManySeats,
)
from bookings.models import Show
from bookings.services.holds import LiveHolds
from bookings.services.turns import Turns
from tests.support.guards import lua_without, sql_without, unless, with_and_without_guard, without_index
from tests.support.witness import (
    Halt,
    another_office,
    dies,
    halt_at,
    holding,
    insert_booking,
    live_claims,
    settled,
)

if TYPE_CHECKING:
    pass


class TestOneHolderInTwoProcesses:
    """Rule 10."""

    @with_and_without_guard
    async def test_has_one_booking(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis, guarded: bool
    ) -> None:
        await box_office.picture(show.pk)
        async with another_office() as office:
            with unless(guarded, without_index(database, "one_pending_booking_per_holder")):
                with halt_at("hold.acquired") as halt:
                    first = holding(box_office, show.pk, "A1")
                    await halt.reached()
                    redis_client.flushdb()
                    await office.hold(show_id=show.pk, holder="holder", labels=["A2"])
                    halt.go_on()
                    if guarded:
                        with pytest.raises(NotReady):
                            await first
                    else:
                        await first
                assert len(set(live_claims(database, show.pk).values())) == (1 if guarded else 2)

    @with_and_without_guard
    async def test_is_not_told_yes_by_redis_alone(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        async def believe(*asked: Any) -> Any:
            return asked[-1]

        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        async with another_office() as office:
            with unless(guarded, patch.object(LiveHolds, "_owned", believe)), halt_at("release.committed") as halt:
                releasing = asyncio.create_task(office.release(show_id=show.pk, holder="holder"))
                await halt.reached()
                # Redis still shows the seat as his.
                if guarded:
                    with pytest.raises(HoldExpired):
                        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
                else:
                    told = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
                    assert told.seats == ("A1",)
                halt.go_on()
                await releasing

        assert live_claims(database, show.pk) == {}

    async def test_takes_up_what_a_dead_process_had_begun(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        async with another_office() as office:
            with halt_at("hold.acquired") as halt:
                first = holding(office, show.pk, "A1")
                await halt.reached()
                await dies(first)

        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        await settled(box_office)
        assert live_claims(database, show.pk) == {0: held.booking}
        assert [hold.committed for hold in (await box_office.picture(show.pk)).holds] == [True]

    @pytest.mark.parametrize("guards", ["both", "redis", "postgresql", "none"])
    async def test_keeps_to_the_limit(self, box_office: BoxOffice, show: Show, database: str, guards: str) -> None:
        in_redis = lua_without("acquire_seats", "#wanted + (hold and #hold.seats or 0) > tonumber(ARGV[5])", "false")
        in_postgres = sql_without("hold_batch", "WHERE c.booking_id = standing.id", "WHERE c.id IS NULL")
        async with another_office() as office:
            await office.hold(show_id=show.pk, holder="holder", labels=[f"A{n}" for n in range(1, 7)])
            more = [f"B{n}" for n in range(1, 7)]
            with unless(guards in ("both", "redis"), in_redis), unless(guards in ("both", "postgresql"), in_postgres):
                if guards == "none":
                    await box_office.hold(show_id=show.pk, holder="holder", labels=more)
                else:
                    with pytest.raises(TooManySeats):
                        await box_office.hold(show_id=show.pk, holder="holder", labels=more)

        assert len(live_claims(database, show.pk)) == (12 if guards == "none" else 6)
        assert (await box_office.picture(show.pk)).states.count("H") == (12 if guards == "none" else 6)

    async def test_may_hold_again_beside_what_he_has_bought(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: redis.Redis
    ) -> None:
        bought = insert_booking(database, show.pk, seats=range(10), holder="holder", status="confirmed")

        held = await box_office.hold(show_id=show.pk, holder="holder", labels=[f"B{n}" for n in range(1, 11)])

        assert held.booking != bought
        assert len(live_claims(database, show.pk)) == 20


class TestOneHolderInOneProcess:
    """Rule 10: one after another."""

    @with_and_without_guard
    async def test_a_release_waits_for_the_hold_before_it(
        self, box_office: BoxOffice, show: Show, database: str, guarded: bool
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        overtaking = patch.object(Turns, "turn", lambda *_: nullcontext())
        with unless(guarded, overtaking), halt_at("hold.acquired") as halt:
            adding = holding(box_office, show.pk, "A2")
            await halt.reached()
            releasing = asyncio.create_task(box_office.release(show_id=show.pk, holder="holder"))
            await asyncio.wait([releasing], timeout=0.2)
            halt.go_on()
            outcomes: Any = await asyncio.gather(adding, releasing, return_exceptions=True)

        # Off: what he asked for first is refused because of what he asked for next.
        assert isinstance(outcomes[0], BookingError) is not guarded
        assert outcomes[1].seats == (("A1", "A2") if guarded else ("A1",))

    async def test_a_turn_given_up_does_not_let_the_next_overtake(self) -> None:
        turns, order = Turns(), []
        halt = Halt()

        async def work(name: str) -> None:
            async with turns.turn("holder", 1):
                order.append(name)
                if name == "first":
                    await halt()

        first = asyncio.create_task(work("first"))
        await halt.reached()
        given_up, last = asyncio.create_task(work("given up")), asyncio.create_task(work("last"))
        await asyncio.wait([given_up, last], timeout=0.05)
        await dies(given_up)
        late = asyncio.create_task(work("late"))
        await asyncio.wait([last, late], timeout=0.05)

        assert order == ["first"]
        halt.go_on()
        await asyncio.gather(first, last, late)
        assert order == ["first", "last", "late"]
        assert turns._last == {}
