"""One show in one process: its map in memory, who is looking, and what they are told.

It applies changes, coalesces them and encodes each flush once; fan_out.py writes the same bytes to every socket.
Reading pictures, subscribing and timing are rooms.py's.
"""

import asyncio
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, Protocol

from bookings.api import Applied, Change, Changes, HoldRecord, Picture, SeatMap
from realtime import metrics
from realtime.fan_out import FanOut, Viewer
from realtime.frames import Frame, SnapshotBody, encode
from realtime.pace import Pace
from realtime.protocol import (
    BookingChanged,
    Check,
    CloseCode,
    HoldExpiring,
    Mine,
    MineNow,
    Seats,
    ServerMessage,
)

# Steps kept for sockets that come back; a longer absence costs a snapshot, which is hardly larger.
STEPS_KEPT_MAX: Final = 256
# A socket that has taken nothing for so long is closed, to come back when it can.
BEHIND_SECONDS_MAX: Final = 10.0


class OwnHold(NamedTuple):
    """A committed hold, as its holder's sockets are told of it. `seats` are indexes."""

    holder: str
    booking: str
    status: str
    expires_ms: int
    amount_paise: int
    seats: tuple[int, ...]


class Watch(Protocol):
    """Who must be told of moments in the future. Called again for the same moment, it changes nothing."""

    def seats_end(self, show_id: int, deadline_ms: int) -> None:
        """Seats of a show are held until then."""

    def hold_ends(self, show_id: int, hold: OwnHold) -> None:
        """A committed hold will end."""


