"""Many at once, but not too many."""

import asyncio
from collections.abc import Awaitable, Callable


async def in_parallel(jobs: list[Callable[[], Awaitable[None]]], *, at_once: int) -> None:
    """Do all, so many at once. Raises what the first that fails raises; then the others are given up."""
    waiting = iter(jobs)

    async def work() -> None:
        for job in waiting:
            await job()

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, len(jobs))):
                group.create_task(work())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from errors
