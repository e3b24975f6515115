"""A client's own map of a show, kept by the contract's rules. Maps are values; an atlas keeps those of one process.

Pure. What two clients saw alike is one object: thousands of viewers who were sent the same frames share their
maps, and one who was sent something else has another. So each client's map is really his, and costs nothing.
"""

from collections.abc import Callable
from typing import Final, NamedTuple
from zlib import crc32

from realtime.loadtest.frames import HELD, Frame, Snapshot

# Maps of so many versions are kept whole, to be shared and compared seat by seat; older ones as their digest.
KEPT_VERSIONS_MAX: Final = 256


class SeatMap:
    """All seats of a show at one version. `holds`: deadline in ms by seat index. Never changed once made."""

    __slots__ = ("digest", "epoch", "holds", "states", "successor", "version")

    def __init__(self, epoch: str, version: int, states: bytes, holds: dict[int, int]) -> None:
        self.epoch = epoch
        self.version = version
        self.states = states
        self.holds = holds
        self.digest = digest_of(states, holds)
        # The last frame that was applied to this map, and what came of it.
        self.successor: tuple[Frame, SeatMap] | None = None

    @classmethod
    def of_snapshot(cls, frame: Frame | Snapshot) -> "SeatMap":
        """Of a whole picture."""
        assert frame.epoch is not None, "a snapshot has an epoch"
        assert frame.version is not None, "a snapshot has a version"
        assert frame.states is not None, "a snapshot has states"
        return cls(
            frame.epoch,
            frame.version,
            frame.states.encode("ascii"),
            {int(index): deadline_ms for index, deadline_ms in frame.holds.items()},
        )

    def changed(self, frame: Frame) -> "SeatMap":
        """This map with a `seats` frame applied; states are absolute."""
        assert frame.version is not None, "a seats frame has a version"
        states, holds = bytearray(self.states), dict(self.holds)
        for index, state, *deadline_ms in frame.changes:
            states[index] = ord(state)
            if state == HELD and deadline_ms:
                holds[index] = deadline_ms[0]
            else:
                holds.pop(index, None)
        return SeatMap(self.epoch, frame.version, bytes(states), holds)

    def state_of(self, index: int) -> str:
        """The letter of a seat."""
        return chr(self.states[index])

    def differences(self, other: "SeatMap") -> list[int]:
        """Indexes of seats that the two show differently."""
        return [
            index
            for index, (ours, theirs) in enumerate(zip(self.states, other.states, strict=True))
            if ours != theirs or self.holds.get(index) != other.holds.get(index)
        ]


def digest_of(states: bytes, holds: dict[int, int]) -> str:
    """Tells maps apart: states and every deadline."""
    deadlines = ",".join(f"{index}:{holds[index]}" for index in sorted(holds))
    return f"{crc32(states):08x}{crc32(deadlines.encode()):08x}"


class FirstSeen(NamedTuple):
    """The map of a version: its digest, who had it first, and the frame that led him to it."""

    digest: str
    client: str
    frame: Frame | Snapshot


class Atlas:
    """The maps of all clients of a process, by (epoch, version).

    `on_new` is called once for each map that nobody had before, with the frame that led to it and whose it is;
    `on_conflict` when two clients' maps of one version differ: (the one known, the other, the other's last frame,
    the other client).
    """

    def __init__(
        self,
        *,
        on_new: Callable[[SeatMap, Frame | Snapshot, str], None],
        on_conflict: Callable[[SeatMap | None, SeatMap, Frame | Snapshot, str], None],
    ) -> None:
        self._on_new = on_new
        self._on_conflict = on_conflict
        self._maps: dict[tuple[str, int], SeatMap] = {}
        # Of each version: how it was first seen.
        self.seen: dict[tuple[str, int], FirstSeen] = {}

    def age_ms(self, frame: Frame) -> int:
        """How long before this snapshot was made a later version of its epoch had been seen; 0: none had."""
        assert frame.version is not None, "a snapshot has a version"
        later = (
            first.frame.server_ms
            for (epoch, version), first in self.seen.items()
            if epoch == frame.epoch and version > frame.version
        )
        return max(0, frame.server_ms - min(later, default=frame.server_ms))

    def begin(self, frame: Frame | Snapshot, client: str) -> SeatMap:
        """The map of a snapshot that this client was sent."""
        return self._shared(SeatMap.of_snapshot(frame), frame, client)

    def follow(self, seat_map: SeatMap, frame: Frame, client: str) -> SeatMap:
        """This client's map after a frame. Computed once for all who had the same map and were sent the same."""
        known = seat_map.successor
        if known is not None and known[0] is frame:
            return known[1]
        successor = self._shared(seat_map.changed(frame), frame, client)
        seat_map.successor = (frame, successor)
        return successor

    def _shared(self, new: SeatMap, frame: Frame | Snapshot, client: str) -> SeatMap:
        place = (new.epoch, new.version)
        seen = self.seen.get(place)
        if seen is None:
            self.seen[place] = FirstSeen(new.digest, client, frame)
            self._keep(place, new)
            self._on_new(new, frame, client)
            return new
        known = self._maps.get(place)
        if seen.digest != new.digest:
            self._on_conflict(known, new, frame, client)
            return new
        return known if known is not None else new

    def _keep(self, place: tuple[str, int], new: SeatMap) -> None:
        self._maps[place] = new
        if len(self._maps) > KEPT_VERSIONS_MAX:
            oldest = self._maps.pop(next(iter(self._maps)))
            # It and the maps after it hold on to one another.
            oldest.successor = None
