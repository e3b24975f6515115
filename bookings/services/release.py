"""A holder lets seats go: PostgreSQL first, then the script that shows it."""

import logging
from collections.abc import Sequence

from bookings.claim_store import endings
from bookings.claim_store import store as claims
from bookings.claim_store.endings import Ended
from bookings.claim_store.pool import ClaimPool, ClaimsUnavailable
from bookings.errors import CheckoutStarted, NotReady
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import SeatStore, ShowNotReady
from bookings.services.idempotency import KeyedRequest
from bookings.services.outcomes import Released
from bookings.services.pictures import Pictures
from bookings.services.show_plan import ShowPlan
from bookings.waypoints import pass_by

logger = logging.getLogger(__name__)


class Releases:
    """Releases seats of a holder's pending booking. Releasing what is not held is fine and changes nothing."""

    def __init__(self, pool: ClaimPool, pictures: Pictures) -> None:
        self._pool = pool
        self._pictures = pictures

    async def release(
        self,
        store: SeatStore | None,
        plan: ShowPlan,
        *,
        holder: str,
        seats: Sequence[int] | None,
        keyed: KeyedRequest | None,
    ) -> Released:
        """Let seats go (None: all). `store` is None in PostgreSQL-only mode.

        A keyed request stores its reply with the change, without the version: Redis counts it only afterwards.

        Raises CheckoutStarted, NotReady (nothing changed, or nothing is known to have).
        """
        try:
            async with self._pool.connection() as connection, connection.transaction():
                released = await endings.release_seats(connection, show_id=plan.show_id, holder=holder, seats=seats)
                if released is None and await claims.is_frozen(connection, show_id=plan.show_id, holder=holder):
                    raise CheckoutStarted
                if keyed is not None:
                    let_go = plan.names(released.seats) if released else ()
                    await claims.remember_replies(
                        connection, [keyed.row(holder, Released(seats=let_go, version=None).as_json())]
                    )
        except ClaimsUnavailable as error:
            raise NotReady("Your seats could not be released right now. Try again in a second.") from error
        if released is None or (not released.seats and not released.ended):
            return Released(seats=(), version=None if store is None else await self._version(store, plan))
        version = None if store is None else await self._show(store, plan, holder, released)
        return Released(seats=plan.names(released.seats), version=version)

    async def _show(self, store: SeatStore, plan: ShowPlan, holder: str, released: endings.Released) -> int | None:
        await pass_by("release.committed")
        labels = () if released.ended else plan.names(released.seats)
        try:
            version, _ = await store.release(
                plan.show_id, token=released.booking, fence=released.fence, labels=labels
            )
            if released.ended:
                ended = Ended(
                    booking=released.booking,
                    show_id=plan.show_id,
                    holder=holder,
                    fence=released.fence,
                    seats=released.seats,
                )
                await self._pictures.tell_owner(store, ended, status="cancelled")
        except (StoreUnavailable, ShowNotReady) as error:
            # The picture_pending row is applied when Redis is back.
            logger.warning("show %s: fence %s is shown later: %s", plan.show_id, released.fence, error)
            return None
        self._pictures.shown([released.fence])
        return version

    @staticmethod
    async def _version(store: SeatStore, plan: ShowPlan) -> int | None:
        try:
            position = (await store.positions([plan.show_id]))[plan.show_id]
        except StoreUnavailable:
            return None
        return position[1] if position else None
