"""A holder lets seats go: PostgreSQL first, then the script that shows it."""

import logging
from collections.abc import Hashable, Iterable, Sequence

from bookings.claim_store import endings
from bookings.claim_store import store as claims
from bookings.claim_store.endings import Ended, ReleaseRow
from bookings.claim_store.pool import AsyncConnection, ClaimPool, ClaimsUnavailable
from bookings.errors import CheckoutStarted, NotReady
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import SeatStore, ShowNotReady
from bookings.services.batches import Batches, CommitOutcomeUnknown, Waiting, remember
from bookings.services.idempotency import KeyedRequest
from bookings.services.outcomes import Released
from bookings.services.pictures import Pictures
from bookings.services.show_plan import ShowPlan
from bookings.waypoints import pass_by

logger = logging.getLogger(__name__)


class ReleaseCommits(Batches[ReleaseRow, endings.Released | None]):
    """Releases of one loop turn in one transaction. The answer None: not in a batch, ask alone.

    That is who holds nothing, is at checkout or late, or is being changed by somebody: his neighbours do not wait.
    """

    def _keys_of(self, row: ReleaseRow) -> Iterable[Hashable]:
        return [(row.show_id, row.holder)]

    async def _write(
        self, connection: AsyncConnection, batch: Sequence[Waiting[ReleaseRow, endings.Released | None]]
    ) -> list[endings.Released | None]:
        released = await endings.release_batch(connection, [waiting.row for waiting in batch])
        return [released.get((waiting.row.show_id, waiting.row.holder)) for waiting in batch]


class Releases:
    """Releases seats of a holder's pending booking. Releasing what is not held is fine and changes nothing."""

    def __init__(self, pool: ClaimPool, pictures: Pictures) -> None:
        self._pool = pool
        self._pictures = pictures
        self._commits = ReleaseCommits(pool)

    async def close(self) -> None:
        """Finish what has begun."""
        await self._commits.drain()

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
        row = ReleaseRow(plan.show_id, holder, None if seats is None else tuple(seats))
        try:
            # The reply of a keyed request says what was let go, so it is written by a transaction of its own.
            released = await self._commits.submit(row) if keyed is None else None
            if released is None:
                released = await self._release_alone(plan, row, keyed)
        except (ClaimsUnavailable, CommitOutcomeUnknown) as error:
            raise NotReady("Your seats could not be released right now. Try again in a second.") from error
        if released is None:
            return Released(seats=(), version=None if store is None else await self._version(store, plan))
        version = None if store is None else await self._show(store, plan, holder, released)
        return Released(seats=plan.names(released.seats), version=version)

    async def _release_alone(
        self, plan: ShowPlan, row: ReleaseRow, keyed: KeyedRequest | None
    ) -> endings.Released | None:
        """Waiting for whoever is changing the booking. Raises CheckoutStarted, ClaimsUnavailable."""
        async with self._pool.connection() as connection, connection.transaction():
            released = await endings.release_seats(connection, row)
            if released is None and await claims.is_frozen(connection, show_id=plan.show_id, holder=row.holder):
                raise CheckoutStarted
            if keyed is not None:
                let_go = Released(seats=plan.names(released.seats) if released else (), version=None)
                await remember(connection, [(row.holder, keyed.granting(let_go.as_json()))])
        return released

    async def _show(self, store: SeatStore, plan: ShowPlan, holder: str, released: endings.Released) -> int | None:
        await pass_by("release.committed")
        labels = () if released.ended else plan.names(released.seats)
        try:
            version, _ = await store.release(
                plan.show_id, token=released.booking, fence=released.fence, labels=labels
            )
        except (StoreUnavailable, ShowNotReady) as error:
            # The picture_pending row is applied when Redis is back.
            logger.warning("show %s: fence %s is shown later: %s", plan.show_id, released.fence, error)
            return None
        if released.ended:
            ended = Ended(released.booking, plan.show_id, holder, released.fence, released.seats)
            await self._pictures.tell_owner(store, ended, status="cancelled")
        self._pictures.shown([released.fence])
        return version

    @staticmethod
    async def _version(store: SeatStore, plan: ShowPlan) -> int | None:
        try:
            position = (await store.positions([plan.show_id]))[plan.show_id]
        except StoreUnavailable:
            return None
        return position[1] if position else None
