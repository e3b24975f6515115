"""What the clients of one generator process share: show, maps, notes, and what is checked as it happens."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Final
from urllib.parse import urlsplit

import msgspec

from realtime.loadtest.checks import Clock, overdue
from realtime.loadtest.evidence import Breach, Change, Evidence, Grant
from realtime.loadtest.frames import BOOKED, HELD, Frame, Show, Snapshot, read_frame
from realtime.loadtest.seat_map import Atlas, SeatMap
from realtime.loadtest.tally import Tally

# Decoded frames that are kept for the other sockets they will come to.
DECODED_MAX: Final = 64
# A click that nobody saw become a hold within this time is forgotten.
CLICK_SECONDS_MAX: Final = 10.0
# A frame that is evidence is cut here.
FRAME_CHARACTERS_MAX: Final = 2_000
CHANGES_KEPT_MAX: Final = 100_000
# By so much two readings of the server's clock may differ before "before its deadline" is doubted.
DEADLINE_MARGIN_MS: Final = 1_000


class Click:
    """A seat that somebody asked for: when it was due, and the deadline that its hold turned out to have."""

    __slots__ = ("deadline_ms", "due")

    def __init__(self, due: float) -> None:
        self.due = due
        self.deadline_ms: int | None = None


class Read:
    """A decoded frame, and the clicks that it answers."""

    __slots__ = ("clicks", "frame")

    def __init__(self, frame: Frame, clicks: tuple[float, ...]) -> None:
        self.frame = frame
        self.clicks = clicks


class World:
    """One show of one house, as all clients of this process see it. `clock` is set once it has been measured."""

    def __init__(self, *, url: str, show: Show, seed: str) -> None:
        self.url = url
        parts = urlsplit(url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        self.sockets_url = f"{scheme}://{parts.netloc}{parts.path}/ws/shows/{show.id}/"
        self.show = show
        self.seed = seed
        self.labels = [seat.label for seat in show.seats]
        self.index_of = {label: index for index, label in enumerate(self.labels)}
        self.clock = Clock(0.0)
        self.tally = Tally()
        self.evidence = Evidence()
        self.atlas = Atlas(on_new=self._new_map, on_conflict=self._conflict)
        # The newest map that anybody has: how the show looks now.
        self.newest: SeatMap | None = None
        self.start_states = ""
        self.changes: list[Change] = []
        self.changes_left_out = 0
        self.began_at = time.monotonic()
        # The run is to end early.
        self.stopped = asyncio.Event()
        self._map_is_new: asyncio.Future[None] | None = None
        self._decoded: dict[bytes, Read] = {}
        self._clicks: dict[int, Click] = {}
        # Grants in force, by seat index.
        self._live: dict[int, Grant] = {}

    def random(self, client: str) -> Random:
        """The chance of one client: the same for the same seed, however many processes there are."""
        return Random(f"{self.seed}/{client}")  # noqa: S311  # a replayable choice, not a secret

    async def stops_within(self, seconds: float) -> bool:
        """Wait so long; True, and at once, when the run is stopped."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopped.wait(), seconds)
        return self.stopped.is_set()

    # --- frames

    def read(self, payload: bytes) -> Read:
        """A frame, decoded once for all sockets to which it comes. Raises msgspec.DecodeError."""
        read = self._decoded.get(payload)
        if read is None:
            frame = read_frame(payload)
            read = Read(frame, self._answered(frame) if frame.type == "seats" else ())
            if len(self._decoded) >= DECODED_MAX:
                del self._decoded[next(iter(self._decoded))]
            self._decoded[payload] = read
        return read

    async def shown(self, wanted: Callable[[SeatMap], bool], *, within_seconds: float) -> bool:
        """Wait until the newest map that anybody here has is like this; False: it was not in time."""
        try:
            async with asyncio.timeout(within_seconds):
                while self.newest is None or not wanted(self.newest):
                    await self._next_map()
        except TimeoutError:
            return False
        return True

    async def _next_map(self) -> None:
        if self._map_is_new is None:
            self._map_is_new = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._map_is_new)

    # --- clicks

    def clicked(self, index: int, due: float) -> None:
        """Somebody asks for a seat that was due at this time. The first of those who are waiting counts."""
        click = self._clicks.get(index)
        if click is None or click.deadline_ms is not None or due - click.due > CLICK_SECONDS_MAX:
            self._clicks[index] = Click(due)

    def click_refused(self, index: int, due: float) -> None:
        """He did not get it."""
        click = self._clicks.get(index)
        if click is not None and click.due == due and click.deadline_ms is None:
            del self._clicks[index]

    def _answered(self, frame: Frame) -> tuple[float, ...]:
        """When the clicks were due whose holds this frame shows; each counts once, and for every viewer."""
        dues = []
        for change in frame.changes:
            click = self._clicks.get(change[0])
            if click is None or change[1] != HELD or len(change) < 3:
                continue
            if click.deadline_ms is None:
                click.deadline_ms = change[2]
            if click.deadline_ms == change[2]:
                dues.append(click.due)
        return tuple(dues)

    # --- grants in force

    def granted(self, grant: Grant) -> None:
        """A grant came: from its version on, every map shows it."""
        self.evidence.grants.append(grant)
        if grant.version is None:
            return
        for label in grant.seats:
            self._live[self.index_of[label]] = grant
        if self.newest is not None:
            self._check_grants(self.newest, [self.index_of[label] for label in grant.seats], grant.answered_at, "")

    def let_go(self, labels: tuple[str, ...]) -> None:
        """These seats are about to be given up or paid for: what maps show of them may change."""
        for label in labels:
            self._live.pop(self.index_of[label], None)

    # --- what is checked as it happens

    def breach(self, check: str, summary: str, *, who: tuple[str, ...], frames: tuple[str, ...] = ()) -> None:
        """A promise was broken just now."""
        at_ms = self.clock.server_ms(time.monotonic())
        self.evidence.note(Breach(check, summary, at_ms, who, frames))

    def _new_map(self, new: SeatMap, frame: Frame | Snapshot, client: str) -> None:
        """A map that nobody here has had before."""
        before = self.newest
        if before is None:
            self.start_states = new.states.decode()
        if before is None or before.epoch != new.epoch or new.version > before.version:
            self.newest = new
            if self._map_is_new is not None:
                self._map_is_new.set_result(None)
                self._map_is_new = None
            if before is not None:
                self._log_change(before, new)
        self.evidence.look("maps-agree")
        self.evidence.look("deadline", len(new.holds))
        for index in overdue(new, frame.server_ms):
            late_seconds = (frame.server_ms - new.holds[index]) / 1000
            summary = f"{self.labels[index]} is still held {late_seconds:.1f} s after its deadline"
            self.breach("deadline", summary, who=(client,), frames=(brief(frame),))
        if isinstance(frame, Frame):
            changed = [change[0] for change in frame.changes]
            self._check_grants(new, changed, self.clock.at(frame.server_ms), brief(frame) if changed else "")

    def _check_grants(self, seat_map: SeatMap, indexes: list[int], at: float, frame: str) -> None:
        """These seats, where a grant of them is in force and in the map's past, are shown as it says."""
        for index in indexes:
            grant = self._live.get(index)
            if grant is None or grant.version is None:
                continue
            if grant.seen[0] != seat_map.epoch or seat_map.version < grant.version:
                continue
            self.evidence.look("kept")
            state, deadline_ms = seat_map.state_of(index), seat_map.holds.get(index)
            if state == BOOKED or (state == HELD and deadline_ms == grant.expires_ms):
                continue
            if self.clock.server_ms(at) >= grant.expires_ms - DEADLINE_MARGIN_MS:
                continue
            until = "" if deadline_ms is None else f" until {deadline_ms}"
            self.breach(
                "kept",
                f"{self.labels[index]} was granted to {grant.client} until {grant.expires_ms} at version"
                f" {grant.version}, and is {state}{until} at version {seat_map.version}",
                who=(grant.client,),
                frames=tuple(filter(None, (grant.frame, frame))),
            )

    def _conflict(self, known: SeatMap | None, other: SeatMap, frame: Frame | Snapshot, client: str) -> None:
        """Two clients of this process have different maps of one version."""
        where = (
            ""
            if known is None
            else ": "
            + ", ".join(
                f"{self.labels[index]} is {known.state_of(index)} and {other.state_of(index)}"
                for index in known.differences(other)[:5]
            )
        )
        summary = f"{client} and another client have different maps of version {other.version}{where}"
        self.breach("maps-agree", summary, who=(client,), frames=(brief(frame),))

    def _log_change(self, before: SeatMap, new: SeatMap) -> None:
        """For the replay: what changed, when it was first seen."""
        if before.states == new.states:
            return
        if len(self.changes) >= CHANGES_KEPT_MAX:
            self.changes_left_out += 1
            return
        pairs = enumerate(zip(before.states, new.states, strict=True))
        seats = [(index, chr(now)) for index, (was, now) in pairs if was != now]
        self.changes.append(Change(round((time.monotonic() - self.began_at) * 1000), new.version, seats))


def brief(frame: Frame | Snapshot, characters_max: int = FRAME_CHARACTERS_MAX) -> str:
    """A frame as text, for evidence."""
    return msgspec.json.encode(frame).decode()[:characters_max]
