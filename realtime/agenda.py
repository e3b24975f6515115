"""Things to do at moments of Redis' clock: one heap and one timer for all rooms of a process.

The same thing at the same moment is noted once. Things are forgotten by being done; whether there is still
anything to do is the business of whoever noted them.
"""

import asyncio
import heapq
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Thing = TypeVar("Thing", bound=Hashable)


class Agenda(Generic[Thing]):
    """Calls `do(thing)` once its moment (Unix ms by `now_ms`) has come, never before."""

    def __init__(self, *, now_ms: Callable[[], int], do: Callable[[Thing], None]) -> None:
        self._now_ms = now_ms
        self._do = do
        self._loop = asyncio.get_running_loop()
        self._noted: set[tuple[int, Thing]] = set()
        self._heap: list[tuple[int, int, Thing]] = []
        self._sequence = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ms = 0

    def note(self, when_ms: int, thing: Thing) -> None:
        """Do this then; at once, in a later turn of the loop, if the moment has passed."""
        if (when_ms, thing) in self._noted:
            return
        self._noted.add((when_ms, thing))
        self._sequence += 1
        heapq.heappush(self._heap, (when_ms, self._sequence, thing))
        if self._timer is None or when_ms < self._timer_ms:
            self._set_timer()

    def close(self) -> None:
        """Forget everything."""
        self._heap.clear()
        self._noted.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_ms = self._heap[0][0]
        wait_seconds = max(0, self._timer_ms - self._now_ms()) / 1000
        self._timer = self._loop.call_later(wait_seconds, self._do_what_is_due)

    def _do_what_is_due(self) -> None:
        self._timer = None
        now_ms = self._now_ms()
        while self._heap and self._heap[0][0] <= now_ms:
            when_ms, _, thing = heapq.heappop(self._heap)
            self._noted.discard((when_ms, thing))
            self._do(thing)
        if self._heap and self._timer is None:
            self._set_timer()
