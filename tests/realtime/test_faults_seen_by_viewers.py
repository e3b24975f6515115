"""Redis dies, forgets, or falls silent, and a process loses its subscription: every viewer ends on the true map."""

import signal
from typing import TYPE_CHECKING

import redis

from bookings.models import Show
from tests.support.house import RunningHouse, everybody_was_shaken, running_house
from tests.support.processes import wait_until
from tests.support.viewer import guest_token, viewing

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


class TestViewersEndOnTheTrueMap:
    async def test_after_redis_was_killed_and_started_empty(
        self, servers: "EmbeddedServers", own_house: RunningHouse, show: Show
    ) -> None:
        url = own_house.start_web()
        token, later = guest_token(url), guest_token(url)

        async with viewing(url, show.pk, token=token) as holder, viewing(url, show.pk, token=later) as viewer:
            held = await holder.hold("A1")
            await viewer.until_seat(0, "H")
            epoch = viewer.epoch

            servers.kill_redis()
            await viewer.frame(lambda f: f["type"] == "notice" and f["code"] == "updates_delayed")
            without_redis = await viewer.hold("A2")
            servers.start_redis()

            await viewer.frame(lambda f: f["type"] == "notice" and f["code"] == "updates_live")
            await viewer.until(lambda: viewer.epoch not in (epoch, "") and not viewer.epoch.startswith("d"))
            await viewer.until_seat(1, "H")

            assert (without_redis["type"], without_redis["version"]) == ("held", None)
            assert viewer.text[:3] == "HHA"
            # Remaining time is kept, to the millisecond that PostgreSQL keeps.
            assert abs(viewer.deadlines[0] - held["expires_ms"]) <= 1

    async def test_while_redis_is_paused_and_when_it_goes_on(
        self, servers: "EmbeddedServers", own_house: RunningHouse, show: Show
    ) -> None:
        url = own_house.start_web()
        token = guest_token(url)

        async with viewing(url, show.pk, token=token) as holder, viewing(url, show.pk) as viewer:
            await viewer.frame_of_type("snapshot")
            servers.pause_redis()
            held = await holder.hold("A1")
            await viewer.until_seat(0, "H")
            servers.resume_redis()

            await viewer.frame(lambda f: f["type"] == "notice" and f["code"] == "updates_live")
            await viewer.until(lambda: viewer.text[:2] == "HA" and not viewer.epoch.startswith("d"))

            assert (held["type"], held["version"]) == ("held", None)

    async def test_after_redis_forgot_everything(
        self, servers: "EmbeddedServers", redis_client: "redis.Redis", own_house: RunningHouse, show: Show
    ) -> None:
        url = own_house.start_web()
        token = guest_token(url)

        async with viewing(url, show.pk, token=token) as holder, viewing(url, show.pk) as viewer:
            await holder.hold("A1")
            await viewer.until_seat(0, "H")
            epoch = viewer.epoch

            redis_client.flushall()

            await viewer.until(lambda: viewer.epoch != epoch)
            assert viewer.text[:2] == "HA"
            await holder.hold("A2")
            await viewer.until_seat(1, "H")

    async def test_after_the_subscription_was_cut(
        self, servers: "EmbeddedServers", redis_client: "redis.Redis", own_house: RunningHouse, show: Show
    ) -> None:
        first, second = own_house.start_web("first"), own_house.start_web("second")
        token = guest_token(first)

        async with viewing(first, show.pk, token=token) as holder, viewing(second, show.pk) as viewer:
            await viewer.frame_of_type("snapshot")
            for seat in range(1, 6):
                redis_client.client_kill_filter(_type="pubsub")
                await holder.hold(f"A{seat}")

            await viewer.until(lambda: viewer.text[:6] == "HHHHHA")

    async def test_after_the_only_looking_process_died(
        self, servers: "EmbeddedServers", redis_client: "redis.Redis", own_house: RunningHouse, show: Show
    ) -> None:
        first, second = own_house.start_web("first"), own_house.start_web("second")
        async with viewing(first, show.pk, token=guest_token(first)) as holder:
            await holder.hold("A1")
            own_house.kill("first", signal.SIGKILL)
            await holder.until_closed()

        async with viewing(second, show.pk) as viewer:
            await viewer.until_seat(0, "H")


class TestExpiryWithoutKeyspaceEvents:
    async def test_reaches_every_viewer_all_the_same(
        self, servers: "EmbeddedServers", redis_client: "redis.Redis", short_house: RunningHouse, show: Show
    ) -> None:
        redis_client.config_set("notify-keyspace-events", "")
        token = guest_token(short_house.url)

        async with (
            viewing(short_house.url_of("first"), show.pk, token=token) as holder,
            viewing(short_house.url_of("second"), show.pk) as viewer,
        ):
            await holder.hold("A1")
            await viewer.until_seat(0, "H")
            await viewer.until_seat(0, "A")


class TestExpiryWithNobodyLooking:
    async def test_is_the_watchers_work(
        self, servers: "EmbeddedServers", redis_client: "redis.Redis", database: str, show: Show
    ) -> None:
        with running_house(HOLD_SECONDS="2") as house:
            url = house.start_web()
            house.start_watcher()
            async with viewing(url, show.pk, token=guest_token(url)) as holder:
                await holder.hold("A1")
            house.kill("web", signal.SIGKILL)

            wait_until(
                lambda: redis_client.getrange(f"seat_states:{{{show.pk}}}", 0, 0) == "A",
                what="the watcher ends the hold",
            )

            assert redis_client.exists(f"reserved_seats:{{{show.pk}}}", f"hold_deadlines:{{{show.pk}}}") == 0


class TestTheHousesOfOtherTests:
    async def test_have_recovered_before_a_test_meets_them(
        self, servers: "EmbeddedServers", house: RunningHouse, show: Show
    ) -> None:
        async with viewing(house.url, show.pk) as viewer:
            await viewer.frame_of_type("snapshot")
            servers.kill_redis()
            await viewer.frame(lambda f: f["type"] == "notice" and f["code"] == "updates_delayed")
            servers.start_redis()
        everybody_was_shaken()

        async with viewing(house.awake().url, show.pk, token=guest_token(house.url)) as holder:
            assert (await holder.hold("A1"))["version"] is not None
