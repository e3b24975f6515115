"""One unit of work on a booking: a transaction that locks it, changes it, and is shown once it is committed.

This is what payments work with: they decide, these verbs do. What is committed and not shown, because the process
died, is in the picture_pending rows (consistency rule 17).
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import Any, Final
from uuid import UUID

from bookings.claim_store import settling
from bookings.claim_store import store as claims
from bookings.claim_store.endings import Ended, end_stale_rivals
from bookings.claim_store.pool import AsyncConnection, ClaimPool
from bookings.claim_store.settling import BookingFacts, Buyer
from bookings.claim_store.store import HoldRow
from bookings.domain.lifecycle import MoneyBack, RefundState, Status
from bookings.domain.seat_map import AVAILABLE, BOOKED
from bookings.errors import IdempotencyMismatch, NotReady
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import NotHeld, SeatStore, ShowNotReady
from bookings.services.batches import remember
from bookings.services.expiry import Expiry
from bookings.services.holds import HoldLimits, LiveHolds
from bookings.services.idempotency import Idempotency, KeyedRequest
from bookings.services.pictures import Pictures
from bookings.services.reconcile import Reconciler
from bookings.services.show_plan import ShowPlans
from bookings.services.standby import Standby
from bookings.waypoints import pass_by

logger = logging.getLogger(__name__)

NOTHING_BACK: Final = MoneyBack()


class _SeatsTaken(Exception):
    """Somebody else has one of the seats; the savepoint is rolled back."""


class Grab(Enum):
    """What Redis says about the seats of an ended booking. AWAY: nothing, so PostgreSQL decides alone."""

    GRANTED = auto()
    REFUSED = auto()
    AWAY = auto()


class BookingWork:
    """The verbs of one transaction. Their caller has locked the booking with `lock`."""

    def __init__(self, connection: AsyncConnection, works: "BookingWorks") -> None:
        self.connection = connection
        self._works = works
        self._to_show: list[Callable[[SeatStore], Awaitable[None]]] = []

    async def lock(self, booking: str | UUID) -> BookingFacts | None:
        """Lock a booking and read it; None when there is none."""
        return await settling.lock(self.connection, booking)

    async def freeze(self, facts: BookingFacts, buyer: Buyer) -> bool:
        """Keep the seats as they are until the end of the hold. False: it may not be paid any more."""
        return await settling.freeze(self.connection, facts, buyer)

    async def thaw(self, facts: BookingFacts) -> None:
        """Let the seats be changed again."""
        await settling.thaw(self.connection, facts)

    async def confirm(self, facts: BookingFacts) -> None:
        """The booking, which has its seats, is paid. Raises IllegalTransition."""
        fence = await settling.confirm(self.connection, facts, late=facts.status != Status.PENDING)
        self._to_show.append(lambda store: self._works.show_confirmed(store, facts, fence))

    async def reclaim(self, facts: BookingFacts, *, let_through: bool) -> bool:
        """Claim the seats of an ended booking again, all or none. False: somebody else has one of them.

        `let_through`: Redis has granted them.
        """
        row = HoldRow(
            booking=facts.booking,
            show_id=facts.show_id,
            holder=facts.holder,
            expires_ms=facts.expires_ms,
            claims=facts.seats,
        )
        stale = await end_stale_rivals(self.connection, row, let_through=let_through)
        if stale:
            self._to_show.append(lambda store: self._works.show_expired(store, stale))
        try:
            async with self.connection.transaction():
                if not facts.seats or not await settling.reclaim(self.connection, facts):
                    raise _SeatsTaken
        except _SeatsTaken:
            return False
        return True

    async def has_come_in(self, facts: BookingFacts) -> bool:
        """Whether anybody was let in with a ticket of the booking."""
        return await settling.has_come_in(self.connection, facts.booking)

    async def cancel(self, facts: BookingFacts, *, reason: str, back: MoneyBack = NOTHING_BACK) -> None:
        """Give the booking up and let its seats go. Raises IllegalTransition."""
        ended = await settling.cancel(self.connection, facts, reason=reason)
        if back.state:
            await settling.set_refund(self.connection, facts.booking, back)
        self._to_show.append(lambda store: self._works.show_cancelled(store, facts, ended, back.state))

    async def open_instead(self, facts: BookingFacts) -> str:
        """End a pending booking; open another with its seats and deadline. Returns it. Raises IllegalTransition."""
        new = self._works.new_booking_id()
        await settling.open_instead(self.connection, facts, new=new)
        await settling.seats_are_unshown(self.connection, facts)
        self._to_show.append(lambda store: self._works.show_moved(store, facts))
        return new

    async def set_refund(self, facts: BookingFacts, back: MoneyBack, *, status: Status | None = None) -> None:
        """Note where the buyer's money is, and tell him. `status`: what the booking is by now."""
        if await settling.set_refund(self.connection, facts.booking, back):
            now = status or facts.status
            self._to_show.append(lambda store: self._works.tell_owner(store, facts, now, back.state))

    async def tell(self, *, kind: str, key: str, payload: Mapping[str, Any], after_seconds: float = 0) -> None:
        """Write an event to the outbox, once for a key; it is handled in `after_seconds` at the earliest."""
        await settling.tell(self.connection, kind=kind, key=key, payload=payload, after_seconds=after_seconds)

    async def first_reply(self, holder: str, keyed: KeyedRequest | None) -> dict[str, Any] | None:
        """The reply of a twin in another process that was first, read after the booking was locked."""
        if keyed is None:
            return None
        found = await claims.stored_reply(self.connection, holder=holder, operation=keyed.operation, key=keyed.key)
        if found is None:
            return None
        if found[0] != keyed.request_sha256:
            raise IdempotencyMismatch
        return found[1]

    async def remember(self, holder: str, keyed: KeyedRequest | None, reply: dict[str, Any]) -> None:
        """Store the reply of a keyed request with what it grants (consistency rule 23)."""
        if keyed is not None:
            await remember(self.connection, [(holder, keyed.granting(reply))])

    async def show(self, store: SeatStore) -> None:
        """Show what was committed."""
        for step in self._to_show:
            await step(store)

    @property
    def has_to_show(self) -> bool:
        """Whether anything is to be shown."""
        return bool(self._to_show)


