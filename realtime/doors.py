"""Who watches which door in this process, and what they are told: one channel of the layer, one group a show.

What happened is encoded once and written to every socket. It is news, not the truth: a socket that missed some asks
again, and is answered from PostgreSQL.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec
from channels.layers import get_channel_layer

from bookings.api import door_group
from realtime.door_protocol import Admitted, DoorServerMessage
from realtime.frames import Frame
from realtime.subscriptions import Layer
from realtime.writers import Writer

_encode: Final = msgspec.json.Encoder().encode


def frame_of(message: DoorServerMessage) -> Frame:
    """A message as a frame."""
    return Frame(_encode(message))


class Doors:
    """The doors that sockets of this process watch."""

    def __init__(self, layer: Layer) -> None:
        self._layer = layer
        self._watching: defaultdict[int, set[Writer]] = defaultdict(set)
        self._channel = ""
        self._receiving: asyncio.Task[None] | None = None
        # Joining and leaving one group must reach Redis in their order.
        self._moving = asyncio.Lock()

    async def join(self, show_id: int, writer: Writer) -> None:
        """Tell this socket of a door from now on. Raises OSError, TimeoutError or RedisError when Redis is away."""
        async with self._moving:
            self._watching[show_id].add(writer)
            if self._receiving is None:
                self._channel = await self._layer.new_channel()
                self._receiving = asyncio.create_task(self._receive(self._channel), name="doors-receive")
            await self._layer.group_add(door_group(show_id), self._channel)

    async def leave(self, show_id: int, writer: Writer) -> None:
        """Tell this socket nothing more. A door, and the channel, that nobody watches is left."""
        async with self._moving:
            self._watching[show_id].discard(writer)
            if self._watching[show_id]:
                return
            del self._watching[show_id]
            if self._channel:
                await self._layer.group_discard(door_group(show_id), self._channel)
            if not self._watching and self._receiving is not None:
                self._receiving.cancel()
                await asyncio.wait([self._receiving])
                self._receiving, self._channel = None, ""

    async def _receive(self, channel: str) -> None:
        while True:
            self._deliver(await self._layer.receive(channel))

    def _deliver(self, message: Mapping[str, Any]) -> None:
        told = Admitted(**{name: message[name] for name in Admitted.__struct_fields__})
        frame = frame_of(told)
        for writer in self._watching.get(message["show"], ()):
            # A socket that is behind skips it, and looks again.
            writer.write(frame)


_doors: "WeakKeyDictionary[asyncio.AbstractEventLoop, Doors]" = WeakKeyDictionary()


def current_doors() -> Doors:
    """The doors of this process and loop."""
    loop = asyncio.get_running_loop()
    if loop not in _doors:
        _doors[loop] = Doors(get_channel_layer())
    return _doors[loop]
