"""Background tasks that somebody owns: kept alive, never silent when they fail, cancelled together."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from bookings.api import BookingError

T = TypeVar("T")
logger = logging.getLogger(__name__)


class Tasks:
    """The tasks of one owner. A BookingError is an answer for whoever awaits the task; all else is logged."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run it in the background."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return task

    async def finish(self, *, within_seconds: float) -> None:
        """Wait for those that run to end, then cancel the others."""
        if self._running:
            await asyncio.wait(self._running, timeout=within_seconds)
        await self.close()

    async def close(self) -> None:
        """Cancel what still runs and wait for its end."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled() or isinstance(error := task.exception(), BookingError | None):
            return
        logger.error("a background task failed", exc_info=error)
