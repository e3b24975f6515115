"""What happens in rooms by the clock: seats are reaped at their deadline, holders warned, orphans looked for.

The first of the three layers of expiry: precise, wherever somebody is looking. Consistency rules 8 and 15.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from bookings.api import BookingError, Picture
from realtime.agenda import Agenda
from realtime.clock import HouseClock
from realtime.office import Office
from realtime.room import OwnHold, Room
from realtime.tasks import Tasks

logger = logging.getLogger(__name__)

# Redis' clock is read in whole milliseconds, so a deadline has surely passed a millisecond later.
REAP_AFTER_MS: Final = 1
REAP_AGAIN_SECONDS_MIN: Final = 0.02
REAP_AGAIN_SECONDS_MAX: Final = 1.0
# A hold without a booking may still become one for so long (consistency rule 8).
ORPHAN_MS: Final = 10_000
ORPHAN_LOOK_AFTER_MS: Final = ORPHAN_MS + 500
WARN_MS_MAX: Final = 60_000


class _Reap(NamedTuple):
    """Seats of a show reach their deadline."""

    show_id: int


class _Warn(NamedTuple):
    """A hold has little time left."""

    show_id: int
    holder: str
    booking: str


class _LookForOrphans(NamedTuple):
    """Seats of a show were taken a while ago; by now their booking should be known."""

    show_id: int


_Thing: TypeAlias = _Reap | _Warn | _LookForOrphans


class Moments:
    """Notes moments of all rooms and acts on them. `refresh(show_id, cause)` has a picture read."""

    def __init__(
        self,
        *,
        office: Office,
        clock: HouseClock,
        tasks: Tasks,
        hold_ms: int,
        room_of: Callable[[int], Room | None],
        refresh: Callable[[int, str], object],
    ) -> None:
        self._office = office
        self._clock = clock
        self._tasks = tasks
        self._warn_ms = min(WARN_MS_MAX, hold_ms // 2)
        self._room_of = room_of
        self._refresh = refresh
        self._agenda: Agenda[_Thing] = Agenda(now_ms=clock.now_ms, do=self._do)
        # Shows being reaped, and what tells the reaper that another deadline has come.
        self._reaping: dict[int, asyncio.Event] = {}
        self._looking: set[int] = set()

    def close(self) -> None:
        """Forget every moment."""
        self._agenda.close()

    # --- noting

    def seats_end(self, show_id: int, deadline_ms: int) -> None:
        """Seats of a show are held until then."""
        self._agenda.note(deadline_ms + REAP_AFTER_MS, _Reap(show_id))

    def hold_ends(self, show_id: int, hold: OwnHold) -> None:
        """A committed hold will end. One that is seen too late to be warned of is not."""
        warn_at_ms = hold.expires_ms - self._warn_ms
        if warn_at_ms > self._clock.now_ms():
            self._agenda.note(warn_at_ms, _Warn(show_id, hold.holder, hold.booking))

    def seats_taken(self, show_id: int) -> None:
        """Seats of a show were taken; soon their booking must be known."""
        if show_id not in self._looking:
            self._looking.add(show_id)
            self._agenda.note(self._clock.now_ms() + ORPHAN_LOOK_AFTER_MS, _LookForOrphans(show_id))

    def look_for_orphans_in(self, picture: Picture) -> None:
        """Have holds released that PostgreSQL has not heard of for too long."""
        ages_ms = [picture.server_ms - hold.held_since_ms for hold in picture.holds if not hold.committed]
        if ages_ms and max(ages_ms) > ORPHAN_MS:
            self._tasks.spawn(self._office.release_orphans(picture.show_id))
        if ages_ms:
            self.seats_taken(picture.show_id)

    # --- acting

    def _do(self, thing: _Thing) -> None:
        if isinstance(thing, _LookForOrphans):
            self._looking.discard(thing.show_id)
        room = self._room_of(thing.show_id)
        if room is None:
            return
        match thing:
            case _Reap():
                if thing.show_id in self._reaping:
                    self._reaping[thing.show_id].set()
                else:
                    self._reaping[thing.show_id] = asyncio.Event()
                    self._tasks.spawn(self._reap(room))
            case _Warn():
                room.warn_of_end(thing.holder, thing.booking)
            case _LookForOrphans():
                if room.has_unproven_seats():
                    self._refresh(thing.show_id, "orphans")

    async def _reap(self, room: Room) -> None:
        """Have what is due reaped until the map shows it, by whomever it was done.

        Only a deadline that stays is waited for longer and longer; one that comes meanwhile is reaped at once.
        """
        another = self._reaping[room.show_id]
        wait_seconds = REAP_AGAIN_SECONDS_MIN
        try:
            while self._room_of(room.show_id) is room and self._is_due(room):
                try:
                    await self._office.reap(room.show_id)
                except BookingError as error:
                    logger.warning("show %s: not reaped: %s", room.show_id, error)
                try:
                    async with asyncio.timeout(wait_seconds):
                        await another.wait()
                    another.clear()
                    wait_seconds = REAP_AGAIN_SECONDS_MIN
                except TimeoutError:
                    wait_seconds = min(2 * wait_seconds, REAP_AGAIN_SECONDS_MAX)
        finally:
            del self._reaping[room.show_id]

    def _is_due(self, room: Room) -> bool:
        deadline_ms = room.next_deadline_ms()
        return deadline_ms is not None and deadline_ms <= self._clock.now_ms()
