"""The line to the paired screens connected to this process: what staff changed reaches them, and only them.

PostgreSQL is looked at every four seconds, in one statement for all screens here; that alone keeps the promise of
five seconds. A nudge over the channel layer, one group for all processes, only makes it quicker. A message to one
screen costs one lookup by its id.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from channels.layers import get_channel_layer
from django.db import DatabaseError
from redis.exceptions import RedisError

from realtime import metrics
from realtime.boards.devices import Screen
from realtime.boards.protocol import DeviceNow, Night, ScreenPlace
from realtime.boards.theatre_board import frame_of
from realtime.fan_out import Viewer
from realtime.protocol import CloseCode
from realtime.subscriptions import Layer
from realtime.tasks import Tasks

logger = logging.getLogger(__name__)

DEVICES_GROUP: Final = "devices"
# With the statement itself well below the five seconds in which a revoked screen is closed.
LOOK_SECONDS: Final = 4.0
NUDGE_SECONDS_MAX: Final = 2.0


async def nudge(ids: Iterable[int]) -> None:
    """Tell every process that something about these screens has changed, after it is committed."""
    try:
        async with asyncio.timeout(NUDGE_SECONDS_MAX):
            await get_channel_layer().group_send(DEVICES_GROUP, {"type": "devices.changed", "devices": list(ids)})
    except (OSError, TimeoutError, RedisError) as error:
        logger.warning("screens hear of it a little later: %s", error)


class DeviceLine:
    """The screens connected here, by device. One for each event loop.

    `look` finds screens as they are, and notes that they were seen; it raises DatabaseError.
    """

    def __init__(
        self,
        *,
        layer: Layer,
        look: Callable[[list[int]], Awaitable[dict[int, Screen]]],
        now_ms: Callable[[], int],
    ) -> None:
        self._layer = layer
        self._look = look
        self._now_ms = now_ms
        self._sockets: dict[int, set[Viewer]] = {}
        self._known: dict[int, Screen] = {}
        self._tasks = Tasks()
        self._channel = ""
        self._listening = False
        self._opened = False
        self._looking = asyncio.Lock()

    async def close(self) -> None:
        """Stop listening and looking."""
        await self._tasks.close()

    def join(self, screen: Screen, socket: Viewer) -> None:
        """A screen has connected: say what it is, and keep it told."""
        self._sockets.setdefault(screen.id, set()).add(socket)
        self._known[screen.id] = screen
        metrics.devices.inc()
        socket.writer.reply(frame_of(device_now(screen, self._now_ms())))
        if not self._opened:
            self._opened = True
            self._tasks.spawn(self._keep_looking())
            self._tasks.spawn(self._listen())

    def leave(self, device_id: int, socket: Viewer) -> None:
        """A screen is gone."""
        sockets = self._sockets[device_id]
        sockets.discard(socket)
        metrics.devices.dec()
        if not sockets:
            del self._sockets[device_id], self._known[device_id]

    async def look_at(self, ids: Iterable[int]) -> None:
        """Look whether anything about these screens has changed, and tell them."""
        async with self._looking:
            here = [device_id for device_id in ids if device_id in self._sockets]
            if not here:
                return
            try:
                found = await self._look(here)
            except DatabaseError as error:
                logger.warning("screens cannot be looked up: %s", error)
                return
            for device_id in here:
                self._compare(device_id, found.get(device_id))

    # --- what is found

    def _compare(self, device_id: int, screen: Screen | None) -> None:
        sockets = self._sockets.get(device_id)
        if sockets is None:
            return
        if screen is None or screen.revoked:
            for socket in tuple(sockets):
                socket.close(CloseCode.REVOKED)
        elif screen != self._known[device_id]:
            before, self._known[device_id] = self._known[device_id], screen
            logger.info("screen %s is told of a change", before.name)
            self._tell(device_id)

    def _tell(self, device_id: int) -> None:
        frame = frame_of(device_now(self._known[device_id], self._now_ms()))
        for socket in self._sockets[device_id]:
            socket.writer.reply(frame)

    # --- listening and looking

    async def _listen(self) -> None:
        """Hear nudges. Without Redis the looks have to do; it is tried again until it works."""
        while not self._listening:
            try:
                self._channel = self._channel or await self._layer.new_channel()
                await self._layer.group_add(DEVICES_GROUP, self._channel)
                self._listening = True
            except (OSError, TimeoutError, RedisError) as error:
                logger.warning("nudges to screens are not heard yet: %s", error)
                await asyncio.sleep(LOOK_SECONDS)
        while True:
            message: dict[str, Any] = await self._layer.receive(self._channel)
            self._tasks.spawn(self.look_at(message["devices"]))

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look_at(list(self._sockets))


def device_now(screen: Screen, now_ms: int) -> DeviceNow:
    """The message that tells a screen what it is."""
    look = screen.settings
    return DeviceNow(
        server_ms=now_ms,
        name=screen.name,
        kind=screen.kind,
        place=ScreenPlace(screen.theatre_slug, screen.screen_name),
        theme=look.theme,
        language=look.language,
        night=Night(look.night_from, look.night_to) if look.night_from else None,
        reloads=screen.reloads,
    )
