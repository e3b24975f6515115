"""What the cinema itself does to seats of a show: block and unblock them, and cancel the show.

A blocked seat is a live claim like any other, so a seat that is held or sold cannot be blocked. Refunds of a
cancelled show are payments' answer to the outbox events written here.
"""

import logging
from collections.abc import Sequence
from typing import Final, TypeAlias

from bookings.claim_store import store as claims
from bookings.claim_store.endings import cancel_bookings_of_show
from bookings.claim_store.pool import AsyncConnection, ClaimPool
from bookings.domain.seat_map import AVAILABLE, BLOCKED
from bookings.errors import SeatsUnavailable
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import SeatStore, ShowNotReady
from bookings.services.pictures import Pictures
from bookings.services.show_plan import ShowPlan
from bookings.services.staff_acts import StaffMember, write_down
from bookings.waypoints import pass_by

logger = logging.getLogger(__name__)

# Whose act it is, for the audit; None for the house's own (the demo, tests).
By: TypeAlias = StaffMember | None
# Bookings ended in one transaction: small enough that whoever watches sees it move.
CANCEL_BATCH_MAX: Final = 50


class Blocks:
    """Blocks of seats, and the end of a show. `store` is None while PostgreSQL alone decides."""

    def __init__(self, pool: ClaimPool, pictures: Pictures) -> None:
        self._pool = pool
        self._pictures = pictures

    async def block(
        self, store: SeatStore | None, plan: ShowPlan, *, seats: Sequence[int], reason: str, by: By = None
    ) -> None:
        """Take seats off sale, all or none. Raises SeatsUnavailable naming the others, ClaimsUnavailable."""
        async with self._pool.connection() as connection, connection.transaction():
            blocked = await claims.block_seats(connection, show_id=plan.show_id, seats=seats, reason=reason)
            if taken := sorted(set(seats) - blocked):
                raise SeatsUnavailable(plan.names(taken))
            await self._write_down(connection, by, "block", plan, seats)
            fence = await self._decided(connection, plan, seats)
        await self._paint(store, plan, state=BLOCKED, fence=fence, seats=seats)

    async def unblock(
        self, store: SeatStore | None, plan: ShowPlan, *, seats: Sequence[int], by: By = None
    ) -> tuple[int, ...]:
        """Put blocked seats back on sale; others are left alone. Returns those that were blocked."""
        async with self._pool.connection() as connection, connection.transaction():
            freed = sorted(await claims.unblock_seats(connection, show_id=plan.show_id, seats=seats))
            if not freed:
                return ()
            await self._write_down(connection, by, "unblock", plan, freed)
            fence = await self._decided(connection, plan, freed)
        await self._paint(store, plan, state=AVAILABLE, fence=fence, seats=freed)
        return tuple(freed)

    async def cancel_show(self, store: SeatStore | None, plan: ShowPlan, *, job: int | None = None) -> int:
        """Cancel a show and every live booking of it. Returns how many. Raises ClaimsUnavailable.

        A hold that has seen the show open is waited for, one that comes later sees it cancelled; so none can land
        after the last look. `job` counts each batch in the transaction that ends it.
        """
        async with self._pool.connection() as connection, connection.transaction():
            # Conflicts with the share lock that hold_batch.sql takes on the show; the update alone would not.
            await connection.execute("SELECT FROM bookings_show WHERE id = %s FOR UPDATE", (plan.show_id,))
            await connection.execute("UPDATE bookings_show SET status = 'cancelled' WHERE id = %s", (plan.show_id,))
        cancelled = 0
        while True:
            async with self._pool.connection() as connection, connection.transaction():
                ended = await cancel_bookings_of_show(connection, show_id=plan.show_id, batch_max=CANCEL_BATCH_MAX)
                if ended and job is not None:
                    count = "UPDATE bookings_staffjob SET done = done + %s WHERE id = %s"
                    await connection.execute(count, (len(ended), job))
            await pass_by("show.cancelling")
            if not ended:
                return cancelled
            cancelled += len(ended)
            if store is not None:
                await self._pictures.show_ended(store, ended, status="cancelled")
                for booking in ended:
                    # A confirmed seat bears no token any more, so it is freed by the claim, not by the hold.
                    await self._paint(store, plan, state=AVAILABLE, fence=booking.fence, seats=booking.seats)

    @staticmethod
    async def _write_down(
        connection: AsyncConnection, by: By, action: str, plan: ShowPlan, seats: Sequence[int]
    ) -> None:
        if by is not None:
            names = ", ".join(plan.names(sorted(seats)))
            await write_down(connection, by, action, show_id=plan.show_id, subject=names)

    @staticmethod
    async def _decided(connection: AsyncConnection, plan: ShowPlan, seats: Sequence[int]) -> int:
        fence = await claims.draw_fence(connection)
        await claims.picture_is_pending(connection, fence=fence, show_id=plan.show_id, seats=seats)
        return fence

    async def _paint(
        self, store: SeatStore | None, plan: ShowPlan, *, state: str, fence: int, seats: Sequence[int]
    ) -> None:
        if store is None or not seats:
            return
        await pass_by("picture.painting")
        try:
            labelled = [(seat, plan.labels[seat]) for seat in seats]
            await store.paint(plan.show_id, state=state, fence=fence, seats=labelled)
        except ShowNotReady:
            # Nobody has looked at the show yet; its picture will be made from PostgreSQL.
            logger.debug("show %s has no picture in which fence %s could be shown", plan.show_id, fence)
            return
        except StoreUnavailable as error:
            # The picture_pending row is applied when Redis is back.
            logger.warning("show %s: fence %s is shown later: %s", plan.show_id, fence, error)
            return
        self._pictures.shown([fence])
