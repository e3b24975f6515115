"""A verb of the box office runs to its end, even when whoever asked has gone."""

import asyncio
import gc

import pytest

from bookings.errors import SeatsUnavailable
from bookings.http.holds import run_to_its_end


class TestAVerb:
    async def test_is_finished_when_its_client_goes_away(self) -> None:
        acquired, proof, proven = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def hold() -> None:
            acquired.set()
            await proof.wait()
            proven.set()

        request = asyncio.create_task(run_to_its_end(hold()))
        await acquired.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        proof.set()

        await asyncio.wait_for(proven.wait(), 1)

    async def test_may_be_refused_when_nobody_listens(self) -> None:
        acquired, proof = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        complaints: list[object] = []
        loop.set_exception_handler(lambda _, context: complaints.append(context))

        async def hold() -> None:
            acquired.set()
            await proof.wait()
            raise SeatsUnavailable(["A1"])

        request = asyncio.create_task(run_to_its_end(hold()))
        await acquired.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        proof.set()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
        gc.collect()

        assert complaints == []

    async def test_answers_what_it_answered(self) -> None:
        async def refuse() -> None:
            raise SeatsUnavailable(["A1"])

        with pytest.raises(SeatsUnavailable):
            await run_to_its_end(refuse())