class Room:
    """The state of a show as this process knows it. All methods run in the loop's thread and never wait."""

    def __init__(
        self,
        *,
        show_id: int,
        labels: Sequence[str],
        pace: Pace,
        now_ms: Callable[[], int],
        watch: Watch,
    ) -> None:
        self.show_id = show_id
        self.viewers: set[Viewer] = set()
        self.map = SeatMap()
        # The loop's time at which the map was last known to be the truth: rooms.py says so, boards tell of it.
        self.confirmed_at = 0.0
        self._labels = labels
        self._now_ms = now_ms
        self._watch = watch
        self._loop = asyncio.get_running_loop()
        self._viewers_of: dict[str, set[Viewer]] = {}
        self._holds: dict[str, OwnHold] = {}
        self._steps: deque[Changes] = deque(maxlen=STEPS_KEPT_MAX)
        self._snapshot: SnapshotBody | None = None
        self._fan_out = FanOut(self._show_the_rest)
        # What viewers have not been shown: seat → its last change; and the version that they have.
        self._unshown: dict[int, Change] = {}
        self._shown_version = -1
        self._pace = pace
        self._flush_began_at = 0.0
        self._next_flush_at = 0.0
        self._flush_timer: asyncio.TimerHandle | None = None

    # --- sockets

    def enter(self, viewer: Viewer, *, epoch: str | None, version: int) -> None:
        """Let a socket in and bring it from where it says it is (epoch None: nowhere) to now."""
        self.viewers.add(viewer)
        if viewer.holder is not None:
            self._viewers_of.setdefault(viewer.holder, set()).add(viewer)
        self.bring_up_to_date(viewer, epoch=epoch, version=version)

    def leave(self, viewer: Viewer) -> None:
        """Forget a socket. Idempotent."""
        self.viewers.discard(viewer)
        if viewer.holder is not None and (own := self._viewers_of.get(viewer.holder)) is not None:
            own.discard(viewer)
            if not own:
                del self._viewers_of[viewer.holder]

    def bring_up_to_date(self, viewer: Viewer, *, epoch: str | None, version: int) -> None:
        """Answer `sync`, a resume or a newcomer: all the missed changes and `mine`, or a snapshot; never a part."""
        missed = self._missed(epoch, version)
        # By the fan-out, which notes what a socket that is behind is not given: it is told when it has drained.
        if missed is None:
            self._fan_out.send_now(self._snapshot_for(viewer), [viewer])
        else:
            self._fan_out.send_now(encode(self._seats(version, missed)), [viewer])
            self._fan_out.send_now(encode(MineNow(self._mine(viewer.holder))), [viewer])

    def catch_up(self, viewer: Viewer) -> None:
        """A socket that was skipped has drained: one snapshot stands for all it missed."""
        if viewer.behind_since is not None and viewer in self.viewers:
            viewer.behind_since = None
            viewer.writer.write(self._snapshot_for(viewer))

    def close_the_too_slow(self) -> None:
        """Close sockets that have been behind for too long."""
        latest = self._loop.time() - BEHIND_SECONDS_MAX
        for viewer in self.viewers:
            if viewer.behind_since is not None and viewer.behind_since < latest:
                viewer.close(CloseCode.TOO_SLOW)

    # --- what happened

    def apply(self, step: Changes) -> Applied:
        """Apply one step if it fits, and show it: at once if it is the first for a while."""
        outcome = self.map.apply(step)
        if outcome is Applied.APPLIED:
            self._steps.append(step)
            self._show(step.changes)
        return outcome

    def load(self, picture: Picture) -> None:
        """Become the picture. Viewers get the difference, or a snapshot each when no difference can be told."""
        before, self.map = self.map, SeatMap()
        self.map.load(picture)
        if before.epoch == picture.epoch and before.version < picture.version:
            changes = _difference(before, self.map)
            self._steps.append(Changes(picture.epoch, before.version, picture.version, picture.server_ms, changes))
            self._load_holds(picture.holds)
            self._show(changes)
        else:
            if before != self.map:
                self._start_over()
            self._load_holds(picture.holds)
        for deadline_ms in set(self.map.deadlines.values()):
            self._watch.seats_end(self.show_id, deadline_ms)

    def set_hold(self, hold: OwnHold) -> None:
        """A committed hold is new or has changed."""
        if self._holds.get(hold.holder) != hold:
            self._holds[hold.holder] = hold
            self._watch.hold_ends(self.show_id, hold)
            self._tell_holder(hold.holder, MineNow(self._mine(hold.holder)))

    def end_hold(self, holder: str, booking: str) -> None:
        """A hold has ended; a newer one of the same holder stays."""
        hold = self._holds.get(holder)
        if hold is not None and hold.booking == booking:
            del self._holds[holder]
            self._tell_holder(holder, MineNow(None))

    def warn_of_end(self, holder: str, booking: str) -> None:
        """Tell the holder that little time is left, if that hold still stands."""
        hold = self._holds.get(holder)
        if hold is not None and hold.booking == booking:
            remaining_ms = max(0, hold.expires_ms - self._now_ms())
            self._tell_holder(holder, HoldExpiring(booking=booking, remaining_ms=remaining_ms))

    def tell_booking(self, holder: str, change: BookingChanged) -> None:
        """Tell the owner's sockets that a booking has changed."""
        self._tell_holder(holder, change)

    def tell_everyone(self, message: ServerMessage) -> None:
        """Say something to every socket of the room."""
        self._fan_out.send(encode(message), list(self.viewers))

    def tell_check(self) -> None:
        """Send the map's checksum, at the version that viewers have by then."""
        self._flush()
        self.tell_everyone(Check(epoch=self.map.epoch, version=self.map.version, crc32=zlib.crc32(self.map.states)))

    # --- questions

    def next_deadline_ms(self) -> int | None:
        """The earliest deadline among held seats."""
        return min(self.map.deadlines.values(), default=None)

    def has_unproven_seats(self) -> bool:
        """Whether a seat is held without a committed hold that has it."""
        proven = {seat for hold in self._holds.values() for seat in hold.seats}
        return not self.map.deadlines.keys() <= proven

    # --- showing

    def _show(self, changes: Iterable[Change]) -> None:
        self._snapshot = None
        for change in changes:
            self._unshown[change[0]] = change
            if len(change) == 3:
                self._watch.seats_end(self.show_id, change[2])
        if self._flush_timer is None and self._fan_out.idle:
            self._flush_when_due()

    def _flush_when_due(self) -> None:
        wait_seconds = self._next_flush_at - self._loop.time()
        if wait_seconds <= 0:
            self._flush()
        else:
            self._flush_timer = self._loop.call_later(wait_seconds, self._flush)

    def _flush(self) -> None:
        """Show what has not been shown: encoded once, the last state of each seat only."""
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        if self._shown_version == self.map.version:
            return
        frame = encode(self._seats(self._shown_version, self._unshown.values()))
        self._shown_version = self.map.version
        self._unshown = {}
        self._flush_began_at = self._loop.time()
        self._next_flush_at = self._flush_began_at + self._pace.window_seconds
        self._fan_out.send(frame, list(self.viewers), self._flushed)

    def _flushed(self) -> None:
        """Half of the time, at most, goes into showing one room; the other half is for requests and other rooms."""
        now = self._loop.time()
        took_seconds = now - self._flush_began_at
        metrics.flush_seconds.observe(took_seconds)
        self._pace.spent(took_seconds, now=now)
        if self._pace.window_seconds:
            self._next_flush_at = max(self._next_flush_at, self._flush_began_at + 2 * took_seconds)

    def _show_the_rest(self) -> None:
        """What arrived while frames were being written waited for them."""
        if self._unshown and self._flush_timer is None:
            self._flush_when_due()

    def _start_over(self) -> None:
        """Nothing that viewers know leads to the map: a snapshot each, after what is on its way."""
        self._steps.clear()
        self._snapshot = None
        self._unshown = {}
        self._shown_version = self.map.version
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        self._fan_out.send_each(self._snapshot_for, list(self.viewers))

    def _load_holds(self, holds: Iterable[HoldRecord]) -> None:
        committed = {
            hold.holder: OwnHold(hold.holder, hold.booking, "pending", hold.expires_ms, hold.amount_paise, hold.seats)
            for hold in holds
            if hold.committed
        }
        for gone in [hold for holder, hold in self._holds.items() if holder not in committed]:
            self.end_hold(gone.holder, gone.booking)
        for hold in committed.values():
            self.set_hold(hold)

    def _tell_holder(self, holder: str, message: ServerMessage) -> None:
        if viewers := self._viewers_of.get(holder):
            # At once and not in line: they say how things are now, and a grant should not wait for a crowd's frames.
            self._fan_out.send_now(encode(message), tuple(viewers))

    # --- making frames

    def _mine(self, holder: str | None) -> Mine | None:
        hold = self._holds.get(holder) if holder is not None else None
        if hold is None:
            return None
        return Mine(
            booking=hold.booking,
            status=hold.status,
            seats=tuple(self._labels[seat] for seat in hold.seats),
            expires_ms=hold.expires_ms,
            amount_paise=hold.amount_paise,
        )

    def _seats(self, from_version: int, changes: Iterable[Change]) -> Seats:
        return Seats(
            epoch=self.map.epoch,
            from_version=from_version,
            version=self.map.version,
            server_ms=self._now_ms(),
            changes=list(changes),
        )

    def _snapshot_for(self, viewer: Viewer) -> Frame:
        if self._snapshot is None:
            self._snapshot = SnapshotBody(
                epoch=self.map.epoch,
                version=self.map.version,
                states=bytes(self.map.states),
                deadlines=self.map.deadlines,
            )
        return self._snapshot.frame(server_ms=self._now_ms(), mine=self._mine(viewer.holder))

    def _missed(self, epoch: str | None, version: int) -> Iterable[Change] | None:
        """What happened after a version, last state of each seat; None if that is not known here."""
        if epoch != self.map.epoch or version > self.map.version:
            return None
        if version == self.map.version:
            return ()
        if not self._steps or self._steps[0].from_version > version:
            return None
        changes = (change for step in self._steps if step.version > version for change in step.changes)
        return {change[0]: change for change in changes}.values()


def _difference(before: SeatMap, after: SeatMap) -> list[Change]:
    """The changes that make one map of the other."""
    changes: list[Change] = []
    for seat, (old, new) in enumerate(zip(before.states, after.states, strict=True)):
        deadline_ms = after.deadlines.get(seat)
        if old != new or before.deadlines.get(seat) != deadline_ms:
            state = chr(new)
            changes.append((seat, state) if deadline_ms is None else (seat, state, deadline_ms))
    return changes
