"""What the clients of a run wrote down, to be judged when it is over. Pure data, and how it travels.

Times `…_at` are seconds of the system's monotonic clock, which all processes of a machine share; `…_ms` are the
server's, Unix milliseconds. A client is named by a letter and its number: v17 looks, g4 grabs.
"""

from typing import Final

import msgspec

from realtime.loadtest.histogram import Histogram

# Breaches of one kind that are kept with their evidence; more of the same prove no more.
BREACHES_KEPT_MAX: Final = 20


class Breach(msgspec.Struct, frozen=True):
    """A promise that was broken: by check, what, when by the server's clock, to whom, in which words."""

    check: str
    summary: str
    at_ms: int
    who: tuple[str, ...]
    frames: tuple[str, ...] = ()


class Grant(msgspec.Struct, frozen=True):
    """The server said: held. `seats` is the whole hold, `wanted` what was asked for (of `best`: only how many)."""

    client: str
    booking: str
    seats: tuple[str, ...]
    wanted: tuple[str, ...]
    count: int
    asked_at: float
    answered_at: float
    expires_ms: int
    version: int | None
    frame: str
    best: bool = False
    # The map's position when it was asked for; ("", -1) where that does not compare with `version`.
    seen: tuple[str, int] = ("", -1)
    # What he held already; None: an answer had left open what that was.
    before: tuple[str, ...] | None = ()


class Ended(msgspec.Struct, frozen=True):
    """A client asked for the end of (part of) his hold: from then on it may be anybody's."""

    client: str
    booking: str
    seats: tuple[str, ...]
    asked_at: float


class Sold(msgspec.Struct, frozen=True):
    """The server said: confirmed."""

    client: str
    booking: str
    seats: tuple[str, ...]
    answered_at: float


class Refusal(msgspec.Struct, frozen=True):
    """The server said no. `culprits` are the seats that it named."""

    client: str
    code: str
    wanted: tuple[str, ...]
    count: int
    culprits: tuple[str, ...]
    asked_at: float
    answered_at: float
    frame: str
    best: bool = False


class Unreturned(msgspec.Struct, frozen=True):
    """At the end the server would not take back what a client may still have of these seats."""

    client: str
    seats: tuple[str, ...]
    code: str


class SeenMap(msgspec.Struct, frozen=True, array_like=True):
    """The digest of a map, when it was first had (server's ms), by whom, and the frame that led to it."""

    digest: str
    at_ms: int
    client: str
    frame: str


class SeenPicture(msgspec.Struct, frozen=True):
    """A snapshot over HTTP: "epoch version", the digest of its map, when it was made, and its text."""

    place: str
    digest: str
    at_ms: int
    frame: str


class FinalMap(msgspec.Struct, frozen=True):
    """A map with which clients ended, as they had it: states, deadlines by seat index, and who had it."""

    epoch: str
    version: int
    states: str
    holds: dict[int, int]
    digest: str
    clients: tuple[str, ...]


class FinalMine(msgspec.Struct, frozen=True):
    """What the server says is a client's, when he comes back at the end; and what he believes."""

    client: str
    told: tuple[str, ...]
    # When what he was told ends; 0: he was told nothing.
    told_until_ms: int
    believed: tuple[str, ...]
    # Seats of refused requests of this client.
    refused: tuple[str, ...]
    # When the earliest of the believed holds ends.
    expires_ms: int
    at_ms: int
    frame: str


class Evidence(msgspec.Struct):
    """Everything one process of a run has seen, or several together."""

    grants: list[Grant] = []
    ended: list[Ended] = []
    sold: list[Sold] = []
    refusals: list[Refusal] = []
    unreturned: list[Unreturned] = []
    # Found while it happened.
    breaches: list[Breach] = []
    # Breaches beyond BREACHES_KEPT_MAX, by check.
    left_out: dict[str, int] = {}
    # How often each check looked.
    examined: dict[str, int] = {}
    # "epoch version" → the map that clients of this process had there.
    digests: dict[str, SeenMap] = {}
    # What HTTP showed while it was played.
    pictures: list[SeenPicture] = []
    maps: list[FinalMap] = []
    mine: list[FinalMine] = []

    def note(self, breach: Breach) -> None:
        """Write a breach down."""
        kept = sum(known.check == breach.check for known in self.breaches)
        if kept < BREACHES_KEPT_MAX:
            self.breaches.append(breach)
        else:
            self.left_out[breach.check] = self.left_out.get(breach.check, 0) + 1

    def look(self, check: str, times: int = 1) -> None:
        """A check has looked at something."""
        self.examined[check] = self.examined.get(check, 0) + times

    def add(self, other: "Evidence") -> None:
        """Join what another process has seen. Maps of one version that differ are a breach."""
        self.grants += other.grants
        self.ended += other.ended
        self.sold += other.sold
        self.refusals += other.refusals
        self.unreturned += other.unreturned
        for breach in other.breaches:
            self.note(breach)
        for check, times in other.left_out.items():
            self.left_out[check] = self.left_out.get(check, 0) + times
        for check, times in other.examined.items():
            self.look(check, times)
        for place, seen in other.digests.items():
            known = self.digests.setdefault(place, seen)
            if known.digest != seen.digest:
                summary = f"{known.client} and {seen.client} have different maps of version {place}"
                who, frames = (known.client, seen.client), (known.frame, seen.frame)
                self.note(Breach("maps-agree", summary, max(known.at_ms, seen.at_ms), who, frames))
        self.pictures += other.pictures
        self.maps += other.maps
        self.mine += other.mine


class Row(msgspec.Struct):
    """One second of one process: counters of that second, and the state at its end."""

    second: int
    counters: dict[str, int]
    sockets: int
    # Latency histograms of that second, by name (Histogram.as_list).
    latency: dict[str, list[int]]
    cpu_share: float


class Change(msgspec.Struct, array_like=True):
    """Seats that changed with a version, when it was first seen (ms from the start)."""

    at_ms: int
    version: int
    seats: list[tuple[int, str]]


class Result(msgspec.Struct):
    """What one generator process found."""

    evidence: Evidence
    latency: dict[str, list[int]]
    counters: dict[str, int]
    errors: dict[str, tuple[int, str]]
    # How the show changed, as the first viewer of this process saw it.
    start_states: str
    changes: list[Change]
    changes_left_out: int
    findings: dict[str, list[float]]

    def histograms(self) -> dict[str, Histogram]:
        """The latencies by name."""
        return {name: Histogram.from_list(flat) for name, flat in self.latency.items()}
