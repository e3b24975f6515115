"""Rooms over a box office and a layer in memory, on virtual time: every interleaving can be forced."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from realtime.clock import HouseClock
from realtime.fan_out import Viewer
from realtime.limits import Limits, Places
from realtime.room import Room
from realtime.rooms import Rooms
from tests.support.fake_box_office import HOLD_MS, FakeLayer, FakeOffice
from tests.support.viewers import FoldedMap, RecordingWriter
from tests.support.virtual_time import virtual_ms

SHOW = 24


class Visitor(Viewer):
    """A viewer that keeps all it was sent."""

    writer: RecordingWriter
    room: Room

    def __init__(self, holder: str | None = None) -> None:
        super().__init__(RecordingWriter(), holder)

    @property
    def folded(self) -> FoldedMap:
        """The map that a client would have by now."""
        return FoldedMap.of(self.writer.messages)


class FakeHouse:
    """The rooms of one process, and the office and layer they listen to."""

    def __init__(self, *, messages_per_second: int) -> None:
        self.layer = FakeLayer()
        self.office = FakeOffice(self.layer, now_ms=virtual_ms, show_id=SHOW)
        self.rooms = Rooms(
            office=self.office,  # type: ignore[arg-type]  # holds as much of an office as rooms ask
            layer=self.layer,
            clock=HouseClock(virtual_ms),
            coalesce_seconds=0.016,
            hold_ms=HOLD_MS,
            limits=Limits(
                messages_per_second=messages_per_second,
                sockets_of_address=Places(0),
                sockets_of_holder=Places(0),
            ),
        )

    async def join(self, holder: str | None = None, *, epoch: str | None = None, version: int = -1) -> Visitor:
        """A visitor enters the room, from a position or from nothing."""
        visitor = Visitor(holder)
        visitor.room = await self.rooms.enter(SHOW, visitor, epoch=epoch, version=version)
        return visitor

    def leave(self, visitor: Visitor) -> None:
        """A visitor goes."""
        self.rooms.leave(visitor.room, visitor)


@asynccontextmanager
async def fake_house(*, messages_per_second: int = 0) -> AsyncIterator[FakeHouse]:
    """A house that is closed at the end."""
    house = FakeHouse(messages_per_second=messages_per_second)
    try:
        yield house
    finally:
        await house.rooms.close()


def lose_all(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A layer that carries nothing."""
    return []


def carry_all(message: dict[str, Any]) -> list[dict[str, Any]]:
    """A layer that carries everything, once."""
    return [message]
