"""The brief's scenario "timer expiry": the countdown ends, and the seats come back without anybody asking."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
import redis
import redis.asyncio
from django.test import override_settings

from bookings.api import BoxOffice
from bookings.models import Show
from tests.support.patience import PATIENCE_SECONDS
from tests.support.witness import (
    HOLD_MS,
    another_office,
    booking_status,
    listening,
    live_claims,
    move_back,
    redis_url_of,
    settled,
    shown,
    traces_of_holds,
)


@pytest_asyncio.fixture
async def quick_office(database: str) -> AsyncIterator[BoxOffice]:
    """Holds last one second."""
    with override_settings(HOLD_SECONDS=1):
        async with another_office() as office:
            yield office


class TestTheCountdown:
    async def test_ends_the_hold_at_its_deadline_and_tells_everybody(
        self, quick_office: BoxOffice, show: Show, database: str, redis_client: "redis.Redis"
    ) -> None:
        await quick_office.picture(show.pk)
        async with listening(show.pk, redis_url_of(redis_client)) as listener:
            held = await quick_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
            deadlines = (await quick_office.picture(show.pk)).deadlines()
            store = await quick_office._standby.store()
            # As a room does: it knows the next deadline and comes then.
            while next_ms := await quick_office.reap(show.pk):  # noqa: ASYNC110 — a clock, not an event
                await asyncio.sleep(max(0, next_ms - store.redis_ms()) / 1000)
            await settled(quick_office)
            told = await listener.heard()

        assert deadlines == {0: held.expires_ms, 1: held.expires_ms}
        last = [message for message in told if message["type"] == "show.changes"][-1]
        assert last["changes"] == [[0, "A"], [1, "A"]]
        assert last["ms"] >= held.expires_ms
        mine = [message for message in told if message["type"] == "show.mine"][-1]
        assert mine["ended"] == [{"holder": "holder", "booking": held.booking}]
        owner = [message for message in told if message["type"] == "show.booking"]
        assert [(message["booking"], message["status"]) for message in owner] == [(held.booking, "expired")]
        assert booking_status(database, held.booking) == "expired"
        assert traces_of_holds(redis_client, show.pk) == []

    async def test_wakes_the_watcher_by_the_key_that_expires(
        self, quick_office: BoxOffice, show: Show, redis_client: "redis.Redis"
    ) -> None:
        url = redis_url_of(redis_client)
        async with redis.asyncio.Redis.from_url(url, decode_responses=True) as client, client.pubsub() as events:
            await events.subscribe("__keyevent@0__:expired")
            await events.get_message(timeout=PATIENCE_SECONDS)
            await quick_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

            woken = {(await events.get_message(timeout=PATIENCE_SECONDS) or {}).get("data") for _ in range(2)}

        assert woken == {f"seat_lock:{{{show.pk}}}:A1", f"seat_reservation:{{{show.pk}}}:holder"}

    async def test_is_not_prolonged_by_adding_seats(self, box_office: BoxOffice, show: Show, database: str,
        redis_client: "redis.Redis") -> None:  # fmt: skip
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS - 60_000)

        added = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])

        assert added.expires_ms == held.expires_ms - (HOLD_MS - 60_000)
        assert (await box_office.picture(show.pk)).deadlines() == {0: added.expires_ms, 1: added.expires_ms}


class TestAfterTheCountdown:
    async def test_the_next_customer_does_not_wait_for_anybody_to_clean_up(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: "redis.Redis"
    ) -> None:
        late = await box_office.hold(show_id=show.pk, holder="late", labels=["A1", "A2"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS)

        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2", "A3"])
        await settled(box_office)

        assert live_claims(database, show.pk) == {1: held.booking, 2: held.booking}
        assert shown(redis_client, show.pk)[:3] == "AHH"
        assert booking_status(database, late.booking) == "expired"

    async def test_a_late_click_begins_a_new_hold(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: "redis.Redis"
    ) -> None:
        late = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS)

        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A2"])
        await settled(box_office)

        assert held.booking != late.booking
        assert held.seats == ("A2",)
        assert live_claims(database, show.pk) == {1: held.booking}
        assert (await box_office.picture(show.pk)).states[:2] == "AH"

    async def test_a_late_release_changes_nothing(
        self, box_office: BoxOffice, show: Show, database: str, redis_client: "redis.Redis"
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="late", labels=["A1"])
        move_back(database, redis_client, show.pk, ms=HOLD_MS)
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        released = await box_office.release(show_id=show.pk, holder="late")

        assert released.seats == ()
        assert live_claims(database, show.pk) == {0: held.booking}
        assert shown(redis_client, show.pk)[0] == "H"
