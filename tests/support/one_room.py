"""One room alone, on virtual time, and what is needed to ask it things."""

import asyncio
from collections.abc import Sequence

from bookings.api import Change, Changes, HoldRecord, Picture
from realtime.pace import Pace
from realtime.room import OwnHold, Room
from tests.support.fake_house import Visitor
from tests.support.virtual_time import virtual_ms

COALESCE_SECONDS = 0.016
DEADLINE_MS = 1_763_760_600_000


class Deadlines:
    """Notes what a room wants watched, and watches nothing."""

    def __init__(self) -> None:
        self.noted: list[int] = []

    def seats_end(self, show_id: int, deadline_ms: int) -> None:
        self.noted.append(deadline_ms)

    def hold_ends(self, show_id: int, hold: OwnHold) -> None:
        self.noted.append(hold.expires_ms)


def picture(
    *, epoch: str = "k3f9", version: int = 1, states: str = "A" * 20, holds: Sequence[HoldRecord] = ()
) -> Picture:
    return Picture(24, epoch, version, virtual_ms(), states, tuple(holds))


def open_room(*, coalesce_seconds: float = COALESCE_SECONDS, watch: Deadlines | None = None) -> Room:
    room = Room(
        show_id=24,
        labels=[f"A{number}" for number in range(1, 21)],
        pace=Pace(coalesce_seconds, now=0.0),
        now_ms=virtual_ms,
        watch=watch or Deadlines(),
    )
    room.load(picture())
    return room


def join(room: Room, holder: str | None = None, *, epoch: str | None = None, version: int = -1) -> Visitor:
    visitor = Visitor(holder)
    room.enter(visitor, epoch=epoch, version=version)
    return visitor


def step(room: Room, *changes: Change) -> Changes:
    """The next step of the room's map."""
    version = room.map.version
    return Changes(room.map.epoch, version, version + 1, virtual_ms(), list(changes))


def seen(room: Room) -> tuple[str, int, str, dict[int, int]]:
    """The room's map, as FoldedMap.picture has it."""
    return room.map.epoch, room.map.version, room.map.states.decode(), room.map.deadlines


async def a_moment() -> None:
    """Long enough for everything that was begun."""
    await asyncio.sleep(1)
