"""After the proof: mark a hold as proven in Redis, tell its holder's sockets, and see that the picture shows it.

Between the gate and the proof the picture may have lost the seats: a rebuild read PostgreSQL a moment too early,
an orphan's wait ran out, a release of the same holder in another process was shown late. Whoever proves a hold
looks once more, so that no seat is shown free which its holder was told he has.
"""

import asyncio
import logging
from dataclasses import dataclass, field

from bookings.claim_store.pool import ClaimsUnavailable
from bookings.claim_store.store import HoldRow
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import ProvenHold, SeatStore, ShowNotReady
from bookings.services.reconcile import Reconciler
from bookings.services.show_plan import ShowPlan

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Announcement:
    """The holds of one show that were proven in one loop turn."""

    store: SeatStore
    plan: ShowPlan
    holds: list[ProvenHold] = field(default_factory=list)


class ProvenHolds:
    """Announces holds; those of one loop turn in one script a show."""

    def __init__(self, reconciler: Reconciler) -> None:
        self._reconciler = reconciler
        self._waiting: dict[tuple[SeatStore, int], _Announcement] = {}
        self._announcing: set[asyncio.Task[None]] = set()

    def announce(self, store: SeatStore, plan: ShowPlan, row: HoldRow, *, fence: int) -> None:
        """Say that PostgreSQL has these seats of a hold, since `fence` (0: not known)."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)
        labels = plan.names([seat for seat, _ in row.claims])
        announcement = self._waiting.setdefault((store, plan.show_id), _Announcement(store, plan))
        announcement.holds.append(ProvenHold(token=row.booking, fence=fence, labels=labels))

    async def close(self) -> None:
        """Finish what has begun."""
        self._flush()
        await asyncio.gather(*self._announcing, return_exceptions=True)

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for announcement in waiting.values():
            task = asyncio.get_running_loop().create_task(self._announce(announcement))
            self._announcing.add(task)
            task.add_done_callback(self._announcing.discard)

    async def _announce(self, announcement: _Announcement) -> None:
        store, plan = announcement.store, announcement.plan
        try:
            lost = await store.commit(plan.show_id, announcement.holds)
            if lost:
                await self._reconciler.reconcile(store, plan.show_id, only=[plan.index_of[seat] for seat in lost])
        except ShowNotReady:
            pass  # The picture went with Redis' memory; its rebuild shows them as proven.
        except (StoreUnavailable, ClaimsUnavailable) as error:
            logger.warning("show %s: proven holds were not announced: %s", plan.show_id, error)
