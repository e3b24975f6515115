"""Many at once, but not too many."""

import asyncio
from collections.abc import Awaitable, Callable


async def in_parallel(jobs: list[Callable[[], Awaitable[None]]], *, at_once: int) -> None:
    """Do all, so many at once."""
    waiting = iter(jobs)

    async def work() -> None:
        for job in waiting:
            await job()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(jobs))):
            group.create_task(work())
