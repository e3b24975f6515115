"""Redis seat release: what a holder lets go leaves nothing of his behind in Redis, and everything of others."""

import pytest_asyncio
import redis
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice
from bookings.models import Booking, Show
from tests.support.cinema import make_show

ENTRIES_OF_A_HOLD = ("seat_lock", "seat_reservation", "reserved_seats", "holds", "holders", "hold_deadlines")


@pytest_asyncio.fixture
async def show(database: str) -> Show:
    return await sync_to_async(make_show)()


def entries(client: "redis.Redis") -> set[str]:
    """The keys that exist only while something is held."""
    return {key for key in client.scan_iter() if key.split(":")[0] in ENTRIES_OF_A_HOLD}


class TestReleasingSeats:
    async def test_of_a_whole_hold_leaves_no_key(
        self, box_office: BoxOffice, redis_client: "redis.Redis", show: Show
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])
        during = entries(redis_client)

        await box_office.release(show_id=show.pk, holder="holder")

        assert {f"seat_lock:{{{show.pk}}}:A1", f"seat_reservation:{{{show.pk}}}:holder"} <= during
        assert entries(redis_client) == set()
        assert (await Booking.objects.aget(pk=held.booking)).status == "cancelled"

    async def test_of_one_seat_leaves_the_other_locked_until_the_same_deadline(
        self, box_office: BoxOffice, redis_client: "redis.Redis", show: Show
    ) -> None:
        held = await box_office.hold(show_id=show.pk, holder="holder", labels=["A1", "A2"])

        await box_office.release(show_id=show.pk, holder="holder", labels=["A1"])

        assert redis_client.exists(f"seat_lock:{{{show.pk}}}:A1") == 0
        assert redis_client.hgetall(f"reserved_seats:{{{show.pk}}}") == {"A2": f"{held.booking} {held.expires_ms}"}
        assert redis_client.zscore(f"hold_deadlines:{{{show.pk}}}", held.booking) == held.expires_ms

    async def test_leaves_a_rivals_hold_alone(
        self, box_office: BoxOffice, redis_client: "redis.Redis", show: Show
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        rivals = await box_office.hold(show_id=show.pk, holder="rival", labels=["A2"])

        await box_office.release(show_id=show.pk, holder="holder", labels=["A1", "A2"])

        assert redis_client.get(f"seat_lock:{{{show.pk}}}:A2") == rivals.booking
        assert (await box_office.picture(show.pk)).states[:2] == "AH"

    async def test_that_comes_after_the_seat_went_to_a_rival_changes_nothing(
        self, box_office: BoxOffice, redis_client: "redis.Redis", show: Show
    ) -> None:
        await box_office.hold(show_id=show.pk, holder="holder", labels=["A1"])
        await box_office.release(show_id=show.pk, holder="holder")
        rivals = await box_office.hold(show_id=show.pk, holder="rival", labels=["A1"])

        late = await box_office.release(show_id=show.pk, holder="holder", labels=["A1"])

        assert late.seats == ()
        assert redis_client.get(f"seat_lock:{{{show.pk}}}:A1") == rivals.booking
