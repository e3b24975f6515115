"""The brief's scenario "Redis seat release": however a hold ends, none of its keys is left in Redis."""

import json
from collections.abc import Awaitable, Callable

import pytest
import redis

from bookings.api import BoxOffice
from bookings.models import Show
from tests.support.cinema import PRICE_PAISE
from tests.support.witness import (
    HOLD_MS,
    another_office,
    move_back,
    rows,
    settled,
    shown,
    shown_owner,
    traces_of_holds,
)

DAY_MS = 24 * 3_600_000


Ending = Callable[[BoxOffice, int, str, "redis.Redis"], Awaitable[object]]


async def released_at_once(office: BoxOffice, show_id: int, database: str, client: "redis.Redis") -> None:
    await office.release(show_id=show_id, holder="holder")


async def released_seat_by_seat(office: BoxOffice, show_id: int, database: str, client: "redis.Redis") -> None:
    for label in ("A2", "A1", "A3"):
        await office.release(show_id=show_id, holder="holder", labels=[label])


async def reaped_at_the_deadline(office: BoxOffice, show_id: int, database: str, client: "redis.Redis") -> None:
    move_back(database, client, show_id, ms=HOLD_MS)
    await office.reap(show_id)


async def expired_by_force(office: BoxOffice, show_id: int, database: str, client: "redis.Redis") -> None:
    """In PostgreSQL alone; Redis' own deadline is ten minutes away."""
    rows(database, "UPDATE bookings_booking SET expires_at = clock_timestamp()")
    await office.expire_due()


async def cancelled_with_the_show(office: BoxOffice, show_id: int, database: str, client: "redis.Redis") -> None:
    await office.cancel_show(show_id=show_id)


async def reconciled_away(office: BoxOffice, show_id: int, database: str, client: "redis.Redis") -> None:
    rows(database, "UPDATE bookings_seatclaim SET released_at = clock_timestamp()")
    rows(database, "UPDATE bookings_booking SET status = 'cancelled', ended_at = clock_timestamp()")
    await office.reconcile(show_id)


async def rebuilt_and_released(office: BoxOffice, show_id: int, database: str, client: "redis.Redis") -> None:
    client.flushall()
    await office.picture(show_id)
    await office.release(show_id=show_id, holder="holder")


ENDINGS: list[Ending] = [
    released_at_once, released_seat_by_seat, reaped_at_the_deadline, expired_by_force, cancelled_with_the_show,
    reconciled_away, rebuilt_and_released,
]  # fmt: skip


class TestRedisSeatRelease:
    async def test_a_hold_sets_the_keys_of_the_contract(
        self, box_office: BoxOffice, show: Show, redis_client: "redis.Redis"
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])

        tag = f"{{{show.pk}}}"
        assert redis_client.get(f"seat_lock:{tag}:A1") == held.booking
        assert 0 < redis_client.pttl(f"seat_lock:{tag}:A1") <= HOLD_MS  # type: ignore[operator]  # sync client
        reservation = json.loads(str(redis_client.get(f"seat_reservation:{tag}:holder")))
        assert reservation == {"booking": held.booking, "seats": ["A1", "A2"], "expires_ms": held.expires_ms}
        assert redis_client.hget(f"reserved_seats:{tag}", "A2") == f"{held.booking} {held.expires_ms}"
        assert redis_client.zscore(f"hold_deadlines:{tag}", held.booking) == held.expires_ms
        assert shown(redis_client, show.pk)[:3] == "HHA"

    @pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
    async def test_leaves_no_key_of_a_hold_that_has_ended(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: "redis.Redis", end: Ending
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2", "A3"])
        await settled(box_office)
        assert len(traces_of_holds(redis_client, show.pk)) == 3 + 5

        await end(box_office, show.pk, database, redis_client)
        await settled(box_office)

        assert traces_of_holds(redis_client, show.pk) == []
        assert set(shown(redis_client, show.pk)) == {"A"}
        query = "SELECT status FROM bookings_booking WHERE id = %s"
        assert rows(database, query, held.booking) in ([("cancelled",)], [("expired",)])

    async def test_of_one_seat_leaves_the_keys_of_the_others(
        self, box_office: BoxOffice, show: Show, redis_client: "redis.Redis"
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])

        await box_office.release(show_id=show.pk, holder="holder", labels=["A1"])

        assert not redis_client.exists(f"seat_lock:{{{show.pk}}}:A1")
        assert redis_client.get(f"seat_lock:{{{show.pk}}}:A2") == held.booking
        assert (shown_owner(redis_client, show.pk, "A1"), shown_owner(redis_client, show.pk, "A2")) == (
            "",
            held.booking,
        )

    async def test_gives_the_seats_to_the_next_at_once(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: "redis.Redis"
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        await expired_by_force(box_office, show.pk, database, redis_client)

        async with another_office() as office:
            held = await office.hold(show_id=show.pk, holder="next", labels=["A1", "A2"])

        assert held.amount_paise == 2 * PRICE_PAISE
        assert shown_owner(redis_client, show.pk, "A1") == held.booking

    async def test_of_a_whole_show_comes_a_day_after_its_end(
        self, box_office: BoxOffice, show: Show, redis_client: "redis.Redis"
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        await box_office.release(show_id=show.pk, holder="holder")
        await settled(box_office)

        gone_at_ms = round(show.ends_at.timestamp() * 1000) + DAY_MS
        left = {key: redis_client.pexpiretime(key) for key in redis_client.scan_iter(f"*{{{show.pk}}}*")}
        assert set(left) == {f"{name}:{{{show.pk}}}" for name in ("show", "seat_states", "seat_fence", "held_time")}
        assert set(left.values()) == {gone_at_ms}
