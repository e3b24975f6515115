"""Compare Redis with PostgreSQL and repair single seats; apply pictures that were never shown.

Redis is read first, then PostgreSQL, then each repair is made under the row locks of the bookings concerned,
from a fresh reading, as a compare-and-set on what was seen (design: consistency rules 6, 17 and 19).
"""

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from bookings.claim_store import store as claims
from bookings.claim_store.pool import AsyncConnection, ClaimPool
from bookings.claim_store.store import LiveClaim
from bookings.domain.drift import FREE, Difference, SeatFact, ShownHolds, TrueSeat, find_differences
from bookings.domain.seat_map import HELD
from bookings.seat_store.store import Inspection, SeatStore, ShowNotReady
from bookings.services.rebuild import Rebuilder, state_of
from bookings.services.show_plan import ShowPlan, ShowPlans
from bookings.waypoints import pass_by

logger = logging.getLogger(__name__)

# Consistency rule 17 allows five seconds: this, and the two of a round of tidying (tidying.py).
LEFTOVER_AGE: Final = timedelta(seconds=3)
LEFTOVERS_MAX: Final = 500


class Reconciler:
    """Repairs the pictures of shows from PostgreSQL."""

    def __init__(self, pool: ClaimPool, plans: ShowPlans) -> None:
        self._pool = pool
        self._plans = plans

    async def reconcile(
        self, store: SeatStore, show_id: int, *, only: Collection[int] | None = None
    ) -> list[Difference]:
        """Repair what differs (only these seats, if given) and say what it was.

        Raises ShowNotReady, StoreUnavailable, ClaimsUnavailable, NotFound.
        """
        plan = await self._plans.get(show_id)
        inspection = await store.inspect(show_id)
        if len(inspection.picture.states) != len(plan.seats):
            await store.forget(show_id)
            raise ShowNotReady(show_id)
        await pass_by("reconcile.inspected")
        async with self._pool.connection() as connection:
            found = _compare(plan, inspection, await claims.truth(connection, show_id), only)
            if not found:
                return []
            async with connection.transaction():
                await self._lock_bookings(connection, found)
                await pass_by("reconcile.locked")
                found = _compare(plan, inspection, await claims.truth(connection, show_id), only)
                fence = await claims.draw_fence(connection)
                await pass_by("reconcile.read")
                await store.correct(show_id, fence=fence, corrections=[_correction(plan, d) for d in found])
        for difference in found:
            logger.warning(
                "show %s seat %s: %s shown as %s, true is %s",
                show_id,
                plan.labels[difference.seat],
                difference.what,
                difference.shown.state,
                difference.true.state,
            )
        return found

    async def compare(self, store: SeatStore, show_id: int) -> list[Difference]:
        """Say what differs and repair nothing; a change in flight may show up in one look and not in the next.

        Raises ShowNotReady, StoreUnavailable, ClaimsUnavailable, NotFound.
        """
        plan = await self._plans.get(show_id)
        inspection = await store.inspect(show_id)
        async with self._pool.connection() as connection:
            return _compare(plan, inspection, await claims.truth(connection, show_id), None)

    async def correct_refused(self, store: SeatStore, show_id: int, *, booking: str, seats: Sequence[int]) -> None:
        """PostgreSQL refused a hold that Redis had let through: show each newly taken seat as it truly is."""
        plan = await self._plans.get(show_id)
        async with self._pool.connection() as connection, connection.transaction():
            shown = SeatFact(state=HELD, booking=booking)
            wrong = self._refused(plan, await claims.truth(connection, show_id), shown, seats)
            await self._lock_bookings(connection, wrong)
            wrong = self._refused(plan, await claims.truth(connection, show_id), shown, seats)
            fence = await claims.draw_fence(connection)
            await pass_by("repair.read")
            await store.correct(show_id, fence=fence, corrections=[_correction(plan, d) for d in wrong])

    @staticmethod
    def _refused(
        plan: ShowPlan, live_claims: Sequence[LiveClaim], shown: SeatFact, seats: Sequence[int]
    ) -> list[Difference]:
        true = _true_seats(plan, live_claims)
        return [Difference(seat=seat, what="refused", shown=shown, true=true[seat]) for seat in seats]

    async def apply_leftovers(
        self, store: SeatStore, rebuilder: Rebuilder, *, older_than: timedelta = LEFTOVER_AGE
    ) -> int:
        """Show again what a dead process, or Redis' absence, left unshown. Returns how many were applied."""
        async with self._pool.connection() as connection:
            leftovers = await claims.pending_pictures(connection, older_than=older_than, batch_max=LEFTOVERS_MAX)
        by_show: dict[int, set[int]] = defaultdict(set)
        for _, show_id, seats in leftovers:
            by_show[show_id].update(seats)
        for show_id, unshown in by_show.items():
            try:
                await self.reconcile(store, show_id, only=unshown)
            except ShowNotReady:
                # Rebuilt from PostgreSQL, the whole picture is right, these seats with it.
                await rebuilder.rebuild(store, show_id)
        if leftovers:
            async with self._pool.connection() as connection:
                await claims.picture_is_shown(connection, [fence for fence, _, _ in leftovers])
        return len(leftovers)

    @staticmethod
    async def _lock_bookings(connection: AsyncConnection, found: Sequence[Difference]) -> None:
        bookings = {d.true.booking for d in found} | {d.shown.booking for d in found}
        await connection.execute(
            "SELECT id FROM bookings_booking WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE",
            (sorted(booking for booking in bookings if _is_id(booking)),),
        )


def _is_id(token: str) -> bool:
    """Whether a token can be a booking's id; a spoilt key may hold anything."""
    try:
        UUID(token)
    except ValueError:
        return False
    return True


def _true_seats(plan: ShowPlan, live_claims: Sequence[LiveClaim]) -> list[TrueSeat]:
    true = [FREE] * len(plan.seats)
    for claim in live_claims:
        state = state_of(claim)
        true[claim.seat] = TrueSeat(
            state=state,
            booking=claim.booking,
            holder=claim.holder,
            expires_ms=claim.expires_ms,
            since_ms=claim.since_ms,
            price_paise=claim.price_paise,
        )
    return true


def _compare(
    plan: ShowPlan, inspection: Inspection, live_claims: Sequence[LiveClaim], only: Collection[int] | None
) -> list[Difference]:
    picture = inspection.picture
    shown = [
        SeatFact(state=state, booking=inspection.reserved.get(label, ("", 0))[0])
        for state, label in zip(picture.states, plan.labels, strict=True)
    ]
    around = ShownHolds(
        holds={hold.booking: hold for hold in picture.holds},
        deadlines=inspection.deadlines,
        holders=inspection.holders,
        locked_seats=frozenset(plan.index_of[label] for label in inspection.locked if label in plan.index_of),
    )
    found = find_differences(
        shown=shown, true=_true_seats(plan, live_claims), around=around, now_ms=picture.server_ms
    )
    return found if only is None else [d for d in found if d.seat in only]


def _correction(plan: ShowPlan, difference: Difference) -> dict[str, Any]:
    true = difference.true
    correction: dict[str, Any] = {
        "index": difference.seat,
        "label": plan.labels[difference.seat],
        "was": difference.shown.state,
        "was_token": difference.shown.booking,
        "state": true.state,
    }
    if true.state == HELD:
        correction |= {
            "token": true.booking,
            "holder": true.holder,
            "expires_ms": true.expires_ms,
            "since_ms": true.since_ms,
            "price_paise": true.price_paise,
        }
    return correction
