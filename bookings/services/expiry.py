"""The end of a hold: Redis lets its seats go at the deadline, PostgreSQL's booking follows.

Three layers call `reap` (the room, the keyspace watcher, Beat); whoever wins hands the ended holds to
`expire`. Nobody is needed: the others find nothing to do.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Final

from bookings.claim_store.endings import CLOCK_SLACK_MS, EXPIRE_BATCH_MAX, Ended, expire_bookings
from bookings.claim_store.pool import ClaimPool, ClaimsUnavailable
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import SeatStore
from bookings.services.pictures import Pictures
from bookings.services.standby import Standby
from bookings.waypoints import pass_by

logger = logging.getLogger(__name__)

# One line tells of a batch; more bookings than these are only counted, so that a line stays readable.
BOOKINGS_TOLD_MAX: Final = 50


class Expiry:
    """Ends holds in Redis and bookings in PostgreSQL; the bookings of one loop turn in one statement."""

    def __init__(self, pool: ClaimPool, standby: Standby, pictures: Pictures) -> None:
        self._pool = pool
        self._standby = standby
        self._pictures = pictures
        self._ended: set[str] = set()
        self._expiring: asyncio.Task[None] | None = None
        self._sweeps: set[asyncio.Task[list[Ended]]] = set()

    async def reap(self, show_id: int) -> int:
        """End the holds of a show that are past their deadline. Returns the next deadline in ms, 0 if none.

        Raises StoreUnavailable, ShowNotReady.
        """
        store = await self._standby.store()
        ended, next_deadline_ms = await store.reap(show_id)
        self.expire(ended)
        return next_deadline_ms

    def expire(self, bookings: Iterable[str]) -> None:
        """Expire bookings whose holds Redis has ended; in the background, batched. Beat covers a failure."""
        self._ended.update(bookings)
        if self._ended and (self._expiring is None or self._expiring.done()):
            self._expiring = asyncio.get_running_loop().create_task(self._expire())

    async def close(self) -> None:
        """Finish what has begun."""
        begun = [*self._sweeps, *([self._expiring] if self._expiring is not None else [])]
        await asyncio.gather(*begun, return_exceptions=True)

    async def expire_due(self) -> list[Ended]:
        """Expire every booking past its deadline by PostgreSQL's clock: Beat's layer. Raises ClaimsUnavailable.

        Whoever stops waiting for it does not stop it: an expiry that is committed is also shown and told of.
        """
        sweep = asyncio.get_running_loop().create_task(self._expire_due())
        self._sweeps.add(sweep)
        sweep.add_done_callback(self._sweeps.discard)
        return await asyncio.shield(sweep)

    async def _expire_due(self) -> list[Ended]:
        ended: list[Ended] = []
        while True:
            await pass_by("expiry.sweeping")
            async with self._pool.connection() as connection, connection.transaction():
                batch = await expire_bookings(connection, bookings=None)
            await self._show(batch)
            ended += batch
            if len(batch) < EXPIRE_BATCH_MAX:
                return ended

    async def _expire(self) -> None:
        while self._ended:
            bookings, self._ended = sorted(self._ended), set()
            await pass_by("expiry.reaped")
            try:
                async with self._pool.connection() as connection, connection.transaction():
                    ended = await expire_bookings(connection, bookings=bookings, slack_ms=CLOCK_SLACK_MS)
            except ClaimsUnavailable as error:
                logger.warning("%s ended bookings are left to the next sweep: %s", len(bookings), error)
                return
            await self._show(ended)

    async def _show(self, ended: list[Ended]) -> None:
        if not ended:
            return
        tell_expired(ended)
        await pass_by("expiry.committed")
        try:
            store: SeatStore = await self._standby.store()
        except StoreUnavailable:
            return  # the picture_pending rows stay and are applied when Redis is back
        await self._pictures.show_ended(store, ended, status="expired")


def tell_expired(ended: Sequence[Ended]) -> None:
    """Write to the log which bookings have expired, in one line; to be called once their expiry is committed."""
    if not ended:
        return
    told = ", ".join(
        f"booking {booking.booking} of show {booking.show_id} (seats: {len(booking.seats)})"
        for booking in ended[:BOOKINGS_TOLD_MAX]
    )
    untold = len(ended) - BOOKINGS_TOLD_MAX
    logger.info("expired: %s%s", told, f" and {untold} more bookings" if untold > 0 else "")
