"""Expiry as tutorials teach it: a key with a TTL for each seat, and `expired` events to say when it is over.

Baseline of the expiry benchmark. Redis fires the event when it removes the key, which is when it happens to look.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import redis.asyncio as redis

PREFIX: Final = "bare:"


class BareListener:
    """Sets keys that end, and notes how late their events come. Times are Unix ms."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)
        self._pubsub = self._client.pubsub()
        self._deadlines_ms: dict[str, float] = {}
        self._listening: asyncio.Task[None] | None = None
        self.late_ms: list[float] = []

    async def start(self) -> None:
        """Subscribe."""
        await self._pubsub.subscribe("__keyevent@0__:expired")
        self._listening = asyncio.create_task(self._listen(lambda: time.time_ns() / 1_000_000))

    async def hold(self, name: str, hold_ms: int) -> None:
        """Set a key that ends."""
        self._deadlines_ms[PREFIX + name] = time.time_ns() / 1_000_000 + hold_ms
        await self._client.set(PREFIX + name, "holder", px=hold_ms)

    async def close(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]  # redis-py has no hint here
        await self._client.aclose()

    async def _listen(self, now_ms: Callable[[], float]) -> None:
        async for message in self._pubsub.listen():
            if message["type"] == "message":
                deadline_ms = self._deadlines_ms.get(message["data"].decode())
                if deadline_ms is not None:
                    self.late_ms.append(now_ms() - deadline_ms)
