"""The rooms of one process and loop: joined without a gap, compared with Redis every second.

Which rooms there are, what reaches them and when they must read a picture is decided here; what a room does with
it is room.py's, what happens by the clock is moments.py's. Consistency rules 20 and 21.
"""

import asyncio
import logging
from typing import Final

from bookings.api import Applied, BookingError, Changes
from realtime import metrics
from realtime.clock import HouseClock
from realtime.fan_out import Viewer
from realtime.frames import encode
from realtime.limits import Limits
from realtime.moments import Moments
from realtime.office import Office
from realtime.pace import Pace
from realtime.protocol import UPDATES_DELAYED, UPDATES_LIVE, BookingChanged
from realtime.room import OwnHold, Room
from realtime.subscriptions import Layer, Message, NotHeard, Subscriptions
from realtime.tasks import Tasks

logger = logging.getLogger(__name__)

COMPARE_SECONDS: Final = 1.0
# Comparisons between two `check` frames of a room.
CHECK_EVERY: Final = 10
# Comparisons between two pictures while Redis is away and pictures come from PostgreSQL.
DELAYED_PICTURE_EVERY: Final = 2
# A message may be on its way when the comparison already shows it; it gets so long to arrive.
IN_FLIGHT_SECONDS: Final = 0.05
# Messages kept while a picture is read. More are let go: the picture after them shows the gap.
HELD_BACK_MAX: Final = 10_000
# A room outlives its last viewer by this: a page that is loaded again finds it warm.
EMPTY_ROOM_SECONDS: Final = 30.0
# A hold takes milliseconds; one that PostgreSQL keeps waiting is given up, and found by its idempotency key.
REQUESTS_END_SECONDS: Final = 3.0


class _Place:
    """Where a room is, and what is going on around it."""

    __slots__ = ("closing", "heard", "held_back", "joining", "opening", "reading", "room", "show_id")

    def __init__(self, show_id: int) -> None:
        self.show_id = show_id
        self.room: Room | None = None
        self.opening: asyncio.Task[Room] | None = None
        self.reading: asyncio.Task[None] | None = None
        # Messages that came while a picture was being read; None: none is.
        self.held_back: list[Message] | None = None
        self.heard = False
        self.joining = False
        self.closing: asyncio.TimerHandle | None = None


