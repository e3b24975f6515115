"""Requests of one loop turn become one transaction in PostgreSQL (consistency rule 9).

How batches are formed, kept apart, and what happens when one breaks. What a batch writes is its subclass' business:
group_commit.py for holds, release.py for releases.
"""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar

import psycopg

from bookings.claim_store import store as claims
from bookings.claim_store.pool import AsyncConnection, ClaimPool, ClaimsContended, ClaimsUnavailable

Row = TypeVar("Row")
Answer = TypeVar("Answer")

# Two: one is being worked on by PostgreSQL while the next is filled. More only makes batches smaller.
BATCHES_IN_FLIGHT_MAX: Final = 2
BATCH_ROWS_MAX: Final = 256


class CommitOutcomeUnknown(Exception):
    """COMMIT was sent and its answer was lost: what was asked may or may not be done."""


class StoredReply(NamedTuple):
    """A reply to be stored in the transaction that grants it (consistency rule 23)."""

    operation: str
    key: str
    request_sha256: bytes
    reply: dict[str, Any]


@dataclass(slots=True)
class Waiting(Generic[Row, Answer]):
    """What was asked, and whoever waits for the answer."""

    row: Row
    reply: StoredReply | None
    stands: asyncio.Future[Answer]


class Batches(Generic[Row, Answer]):
    """Collects rows and commits them in batches whose rows have no key in common."""

    def __init__(self, pool: ClaimPool) -> None:
        self._pool = pool
        self._waiting: deque[Waiting[Row, Answer]] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._scheduled = False

    # --- what a subclass says

    def _keys_of(self, row: Row) -> Iterable[Hashable]:
        """What no two rows of a batch may share."""
        raise NotImplementedError

    async def _write(self, connection: AsyncConnection, batch: Sequence[Waiting[Row, Answer]]) -> list[Answer]:
        """Write the rows in the open transaction; an answer for each."""
        raise NotImplementedError

    async def _committed(self) -> None:
        """COMMIT was answered; nobody has been told."""

    # --- asking

    def submit(self, row: Row, reply: StoredReply | None = None) -> asyncio.Future[Answer]:
        """The answer once it is committed.

        The future raises ClaimsUnavailable (nothing was written) or CommitOutcomeUnknown.
        """
        loop = asyncio.get_running_loop()
        waiting = Waiting[Row, Answer](row, reply, loop.create_future())
        self._waiting.append(waiting)
        if not self._scheduled and len(self._in_flight) < BATCHES_IN_FLIGHT_MAX:
            self._scheduled = True
            loop.call_soon(self._start)
        return waiting.stands

    async def drain(self) -> None:
        """Wait until everything that was submitted is decided."""
        while self._in_flight or self._waiting:
            await asyncio.gather(*self._in_flight, return_exceptions=True)
            await asyncio.sleep(0)

    # --- batches

    def _start(self) -> None:
        self._scheduled = False
        while self._waiting and len(self._in_flight) < BATCHES_IN_FLIGHT_MAX:
            task = asyncio.get_running_loop().create_task(self._run(self._next_batch()))
            self._in_flight.add(task)
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._start()
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler({"message": "a batch failed", "exception": error})

    def _next_batch(self) -> list[Waiting[Row, Answer]]:
        """As many waiting rows as have no key in common; the others wait their turn."""
        batch: list[Waiting[Row, Answer]] = []
        taken: set[Hashable] = set()
        later: list[Waiting[Row, Answer]] = []
        while self._waiting and len(batch) < BATCH_ROWS_MAX:
            waiting = self._waiting.popleft()
            keys = self._keys_of(waiting.row)
            if taken.isdisjoint(keys):
                taken.update(keys)
                batch.append(waiting)
            else:
                later.append(waiting)
        self._waiting.extendleft(reversed(later))
        return batch

    async def _run(self, batch: list[Waiting[Row, Answer]]) -> None:
        try:
            await self._commit(batch)
        except (ClaimsContended, psycopg.Error) as error:
            if len(batch) == 1:
                _fail(batch, error if isinstance(error, ClaimsUnavailable) else ClaimsUnavailable(str(error)))
                return
            # One bad row must not take its neighbours down: each runs once alone.
            for waiting in batch:
                await self._run([waiting])
        except (ClaimsUnavailable, CommitOutcomeUnknown) as error:
            _fail(batch, error)
        except BaseException as error:
            _fail(batch, error)
            raise

    async def _commit(self, batch: list[Waiting[Row, Answer]]) -> None:
        committing = False
        try:
            async with self._pool.connection() as connection:
                await connection.execute("BEGIN")
                try:
                    answers = await self._write(connection, batch)
                    committing = True
                    await connection.execute("COMMIT")
                except psycopg.Error:
                    if not connection.closed:
                        await connection.execute("ROLLBACK")
                        committing = False
                    raise
        except ClaimsUnavailable as error:
            if committing:
                raise CommitOutcomeUnknown from error
            raise
        await self._committed()
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.stands.done():
                waiting.stands.set_result(answer)


async def remember(connection: AsyncConnection, replies: Iterable[tuple[str, StoredReply | None]]) -> None:
    """Store the replies of holders' keyed requests, in the caller's transaction."""
    rows = [(holder, *reply) for holder, reply in replies if reply is not None]
    if rows:
        await claims.remember_replies(connection, rows)


def _fail(batch: Sequence[Waiting[Row, Answer]], error: BaseException) -> None:
    for waiting in batch:
        if not waiting.stands.done():
            waiting.stands.set_exception(error)
