"""How changes of a show are published to the servers of a fan-out benchmark: each by the way of its own house."""

import asyncio
import time
from typing import Any, Final, Protocol

import msgpack
import msgspec
import redis.asyncio as redis
from django.conf import settings

from bookings.seat_store.connection import StoreConnection
from bookings.seat_store.store import SeatStore
from tests.bench.web_servers import BenchShow

# The packet type of an event in the socket.io protocol.
SOCKETIO_EVENT: Final = 2


class Publisher(Protocol):
    """Makes changes of one show, numbered from 1."""

    async def publish(self, change: int) -> None:
        """Publish one."""

    async def close(self) -> None:
        """Close the connection."""


class Painter:
    """Publishes by the seat store's `paint`: blocks seats in turn, `width` at once, then frees them in turn."""

    def __init__(self, store: SeatStore, show: BenchShow, width: int) -> None:
        self._store = store
        self._show = show
        self._width = width
        self._painting: set[asyncio.Task[int]] = set()
        self._failure: BaseException | None = None
        # Rises over every fence that the show has seen.
        self._fence = time.time_ns() // 1000

    @classmethod
    async def open(cls, show: BenchShow, *, width: int = 1) -> "Painter":
        """Connect to the house's Redis."""
        connection = await StoreConnection.open(settings.REDIS_URL)
        return cls(SeatStore(connection, monotonic=time.monotonic), show, width)

    async def publish(self, change: int) -> None:
        """See Publisher."""
        if self._failure is not None:
            raise self._failure
        turn, place = divmod(change - 1, len(self._show.labels) // self._width)
        first = place * self._width
        self._fence += 1
        painting = self._store.paint(
            self._show.id,
            state="A" if turn % 2 else "X",
            fence=self._fence,
            seats=list(enumerate(self._show.labels[first : first + self._width], first)),
        )
        # The answer is not awaited: one connection, so they are made in this order.
        task = asyncio.create_task(painting)
        self._painting.add(task)
        task.add_done_callback(self._painted)

    def _painted(self, task: asyncio.Task[int]) -> None:
        self._painting.discard(task)
        if not task.cancelled() and self._failure is None:
            self._failure = task.exception()

    async def close(self) -> None:
        """See Publisher."""
        await asyncio.gather(*self._painting, return_exceptions=True)
        self._store.connection.close()


class GroupSender:
    """Publishes as tutorials do, by `group_send`."""

    def __init__(self, layer: Any, show: BenchShow) -> None:
        self._layer = layer
        self._show = show

    async def publish(self, change: int) -> None:
        """See Publisher."""
        message = message_like_ours(self._show, change)
        await self._layer.group_send(f"seats_{self._show.id}", {"type": "seats.changed", "message": message})

    async def close(self) -> None:
        """See Publisher."""
        await self._layer.flush()


class Emitter:
    """Publishes to socket.io from another process as its emitter library does: a packet on the room's channel."""

    def __init__(self, show: BenchShow) -> None:
        self._client = redis.Redis.from_url(settings.REDIS_URL)
        self._show = show
        self._room = f"show:{show.id}"

    async def publish(self, change: int) -> None:
        """See Publisher."""
        packet = {"type": SOCKETIO_EVENT, "data": ["seats", message_like_ours(self._show, change)], "nsp": "/"}
        addressed = ["emitter", packet, {"rooms": [self._room], "except": [], "flags": {}}]
        await self._client.publish(f"socket.io#/#{self._room}#", msgpack.packb(addressed))

    async def close(self) -> None:
        """See Publisher."""
        await self._client.aclose()


class ChannelPublisher:
    """Publishes the ready message on the show's channel of the ws peer."""

    def __init__(self, show: BenchShow) -> None:
        self._client = redis.Redis.from_url(settings.REDIS_URL)
        self._show = show

    async def publish(self, change: int) -> None:
        """See Publisher."""
        message = msgspec.json.encode(message_like_ours(self._show, change))
        await self._client.publish(f"peer:{{{self._show.id}}}:changes", message)

    async def close(self) -> None:
        """See Publisher."""
        await self._client.aclose()


def message_like_ours(show: BenchShow, change: int) -> dict[str, Any]:
    """A change of the same size and look as ours."""
    return {
        "type": "seats",
        "epoch": "01980000-0000-7000",
        "from": change - 1,
        "version": change,
        "server_ms": time.time_ns() // 1_000_000,
        "changes": [[change % len(show.labels), "X"]],
    }