class BookingWorks:
    """Opens units of work, and shows what they changed."""

    def __init__(
        self,
        *,
        pool: ClaimPool,
        standby: Standby,
        plans: ShowPlans,
        pictures: Pictures,
        expiry: Expiry,
        live: LiveHolds,
        reconciler: Reconciler,
        limits: HoldLimits,
        new_booking_id: Callable[[], str],
    ) -> None:
        self._pool = pool
        self._standby = standby
        self._plans = plans
        self._pictures = pictures
        self._expiry = expiry
        self._live = live
        self._reconciler = reconciler
        self._limits = limits
        self.new_booking_id = new_booking_id
        self._idempotency = Idempotency(pool)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[BookingWork]:
        """One transaction; what it changed is shown once it is committed. Raises ClaimsUnavailable."""
        async with self._pool.connection() as connection, connection.transaction():
            work = BookingWork(connection, self)
            yield work
            await pass_by("work.written")
        await pass_by("work.committed")
        if not work.has_to_show:
            return
        try:
            await work.show(await self._standby.store())
        except (StoreUnavailable, ShowNotReady) as error:
            logger.warning("what was decided is shown later: %s", error)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection for single statements, each committed by itself. Raises ClaimsUnavailable."""
        async with self._pool.connection() as connection:
            yield connection

    @asynccontextmanager
    async def keyed(
        self, *, holder: str, operation: str, key: str | None, body: Any
    ) -> AsyncIterator[KeyedRequest | None]:
        """A request while it is worked on; None where it carries no key.

        Raises BadRequest (bad key), InProgress (a twin is in flight), IdempotencyMismatch, ClaimsUnavailable.
        """
        if key is None:
            yield None
            return
        async with self._idempotency.request(holder=holder, operation=operation, key=key, body=body) as keyed:
            yield keyed

    # --- late money

    async def grab(self, facts: BookingFacts) -> Grab:
        """Take the seats of an ended booking in Redis again, before PostgreSQL is asked.

        REFUSED: somebody else was promised one of them, or the holder has another hold by now. Raises NotReady.
        """
        try:
            store = await self._standby.store()
            for _ in range(2):
                try:
                    return Grab.GRANTED if await self._grab(store, facts) else Grab.REFUSED
                except ShowNotReady:
                    await self._live.make_ready(store, facts.show_id)
        except StoreUnavailable:
            return Grab.AWAY
        raise NotReady

    async def _grab(self, store: SeatStore, facts: BookingFacts) -> bool:
        plan = await self._plans.get(facts.show_id)
        try:
            acquired = await store.acquire(
                facts.show_id,
                token=facts.booking,
                holder=facts.holder,
                seats=[(seat, plan.labels[seat], price) for seat, price in facts.seats],
                hold_ms=self._limits.hold_ms,
                seats_max=max(self._limits.seats_max, len(facts.seats)),
                budget_ms=0,
            )
        except NotHeld as refusal:
            self._expiry.expire(refusal.ended)
            return False
        self._expiry.expire(acquired.ended)
        if acquired.booking != facts.booking:
            labels = plan.names(acquired.new_seats)
            await store.release(facts.show_id, token=acquired.booking, fence=None, labels=labels)
            return False
        await pass_by("late.grabbed")
        return True

    async def let_go(self, facts: BookingFacts) -> None:
        """Give back what `grab` took: PostgreSQL has refused it."""
        try:
            await self._reconciler.reconcile(await self._standby.store(), facts.show_id, only=facts.seat_indexes)
        except (StoreUnavailable, ShowNotReady) as error:
            # Redis gives seats back itself that PostgreSQL has not heard of (consistency rule 8).
            logger.warning("show %s: seats for late money are given back later: %s", facts.show_id, error)

    # --- showing

    async def show_confirmed(self, store: SeatStore, facts: BookingFacts, fence: int) -> None:
        """The seats are booked, for all viewers."""
        plan = await self._plans.get(facts.show_id)
        await pass_by("picture.painting")
        seats = [(seat, plan.labels[seat]) for seat in facts.seat_indexes]
        await store.paint(facts.show_id, state=BOOKED, fence=fence, seats=seats)
        await self.tell_owner(store, facts, Status.CONFIRMED, RefundState.NONE)
        self._pictures.shown([fence])

    async def show_cancelled(self, store: SeatStore, facts: BookingFacts, ended: Ended, refund: RefundState) -> None:
        """The seats are free again."""
        plan = await self._plans.get(facts.show_id)
        await pass_by("picture.painting")
        await store.release(facts.show_id, token=ended.booking, fence=ended.fence)
        # A booked seat bears no token any more, so it is freed by the claim, not by the hold.
        if facts.status == Status.CONFIRMED:
            seats = [(seat, plan.labels[seat]) for seat in ended.seats]
            await store.paint(facts.show_id, state=AVAILABLE, fence=ended.fence, seats=seats)
        await self.tell_owner(store, facts, Status.CANCELLED, refund)
        self._pictures.shown([ended.fence])

    async def show_expired(self, store: SeatStore, ended: list[Ended]) -> None:
        """Rivals past their deadline have ended."""
        await self._pictures.show_ended(store, ended, status="expired")

    async def show_moved(self, store: SeatStore, facts: BookingFacts) -> None:
        """The seats belong to another booking of the same holder."""
        await self._reconciler.reconcile(store, facts.show_id, only=facts.seat_indexes)
        await self.tell_owner(store, facts, Status.CANCELLED, facts.refund)

    async def tell_owner(self, store: SeatStore, facts: BookingFacts, status: Status, refund: RefundState) -> None:
        """Send the `booking` message to the owner's sockets, at most once."""
        owned = Ended(booking=facts.booking, show_id=facts.show_id, holder=facts.holder, fence=0, seats=())
        await self._pictures.tell_owner(store, owned, status=status, refund=refund or None)
