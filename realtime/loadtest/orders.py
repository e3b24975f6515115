"""What the engine and its generator processes say to each other: one JSON message a line."""

from typing import Final, TypeAlias

import msgspec

from realtime.loadtest.evidence import FinalMap, FinalMine, Result, Row


class Assignment(msgspec.Struct, frozen=True, tag=True):
    """The first line to a process: the run and its part of it."""

    url: str
    show_id: int
    scenario: str
    seed: int
    viewers: int
    grabbers: int
    duration_seconds: float
    rate: float
    part: int
    parts: int
    may_pay: bool


class Start(msgspec.Struct, frozen=True, tag=True):
    """Begin at this time (monotonic clock); the server's clock is `offset_ms` ahead of it."""

    at: float
    offset_ms: float
    uncertainty_ms: float


class Stop(msgspec.Struct, frozen=True, tag=True):
    """End early."""


class Settle(msgspec.Struct, frozen=True, tag=True):
    """Bring every map up to date and show it."""


class ComeBack(msgspec.Struct, frozen=True, tag=True):
    """Let every grabber come back and be told what is his."""


class GiveBack(msgspec.Struct, frozen=True, tag=True):
    """Let everything go, report, and end."""


Order: TypeAlias = Assignment | Start | Stop | Settle | ComeBack | GiveBack


class Ready(msgspec.Struct, frozen=True, tag=True):
    """Everybody of this process is seated."""

    sockets: int


class Second(msgspec.Struct, frozen=True, tag=True):
    """A second has passed."""

    row: Row


class Played(msgspec.Struct, frozen=True, tag=True):
    """The scenario is over; whoever acted has been answered."""


class Settled(msgspec.Struct, frozen=True, tag=True):
    """Every map, brought up to date; and how many sockets could not be."""

    maps: list[FinalMap]
    missing: int


class CameBack(msgspec.Struct, frozen=True, tag=True):
    """What every grabber was told."""

    mine: list[FinalMine]


class Done(msgspec.Struct, frozen=True, tag=True):
    """The last line of a process."""

    result: Result


class Failed(msgspec.Struct, frozen=True, tag=True):
    """This process could not do its part: a code and what to do about it."""

    code: str
    detail: str


Report: TypeAlias = Ready | Second | Played | Settled | CameBack | Done | Failed

read_order: Final = msgspec.json.Decoder(Order).decode
read_report: Final = msgspec.json.Decoder(Report).decode
write: Final = msgspec.json.encode
# Evidence of a long run is one line.
LINE_BYTES_MAX: Final = 1 << 30
