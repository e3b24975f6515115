"""The seat map of one show as a value: states, version, deadlines, and how changes move it.

This is the model that rooms keep in memory and that tests fold frames onto. It knows the rules of the
protocol (drop what is old, never apply across a gap) and nothing of Redis, sockets or PostgreSQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

AVAILABLE: Final = "A"
HELD: Final = "H"
BOOKED: Final = "B"
BLOCKED: Final = "X"

# One seat's new state, absolute: (index, state) or (index, "H", deadline in ms).
Change: TypeAlias = tuple[int, str] | tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class HoldRecord:
    """A live hold as the seat store knows it. `seats` are indexes in ascending order.

    `committed` is false until PostgreSQL has the booking; until then nobody is told `held`.
    """

    booking: str
    holder: str
    expires_ms: int
    amount_paise: int
    seats: tuple[int, ...]
    committed: bool
    held_since_ms: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole map of a show at one version: what a snapshot shows, plus whose the holds are."""

    show_id: int
    epoch: str
    version: int
    server_ms: int
    states: str
    holds: tuple[HoldRecord, ...]

    def deadlines(self) -> dict[int, int]:
        """Seat index → deadline in ms, for every held seat."""
        return {seat: hold.expires_ms for hold in self.holds for seat in hold.seats}


@dataclass(frozen=True, slots=True)
class Changes:
    """One step of a show's map, from one version to another."""

    epoch: str
    from_version: int
    version: int
    server_ms: int
    changes: Sequence[Change]


class Applied(StrEnum):
    """What became of a step: applied, already known, or impossible without a snapshot."""

    APPLIED = "applied"
    STALE = "stale"
    GAP = "gap"
    OTHER_EPOCH = "other_epoch"


@dataclass(slots=True)
class SeatMap:
    """States and deadlines of one show, moved only by pictures and by steps that fit."""

    epoch: str = ""
    version: int = -1
    states: bytearray = field(default_factory=bytearray)
    deadlines: dict[int, int] = field(default_factory=dict)

    def load(self, picture: Picture) -> None:
        """Become the picture, whatever was known before."""
        self.epoch = picture.epoch
        self.version = picture.version
        self.states = bytearray(picture.states, "ascii")
        self.deadlines = picture.deadlines()

    def apply(self, step: Changes) -> Applied:
        """Apply a step if it fits: same epoch, from ≤ mine < version. States are absolute."""
        if step.epoch != self.epoch:
            return Applied.OTHER_EPOCH
        if step.version <= self.version:
            return Applied.STALE
        if step.from_version > self.version:
            return Applied.GAP
        for change in step.changes:
            index, state = change[0], change[1]
            self.states[index] = ord(state)
            if len(change) == 3:
                self.deadlines[index] = change[2]
            else:
                self.deadlines.pop(index, None)
        self.version = step.version
        return Applied.APPLIED
