"""A run: what was asked for, and all that it has found, until now or in the end."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from realtime.loadtest.ceiling import Ceiling
from realtime.loadtest.checks import Clock
from realtime.loadtest.evidence import Evidence
from realtime.loadtest.frames import Show
from realtime.loadtest.orders import Done
from realtime.loadtest.progress import Progress
from realtime.loadtest.scenarios import Scenario
from realtime.loadtest.seat_map import SeatMap


class Look(NamedTuple):
    """The show over HTTP: its map, when it was made (server's ms), and the reply's text."""

    seat_map: SeatMap
    at_ms: int
    text: str


class Rest(NamedTuple):
    """The show at rest over HTTP: before the clients' maps were brought up to date, and after."""

    before: SeatMap
    after: Look


@dataclass(frozen=True, slots=True)
class Settings:
    """What was asked for. `url` is the house; `show_id` None: the next one that is on sale."""

    url: str
    scenario: Scenario
    viewers: int
    grabbers: int
    duration_seconds: float
    rate: float
    seed: int
    processes: int = 1
    show_id: int | None = None
    with_ceiling: bool = True
    allow_remote: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """What serves there, as it says itself, and which Housefull."""

    name: str
    version: str | None


@dataclass(slots=True)
class Run:
    """All that a run has found, until now or in the end."""

    settings: Settings
    show: Show
    server: Server
    began: datetime
    before: SeatMap
    ceiling: Ceiling | None
    progress: Progress
    clock: Clock = field(default_factory=lambda: Clock(0.0))
    # When everybody began (monotonic clock); None: it never came to that.
    start_at: float | None = None
    evidence: Evidence = field(default_factory=Evidence)
    results: list[Done] = field(default_factory=list)
    hold_seconds: float | None = None
    ended: datetime | None = None
    interrupted: bool = False
    at_rest: bool = False
    # Sockets that could not be brought up to date at the end: what they were shown was not compared.
    missing: int = 0
    # Why it could not be judged to its end; empty: it could.
    failures: list[str] = field(default_factory=list)

    def fail(self, why: str) -> None:
        """Write down, once, why it cannot be judged to its end."""
        if why not in self.failures:
            self.failures.append(why)
