"""Timer expiry: at the deadline of a hold its seats are free again, whoever notices, and its booking follows."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import redis
from asgiref.sync import sync_to_async
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Booking, SeatClaim, Show
from tests.support.cinema import make_show


@pytest_asyncio.fixture
async def box_office(database: str, settings: Settings) -> AsyncIterator[BoxOffice]:
    """A box office whose holds last one second."""
    settings.HOLD_SECONDS = 1
    office = await BoxOffice.open()
    try:
        yield office
    finally:
        await office.close()


@pytest_asyncio.fixture
async def show(database: str) -> Show:
    return await sync_to_async(make_show)()


async def until_deadline(client: "redis.Redis", expires_ms: int) -> None:
    """Wait by Redis' clock, which decides."""
    seconds, micros = client.time()  # type: ignore[misc]  # its stub includes the asynchronous client
    await asyncio.sleep(max(0, expires_ms - seconds * 1000 - micros // 1000 + 2) / 1000)


class TestAtTheDeadline:
    async def test_reap_frees_the_seats_and_the_booking_expires(
        self, box_office: BoxOffice, redis_client: "redis.Redis", show: Show
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        await until_deadline(redis_client, held.expires_ms)

        await box_office.reap(show.pk)
        await box_office.close()

        booking = await Booking.objects.aget(pk=held.booking)
        assert booking.status == "expired"
        assert await SeatClaim.objects.filter(booking=booking, released_at__isnull=True).acount() == 0
        assert redis_client.getrange(f"seat_states:{{{show.pk}}}", 0, 1) == "AA"

    async def test_a_rival_may_hold_before_anybody_has_noticed(
        self, box_office: BoxOffice, redis_client: "redis.Redis", show: Show
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        await until_deadline(redis_client, held.expires_ms)

        rivals = await box_office.hold(show_id=show.pk, holder="rival", labels=["A1"])

        assert rivals.seats == ("A1",)
        assert (await Booking.objects.aget(pk=held.booking)).status == "expired"
        owner = await SeatClaim.objects.aget(show=show, seat_index=0, released_at__isnull=True)
        assert str(owner.booking_id) == rivals.booking

    async def test_not_a_moment_before(self, box_office: BoxOffice, redis_client: "redis.Redis", show: Show) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])

        await box_office.reap(show.pk)
        due = await box_office.expire_due()

        assert due == []
        assert redis_client.get(f"seat_lock:{{{show.pk}}}:A1") == held.booking

    @pytest.mark.parametrize("first", ["reap", "sweep"])
    async def test_whoever_comes_second_finds_nothing(
        self, box_office: BoxOffice, redis_client: "redis.Redis", show: Show, first: str
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        await until_deadline(redis_client, held.expires_ms)

        if first == "reap":
            await box_office.reap(show.pk)
            await box_office.expire_due()
        else:
            await box_office.expire_due()
            await box_office.reap(show.pk)

        # One step for the hold and one for its end, whoever ended it.
        assert (await box_office.picture(show.pk)).version == (held.version or 0) + 1
