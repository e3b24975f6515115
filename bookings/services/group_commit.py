"""Holds of one loop turn become one statement in PostgreSQL.

A hold's future tells the fence under which it stands. A hold that does not (a claim in the way, not on sale,
frozen) leaves the batch and its neighbours stand; what to do about it is decided in holds.py.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from bookings.claim_store import store as claims
from bookings.claim_store.pool import AsyncConnection, ClaimPool, ClaimsContended, ClaimsUnavailable
from bookings.claim_store.store import HoldRow, Standing
from bookings.waypoints import pass_by

# Two: one is being worked on by PostgreSQL while the next is filled. More only makes batches smaller.
BATCHES_IN_FLIGHT_MAX: Final = 2
BATCH_HOLDS_MAX: Final = 256


class CommitOutcomeUnknown(Exception):
    """COMMIT was sent and its answer was lost: the hold may or may not stand."""


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A reply to be stored in the transaction that grants it (consistency rule 23)."""

    operation: str
    key: str
    request_sha256: bytes
    reply: dict[str, Any]


@dataclass(slots=True)
class _Waiting:
    row: HoldRow
    reply: StoredReply | None
    stands: asyncio.Future[int | None]


class GroupCommit:
    """Collects holds and commits them in batches that are disjoint in seats and in holders."""

    def __init__(self, pool: ClaimPool, *, hold_ms: int, seats_max: int) -> None:
        self._pool = pool
        self._hold_ms = hold_ms
        self._seats_max = seats_max
        self._waiting: deque[_Waiting] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._scheduled = False

    def submit(self, row: HoldRow, reply: StoredReply | None = None) -> asyncio.Future[int | None]:
        """The fence of the hold once it is committed, None when it does not stand.

        The future raises ClaimsUnavailable (nothing was written) or CommitOutcomeUnknown.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(row=row, reply=reply, stands=loop.create_future())
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
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a batch of holds failed", "exception": error}
            )

    def _next_batch(self) -> list[_Waiting]:
        """As many waiting holds as are disjoint in seats and in (holder, show); the others wait their turn."""
        batch: list[_Waiting] = []
        seats: set[tuple[int, int]] = set()
        holders: set[tuple[int, str]] = set()
        later: list[_Waiting] = []
        while self._waiting and len(batch) < BATCH_HOLDS_MAX:
            waiting = self._waiting.popleft()
            row = waiting.row
            asked = {(row.show_id, seat) for seat, _ in row.claims}
            if asked & seats or (row.show_id, row.holder) in holders:
                later.append(waiting)
                continue
            seats |= asked
            holders.add((row.show_id, row.holder))
            batch.append(waiting)
        self._waiting.extendleft(reversed(later))
        return batch

    async def _run(self, batch: list[_Waiting]) -> None:
        try:
            await self._commit(batch)
        except (ClaimsContended, psycopg.Error) as error:
            if len(batch) == 1:
                _fail(batch, error if isinstance(error, ClaimsUnavailable) else ClaimsUnavailable(str(error)))
                return
            # One bad row must not take its neighbours down: each hold runs once alone.
            for waiting in batch:
                await self._run([waiting])
        except (ClaimsUnavailable, CommitOutcomeUnknown) as error:
            _fail(batch, error)
        except BaseException as error:
            _fail(batch, error)
            raise

    async def _commit(self, batch: list[_Waiting]) -> None:
        committing = False
        try:
            async with self._pool.connection() as connection:
                await connection.execute("BEGIN")
                try:
                    stands = await self._write(connection, batch)
                    await pass_by("batch.written")
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
        await pass_by("batch.committed")
        for waiting, fence in zip(batch, stands, strict=True):
            if not waiting.stands.done():
                waiting.stands.set_result(fence)

    async def _write(self, connection: AsyncConnection, batch: list[_Waiting]) -> list[int | None]:
        standing = await claims.hold_batch(connection, [w.row for w in batch], hold_ms=self._hold_ms)
        complete = [self._stands(w.row, standing.get(w.row.booking)) for w in batch]
        if not all(complete):
            incomplete = {
                w.row.booking: standing[w.row.booking]
                for w, stands in zip(batch, complete, strict=True)
                if not stands and w.row.booking in standing
            }
            await claims.undo_holds(connection, incomplete)
        replies = [
            (w.row.holder, w.reply.operation, w.reply.key, w.reply.request_sha256, w.reply.reply)
            for w, stands in zip(batch, complete, strict=True)
            if stands and w.reply is not None
        ]
        if replies:
            await claims.remember_replies(connection, replies)
        return [standing[w.row.booking].fence if stands else None for w, stands in zip(batch, complete, strict=True)]

    def _stands(self, row: HoldRow, standing: Standing | None) -> bool:
        return (
            standing is not None
            and len(standing.claimed) == len(row.claims)
            # Redis has counted already; but holds may have gone past a Redis that was away.
            and standing.seats <= self._seats_max
        )


def _fail(batch: list[_Waiting], error: BaseException) -> None:
    for waiting in batch:
        if not waiting.stands.done():
            waiting.stands.set_exception(error)
