"""The held-time budget of a holder."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeldSpan:
    start_ms: int
    end_ms: int


def strikes_of(*, spans: Sequence[HeldSpan], now_ms: int, budget_ms: int, window_ms: int) -> int:
    return 0


def budget_wait_ms(*, spans: Sequence[HeldSpan], strikes: int, now_ms: int, budget_ms: int, window_ms: int) -> int:
    used = sum(max(0, s.end_ms - max(s.start_ms, now_ms - window_ms)) for s in spans)
    return max(0, used - budget_ms + 1) if used >= budget_ms else 0
