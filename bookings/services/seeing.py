"""What can be seen of shows: the whole picture, and where it stands. From Redis, or from PostgreSQL alone."""

from collections.abc import Sequence
from typing import Final

from bookings.domain.seat_map import Picture
from bookings.errors import NotReady
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import ShowNotReady
from bookings.services.holds import LiveHolds
from bookings.services.show_plan import ShowPlan
from bookings.services.standby import Standby
from bookings.services.standby_holds import StandbyHolds

# A show that is not ready is rebuilt once; it may be emptied again meanwhile.
READY_TRIES: Final = 2


class Seeing:
    """Reads pictures, rebuilding those that Redis has lost."""

    def __init__(self, standby: Standby, *, live: LiveHolds, alone: StandbyHolds) -> None:
        self._standby = standby
        self._live = live
        self._alone = alone

    async def picture(self, plan: ShowPlan) -> Picture:
        """The whole map at one version. Raises NotReady."""
        try:
            store = await self._standby.store()
            for _ in range(READY_TRIES):
                try:
                    return await store.picture(plan.show_id)
                except ShowNotReady:
                    await self._live.make_ready(store, plan.show_id)
            raise NotReady
        except StoreUnavailable:
            return await self._alone.picture(plan)

    async def positions(self, show_ids: Sequence[int]) -> dict[int, tuple[str, int] | None]:
        """(epoch, version) of shows, in one round trip; None where there is no picture. Raises StoreUnavailable."""
        return await (await self._standby.store()).positions(show_ids)
