"""One after another: operations of one (holder, show) do not overlap within a process (consistency rule 10)."""

import asyncio
from types import TracebackType
from typing import TypeAlias

Key: TypeAlias = tuple[str, int]


class Turns:
    """A line of waiting operations per key; costs next to nothing where nobody waits."""

    def __init__(self) -> None:
        self._last: dict[Key, _Turn] = {}

    def turn(self, holder: str, show_id: int) -> "_Turn":
        """Wait for the operation before (on entering), then hold the turn."""
        return _Turn(self._last, (holder, show_id))


class _Turn:
    """A place in the line. A class and not a generator: it is taken for every request."""

    __slots__ = ("_before", "_ended", "_key", "_last", "_waited_for")

    def __init__(self, last: dict[Key, "_Turn"], key: Key) -> None:
        self._last = last
        self._key = key
        self._before: _Turn | None = None
        self._ended = False
        # Made by the first who waits for this turn.
        self._waited_for: asyncio.Future[None] | None = None

    async def __aenter__(self) -> None:
        before = self._before = self._last.get(self._key)
        self._last[self._key] = self
        if before is not None:
            try:
                await asyncio.shield(before._end())
            except BaseException:
                self._leave()
                raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _end(self) -> "asyncio.Future[None]":
        if self._waited_for is None:
            self._waited_for = asyncio.get_running_loop().create_future()
        return self._waited_for

    def _leave(self) -> None:
        before, self._before = self._before, None
        if before is None or before._ended:
            self._pass_on()
        else:
            # Given up while waiting: whoever waits for this turn waits for the one before it.
            before._end().add_done_callback(lambda _: self._pass_on())

    def _pass_on(self) -> None:
        self._ended = True
        if self._last.get(self._key) is self:
            del self._last[self._key]
        if self._waited_for is not None:
            self._waited_for.set_result(None)
