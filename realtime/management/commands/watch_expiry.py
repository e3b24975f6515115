"""`manage.py watch_expiry`: the process that listens to Redis' keyspace events (realtime/expiry_watcher.py)."""

import asyncio
import contextlib
import logging
import signal
import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management.base import BaseCommand
from redis.exceptions import RedisError

from bookings.api import BoxOffice
from realtime.expiry_watcher import ExpiryWatcher

logger = logging.getLogger(__name__)

# Read by `manage.py doctor` and /metrics: Unix ms of the last sign, kept for a day.
HEARTBEAT_KEY = "heartbeat:watcher"
HEARTBEAT_KEPT_SECONDS = 24 * 3600


class Command(BaseCommand):
    """Run until SIGTERM or SIGINT."""

    help = "Reap holds when Redis says that their locks expired."

    def handle(self, *args: Any, **options: Any) -> None:
        """Listen, reap, and end in order."""
        asyncio.run(watch())


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


async def watch() -> None:
    """Watch until a signal ends it."""
    office = await BoxOffice.open()
    watcher = ExpiryWatcher(reaper=office, redis_url=settings.REDIS_URL, now_ms=now_ms, leave_sign=leave_sign)
    task = asyncio.create_task(watcher.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        await office.close()


async def leave_sign() -> None:
    """Say in the cache that the watcher listens. A sign that is missing is itself the alarm."""
    try:
        await cache.aset(HEARTBEAT_KEY, now_ms(), HEARTBEAT_KEPT_SECONDS)
    except RedisError as error:
        logger.warning("the heartbeat was not written: %s", error)
