"""Where Redis' picture of a show and PostgreSQL's claims differ, and which differences may be repaired now.

Pure: it compares what was read. How a repair is made safe (row lock, compare-and-set) is services/reconcile.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bookings.domain.seat_map import AVAILABLE, BLOCKED, HELD, HoldRecord

# A hold that PostgreSQL has not heard of may still be on its way there for so long (consistency rule 8).
UNCOMMITTED_MS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class SeatFact:
    """A seat as one authority has it: its state, and the booking behind it ('' when none)."""

    state: str
    booking: str = ""


@dataclass(frozen=True, slots=True)
class TrueSeat(SeatFact):
    """A seat as PostgreSQL has it, with what Redis needs to show its hold."""

    holder: str = ""
    expires_ms: int = 0
    since_ms: int = 0
    price_paise: int = 0


FREE: Final = TrueSeat(state=AVAILABLE)


@dataclass(frozen=True, slots=True)
class Difference:
    """One seat that Redis shows otherwise than PostgreSQL has it.

    `shown` is what Redis decides from (states string and reserved_seats); `what` names the kind of drift.
    """

    seat: int
    what: str
    shown: SeatFact
    true: TrueSeat


@dataclass(frozen=True, slots=True)
class ShownHolds:
    """The keys of a show that must agree with its states: hold records, deadlines, holders, locks."""

    holds: Mapping[str, HoldRecord]
    deadlines: Mapping[str, int]
    holders: Mapping[str, str]
    locked_seats: frozenset[int]


def find_differences(
    *, shown: Sequence[SeatFact], true: Sequence[TrueSeat], around: ShownHolds, now_ms: int
) -> list[Difference]:
    """Every seat that should be repaired now. `now_ms` is Redis' clock at the reading.

    Passed over: a hold PostgreSQL has not heard of that is younger than UNCOMMITTED_MS_MAX (it may be on its
    way, unless somebody else owns the seat), and a hold whose deadline has passed on Redis' clock (reap ends it).
    """
    differences = []
    for seat, (is_shown, is_true) in enumerate(zip(shown, true, strict=True)):
        record = around.holds.get(is_shown.booking)
        if is_true.state == HELD and is_true.expires_ms <= now_ms:
            is_true = FREE
        rivals = is_true.state == BLOCKED or is_true.booking not in ("", is_shown.booking)
        if record is not None and _is_on_its_way(record, now_ms) and not rivals:
            continue
        over = record is not None and record.expires_ms <= now_ms
        if over and is_shown.state == HELD and is_true.state == AVAILABLE:
            continue
        what = _what_differs(seat, is_shown, is_true, around)
        if what:
            differences.append(Difference(seat=seat, what=what, shown=is_shown, true=is_true))
    return differences


def _is_on_its_way(record: HoldRecord, now_ms: int) -> bool:
    return not record.committed and now_ms - record.held_since_ms < UNCOMMITTED_MS_MAX


def _what_differs(seat: int, shown: SeatFact, true: TrueSeat, around: ShownHolds) -> str:
    if shown.state != true.state:
        return "state"
    if shown.booking != (true.booking if true.state == HELD else ""):
        return "owner"
    if true.state != HELD:
        return ""
    record = around.holds.get(true.booking)
    if record is None or seat not in record.seats or not record.committed:
        return "hold record"
    if around.deadlines.get(true.booking) != record.expires_ms:
        return "deadline"
    if around.holders.get(record.holder) != true.booking:
        return "holder"
    if seat not in around.locked_seats:
        return "lock key"
    return ""
