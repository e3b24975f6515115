"""Where a client's map is: what he applies, drops and asks about, by the contract's rules for clients.

The map after a change is computed once for all who had the same map before. What is checked here is what one
connection shows by itself: its versions never go back, and its map adds up.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from zlib import crc32

import msgspec

from realtime.loadtest.frames import Frame
from realtime.loadtest.seat_map import SeatMap
from realtime.loadtest.world import Read, World

# Web processes compare their rooms with the truth once a second (decision 0010), and may have to read a picture then.
BEHIND_MS_MAX: Final = 5_000


class Position:
    """One client's map, and whether it is where the server is. `ask` sends a question about a gap."""

    def __init__(self, world: World, client: str, *, ask: Callable[[SeatMap], None]) -> None:
        self.world = world
        self.client = client
        self.map: SeatMap | None = None
        # Awaits the first position after a connect or a question.
        self.awaited: asyncio.Future[None] | None = None
        self._ask = ask
        self._buffer: list[Read] = []
        self._asked = False
        # From a connect until the first answer to where it is.
        self._arriving = True
        # Where the house is on this connection, while that is behind what another had shown.
        self._behind: int | None = None
        # A question is answered at once, past frames that a crowd is given in parts: one older check may follow.
        self._older_check_may_come = False

    @property
    def is_known(self) -> bool:
        """Whether nobody waits to hear where the server is."""
        return self.awaited is None

    def begin(self) -> asyncio.Future[None]:
        """A connection is about to be made; done once the map is where the server says."""
        self._buffer, self._asked = [], False
        self._arriving, self._behind, self._older_check_may_come = True, None, False
        self.awaited = asyncio.get_running_loop().create_future()
        return self.awaited

    def ask_anew(self) -> asyncio.Future[None]:
        """Ask where the server is; done once the map is there. There must be a map."""
        self.awaited = asyncio.get_running_loop().create_future()
        self._ask_where()
        return self.awaited

    def take_change(self, read: Read, *, slow: bool = False) -> None:
        """A change: applied, dropped or asked about. Of who is slow on purpose no latency is written down."""
        frame, seat_map = read.frame, self.map
        if seat_map is None:
            self._buffer.append(read)
            return
        if frame.epoch == seat_map.epoch:
            version = seat_map.version
            assert frame.version is not None
            assert frame.from_version is not None
            if frame.from_version <= version < frame.version:
                self.map = self.world.atlas.follow(seat_map, frame, self.client)
                self._behind = None
                self.world.tally.counters["changes"] += len(frame.changes)
                if read.clicks and not slow:
                    now, shown = time.monotonic(), self.world.tally.recorder("show")
                    for due in read.clicks:
                        shown.record_seconds(now - due)
                if self._asked or self.awaited is not None:
                    self._found()
                return
            if frame.version <= version:
                # Old news is dropped; as the answer to a question it says: you are there.
                if frame.version == version and (self._asked or self.awaited is not None):
                    self._found()
                return
        if not self._asked:
            self.world.tally.counters["gaps"] += 1
            self._ask_where()

    def take_snapshot(self, frame: Frame) -> None:
        """The whole map: taken unless it is older than ours."""
        before = self.map
        assert frame.version is not None
        self.world.evidence.look("versions")
        if before is None or frame.epoch != before.epoch or frame.version >= before.version:
            self.map = self.world.atlas.begin(frame, self.client)
            self._behind = None
        elif self._may_be_behind(frame):
            # What is older than mine is dropped.
            self._behind = frame.version
            self.world.tally.counters["older snapshots"] += 1
        else:
            self.world.breach(
                "versions",
                f"{self.client} was at version {before.version} and was sent a snapshot of version {frame.version}",
                who=(self.client,),
                frames=(msgspec.json.encode(frame).decode()[:400],),
            )
            self.map = self.world.atlas.begin(frame, self.client)
        self._found()
        buffered, self._buffer = self._buffer, []
        for read in buffered:
            self.take_change(read)

    def take_check(self, frame: Frame, payload: bytes) -> None:
        """The server says what the map adds up to."""
        seat_map = self.map
        if seat_map is None or frame.epoch != seat_map.epoch or frame.version is None:
            return
        self.world.evidence.look("versions")
        brought_to = seat_map.version if self._behind is None else self._behind
        was_on_its_way, self._older_check_may_come = self._older_check_may_come, False
        if frame.version < brought_to and not was_on_its_way:
            self.world.breach(
                "versions",
                f"{self.client} was brought to version {brought_to}, and the server is at {frame.version}",
                who=(self.client,),
                frames=(payload.decode(),),
            )
        if frame.version != seat_map.version:
            return
        self.world.evidence.look("maps-agree")
        if crc32(seat_map.states) != frame.crc32:
            self.world.breach(
                "maps-agree",
                f"at version {frame.version} the map of {self.client} does not add up to what the server says",
                who=(self.client,),
                frames=(payload.decode(), seat_map.states.decode()),
            )

    def _ask_where(self) -> None:
        assert self.map is not None
        self._asked = self._older_check_may_come = True
        self._ask(self.map)

    def _found(self) -> None:
        """The map is where the server is."""
        self._asked = self._arriving = False
        if self.awaited is not None:
            if not self.awaited.done():
                self.awaited.set_result(None)
            self.awaited = None

    def _may_be_behind(self, frame: Frame) -> bool:
        """Whether an older snapshot may come of a process that has not heard all that another had shown.

        On one connection nothing goes back; who comes back may meet another process, and that hears of it soon.
        """
        assert frame.version is not None
        if self._behind is not None:
            return frame.version >= self._behind
        return self._arriving and self.world.atlas.age_ms(frame) <= BEHIND_MS_MAX
