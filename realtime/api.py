"""The only door into realtime: what config and frontend may use of it."""

import asyncio
import time
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.conf import settings

from bookings.api import BoxOffice
from realtime.clock import HouseClock
from realtime.limits import Limits, Places
from realtime.protocol import SUBPROTOCOL
from realtime.rooms import Rooms

__all__ = ["SUBPROTOCOL", "close_rooms", "current_rooms"]

_opening: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[Rooms]]" = WeakKeyDictionary()


async def current_rooms() -> Rooms:
    """The rooms of this process and loop, made on first use."""
    loop = asyncio.get_running_loop()
    task = _opening.get(loop)
    if task is None:
        task = _opening[loop] = loop.create_task(_open())
    return task.result() if task.done() else await asyncio.shield(task)


async def close_rooms() -> None:
    """The end of serving: close the rooms of this loop, its channel layer and its box office, if they were used."""
    task = _opening.pop(asyncio.get_running_loop(), None)
    if task is None:
        return
    rooms = await task
    await rooms.close()
    await get_channel_layer().flush()
    await rooms.office.close()


async def _open() -> Rooms:
    return Rooms(
        office=await BoxOffice.current(),
        layer=get_channel_layer(),
        clock=HouseClock(lambda: time.time_ns() // 1_000_000),
        coalesce_seconds=settings.COALESCE_MS / 1000,
        hold_ms=settings.HOLD_SECONDS * 1000,
        limits=Limits(
            messages_per_second=settings.LIMIT_MESSAGES_PER_SECOND,
            sockets_of_address=Places(settings.LIMIT_SOCKETS_PER_IP),
            sockets_of_holder=Places(settings.LIMIT_SOCKETS_PER_HOLDER),
        ),
    )
