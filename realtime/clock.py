"""Redis' clock, as heard by this process: the clock that deadlines are written in.

Each message and picture carries the time at which Redis made it. It arrives a little later, so the highest
(stamp - own clock) of the last minutes is the closest to the true difference.
"""

from collections.abc import Callable
from typing import Final

WINDOW_MS: Final = 60_000


class HouseClock:
    """Unix milliseconds by Redis' clock. `own_ms` is this machine's clock, used alone until Redis was heard."""

    def __init__(self, own_ms: Callable[[], int]) -> None:
        self._own_ms = own_ms
        self._window_began_ms = own_ms()
        self._best_now: int | None = None
        self._best_before: int | None = None
        self._offset_ms = 0

    def now_ms(self) -> int:
        """The time now."""
        return self._own_ms() + self._offset_ms

    def heard(self, stamp_ms: int) -> None:
        """A stamp that Redis has just made arrived."""
        own_ms = self._own_ms()
        if own_ms - self._window_began_ms > WINDOW_MS:
            self._best_before, self._best_now = self._best_now, None
            self._window_began_ms = own_ms
        difference_ms = stamp_ms - own_ms
        if self._best_now is None or difference_ms > self._best_now:
            self._best_now = difference_ms
            known = [best for best in (self._best_now, self._best_before) if best is not None]
            self._offset_ms = max(known)
