"""A show's picture in Redis, made anew from PostgreSQL: after Redis was emptied, restarted or restored.

Remaining time is kept, the epoch is new, everyone resyncs. Repair of single seats is reconcile.py.
"""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from bookings.claim_store import store as claims
from bookings.claim_store.pool import ClaimPool
from bookings.claim_store.store import LiveClaim
from bookings.domain.seat_map import AVAILABLE, BLOCKED, BOOKED, HELD
from bookings.seat_store.store import SeatStore
from bookings.services.show_plan import ShowPlan, ShowPlans
from bookings.waypoints import pass_by

logger = logging.getLogger(__name__)

# A hold that was being committed while the picture was read is found by the second look.
LOOK_AGAIN_SECONDS: Final = 10.0
KEYS_KEPT_MS: Final = 24 * 3600 * 1000
_SHOW_LOCK: Final = 0x4846
_SPANS_SINCE: Final = timedelta(hours=24)


def state_of(claim: LiveClaim) -> str:
    """What a seat with this claim looks like. A late hold is nobody's any more."""
    if claim.kind == "block":
        return BLOCKED
    if claim.status == "confirmed":
        return BOOKED
    return AVAILABLE if claim.late else HELD


def states_of(plan: ShowPlan, live_claims: Sequence[LiveClaim]) -> str:
    """The states string that PostgreSQL's claims amount to."""
    states = [AVAILABLE] * len(plan.seats)
    for claim in live_claims:
        states[claim.seat] = state_of(claim)
    return "".join(states)


def new_epoch(*, prefix: str = "k") -> str:
    """A lineage id for versions: short, random, never reused. `d` is for PostgreSQL-only mode (contract)."""
    return prefix + secrets.token_hex(4)


class Rebuilder:
    """Rebuilds pictures, one at a time a show."""

    def __init__(
        self,
        pool: ClaimPool,
        plans: ShowPlans,
        *,
        ensure_ready: Callable[[SeatStore], Awaitable[None]],
        look_again: Callable[[int], Awaitable[object]],
    ) -> None:
        self._pool = pool
        self._plans = plans
        self._ensure_ready = ensure_ready
        self._look_again = look_again
        self._running: dict[int, asyncio.Task[None]] = {}
        self._later: set[asyncio.Task[None]] = set()

    async def rebuild(self, store: SeatStore, show_id: int) -> None:
        """Rebuild a show that is not ready; whoever asks meanwhile waits for the same work.

        Raises ClaimsUnavailable, StoreUnavailable, NotFound.
        """
        task = self._running.get(show_id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._rebuild(store, show_id))
            self._running[show_id] = task
            task.add_done_callback(lambda _: self._running.pop(show_id, None))
        await asyncio.shield(task)

    async def close(self) -> None:
        """Give up second looks that have not begun."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    async def _rebuild(self, store: SeatStore, show_id: int) -> None:
        # A Redis that was emptied under our feet lost its mark too; without it the next process to connect would
        # believe nothing that is rebuilt here.
        await self._ensure_ready(store)
        plan = await self._plans.refresh(show_id)
        async with self._pool.connection() as connection, connection.transaction():
            # Held from read to write: two processes do not rebuild one show from two moments.
            await connection.execute("SELECT pg_advisory_xact_lock(%s, hashint8(%s))", (_SHOW_LOCK, show_id))
            epoch_seen = await store.epoch(show_id)
            if epoch_seen:
                return
            live_claims = await claims.truth(connection, show_id)
            spans = await claims.held_spans(connection, show_id=show_id, holder=None, since=_SPANS_SINCE)
            fence = await claims.draw_fence(connection)
            await pass_by("rebuild.read")
            rebuilt = await store.rebuild(
                show_id,
                epoch_seen=epoch_seen,
                epoch=new_epoch(),
                states=states_of(plan, live_claims),
                fence_floor=fence,
                # Of a show that is long over the picture is kept for who looks at it now.
                gone_at_ms=max(plan.ends_at_ms, store.redis_ms()) + KEYS_KEPT_MS,
                holds=_holds_of(plan, live_claims),
                held_time=_held_time_of(spans),
            )
        if rebuilt:
            logger.info("show %s: picture rebuilt from PostgreSQL", show_id)
            task = asyncio.get_running_loop().create_task(self._look_again_later(show_id))
            self._later.add(task)
            task.add_done_callback(self._later.discard)

    async def _look_again_later(self, show_id: int) -> None:
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        await self._look_again(show_id)


def _holds_of(plan: ShowPlan, live_claims: Sequence[LiveClaim]) -> list[dict[str, Any]]:
    by_booking: dict[str, list[LiveClaim]] = defaultdict(list)
    for claim in live_claims:
        if state_of(claim) == HELD:
            by_booking[claim.booking].append(claim)
    return [
        {
            "token": booking,
            "holder": held[0].holder,
            "expires_ms": held[0].expires_ms,
            "since_ms": held[0].since_ms,
            "seats": [[claim.seat, plan.labels[claim.seat], claim.price_paise] for claim in held],
        }
        for booking, held in by_booking.items()
    ]


def _held_time_of(spans: Sequence[tuple[str, int, int]]) -> dict[str, str]:
    by_holder: dict[str, list[str]] = defaultdict(list)
    for holder, start_ms, end_ms in spans:
        by_holder[holder].append(f"{start_ms}-{end_ms}")
    return {holder: ",".join(parts[-48:]) for holder, parts in by_holder.items()}
