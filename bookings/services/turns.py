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
            if self._last.get(key) is mine:
                del self._last[key]
            mine.set_result(None)
