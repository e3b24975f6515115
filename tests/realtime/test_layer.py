"""The channel layer of the rooms: Channels' API and wire format, and losses that are noticed and repaired."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgpack
import pytest
import pytest_asyncio
import redis

from config.embedded import EmbeddedServers
from realtime import redis_subscriber
from realtime.layer import SeatLayer
from tests.support.log_events import Logged
from tests.support.patience import PATIENCE_SECONDS

GROUP, OTHER_GROUP = "show.24", "show.25"
# What Lua publishes to: channels_redis' names for the groups.
CHANNEL, OTHER_CHANNEL = f"asgi__group__{GROUP}", f"asgi__group__{OTHER_GROUP}"


class Ear:
    """Collects what a channel hears."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.restored = 0
        self._news = asyncio.Event()

    def take(self, message: dict[str, Any]) -> None:
        self.heard.append(message)
        self._news.set()

    def note_restored(self) -> None:
        self.restored += 1
        self._news.set()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._news.clear()
                await self._news.wait()


@pytest_asyncio.fixture
async def layer(lone_client: redis.Redis, lone_redis: EmbeddedServers) -> AsyncIterator[Any]:
    layer: Any = SeatLayer(hosts=[lone_redis.redis_url])
    yield layer
    await layer.flush()


@pytest_asyncio.fixture
async def ear(layer: Any) -> Ear:
    """An ear in the group of the show."""
    ear = Ear()
    channel = await layer.new_channel()
    layer.attach(channel, ear.take, on_restored=ear.note_restored)
    await layer.group_add(GROUP, channel)
    return ear


class TestChannelsApi:
    async def test_carries_a_message_to_every_channel_of_a_group(self, layer: Any) -> None:
        channels = [await layer.new_channel() for _ in range(3)]
        for channel in channels:
            await layer.group_add(GROUP, channel)

        await layer.group_send(GROUP, {"type": "test", "n": 1})

        async with asyncio.timeout(PATIENCE_SECONDS):
            assert [await layer.receive(channel) for channel in channels] == [{"type": "test", "n": 1}] * 3

    async def test_carries_a_message_to_one_channel(self, layer: Any) -> None:
        channel = await layer.new_channel()
        await layer.send(channel, {"type": "test"})

        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await layer.receive(channel) == {"type": "test"}

    async def test_a_discarded_channel_hears_no_more(self, layer: Any, ear: Ear) -> None:
        channel = next(iter(layer.channels))
        await layer.group_discard(GROUP, channel)
        await layer.group_send(GROUP, {"type": "unheard"})
        await layer.group_add(GROUP, channel)

        await layer.group_send(GROUP, {"type": "heard"})
        await ear.until(lambda: ear.heard)

        assert ear.heard == [{"type": "heard"}]


class TestSubscribing:
    async def test_is_done_when_redis_says_so(self, layer: Any, ear: Ear, lone_client: redis.Redis) -> None:
        assert lone_client.pubsub_numsub(CHANNEL) == [(CHANNEL, 1)]

    async def test_hears_at_once_what_a_script_publishes(self, ear: Ear, lone_client: redis.Redis) -> None:
        lone_client.eval(
            "redis.call('PUBLISH', ARGV[1], cmsgpack.pack({type='show.changes', show=24, ms=1763760000123,"
            " changes={{17, 'H', 1763760512000}, {18, 'A'}}}))",
            0,
            CHANNEL,
        )
        await ear.until(lambda: ear.heard)

        assert ear.heard == [
            {
                "type": "show.changes",
                "show": 24,
                "ms": 1763760000123,
                "changes": [[17, "H", 1763760512000], [18, "A"]],
            }
        ]

    async def test_keeps_the_order_of_a_burst(self, ear: Ear, lone_client: redis.Redis) -> None:
        with lone_client.pipeline(transaction=False) as pipeline:
            for number in range(2000):
                pipeline.publish(CHANNEL, msgpack.packb({"type": "test", "n": number}))
            pipeline.execute()
        await ear.until(lambda: len(ear.heard) == 2000)

        assert [message["n"] for message in ear.heard] == list(range(2000))


class TestLosses:
    async def test_a_cut_subscription_is_made_again_and_reported(
        self, layer: Any, ear: Ear, lone_client: redis.Redis
    ) -> None:
        lone_client.client_kill_filter(_type="pubsub")
        await ear.until(lambda: ear.restored == 1)

        await layer.group_send(GROUP, {"type": "after"})
        await ear.until(lambda: ear.heard)

        assert ear.heard == [{"type": "after"}]

    async def test_a_restarted_redis_is_subscribed_to_again(
        self, layer: Any, ear: Ear, lone_redis: EmbeddedServers, lone_client: redis.Redis
    ) -> None:
        lone_redis.kill_redis()
        lone_redis.start_redis()
        await ear.until(lambda: ear.restored == 1)

        await layer.group_send(GROUP, {"type": "after"})
        await ear.until(lambda: ear.heard)

        assert ear.heard == [{"type": "after"}]

    async def test_a_redis_that_hangs_is_left_and_found_again(
        self, layer: Any, ear: Ear, lone_redis: EmbeddedServers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(redis_subscriber, "LOOK_SECONDS", 0.1)
        with Logged("realtime.layer") as log:
            lone_redis.pause_redis()
            await log.said()
        lone_redis.resume_redis()
        await ear.until(lambda: ear.restored == 1)

        await layer.group_send(GROUP, {"type": "after"})
        await ear.until(lambda: ear.heard)

        assert ear.heard == [{"type": "after"}]

    async def test_wishes_made_while_redis_is_away_come_true(
        self, layer: Any, ear: Ear, lone_redis: EmbeddedServers, lone_client: redis.Redis
    ) -> None:
        channel = next(iter(layer.channels))
        lone_redis.kill_redis()
        with pytest.raises(TimeoutError):
            await layer.group_add(OTHER_GROUP, channel)

        lone_redis.start_redis()
        await ear.until(lambda: ear.restored == 1)

        assert lone_client.pubsub_numsub(OTHER_CHANNEL) == [(OTHER_CHANNEL, 1)]


class TestNonsense:
    @pytest.mark.parametrize("data", [b"\xc1", msgpack.packb({"no": "type"}), msgpack.packb([1])])
    async def test_costs_one_log_line_and_not_the_connection(
        self, layer: Any, ear: Ear, lone_client: redis.Redis, caplog: pytest.LogCaptureFixture, data: bytes
    ) -> None:
        def take_only_typed(message: dict[str, Any]) -> None:
            ear.take({"type": message["type"]})

        layer.attach(next(iter(layer.channels)), take_only_typed, on_restored=ear.note_restored)
        lone_client.publish(CHANNEL, data)
        lone_client.publish(CHANNEL, msgpack.packb({"type": "after"}))
        await ear.until(lambda: ear.heard)

        assert ear.heard == [{"type": "after"}]
        assert ear.restored == 0
        assert "could not be taken" in caplog.text