class Rooms:
    """Every room of this process. One for each event loop; serving code asks realtime.api for it."""

    def __init__(
        self,
        *,
        office: Office,
        layer: Layer,
        clock: HouseClock,
        coalesce_seconds: float,
        hold_ms: int,
        limits: Limits,
    ) -> None:
        self.office = office
        self.clock = clock
        self.limits = limits
        self._loop = asyncio.get_running_loop()
        self._pace = Pace(coalesce_seconds, now=self._loop.time())
        self._places: dict[int, _Place] = {}
        self._ticks = 0
        self._tasks = Tasks()
        # What sockets asked for. It outlives them: a hold that was begun is finished.
        self.requests = Tasks()
        self._moments = Moments(
            office=office,
            clock=clock,
            tasks=self._tasks,
            hold_ms=hold_ms,
            room_of=self._room_of,
            refresh=self._refresh_show,
        )
        self._subscriptions = Subscriptions(layer, deliver=self._deliver, restored=self._compare_soon)
        office.on_mode_change(self._mode_changed)
        self._tasks.spawn(self._keep_comparing())

    async def close(self) -> None:
        """Let what was asked for be done, then stop. Sockets are the server's."""
        await self.requests.finish(within_seconds=REQUESTS_END_SECONDS)
        self._moments.close()
        await self._tasks.close()
        await self._subscriptions.close()

    # --- sockets

    async def enter(self, show_id: int, viewer: Viewer, *, epoch: str | None, version: int) -> Room:
        """Let a socket into a show's room, opening it if need be. Raises NotFound, NotReady."""
        place = self._places.get(show_id)
        if place is None:
            place = self._places[show_id] = _Place(show_id)
            place.opening = self._tasks.spawn(self._open(place))
        assert place.opening is not None
        room = place.opening.result() if place.opening.done() else await asyncio.shield(place.opening)
        if place.closing is not None:
            place.closing.cancel()
            place.closing = None
        room.enter(viewer, epoch=epoch, version=version)
        if not self.office.live:
            viewer.writer.reply(encode(UPDATES_DELAYED))
        return room

    def leave(self, room: Room, viewer: Viewer) -> None:
        """A socket is gone."""
        room.leave(viewer)
        place = self._places.get(room.show_id)
        if not room.viewers and place is not None and place.closing is None:
            place.closing = self._loop.call_later(EMPTY_ROOM_SECONDS, self._close_room, place)

    # --- opening and closing

    async def _open(self, place: _Place) -> Room:
        """Subscribe, hear ourselves, then read: no change can fall between (consistency rule 21)."""
        try:
            plan = await self.office.plan(place.show_id)
            if self.office.live:
                await self._hear(place)
            room = place.room = Room(
                show_id=place.show_id,
                labels=plan.labels,
                pace=self._pace,
                now_ms=self.clock.now_ms,
                watch=self._moments,
            )
            await self._read_picture(place, room, "opened")
        except BaseException:
            # Whatever went wrong, whoever comes next opens the room anew.
            del self._places[place.show_id]
            if place.heard:
                self._tasks.spawn(self._subscriptions.leave(place.show_id))
            raise
        metrics.rooms.inc()
        place.closing = self._loop.call_later(EMPTY_ROOM_SECONDS, self._close_room, place)
        return room

    def _close_room(self, place: _Place) -> None:
        place.closing = None
        if place.room is not None and not place.room.viewers:
            del self._places[place.show_id]
            metrics.rooms.dec()
            self._tasks.spawn(self._subscriptions.leave(place.show_id))

    async def _hear(self, place: _Place) -> None:
        if place.joining:
            return
        place.joining = True
        try:
            await self._subscriptions.join(place.show_id)
            place.heard = True
        except NotHeard as error:
            logger.warning("until it is heard, watched by comparison only: %s", error)
        finally:
            place.joining = False

    def _room_of(self, show_id: int) -> Room | None:
        place = self._places.get(show_id)
        return place.room if place is not None else None

    # --- what arrives

    def _deliver(self, message: Message) -> None:
        place = self._places.get(message["show"])
        if place is None or place.room is None:
            return  # its picture is not read yet, and will know this
        if place.held_back is None:
            self._take(place, place.room, message)
        elif len(place.held_back) < HELD_BACK_MAX:
            place.held_back.append(message)

    def _take(self, place: _Place, room: Room, message: Message) -> None:
        match message["type"]:
            case "show.changes":
                self.clock.heard(message["ms"])
                outcome = room.apply(
                    Changes(
                        message["epoch"],
                        message["from"],
                        message["version"],
                        message["ms"],
                        message["changes"],
                    )
                )
                if outcome in (Applied.GAP, Applied.OTHER_EPOCH):
                    self._refresh(place, str(outcome))
                elif room.map.deadlines:
                    self._moments.seats_taken(place.show_id)
            case "show.mine":
                for hold in message["holds"]:
                    room.set_hold(_own_hold(hold))
                for ended in message["ended"]:
                    room.end_hold(ended["holder"], ended["booking"])
            case "show.booking":
                change = BookingChanged(message["booking"], message["status"], message["refund"])
                room.tell_booking(message["holder"], change)
            case "show.rebuilt":
                if message["epoch"] != room.map.epoch:
                    self._refresh(place, "rebuilt")
            case unknown:
                logger.error("show %s: no room knows what %s means", place.show_id, unknown)

    # --- reading pictures

    def _refresh_show(self, show_id: int, cause: str) -> None:
        place = self._places.get(show_id)
        if place is not None:
            self._refresh(place, cause)

    def _refresh(self, place: _Place, cause: str) -> None:
        """Read a picture in the background; one at a time, however many ask for it."""
        if place.room is not None and place.held_back is None:
            place.held_back = []
            place.reading = self._tasks.spawn(self._reread_picture(place, place.room, cause))

    async def _reread_picture(self, place: _Place, room: Room, cause: str) -> None:
        try:
            await self._read_picture(place, room, cause)
        except BookingError as error:
            # The next comparison finds the same difference and asks again.
            logger.warning("show %s: no picture (%s): %s", place.show_id, cause, error)

    async def _read_picture(self, place: _Place, room: Room, cause: str) -> None:
        """Read and apply a picture; what arrived meanwhile is applied after it. Raises NotFound, NotReady."""
        metrics.resyncs.labels(cause).inc()
        if place.held_back is None:
            place.held_back = []
        try:
            picture = await self.office.picture(place.show_id)
            if self.office.live:
                self.clock.heard(picture.server_ms)
            room.load(picture)
            room.confirmed_at = self._loop.time()
            self._moments.look_for_orphans_in(picture)
        finally:
            held_back, place.held_back = place.held_back or [], None
            for message in held_back:
                self._deliver(message)

    # --- comparing

    async def _keep_comparing(self) -> None:
        while True:
            await asyncio.sleep(COMPARE_SECONDS)
            self._ticks += 1
            try:
                await self._tick()
            except Exception:
                # Every viewer's map hangs on this loop: what broke one tick must not end the ticking.
                logger.exception("a comparison failed")

    async def _tick(self) -> None:
        for place in self._places.values():
            if place.room is not None:
                place.room.close_the_too_slow()
        if self.office.live:
            await self._compare()
        elif self._ticks % DELAYED_PICTURE_EVERY == 0:
            for place in self._places.values():
                self._refresh(place, "delayed")

    def _compare_soon(self) -> None:
        self._tasks.spawn(self._compare())

    async def _compare(self) -> None:
        """One pipeline for all rooms; a difference costs one picture per show (consistency rule 21)."""
        places = {show_id: place for show_id, place in self._places.items() if place.room is not None}
        if not places:
            return
        before = {show_id: place.room.map.version for show_id, place in places.items() if place.room is not None}
        # What it raises while Redis is away is the seat store's own, and has no name at the door of bookings.
        (positions,) = await asyncio.gather(self.office.positions(list(places)), return_exceptions=True)
        if isinstance(positions, BaseException):
            logger.warning("nothing to compare with: %s", positions)
            return
        for show_id, place in places.items():
            if not place.heard:
                self._tasks.spawn(self._hear(place))
            if place.room is not None and place.held_back is None:
                self._judge(place, place.room, positions[show_id], before[show_id])

    def _judge(self, place: _Place, room: Room, told: tuple[str, int] | None, version_before: int) -> None:
        if told is None or told[0] != room.map.epoch or told[1] < version_before:
            self._refresh(place, "compared")
        elif told[1] > room.map.version:
            self._loop.call_later(IN_FLIGHT_SECONDS, self._refresh_if_behind, place, told)
        else:
            room.confirmed_at = self._loop.time()
            if (self._ticks + place.show_id) % CHECK_EVERY == 0:
                room.tell_check()

    def _refresh_if_behind(self, place: _Place, told: tuple[str, int]) -> None:
        room = place.room
        if room is None or room.map.epoch != told[0]:
            return
        if room.map.version < told[1]:
            self._refresh(place, "silence")
        else:
            room.confirmed_at = self._loop.time()

    # --- with Redis and without

    def _mode_changed(self, live: bool) -> None:  # noqa: FBT001  # a listener's signature
        for place in self._places.values():
            if place.room is None:
                continue
            if live:
                self._tasks.spawn(self._go_live(place, place.room))
            else:
                place.heard = False
                place.room.tell_everyone(UPDATES_DELAYED)

    async def _go_live(self, place: _Place, room: Room) -> None:
        """Hear, read, and only then say so: whoever is told that updates are live has the live map."""
        await self._hear(place)
        self._refresh(place, "live again")
        if place.reading is not None:
            await asyncio.wait([place.reading])
        if self.office.live:
            room.tell_everyone(UPDATES_LIVE)


def _own_hold(hold: Message) -> OwnHold:
    return OwnHold(
        holder=hold["holder"],
        booking=hold["booking"],
        status=hold["status"],
        expires_ms=hold["expires_ms"],
        amount_paise=hold["amount_paise"],
        seats=tuple(hold["seats"]),
    )
