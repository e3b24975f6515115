"""Two together: nobody is refused, or seated apart, while a pair is free. Pure, as checks.py; for one scenario.

`not_ready` is a promise to try again (contract, section 2), so it is no refusal until it has been the last word for
somebody who tried again often enough.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from realtime.loadtest.checks import BEST_TOGETHER, ORDINARY_KINDS, Clock
from realtime.loadtest.evidence import Breach, Evidence, Grant, Refusal
from realtime.loadtest.frames import AVAILABLE, Seat
from realtime.loadtest.seat_map import SeatMap

# So often somebody asks who is told to try again; who is still told so then was refused.
TRIES_MAX: Final = 4


def check_best_together(
    evidence: Evidence, clock: Clock, start: SeatMap, final: SeatMap, seats: Sequence[Seat]
) -> Iterator[Breach]:
    """Only where nobody lets go: a pair that is free at both ends and was nobody's was free all the time."""
    refusals = [refusal for refusal in evidence.refusals if refusal.best and refusal.count == 2]
    grants = [grant for grant in evidence.grants if grant.best and grant.count == 2]
    evidence.look(BEST_TOGETHER, len(refusals) + len(grants))
    # A hold may have ended by its deadline meanwhile: what somebody had was not free while he had it.
    had = {label for grant in evidence.grants for label in grant.seats}
    were_free = set(pairs_free(start, seats))
    pair = next((pair for pair in pairs_free(final, seats) if pair in were_free and had.isdisjoint(pair)), None)
    if pair is None:
        return
    seat_of = {seat.label: seat for seat in seats}
    for refusal in _final_refusals(refusals, grants):
        yield _breach(refusal, clock, f"was refused two together while {pair[0]} and {pair[1]} were free")
    for grant in grants:
        new = sorted(set(grant.seats) - set(grant.before or ()))
        if len(new) == 2 and not side_by_side(*(seat_of[label] for label in new)):
            yield _breach(
                grant, clock, f"was given {new[0]} and {new[1]} apart while {pair[0]} and {pair[1]} were free"
            )


def _final_refusals(refusals: Sequence[Refusal], grants: Sequence[Grant]) -> Iterator[Refusal]:
    """Those that were meant: a plain no, and one to somebody who has tried again in vain."""
    served = {grant.client for grant in grants}
    waiting: dict[str, list[Refusal]] = defaultdict(list)
    for refusal in refusals:
        if refusal.code == "seats_unavailable":
            yield refusal
        elif refusal.code == "not_ready" and refusal.client not in served:
            waiting[refusal.client].append(refusal)
    for put_off in waiting.values():
        if len(put_off) >= TRIES_MAX:
            yield put_off[-1]


def _breach(said: Refusal | Grant, clock: Clock, what: str) -> Breach:
    return Breach(
        BEST_TOGETHER, f"{said.client} {what}", clock.server_ms(said.answered_at), (said.client,), (said.frame,)
    )


def side_by_side(one: Seat, other: Seat) -> bool:
    """Whether two seats are neighbours in a row, one width apart."""
    return one.row == other.row and abs(one.x - other.x) <= 1


def pairs_free(seat_map: SeatMap, seats: Sequence[Seat]) -> Iterator[tuple[str, str]]:
    """Ordinary seats side by side in a row, both available."""
    rows: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for index, seat in enumerate(seats):
        rows[seat.row].append((seat.x, index))
    for row in rows.values():
        row.sort()
        for (_, index), (_, next_index) in pairwise(row):
            one, other = seats[index], seats[next_index]
            free = seat_map.state_of(index) == AVAILABLE == seat_map.state_of(next_index)
            if free and side_by_side(one, other) and {one.kind, other.kind} <= ORDINARY_KINDS:
                yield one.label, other.label
