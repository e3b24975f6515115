"""Closing ends what runs for ever, also where a library loses the cancellation."""

import asyncio

from bookings.services.standby import end_task


async def deaf_to(cancellations: int) -> None:
    """Runs for ever and loses so many cancellations, as asyncio.wait_for before Python 3.12 may."""
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if cancellations == 0:
                raise
            cancellations -= 1


class TestEndTask:
    async def test_asks_again_when_a_cancellation_is_lost(self) -> None:
        task = asyncio.create_task(deaf_to(2))
        await asyncio.sleep(0)

        await asyncio.wait_for(end_task(task), 5)

        assert task.cancelled()

    async def test_takes_a_task_that_has_ended(self) -> None:
        task = asyncio.create_task(asyncio.sleep(0))
        await task

        await end_task(task)

        assert not task.cancelled()
