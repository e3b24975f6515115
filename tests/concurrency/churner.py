"""One process of a crowd: its own box office, and clients that take seats and give them back, again and again.

Reads one job a line on stdin, answers one line on stdout, ends when stdin does. It judges nothing: what was
granted and refused, and when, goes back to the test.
"""

import asyncio
import json
import sys
import time
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

import django

django.setup()

from bookings.api import BookingError, BoxOffice, NotReady  # noqa: E402  (Django first)
from tests.support.guards import lua_without, sql_without  # noqa: E402

# What is taken away from each authority: Redis looks no longer whether a seat is free, PostgreSQL (whose index the
# test has dropped) no longer minds two live claims.
REDIS_GUARD = ("acquire_seats", "if state == 'A' then\n    wanted", "if state ~= 'mine' then\n    wanted")
POSTGRESQL_GUARD = ("hold_batch", "ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING")
# A process on a busy machine may be told to come again.
ASK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Job:
    """What the clients of this process shall do.

    `tries`: for each client the sets of seats it asks for, one after another; what is granted is let go before the
    next one. `guards`: those that are on.
    """

    show: int
    process: int
    tries: list[list[list[str]]]
    start_ns: int
    guards: list[str]


@dataclass(slots=True)
class Report:
    """What came of it. Times are nanoseconds of the machine's monotonic clock, the same in every process."""

    grants: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[dict[str, Any]] = field(default_factory=list)


class Crowd:
    """The clients of one process during one job."""

    def __init__(self, office: BoxOffice, job: Job) -> None:
        self._office = office
        self._job = job
        self.report = Report()

    async def work(self) -> None:
        """Do the whole job."""
        await self._office.plan(self._job.show)
        await asyncio.sleep(max(0, self._job.start_ns - time.monotonic_ns()) / 1e9)
        await asyncio.gather(*(self._one_by_one(client) for client in range(len(self._job.tries))))

    async def _one_by_one(self, client: int) -> None:
        for number in range(len(self._job.tries[client])):
            await self._try(client, number)

    async def _try(self, client: int, number: int) -> None:
        asked = self._job.tries[client][number]
        # Each try is somebody else, so that nobody adds to what he has.
        holder = f"p{self._job.process}-c{client}-t{number}"
        try:
            held = await self._office.hold(show_id=self._job.show, holder=holder, labels=asked)
        except BookingError as refusal:
            named = refusal.fields.get("seats", [])
            self.report.refusals.append({"holder": holder, "asked": asked, "named": named, "code": refusal.code})
            return
        from_ns = time.monotonic_ns()
        await asyncio.sleep(0)  # He looks at his seats before he lets them go.
        grant = {"holder": holder, "booking": held.booking, "seats": list(held.seats)}
        self.report.grants.append({**grant, "from_ns": from_ns, "to_ns": time.monotonic_ns()})
        await self._let_go(holder)

    async def _let_go(self, holder: str) -> None:
        while True:
            try:
                await self._office.release(show_id=self._job.show, holder=holder)
            except NotReady:
                await asyncio.sleep(ASK_AGAIN_SECONDS)
            else:
                return


def _without(guards: list[str]) -> list[AbstractContextManager[None]]:
    off: list[AbstractContextManager[None]] = []
    if "redis" not in guards:
        off.append(lua_without(*REDIS_GUARD))
    if "postgresql" not in guards:
        off.append(sql_without(*POSTGRESQL_GUARD))
    return off


async def main() -> None:
    office = await BoxOffice.open()
    loop = asyncio.get_running_loop()
    try:
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            job = Job(**json.loads(line))
            crowd = Crowd(office, job)
            with ExitStack() as stack:
                for off in _without(job.guards):
                    stack.enter_context(off)
                await crowd.work()
            sys.stdout.write(json.dumps(asdict(crowd.report)) + "\n")
            sys.stdout.flush()
    finally:
        await office.close()


if __name__ == "__main__":
    asyncio.run(main())
