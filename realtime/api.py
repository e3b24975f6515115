"""The only door into realtime: what config and frontend may use of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from django.conf import settings

from bookings.api import BoxOffice, catalogue_stamp, in_thread
from realtime.boards.boards import Boards
from realtime.boards.devices import (
    CODE_LENGTH,
    NewPairing,
    Screen,
    ScreenSettings,
    UnknownCode,
    Waiting,
    Wishes,
    begin_pairing,
    look_up,
    note_seen,
    pair_screen,
    screens_by_id,
)
from realtime.boards.line import DeviceLine
from realtime.boards.programme import Programme, read_programme
from realtime.clock import HouseClock
from realtime.limits import Limits, Places
from realtime.protocol import SUBPROTOCOL
from realtime.rooms import Rooms

__all__ = [
    "CODE_LENGTH",
    "SUBPROTOCOL",
    "NewPairing",
    "Screen",
    "ScreenSettings",
    "UnknownCode",
    "Waiting",
    "Wishes",
    "begin_pairing",
    "close_rooms",
    "current_boards",
    "current_device_line",
    "current_rooms",
    "look_up",
    "pair_screen",
]

T = TypeVar("T")


class _OnePerLoop(Generic[T]):
    """Something that a process and loop has one of, made on first use."""

    def __init__(self, open_it: Callable[[], Awaitable[T]]) -> None:
        self._open = open_it
        self._opening: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Future[T]] = WeakKeyDictionary()

    async def current(self) -> T:
        """The one of this loop."""
        loop = asyncio.get_running_loop()
        opening = self._opening.get(loop)
        if opening is None:
            opening = self._opening[loop] = asyncio.ensure_future(self._open())
        return opening.result() if opening.done() else await asyncio.shield(opening)

    async def taken_out(self) -> T | None:
        """The one of this loop, which has none from now on; None: it was never used."""
        opening = self._opening.pop(asyncio.get_running_loop(), None)
        return None if opening is None else await opening


async def current_rooms() -> Rooms:
    """The rooms of this process and loop, made on first use."""
    return await _rooms.current()


async def current_boards() -> Boards:
    """The boards of this process and loop, made on first use."""
    return await _boards.current()


async def current_device_line() -> DeviceLine:
    """The line to the paired screens of this process and loop, made on first use."""
    return await _line.current()


async def close_rooms() -> None:
    """The end of serving: close the rooms of this loop, its channel layer and its box office, if they were used."""
    if (line := await _line.taken_out()) is not None:
        await line.close()
    if (boards := await _boards.taken_out()) is not None:
        await boards.close()
    rooms = await _rooms.taken_out()
    if rooms is None:
        return
    await rooms.close()
    await get_channel_layer().flush()
    await rooms.office.close()


async def _open_rooms() -> Rooms:
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


async def _open_boards() -> Boards:
    async def read(slug: str, now_ms: int) -> Programme:
        return await in_thread(read_programme, slug, now_ms)

    async def stamp() -> str | None:
        return await in_thread(catalogue_stamp)

    return Boards(rooms=await current_rooms(), read_programme=read, catalogue_stamp=stamp)


async def _open_line() -> DeviceLine:
    async def look(ids: list[int]) -> dict[int, Screen]:
        return await in_thread(_look_at_screens, ids)

    return DeviceLine(layer=get_channel_layer(), look=look, now_ms=(await current_rooms()).clock.now_ms)


def _look_at_screens(ids: Iterable[int]) -> dict[int, Screen]:
    note_seen(ids, now=datetime.now(UTC))  # noqa: TID251  (a door is where the clock is read)
    return screens_by_id(ids)


_rooms: "_OnePerLoop[Rooms]" = _OnePerLoop(_open_rooms)
_boards: "_OnePerLoop[Boards]" = _OnePerLoop(_open_boards)
_line: "_OnePerLoop[DeviceLine]" = _OnePerLoop(_open_line)
