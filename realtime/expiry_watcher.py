"""The second layer of expiry: Redis' own `expired` events have shows reaped that nobody is looking at.

An event is a hint (it may come seconds late, or never) and names a lock; what has ended is decided by `reap`.
Each reap tells when the next hold of the show ends, so a show that was heard of once is reaped on time from then.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from redis.asyncio import Redis
from redis.asyncio.connection import parse_url as parse_redis_url
from redis.exceptions import RedisError, ResponseError

from bookings.api import BookingError
from realtime.agenda import Agenda
from realtime.redis_subscriber import Subscriber, SubscriptionLost

logger = logging.getLogger(__name__)

RECONNECT_SECONDS_MIN: Final = 0.1
RECONNECT_SECONDS_MAX: Final = 5.0
HEARTBEAT_SECONDS: Final = 10.0
COMMAND_SECONDS: Final = 2.0
# Keys of the sweep after a connect are asked for in pages of so many.
SCAN_PAGE: Final = 500
REAPS_AT_ONCE_MAX: Final = 64
# Redis' clock is read in whole milliseconds, so a deadline has surely passed a millisecond later.
REAP_AFTER_MS: Final = 1
REAP_PAUSE_MS: Final = 10
# A reap that failed is tried again so much later; Beat's sweep comes every minute anyway.
REAP_AGAIN_MS: Final = 2_000

_LOCK: Final = re.compile(rb"seat_lock:\{(\d{1,18})\}:")
_DEADLINES: Final = re.compile(rb"hold_deadlines:\{(\d{1,18})\}")


class Reaper(Protocol):
    """The part of the box office that the watcher asks."""

    async def reap(self, show_id: int) -> int:
        """End what is due; the next deadline in ms, 0 if there is none."""


class ExpiryWatcher:
    """Listens until cancelled. `leave_sign` is called every HEARTBEAT_SECONDS while it really listens."""

    def __init__(
        self,
        *,
        reaper: Reaper,
        redis_url: str,
        now_ms: Callable[[], int],
        leave_sign: Callable[[], Awaitable[None]],
    ) -> None:
        self._reaper = reaper
        self._redis_url = redis_url
        self._leave_sign = leave_sign
        self._now_ms = now_ms
        database = parse_redis_url(redis_url).get("db", 0)
        self._channel = f"__keyevent@{database}__:expired"
        self._agenda: Agenda[int] = Agenda(now_ms=now_ms, do=self._want)
        self._listening = asyncio.Event()
        self._wanted: set[int] = set()
        self._something_wanted = asyncio.Event()

    async def run(self) -> None:
        """Stay subscribed through restarts of Redis, and reap."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_listening())
            tasks.create_task(self._keep_reaping())

    # --- listening

    async def _keep_listening(self) -> None:
        failures = 0
        while True:
            try:
                await self._listen()
            except (SubscriptionLost, RedisError, OSError, TimeoutError) as error:
                logger.warning("not listening to Redis: %s", error)
            wait_seconds = min(RECONNECT_SECONDS_MIN * 2**failures, RECONNECT_SECONDS_MAX)
            failures = failures + 1 if wait_seconds < RECONNECT_SECONDS_MAX else failures
            if self._listening.is_set():
                self._listening.clear()
                failures = 0
            await asyncio.sleep(wait_seconds)

    async def _listen(self) -> None:
        """Listen until the connection is lost. Raises SubscriptionLost, RedisError, TimeoutError."""
        subscriber = await Subscriber.open(
            self._redis_url,
            name="housefull-watcher",
            deliver=self._expired,
            acknowledge=lambda _: self._listening.set(),
        )
        try:
            subscriber.send("SUBSCRIBE", self._channel)
            async with asyncio.timeout(COMMAND_SECONDS):
                await self._listening.wait()
            await self._prepare()
            while True:
                await self._leave_sign()
                await asyncio.wait([subscriber.ended], timeout=HEARTBEAT_SECONDS)
                if subscriber.ended.done():
                    subscriber.ended.result()
        finally:
            subscriber.close()

    async def _prepare(self) -> None:
        """Switch events on, and have every show reaped whose events may have been missed."""
        client = Redis.from_url(
            self._redis_url, socket_timeout=COMMAND_SECONDS, socket_connect_timeout=COMMAND_SECONDS
        )
        try:
            await self._switch_events_on(client)
            async for key in client.scan_iter(match="hold_deadlines:*", count=SCAN_PAGE):
                if show := _DEADLINES.fullmatch(key):
                    self._want(int(show[1]))
        finally:
            await client.aclose()

    async def _switch_events_on(self, client: "Redis") -> None:
        try:
            flags = (await client.config_get("notify-keyspace-events"))["notify-keyspace-events"]
            if "E" in flags and ("x" in flags or "A" in flags):
                return
            await client.config_set("notify-keyspace-events", f"{flags}Ex")
            logger.info("switched keyspace events on: %sEx", flags)
        except ResponseError as error:
            logger.warning(
                "keyspace events may be off, and Redis does not let us switch them on (%s):"
                " set notify-keyspace-events Ex in its configuration",
                error,
            )

    def _expired(self, channel: str, key: bytes) -> None:
        if lock := _LOCK.match(key):
            self._want(int(lock[1]))

    # --- reaping

    def _want(self, show_id: int) -> None:
        """The seats of one hold expire together: however many events, one reap."""
        self._wanted.add(show_id)
        self._something_wanted.set()

    async def _keep_reaping(self) -> None:
        while True:
            await self._something_wanted.wait()
            self._something_wanted.clear()
            while self._wanted:
                batch = [self._wanted.pop() for _ in range(min(len(self._wanted), REAPS_AT_ONCE_MAX))]
                await asyncio.gather(*(self._reap(show_id) for show_id in batch))

    async def _reap(self, show_id: int) -> None:
        again_ms = self._now_ms() + REAP_AGAIN_MS
        try:
            next_deadline_ms = await self._reaper.reap(show_id)
        except BookingError as error:
            logger.warning("show %s: not reaped: %s", show_id, error)
            self._agenda.note(again_ms, show_id)
            return
        if next_deadline_ms:
            # A deadline that this clock thinks is past is not by Redis': soon, but not at once.
            self._agenda.note(max(next_deadline_ms + REAP_AFTER_MS, self._now_ms() + REAP_PAUSE_MS), show_id)
