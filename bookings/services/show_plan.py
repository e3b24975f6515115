"""What a process keeps in memory of a show while it sells it: seats, prices, sales window.

Seats never change during a show's life. Prices and the window may: a plan older than PLAN_FRESH_SECONDS is
still used, and read again in the background; the hold statement checks the sale again in PostgreSQL.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bookings.claim_store.pool import ClaimPool, ClaimsUnavailable, statement
from bookings.domain.layout import Seat, SeatKind
from bookings.errors import BadRequest, DuplicateSeats, NotFound, NotReady, SalesClosed, UnknownSeat

logger = logging.getLogger(__name__)

PLAN_FRESH_SECONDS: Final = 5.0
PLANS_MAX: Final = 2000
# PostgreSQL's bigint; anything above cannot be a show.
SHOW_ID_MAX: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ShowPlan:
    """The seats of a show in index order, their prices in paise, and when they may be sold (Unix ms)."""

    show_id: int
    status: str
    starts_at_ms: int
    ends_at_ms: int
    sales_open_ms: int
    sales_close_ms: int
    seats: tuple[Seat, ...]
    labels: tuple[str, ...]
    index_of: dict[str, int]
    prices: tuple[int, ...]
    read_at: float

    def indexes(self, labels: Sequence[str]) -> list[int]:
        """The ascending indexes of seats. Raises BadRequest, DuplicateSeats, UnknownSeat, naming the seats."""
        if not labels:
            raise BadRequest("Name at least one seat.")
        if len(set(labels)) != len(labels):
            raise DuplicateSeats(sorted({label for label in labels if labels.count(label) > 1}))
        if unknown := [label for label in labels if label not in self.index_of]:
            raise UnknownSeat(unknown)
        return sorted(self.index_of[label] for label in labels)

    def names(self, indexes: Sequence[int]) -> tuple[str, ...]:
        """The labels of seats, in the order of the indexes given."""
        return tuple(self.labels[index] for index in indexes)

    def require_on_sale(self, now_ms: int) -> None:
        """Raises SalesClosed, saying why."""
        if self.status == "cancelled":
            raise SalesClosed("This show was cancelled.")
        if self.status != "open":
            raise SalesClosed("Sales for this show are closed.")
        if now_ms < self.sales_open_ms:
            raise SalesClosed("Sales for this show have not opened yet.", opens_ms=self.sales_open_ms)
        if now_ms >= self.sales_close_ms:
            raise SalesClosed("Sales for this show have ended.")


class ShowPlans:
    """The plans of this process. Reads of one show are shared by everyone who waits for it."""

    def __init__(self, pool: ClaimPool, *, monotonic: Callable[[], float]) -> None:
        self._pool = pool
        self._monotonic = monotonic
        self._plans: dict[int, ShowPlan] = {}
        self._reading: dict[int, asyncio.Task[ShowPlan]] = {}

    async def get(self, show_id: int) -> ShowPlan:
        """The plan of a show, from memory where it is known. Raises NotFound, NotReady."""
        plan = self._plans.get(show_id)
        if plan is None:
            return await self._read_once(show_id)
        if self._monotonic() - plan.read_at > PLAN_FRESH_SECONDS and show_id not in self._reading:
            self._read_once(show_id).add_done_callback(self._note_failed_refresh)
        return plan

    async def refresh(self, show_id: int) -> ShowPlan:
        """The plan as PostgreSQL has it now."""
        return await self._read_once(show_id)

    def _read_once(self, show_id: int) -> asyncio.Task[ShowPlan]:
        task = self._reading.get(show_id)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._read(show_id))
            self._reading[show_id] = task
            task.add_done_callback(lambda _: self._reading.pop(show_id, None))
        return task

    @staticmethod
    def _note_failed_refresh(task: asyncio.Task[ShowPlan]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.warning("a show plan could not be read again: %s", error)

    async def _read(self, show_id: int) -> ShowPlan:
        if not 0 < show_id <= SHOW_ID_MAX:
            raise NotFound("There is no such show.")
        try:
            async with self._pool.connection() as connection:
                known = self._plans.get(show_id)
                # Seats never change, and are a hundred times as much as all the rest.
                asked = {"show": show_id, "with_seats": known is None}
                cursor = await connection.execute(statement("show_facts"), asked)
                row = await cursor.fetchone()
        except ClaimsUnavailable as error:
            raise NotReady("The house cannot read its books. Try again in a second.") from error
        if row is None:
            self._plans.pop(show_id, None)
            raise NotFound("There is no such show.")
        _, status, starts, ends, opens, closes, prices, seats_json = row
        seats = (
            known.seats if known else tuple(Seat(**{**seat, "kind": SeatKind(seat["kind"])}) for seat in seats_json)
        )
        plan = ShowPlan(
            show_id=show_id,
            status=status,
            starts_at_ms=starts,
            ends_at_ms=ends,
            sales_open_ms=opens,
            sales_close_ms=closes,
            seats=seats,
            labels=known.labels if known else tuple(seat.label for seat in seats),
            index_of=known.index_of if known else {seat.label: seat.index for seat in seats},
            prices=tuple(prices[seat.category] for seat in seats),
            read_at=self._monotonic(),
        )
        if len(self._plans) >= PLANS_MAX and show_id not in self._plans:
            self._plans.pop(next(iter(self._plans)))
        self._plans[show_id] = plan
        return plan
