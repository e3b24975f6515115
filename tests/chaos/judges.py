"""The verdicts: does everybody see what is true, and is every promise in the rows?

Pure: they compare a truth, maps and promises that others have gathered, and say in words what differs.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from tests.chaos.ledger import Ledger
from tests.chaos.truth import Truth

# PostgreSQL keeps the lesser of Redis's deadline and its own clock's (consistency rule 1), to the microsecond.
DEADLINE_MS_OFF_MAX: Final = 5.0


class SeatMap(Protocol):
    """What a client keeps of a show."""

    states: list[str] | None
    deadlines: dict[int, int]


def map_differs(truth: Truth, seen: SeatMap, *, show: int) -> str | None:
    """How a client's map differs from the truth; None if it does not."""
    if seen.states is None:
        return "has no map"
    states, deadlines = truth.picture(show, len(seen.states))
    wrong = [
        f"seat {seat} is {true}, shown {shown}"
        for seat, (true, shown) in enumerate(zip(states, seen.states, strict=True))
        if true != shown
    ]
    wrong += [
        f"seat {seat} is held for {deadline - seen.deadlines.get(seat, 0):.0f} ms longer than shown"
        for seat, deadline in deadlines.items()
        if seen.states[seat] == "H" and abs(seen.deadlines.get(seat, 0) - deadline) > DEADLINE_MS_OFF_MAX
    ]
    return f"{len(wrong)} differences: {'; '.join(wrong[:4])}" if wrong else None


def promises_broken(truth: Truth, ledger: Ledger, seat_numbers: Mapping[int, Mapping[str, int]]) -> list[str]:
    """Promises that are not over and that no row keeps, in words. `seat_numbers` are labels' indexes by show."""
    kept = {(claim.show, claim.seat, claim.booking) for claim in truth.claims}
    return [
        f"show {grant.show} seat {grant.seat} was granted to {grant.who} ({grant.booking}) until"
        f" {(grant.ends_ms - truth.now_ms) / 1000:.2f} s from now, but no row says so"
        for grant in ledger.alive(truth.now_ms)
        if (grant.show, seat_numbers[grant.show][grant.seat], grant.booking) not in kept
    ]


def keys_left(names: Sequence[str]) -> list[str]:
    """The keys that must not be there when nothing is held (contract section 4)."""
    kinds = ("seat_lock:", "seat_reservation:", "reserved_seats:", "hold_deadlines:")
    return sorted(name for name in names if name.startswith(kinds))
