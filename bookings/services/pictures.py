"""After PostgreSQL has decided: show it in Redis, tell the owner, and tick off the picture_pending rows.

The rows make sure that it is shown even if this process dies in between (consistency rule 17); reconcile.py
applies what is left over.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Final

import msgpack

from bookings.claim_store import store as claims
from bookings.claim_store.endings import Ended
from bookings.claim_store.pool import ClaimPool, ClaimsUnavailable
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import SeatStore, ShowNotReady

logger = logging.getLogger(__name__)

# Rows are ticked off together: one DELETE for everything that was shown within this time.
TICK_OFF_SECONDS: Final = 0.05


def group_channel(show_id: int) -> str:
    """The pub/sub channel of a show's group in the Redis channel layer (channels_redis.pubsub, prefix `asgi`)."""
    return f"asgi__group__show.{show_id}"


class Pictures:
    """Shows what PostgreSQL decided. Never raises for a Redis that is away: the rows stay, and are applied later."""

    def __init__(self, pool: ClaimPool) -> None:
        self._pool = pool
        self._shown: list[int] = []
        self._ticking: asyncio.Task[None] | None = None

    async def show_ended(self, store: SeatStore, ended: Iterable[Ended], *, status: str) -> None:
        """Free the seats of ended bookings and tell their owners' sockets."""
        for booking in ended:
            try:
                await store.release(booking.show_id, token=booking.booking, fence=booking.fence)
                await self.tell_owner(store, booking, status=status)
            except ShowNotReady:
                # Nothing is shown of this show; whoever asks for it rebuilds it from PostgreSQL.
                pass
            except StoreUnavailable as error:
                logger.warning("show %s: fence %s is shown later: %s", booking.show_id, booking.fence, error)
                continue
            self.shown([booking.fence])

    async def tell_owner(self, store: SeatStore, booking: Ended, *, status: str, refund: str | None = None) -> None:
        """Send the `booking` message to the owner's sockets, at most once."""
        message = {
            "type": "show.booking",
            "show": booking.show_id,
            "holder": booking.holder,
            "booking": booking.booking,
            "status": status,
            "refund": refund,
        }
        store.publish(group_channel(booking.show_id), msgpack.packb(message))

    def shown(self, fences: Sequence[int]) -> None:
        """These changes are on every screen; their rows may go."""
        self._shown.extend(fences)
        if self._ticking is None or self._ticking.done():
            self._ticking = asyncio.get_running_loop().create_task(self._tick_off())

    async def close(self) -> None:
        """Tick off what was shown."""
        if self._ticking is not None:
            await asyncio.gather(self._ticking, return_exceptions=True)

    async def _tick_off(self) -> None:
        while self._shown:
            await asyncio.sleep(TICK_OFF_SECONDS)
            fences, self._shown = self._shown, []
            try:
                async with self._pool.connection() as connection:
                    await claims.picture_is_shown(connection, fences)
            except ClaimsUnavailable as error:
                logger.warning("%s shown pictures stay marked as pending: %s", len(fences), error)
