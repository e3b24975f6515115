"""Holds of one loop turn become one statement in PostgreSQL.

A hold's future tells the fence under which it stands. A hold that does not (a claim in the way, not on sale,
frozen) leaves the batch and its neighbours stand; what to do about it is decided in holds.py.
"""

from collections.abc import Hashable, Iterable, Sequence

from bookings.claim_store import store as claims
from bookings.claim_store.pool import AsyncConnection, ClaimPool
from bookings.claim_store.store import HoldRow, Standing
from bookings.services.batches import Batches, Waiting, remember
from bookings.waypoints import pass_by


class GroupCommit(Batches[HoldRow, int | None]):
    """Commits holds in batches that are disjoint in seats and in holders. The answer: a fence, or None."""

    def __init__(self, pool: ClaimPool, *, hold_ms: int, seats_max: int) -> None:
        super().__init__(pool)
        self._hold_ms = hold_ms
        self._seats_max = seats_max

    def _keys_of(self, row: HoldRow) -> Iterable[Hashable]:
        return [(row.show_id, row.holder), *((row.show_id, seat) for seat, _ in row.claims)]

    async def _write(
        self, connection: AsyncConnection, batch: Sequence[Waiting[HoldRow, int | None]]
    ) -> list[int | None]:
        standing = await claims.hold_batch(connection, [w.row for w in batch], hold_ms=self._hold_ms)
        complete = [self._stands(w.row, standing.get(w.row.booking)) for w in batch]
        if not all(complete):
            incomplete = {
                w.row.booking: standing[w.row.booking]
                for w, stands in zip(batch, complete, strict=True)
                if not stands and w.row.booking in standing
            }
            await claims.undo_holds(connection, incomplete)
        await remember(
            connection, ((w.row.holder, w.reply) for w, stands in zip(batch, complete, strict=True) if stands)
        )
        await pass_by("batch.written")
        return [standing[w.row.booking].fence if stands else None for w, stands in zip(batch, complete, strict=True)]

    async def _committed(self) -> None:
        await pass_by("batch.committed")

    def _stands(self, row: HoldRow, standing: Standing | None) -> bool:
        return (
            standing is not None
            and len(standing.claimed) == len(row.claims)
            # Redis has counted already; but holds may have gone past a Redis that was away.
            and standing.seats_count <= self._seats_max
            # Redis may show seats of the hold that were let go while it was away: nobody may be told of them.
            and row.before in (None, standing.before)
        )
