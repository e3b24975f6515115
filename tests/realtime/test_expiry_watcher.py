"""The watcher: it reaps what Redis says has expired, once per show, and outlives Redis."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import redis

from bookings.api import NotReady
from realtime import expiry_watcher
from realtime.expiry_watcher import ExpiryWatcher
from tests.support.log_events import Logged

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

PATIENCE_SECONDS = 8.0


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


class TestExpired:
    async def test_locks_have_their_show_reaped(
        self, running_servers: "EmbeddedServers", redis_client: redis.Redis
    ) -> None:
        async with watching(running_servers.redis_url) as watched:
            redis_client.set("seat_lock:{24}:A1", "token", px=20)
            await watched.until(lambda: watched.reaped)

            assert watched.reaped == [24]

    async def test_other_keys_do_not_matter(
        self, running_servers: "EmbeddedServers", redis_client: redis.Redis
    ) -> None:
        async with watching(running_servers.redis_url) as watched:
            redis_client.set("seat_reservation:{24}:holder", "…", px=10)
            redis_client.set("seat_lock:{}:A1", "…", px=10)
            redis_client.set("seat_lock:{25}:A1", "token", px=60)
            await watched.until(lambda: watched.reaped)

            assert watched.reaped == [25]

    async def test_seats_that_expire_together_are_few_reaps(
        self, running_servers: "EmbeddedServers", redis_client: redis.Redis
    ) -> None:
        async with watching(running_servers.redis_url) as watched:
            # Published as Redis does when it expires many keys in one cycle.
            with redis_client.pipeline(transaction=False) as pipeline:
                for seat in range(200):
                    pipeline.publish("__keyevent@0__:expired", f"seat_lock:{{24}}:A{seat}")
                pipeline.publish("__keyevent@0__:expired", "seat_lock:{25}:A1")
                pipeline.execute()
            await watched.until(lambda: 25 in watched.reaped)

            assert watched.reaped.count(24) < 50


class TestAfterAReap:
    async def test_the_next_deadline_needs_no_event(
        self, running_servers: "EmbeddedServers", redis_client: redis.Redis
    ) -> None:
        async with watching(running_servers.redis_url) as watched:
            deadline_ms = now_ms() + 300
            watched.next_deadlines[24] = deadline_ms
            redis_client.set("seat_lock:{24}:A1", "token", px=10)
            await watched.until(lambda: len(watched.reaped) == 2)

            assert watched.reaped == [24, 24]
            assert 0 <= now_ms() - deadline_ms < 1000

    async def test_a_refused_one_is_tried_again(
        self, running_servers: "EmbeddedServers", redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(expiry_watcher, "REAP_AGAIN_MS", 20)
        async with watching(running_servers.redis_url) as watched:
            watched.refusals = 2
            redis_client.set("seat_lock:{24}:A1", "token", px=10)
            await watched.until(lambda: len(watched.reaped) == 3)

            assert watched.refusals == 0


class TestConnecting:
    async def test_switches_keyspace_events_on_and_keeps_the_others(
        self, servers: "EmbeddedServers", redis_client: redis.Redis
    ) -> None:
        redis_client.config_set("notify-keyspace-events", "Kg")

        async with watching(servers.redis_url):
            flags = redis_client.config_get("notify-keyspace-events")

        assert isinstance(flags, dict)
        assert set(flags["notify-keyspace-events"]) == set("KgEx")

    async def test_reaps_what_ended_while_it_was_away(
        self, running_servers: "EmbeddedServers", redis_client: redis.Redis
    ) -> None:
        for show in (24, 25):
            redis_client.zadd(f"hold_deadlines:{{{show}}}", {"token": now_ms() - 1000})

        async with watching(running_servers.redis_url) as watched:
            await watched.until(lambda: len(watched.reaped) == 2)

            assert sorted(watched.reaped) == [24, 25]

    async def test_listens_again_after_redis_was_restarted(
        self, servers: "EmbeddedServers", redis_client: redis.Redis
    ) -> None:
        async with watching(servers.redis_url) as watched:
            signs = watched.signs
            servers.kill_redis()
            servers.start_redis()
            await watched.until(lambda: watched.signs > signs)

            redis_client.set("seat_lock:{24}:A1", "token", px=10)
            await watched.until(lambda: watched.reaped)

            assert watched.reaped == [24]

    async def test_leaves_no_sign_while_it_does_not_listen(
        self, servers: "EmbeddedServers", redis_client: redis.Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(expiry_watcher, "HEARTBEAT_SECONDS", 0.05)
        async with watching(servers.redis_url) as watched:
            with Logged("realtime.expiry_watcher") as log:
                servers.kill_redis()
                await log.said()
                signs = watched.signs
                await log.said()
                await log.said()

            assert watched.signs == signs
            servers.start_redis()
            await watched.until(lambda: watched.signs > signs)
