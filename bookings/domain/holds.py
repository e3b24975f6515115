"""The budget of held time: seats of one show may be held for so long of any window, then their holder waits.

Owns the rule alone, computed from the spans of time in which the holder held seats; no counter is stored. What
holds nothing costs nothing, so choosing, dropping and choosing again is free. Where spans come from (Redis, or
the bookings in PostgreSQL) and how a refusal is worded is the callers' business.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

# Note [The budget of held time]. used(t) is the time held within (t - window, t]. It never falls while seats are
# held, so it is judged at the end of each span:
#   - A span uses the budget up when used(end) >= budget. A hold may begin with a little budget left and run its
#     full length, so used(end) may be nearly budget + one hold; the wait until used(t) < budget is longer then.
#   - Each time it is used up is a strike, forgotten STRIKE_MEMORY_MS later. A span that begins while it is still
#     used up (which only a race past this rule can do) prolongs the strike and is not another one.
#   - After the last span that used it up no hold begins until used(t) < budget again, plus an extra wait of
#     window / 6 x (2^strikes - 1), at most 4 windows: 5, 15, 35, 75, then 120 min for a window of 30 min.
# Who stays below the budget in every window never waits. With holds of at most 10 min and 20 of any 30 min, who
# holds again at every first chance gets at most 80 min of his first 2 h, and once the extra wait has grown to its
# longest at most 30 of any 2 h. Nobody gets more than 90 min of any 2 h (all ways of holding were searched on a
# grid of 2.5 min; three breaks of 10 min are the least that 2 h can hold).
STRIKE_MEMORY_MS: Final = 24 * 60 * 60 * 1000
EXTRA_WAIT_STEPS: Final = 6
EXTRA_WAIT_WINDOWS_MAX: Final = 4
# 2^5 - 1 sixths of a window are already more than the longest extra wait.
_DOUBLINGS_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class HeldSpan:
    """Seats were held from `start_ms` until `end_ms` (exclusive); how many does not matter."""

    start_ms: int
    end_ms: int


def budget_wait_ms(*, spans: Sequence[HeldSpan], strikes: int, now_ms: int, budget_ms: int, window_ms: int) -> int:
    """How long until a new hold may begin, in ms; 0 if it may begin now. See Note [The budget of held time].

    `spans` come in any order, overlaps count once, time after `now_ms` not at all. Seats added to a live hold
    begin no new one, so callers do not ask about them. Raises ValueError for a budget of 0 or less.
    """
    if budget_ms <= 0:
        raise ValueError("a budget must be above 0 ms")
    held = _merged(spans, now_ms)
    used = list(_used_around(held, window_ms))
    last = next((at for at in range(len(held) - 1, -1, -1) if used[at][1] >= budget_ms), None)
    if last is None:
        return 0
    too_much_ms = used[last][1] - budget_ms + 1
    free_ms = _gone_at(held[: last + 1], too_much_ms, window_ms)
    return max(0, free_ms + _extra_wait_ms(strikes, window_ms) - now_ms)


def strikes_of(*, spans: Sequence[HeldSpan], now_ms: int, budget_ms: int, window_ms: int) -> int:
    """How many times the budget was used up in the last STRIKE_MEMORY_MS, the present time included."""
    held = _merged(spans, now_ms)
    return sum(
        before < budget_ms <= after and span.end_ms > now_ms - STRIKE_MEMORY_MS
        for span, (before, after) in zip(held, _used_around(held, window_ms), strict=True)
    )


def _extra_wait_ms(strikes: int, window_ms: int) -> int:
    sixths = (1 << min(strikes, _DOUBLINGS_MAX)) - 1
    return min(window_ms * sixths // EXTRA_WAIT_STEPS, window_ms * EXTRA_WAIT_WINDOWS_MAX)


def _merged(spans: Sequence[HeldSpan], now_ms: int) -> list[HeldSpan]:
    """The past of the spans in order; spans that touch or overlap are one."""
    merged: list[HeldSpan] = []
    for span in sorted(spans, key=lambda span: span.start_ms):
        end_ms = min(span.end_ms, now_ms)
        if end_ms <= span.start_ms:
            continue
        if merged and span.start_ms <= merged[-1].end_ms:
            last = merged.pop()
            merged.append(HeldSpan(last.start_ms, max(last.end_ms, end_ms)))
        else:
            merged.append(HeldSpan(span.start_ms, end_ms))
    return merged


def _used_around(held: Sequence[HeldSpan], window_ms: int) -> Iterator[tuple[int, int]]:
    """used(start) and used(end) of each span; both ends of the window only move on, so this is one pass."""
    first = total_ms = 0

    def used_at(at_ms: int) -> int:
        nonlocal first, total_ms
        since_ms = at_ms - window_ms
        while total_ms and held[first].end_ms <= since_ms:
            total_ms -= held[first].end_ms - held[first].start_ms
            first += 1
        return total_ms - max(0, since_ms - held[first].start_ms) if total_ms else 0

    for span in held:
        before = used_at(span.start_ms)
        total_ms += span.end_ms - span.start_ms
        yield before, used_at(span.end_ms)


def _gone_at(held: Sequence[HeldSpan], length_ms: int, window_ms: int) -> int:
    """When the oldest `length_ms` of the last span's window will have left it, if nothing is held meanwhile."""
    since_ms = held[-1].end_ms - window_ms
    for span in held:
        start_ms = max(span.start_ms, since_ms)
        if start_ms + length_ms <= span.end_ms:
            return start_ms + length_ms + window_ms
        length_ms -= max(0, span.end_ms - start_ms)
    raise AssertionError("more was asked to leave the window than is in it")
