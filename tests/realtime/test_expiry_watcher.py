"""The watcher: it reaps what Redis says has expired, once per show, and outlives Redis."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import redis

from bookings.api import NotReady
from config.embedded import EmbeddedServers
from realtime import expiry_watcher
from realtime.expiry_watcher import ExpiryWatcher
from tests.support.log_events import Logged
from tests.support.patience import PATIENCE_SECONDS


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Watched:
    """A box office that only reaps, and the watcher's signs of life."""

    def __init__(self) -> None:
        self.reaped: list[int] = []
        self.next_deadlines: dict[int, int] = {}
        self.refusals = 0
        self.signs = 0
        self._news = asyncio.Event()

    async def reap(self, show_id: int) -> int:
        self.reaped.append(show_id)
        self._news.set()
        if self.refusals:
            self.refusals -= 1
            raise NotReady
        return self.next_deadlines.pop(show_id, 0)

    async def leave_sign(self) -> None:
        self.signs += 1
        self._news.set()

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def watching(redis_url: str) -> AsyncIterator[Watched]:
    """A watcher that listens."""
    watched = Watched()
    watcher = ExpiryWatcher(reaper=watched, redis_url=redis_url, now_ms=now_ms, leave_sign=watched.leave_sign)
    task = asyncio.create_task(watcher.run())
    try:
        await watched.until(lambda: watched.signs)
        yield watched
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert task.cancelled(), task.exception()


async def expire(client: redis.Redis, *keys: str) -> None:
    """Let keys expire now. Left alone, Redis comes across them by chance; one that is asked for expires at once."""
    for key in keys:
        client.set(key, "token", px=1)
    while client.exists(*keys):  # noqa: ASYNC110 — a clock, not an event
        await asyncio.sleep(0.001)


class TestExpired:
    async def test_locks_have_their_show_reaped(self, lone_redis: EmbeddedServers, lone_client: redis.Redis) -> None:
        async with watching(lone_redis.redis_url) as watched:
            # Nobody asks for the key: Redis itself finds that it has expired.
            lone_client.set("seat_lock:{24}:A1", "token", px=20)
            await watched.until(lambda: watched.reaped)

            assert watched.reaped == [24]

    async def test_other_keys_do_not_matter(self, lone_redis: EmbeddedServers, lone_client: redis.Redis) -> None:
        async with watching(lone_redis.redis_url) as watched:
            await expire(lone_client, "seat_reservation:{24}:holder", "seat_lock:{}:A1")
            await expire(lone_client, "seat_lock:{25}:A1")
            await watched.until(lambda: watched.reaped)

            assert watched.reaped == [25]

    async def test_seats_that_expire_together_are_few_reaps(
        self, lone_redis: EmbeddedServers, lone_client: redis.Redis
    ) -> None:
        async with watching(lone_redis.redis_url) as watched:
            # Published as Redis does when it expires many keys in one cycle.
            with lone_client.pipeline(transaction=False) as pipeline:
                for seat in range(200):
                    pipeline.publish("__keyevent@0__:expired", f"seat_lock:{{24}}:A{seat}")
                pipeline.publish("__keyevent@0__:expired", "seat_lock:{25}:A1")
                pipeline.execute()
            await watched.until(lambda: 25 in watched.reaped)

            assert watched.reaped.count(24) < 50


class TestAfterAReap:
    async def test_the_next_deadline_needs_no_event(
        self, lone_redis: EmbeddedServers, lone_client: redis.Redis
    ) -> None:
        async with watching(lone_redis.redis_url) as watched:
            deadline_ms = now_ms() + 300
            watched.next_deadlines[24] = deadline_ms
            await expire(lone_client, "seat_lock:{24}:A1")
            await watched.until(lambda: len(watched.reaped) == 2)

            assert watched.reaped == [24, 24]
            assert now_ms() >= deadline_ms

    async def test_a_refused_one_is_tried_again(
        self, lone_redis: EmbeddedServers, lone_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(expiry_watcher, "REAP_AGAIN_MS", 20)
        async with watching(lone_redis.redis_url) as watched:
            watched.refusals = 2
            await expire(lone_client, "seat_lock:{24}:A1")
            await watched.until(lambda: len(watched.reaped) == 3)

            assert watched.refusals == 0


class TestConnecting:
    async def test_switches_keyspace_events_on_and_keeps_the_others(
        self, lone_redis: EmbeddedServers, lone_client: redis.Redis
    ) -> None:
        lone_client.config_set("notify-keyspace-events", "Kg")

        async with watching(lone_redis.redis_url):
            flags = lone_client.config_get("notify-keyspace-events")

        assert isinstance(flags, dict)
        assert set(flags["notify-keyspace-events"]) == set("KgEx")

    async def test_reaps_what_ended_while_it_was_away(
        self, lone_redis: EmbeddedServers, lone_client: redis.Redis
    ) -> None:
        for show in (24, 25):
            lone_client.zadd(f"hold_deadlines:{{{show}}}", {"token": now_ms() - 1000})

        async with watching(lone_redis.redis_url) as watched:
            await watched.until(lambda: len(watched.reaped) == 2)

            assert sorted(watched.reaped) == [24, 25]

    async def test_listens_again_after_redis_was_restarted(
        self, lone_redis: EmbeddedServers, lone_client: redis.Redis
    ) -> None:
        async with watching(lone_redis.redis_url) as watched:
            signs = watched.signs
            lone_redis.kill_redis()
            lone_redis.start_redis()
            await watched.until(lambda: watched.signs > signs)

            await expire(lone_client, "seat_lock:{24}:A1")
            await watched.until(lambda: watched.reaped)

            assert watched.reaped == [24]

    async def test_leaves_no_sign_while_it_does_not_listen(
        self, lone_redis: EmbeddedServers, lone_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(expiry_watcher, "HEARTBEAT_SECONDS", 0.05)
        async with watching(lone_redis.redis_url) as watched:
            with Logged("realtime.expiry_watcher") as log:
                lone_redis.kill_redis()
                await log.said()
                signs = watched.signs
                await log.said()
                await log.said()

            assert watched.signs == signs
            lone_redis.start_redis()
            await watched.until(lambda: watched.signs > signs)
