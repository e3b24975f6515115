"""Hold seats: the gate in Redis, the proof in PostgreSQL, and only then a yes.

Release is release.py; PostgreSQL-only mode is standby_holds.py; the exact rules, each with the race it closes,
are in the design (consistency rules 5 to 12).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from bookings.claim_store import store as claims
from bookings.claim_store.endings import end_stale_rivals
from bookings.claim_store.pool import AsyncConnection, ClaimPool, ClaimsUnavailable
from bookings.claim_store.store import HoldRow, WhyRefused
from bookings.domain.holds import HeldSpan, budget_wait_ms, strikes_of
from bookings.errors import (
    BookingConfirmed,
    BookingError,
    CheckoutStarted,
    HoldExpired,
    NotReady,
    OutcomeUnknown,
    RateLimited,
    SalesClosed,
    SeatsUnavailable,
    TooManySeats,
)
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import Acquired, NotHeld, SeatStore, ShowNotReady
from bookings.services.batches import CommitOutcomeUnknown, remember
from bookings.services.expiry import Expiry, tell_expired
from bookings.services.group_commit import GroupCommit
from bookings.services.idempotency import KeyedRequest
from bookings.services.outcomes import Held
from bookings.services.pictures import Pictures
from bookings.services.proven import ProvenHolds
from bookings.services.rebuild import Rebuilder
from bookings.services.reconcile import Reconciler
from bookings.services.show_plan import ShowPlan
from bookings.waypoints import pass_by

logger = logging.getLogger(__name__)

# A show that is not ready is rebuilt and asked again; twice, since it may be emptied again meanwhile.
READY_TRIES: Final = 3
# Rule 7: an unknown commit is looked up by the booking's id so often, over about two seconds.
OUTCOME_TRIES: Final = 3
OUTCOME_WAIT_SECONDS: Final = 0.6
# A statement that had to wait for another process to open the same booking does not see it; the next one does.
CLAIM_TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class HoldLimits:
    """How much one holder may hold of a show."""

    hold_ms: int
    seats_max: int
    budget_ms: int
    window_ms: int

    @classmethod
    def as_set(cls) -> "HoldLimits":
        """As the settings say."""
        return cls(
            hold_ms=settings.HOLD_SECONDS * 1000,
            seats_max=settings.SEATS_PER_HOLD_MAX,
            budget_ms=settings.HOLD_BUDGET_SECONDS * 1000,
            window_ms=settings.HOLD_BUDGET_WINDOW_SECONDS * 1000,
        )


class _DoesNotStand(Exception):
    """Rolls the takeover transaction back."""


def require_budget(spans: Sequence[HeldSpan], *, limits: HoldLimits, now_ms: int) -> None:
    """Raises RateLimited when a new hold may not start yet."""
    budget_ms, window_ms = limits.budget_ms, limits.window_ms
    strikes = strikes_of(spans=spans, now_ms=now_ms, budget_ms=budget_ms, window_ms=window_ms)
    wait_ms = budget_wait_ms(spans=spans, strikes=strikes, now_ms=now_ms, budget_ms=budget_ms, window_ms=window_ms)
    if wait_ms > 0:
        minutes = max(1, -(-wait_ms // 60_000))
        raise RateLimited(
            f"You have held seats of this show for a long time. You can hold again in {minutes} min.",
            retry_after_ms=wait_ms,
        )


class LiveHolds:
    """Holds while both authorities are there."""

    def __init__(
        self,
        *,
        pool: ClaimPool,
        limits: HoldLimits,
        pictures: Pictures,
        expiry: Expiry,
        rebuilder: Rebuilder,
        reconciler: Reconciler,
        new_booking_id: Callable[[], str],
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._pictures = pictures
        self._expiry = expiry
        self._rebuilder = rebuilder
        self._reconciler = reconciler
        self._new_booking_id = new_booking_id
        self._commits = GroupCommit(pool, hold_ms=limits.hold_ms, seats_max=limits.seats_max)
        self._proven = ProvenHolds(reconciler)

    async def close(self) -> None:
        """Finish what has begun."""
        await self._commits.drain()
        await self._proven.close()

    async def hold(
        self, store: SeatStore, plan: ShowPlan, *, holder: str, seats: Sequence[int], keyed: KeyedRequest | None
    ) -> Held:
        """Hold seats (ascending indexes), all or none, added to the holder's hold.

        Raises BookingError, StoreUnavailable (nothing was held; PostgreSQL alone may be asked).
        """
        acquired = await self.acquire(store, plan, holder=holder, seats=seats)
        return await self.prove(store, plan, acquired, holder=holder, seats=seats, keyed=keyed)

    async def acquire(self, store: SeatStore, plan: ShowPlan, *, holder: str, seats: Sequence[int]) -> Acquired:
        """The gate: take the seats in Redis. Raises BookingError, StoreUnavailable."""
        arguments = [(seat, plan.labels[seat], plan.prices[seat]) for seat in seats]
        budget_ms = self._limits.budget_ms
        for _ in range(READY_TRIES):
            try:
                acquired = await store.acquire(
                    plan.show_id,
                    token=self._new_booking_id(),
                    holder=holder,
                    seats=arguments,
                    hold_ms=self._limits.hold_ms,
                    seats_max=self._limits.seats_max,
                    budget_ms=budget_ms,
                )
            except ShowNotReady:
                await self.make_ready(store, plan.show_id)
            except NotHeld as refusal:
                self._expiry.expire(refusal.ended)
                if refusal.code == "budget":
                    self.judge_budget(refusal.detail, now_ms=store.redis_ms())
                    budget_ms = 0
                    continue
                raise self._refusal(refusal) from None
            else:
                self._expiry.expire(acquired.ended)
                return acquired
        raise NotReady

    async def prove(
        self,
        store: SeatStore,
        plan: ShowPlan,
        acquired: Acquired,
        *,
        holder: str,
        seats: Sequence[int],
        keyed: KeyedRequest | None,
        reason: str = "",
    ) -> Held:
        """The proof: booking and claims in PostgreSQL, before the holder is told yes. Raises BookingError."""
        held = Held(
            booking=acquired.booking,
            seats=plan.names(acquired.seats),
            amount_paise=acquired.amount_paise,
            expires_ms=acquired.expires_ms,
            version=acquired.version,
            reason=reason,
        )
        row = HoldRow(
            booking=acquired.booking,
            show_id=plan.show_id,
            holder=holder,
            expires_ms=acquired.expires_ms,
            claims=tuple((seat, plan.prices[seat]) for seat in seats),
            before=frozenset(acquired.seats) - frozenset(seats),
        )
        if not acquired.new_seats and keyed is None and (proven := await self._owned(plan, row, held)):
            return proven
        reply = keyed.granting(held.as_json()) if keyed else None
        await pass_by("hold.acquired")
        try:
            # Seats that were mine in Redis already may be on their way to PostgreSQL, or out of it, in another
            # process; then only a statement alone can tell.
            all_new = len(acquired.new_seats) == len(seats)
            fence = await self._commits.submit(row, reply) if all_new else None
            if fence is None:
                fence, held = await self._take_over(store, plan, row, held, keyed)
        except BookingError:
            await pass_by("hold.refused")
            await self._repair(store, plan, acquired)
            raise
        except CommitOutcomeUnknown:
            held = await self._learn_outcome(store, plan, acquired, row, held)
            fence = 0
        except ClaimsUnavailable as error:
            await self._take_back(store, plan, acquired)
            raise NotReady("Seats cannot be held right now. Nothing was held for you; try again soon.") from error
        self._proven.announce(store, plan, row, fence=fence)
        return held

    async def make_ready(self, store: SeatStore, show_id: int) -> None:
        """Rebuild a show's picture. Raises NotReady when PostgreSQL cannot be asked, StoreUnavailable."""
        try:
            await self._rebuilder.rebuild(store, show_id)
        except ClaimsUnavailable as error:
            raise NotReady from error

    def judge_budget(self, spans: str, *, now_ms: int) -> None:
        """Raises RateLimited when the holder's held time says so. `spans`: "<start_ms>-<end_ms>,…"."""
        require_budget(
            [HeldSpan(*map(int, span.split("-"))) for span in spans.split(",")], limits=self._limits, now_ms=now_ms
        )

    def _refusal(self, refusal: NotHeld) -> BookingError:
        if refusal.code == "too_many_seats":
            return TooManySeats(self._limits.seats_max)
        assert refusal.code == "seats_unavailable", refusal.code
        return SeatsUnavailable(refusal.detail.split(","))

    # --- when the batch did not take it

    async def _take_over(
        self, store: SeatStore, plan: ShowPlan, row: HoldRow, held: Held, keyed: KeyedRequest | None
    ) -> tuple[int, Held]:
        """Alone, past bookings whose deadline is over. Returns the fence, and the hold as PostgreSQL has it.

        Raises BookingError, CommitOutcomeUnknown.
        """
        try:
            async with self._pool.connection() as connection:
                try:
                    async with connection.transaction():
                        ended = await end_stale_rivals(connection, row, let_through=True)
                        await pass_by("takeover.stale_ended")
                        fence = await self._claim_alone(connection, row)
                        proven = await self._as_owned(connection, plan, row, held)
                        if proven is None:
                            raise _DoesNotStand
                        await remember(
                            connection, [(row.holder, keyed.granting(proven.as_json()) if keyed else None)]
                        )
                except _DoesNotStand:
                    why = await claims.why_refused(connection, row)
                    raise refusal_of(why, plan, row) from None
        except ClaimsUnavailable as error:
            raise CommitOutcomeUnknown from error
        tell_expired(ended)
        await self._pictures.show_ended(store, ended, status="expired")
        return fence, proven

    async def _claim_alone(self, connection: AsyncConnection, row: HoldRow) -> int:
        for _ in range(CLAIM_TRIES):
            standing = (await claims.hold_batch(connection, [row], hold_ms=self._limits.hold_ms)).get(row.booking)
            if standing is not None:
                break
        else:
            raise _DoesNotStand
        if standing.seats_count > self._limits.seats_max:
            raise TooManySeats(self._limits.seats_max)
        missing = {seat for seat, _ in row.claims} - standing.claimed
        if missing and not missing <= await claims.own_claims(connection, row.booking):
            raise _DoesNotStand
        return standing.fence

    async def _owned(self, plan: ShowPlan, row: HoldRow, held: Held) -> Held | None:
        """The hold, if PostgreSQL has all of it already. Raises ClaimsUnavailable."""
        async with self._pool.connection() as connection:
            return await self._as_owned(connection, plan, row, held)

    @staticmethod
    async def _as_owned(connection: AsyncConnection, plan: ShowPlan, row: HoldRow, held: Held) -> Held | None:
        """The hold with the seats that PostgreSQL has of it; None where it lacks one that was asked for.

        Redis may show seats that were let go while it could not be told: a holder is told what is proven.
        """
        mine = await claims.pending_hold(connection, show_id=row.show_id, holder=row.holder)
        if mine is None or mine.booking != row.booking or not {seat for seat, _ in row.claims} <= set(mine.seats):
            return None
        return held._replace(seats=plan.names(mine.seats), amount_paise=mine.amount_paise)

    async def _repair(self, store: SeatStore, plan: ShowPlan, acquired: Acquired) -> None:
        """Rule 6: show each newly taken seat as PostgreSQL has it. Reconcile covers a failure."""
        if not acquired.new_seats:
            return
        try:
            await self._reconciler.correct_refused(
                store, plan.show_id, booking=acquired.booking, seats=acquired.new_seats
            )
        except (StoreUnavailable, ShowNotReady, ClaimsUnavailable) as error:
            logger.warning("show %s: a refused hold is repaired later: %s", plan.show_id, error)

    async def _take_back(self, store: SeatStore, plan: ShowPlan, acquired: Acquired) -> None:
        """PostgreSQL was never reached: give the seats of this call back at once."""
        if not acquired.new_seats:
            return
        try:
            labels = plan.names(acquired.new_seats)
            await store.release(plan.show_id, token=acquired.booking, fence=None, labels=labels)
        except (StoreUnavailable, ShowNotReady) as error:
            logger.warning("show %s: seats of a failed hold are freed later: %s", plan.show_id, error)

    async def _learn_outcome(
        self, store: SeatStore, plan: ShowPlan, acquired: Acquired, row: HoldRow, held: Held
    ) -> Held:
        """Rule 7: keep the locks and read again what the booking has. Raises OutcomeUnknown, NotReady."""
        for _ in range(OUTCOME_TRIES):
            await asyncio.sleep(OUTCOME_WAIT_SECONDS)
            try:
                proven = await self._owned(plan, row, held)
            except ClaimsUnavailable:
                continue
            if proven is not None:
                return proven
            await self._repair(store, plan, acquired)
            raise NotReady("Your seats could not be held. Nothing was held by this request; try again.")
        raise OutcomeUnknown


def refusal_of(why: WhyRefused, plan: ShowPlan, row: HoldRow) -> BookingError:
    """The error that says what stood in the way of a hold."""
    if not why.on_sale:
        return SalesClosed("Sales for this show are closed.")
    if why.booking_status == "confirmed":
        return BookingConfirmed()
    if why.booking_status == "pending" and why.frozen:
        return CheckoutStarted()
    if why.claimed_seats:
        return SeatsUnavailable(plan.names(why.claimed_seats))
    if why.booking_status in ("expired", "cancelled") or why.late:
        return HoldExpired()
    return NotReady("Your seats could not be held just now. Nothing was held; try again.")
