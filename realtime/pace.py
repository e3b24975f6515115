"""How often rooms show what changed: as set while there is time, less often when showing eats the process.

One for all rooms of a process, because they share its one core with everybody's requests. A click is never
delayed by it; only the time between two frames of a busy show grows, up to what an eye still calls live.
"""

from typing import Final

# The contract's upper end for bursts: every 16–50 ms.
WINDOW_SECONDS_MAX: Final = 0.05
# The share of the process' time that may go into fan-out before windows widen.
SHARE_MAX: Final = 0.2
# Shares are taken over so long: several windows, and short enough to follow a sale that opens.
LOOK_SECONDS: Final = 0.1


class Pace:
    """The least time between two flushes of a room. A setting of 0 turns coalescing off, and this with it."""

    def __init__(self, window_seconds: float, *, now: float) -> None:
        self.window_seconds = window_seconds
        self._least_seconds = window_seconds
        # Who sets a longer window than we would widen to, means it.
        self._most_seconds = max(window_seconds, WINDOW_SECONDS_MAX)
        self._look_began_at = now
        self._spent_seconds = 0.0

    def spent(self, seconds: float, *, now: float) -> None:
        """A flush took so long. `now` is the loop's time."""
        self._spent_seconds += seconds
        elapsed = now - self._look_began_at
        if elapsed < LOOK_SECONDS or not self._least_seconds:
            return
        # The share falls as the window grows, so this settles where the share is SHARE_MAX.
        wanted = self.window_seconds * self._spent_seconds / elapsed / SHARE_MAX
        self.window_seconds = min(self._most_seconds, max(self._least_seconds, wanted))
        self._look_began_at = now
        self._spent_seconds = 0.0
