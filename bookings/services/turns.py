"""One after another: operations of one (holder, show) do not overlap within a process (consistency rule 10)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Turns:
    """A line of waiting operations per key; costs nothing where nobody waits."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, int], asyncio.Future[None]] = {}

    @asynccontextmanager
    async def turn(self, holder: str, show_id: int) -> AsyncIterator[None]:
        """Wait for the operation before, then hold the turn."""
        key = (holder, show_id)
        before = self._last.get(key)
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last[key] = mine
        try:
            if before is not None:
                await asyncio.shield(before)
            yield
        finally:
            if before is None or before.done():
                self._end(key, mine)
            else:
                # Given up while waiting: whoever waits for this turn waits for the one before it.
                before.add_done_callback(lambda _: self._end(key, mine))

    def _end(self, key: tuple[str, int], mine: "asyncio.Future[None]") -> None:
        if self._last.get(key) is mine:
            del self._last[key]
        mine.set_result(None)
