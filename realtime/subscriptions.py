"""Hearing what Redis says of shows: one channel of this process in the group of every show with a room here.

It knows when a subscription really works (its own probe came back) and nothing of what messages mean.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeAlias

from redis.exceptions import RedisError

Message: TypeAlias = dict[str, Any]

# channels_redis does not wait for Redis' acknowledgement, so the first probe may be too early.
PROBE_SECONDS: Final = 0.5
PROBES_MAX: Final = 4


class Layer(Protocol):
    """The part of Channels' layer API that is used here."""

    async def new_channel(self) -> str: ...
    async def group_add(self, group: str, channel: str) -> None: ...
    async def group_discard(self, group: str, channel: str) -> None: ...
    async def group_send(self, group: str, message: Message) -> None: ...
    async def receive(self, channel: str) -> Message: ...


class NotHeard(Exception):
    """The layer did not bring our own probe back: messages of this show would be missed."""


def group_of(show_id: int) -> str:
    """The channel layer's group of a show."""
    return f"show.{show_id}"


class Subscriptions:
    """The one channel of this process and its groups.

    `deliver` gets every message that is not a probe; `restored` is called when messages may have been missed.
    """

    def __init__(self, layer: Layer, *, deliver: Callable[[Message], None], restored: Callable[[], None]) -> None:
        self._layer = layer
        self._deliver = deliver
        self._restored = restored
        self._channel = ""
        self._opening = asyncio.Lock()
        self._receiving: asyncio.Task[None] | None = None
        self._probes: dict[str, asyncio.Future[None]] = {}

    async def join(self, show_id: int) -> None:
        """Subscribe to a show and return once it is heard. Raises NotHeard."""
        probe = secrets.token_hex(8)
        heard = self._probes[probe] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PROBE_SECONDS * PROBES_MAX):
                await self._open()
                await self._layer.group_add(group_of(show_id), self._channel)
                while not heard.done():
                    await self._layer.group_send(group_of(show_id), {"type": "room.probe", "probe": probe})
                    await asyncio.wait([heard], timeout=PROBE_SECONDS)
        except (OSError, TimeoutError, RedisError) as error:
            raise NotHeard(f"show {show_id}: {error or 'the layer does not answer'}") from error
        finally:
            del self._probes[probe]

    async def leave(self, show_id: int) -> None:
        """Hear no more of a show."""
        if self._channel:
            await self._layer.group_discard(group_of(show_id), self._channel)

    async def close(self) -> None:
        """Stop receiving."""
        if self._receiving is not None:
            self._receiving.cancel()
            await asyncio.wait([self._receiving])

    async def _open(self) -> None:
        async with self._opening:
            if self._channel:
                return
            channel = await self._layer.new_channel()
            if hasattr(self._layer, "attach"):
                self._layer.attach(channel, self._take, on_restored=self._restored)
            else:
                self._receiving = asyncio.create_task(self._receive(channel), name="rooms-receive")
            self._channel = channel

    async def _receive(self, channel: str) -> None:
        while True:
            self._take(await self._layer.receive(channel))

    def _take(self, message: Message) -> None:
        if message["type"] != "room.probe":
            self._deliver(message)
        elif (heard := self._probes.get(message["probe"])) is not None and not heard.done():
            heard.set_result(None)
