"""What clients were promised: every seat granted, to whom, from when until when, by the grabbers' own clocks.

Knows nothing of servers. A promise begins when its reply was read and ends when its seat was asked to be released,
at the latest at its deadline: that is less than what the house owes, so two promises that overlap are a sale made
twice and nothing else.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

# A takeover may take a claim that has less than a second left (consistency rule 1); a little for two clocks' reads.
TAKEOVER_MS: Final = 1_050.0


@dataclass(slots=True)
class Grant:
    """One seat promised to one grabber. Times are Unix milliseconds."""

    show: int
    seat: str
    booking: str
    who: str
    granted_ms: float
    deadline_ms: float
    given_back_ms: float | None = None

    @property
    def ends_ms(self) -> float:
        """When the promise was over."""
        return self.deadline_ms if self.given_back_ms is None else min(self.deadline_ms, self.given_back_ms)

    def as_json(self) -> dict[str, Any]:
        """For the evidence."""
        return {name: getattr(self, name) for name in self.__slots__}


class Ledger:
    """All promises of a run."""

    def __init__(self) -> None:
        self.grants: list[Grant] = []
        self.outcomes: Counter[str] = Counter()
        self._open: dict[tuple[int, str, str], Grant] = {}

    def held(self, reply: dict[str, Any], *, show: int, who: str, now_ms: float) -> None:
        """A reply named the whole hold: seats that are new in it are promised from now."""
        for seat in reply["seats"]:
            key = (show, seat, who)
            known = self._open.get(key)
            if known is not None and known.booking == reply["booking"] and known.given_back_ms is None:
                continue
            grant = Grant(show, seat, reply["booking"], who, now_ms, reply["expires_ms"])
            self._open[key] = grant
            self.grants.append(grant)

    def given_back(self, seats: Iterable[str], *, show: int, who: str, now_ms: float) -> None:
        """A grabber is about to ask for these seats to be released."""
        for seat in seats:
            grant = self._open.get((show, seat, who))
            if grant is not None and grant.given_back_ms is None:
                grant.given_back_ms = now_ms

    def seats_of(self, who: str, *, show: int, now_ms: float) -> list[str]:
        """What a grabber has now, as far as he knows."""
        return [
            seat
            for (of_show, seat, owner), grant in self._open.items()
            if (of_show, owner) == (show, who) and grant.ends_ms > now_ms
        ]

    def alive(self, now_ms: float) -> list[Grant]:
        """Promises that are to be kept now, by everybody's clock."""
        return [grant for grant in self._open.values() if grant.ends_ms - TAKEOVER_MS > now_ms]

    def overlaps(self) -> list[str]:
        """Every seat that was promised to two bookings at once, in words."""
        by_seat: dict[tuple[int, str], list[Grant]] = {}
        for grant in self.grants:
            by_seat.setdefault((grant.show, grant.seat), []).append(grant)
        said = []
        for (show, seat), grants in by_seat.items():
            last: Grant | None = None
            for grant in sorted(grants, key=lambda one: one.granted_ms):
                if (
                    last is not None
                    and last.booking != grant.booking
                    and grant.granted_ms < last.ends_ms - TAKEOVER_MS
                ):
                    said.append(
                        f"show {show} seat {seat} was granted to {grant.who} ({grant.booking})"
                        f" {(last.ends_ms - grant.granted_ms) / 1000:.2f} s before {last.who}"
                        f" ({last.booking}) had to give it up"
                    )
                if last is None or grant.ends_ms > last.ends_ms:
                    last = grant
        return said
