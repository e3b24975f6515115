"""Hold seats while Redis is away: PostgreSQL alone decides. Slower, and exactly as correct.

Every hold leaves a picture_pending row, which is how Redis learns of it when it is back (consistency rule 20).
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from bookings.claim_store import store as claims
from bookings.claim_store.endings import end_stale_rivals
from bookings.claim_store.pool import AsyncConnection, ClaimPool, ClaimsUnavailable
from bookings.claim_store.store import HoldRow
from bookings.domain.holds import HeldSpan
from bookings.domain.seat_map import HELD, HoldRecord, Picture
from bookings.errors import NotReady, TooManySeats
from bookings.services.holds import HoldLimits, refusal_of, require_budget
from bookings.services.idempotency import KeyedRequest
from bookings.services.outcomes import Held
from bookings.services.rebuild import new_epoch, state_of, states_of
from bookings.services.show_plan import ShowPlan

_SPANS_SINCE: Final = timedelta(hours=24)


class _DoesNotStand(Exception):
    """Rolls the transaction back."""


class StandbyHolds:
    """Holds and pictures from PostgreSQL alone, with an epoch and versions of this process's own."""

    def __init__(
        self,
        pool: ClaimPool,
        *,
        limits: HoldLimits,
        new_booking_id: Callable[[], str],
        clock_ms: Callable[[], int],
    ) -> None:
        self._pool = pool
        self._limits = limits
        self._new_booking_id = new_booking_id
        self._clock_ms = clock_ms
        self._epoch = new_epoch(prefix="d")
        self._seen: dict[int, tuple[int, tuple[object, ...]]] = {}

    def begin(self) -> None:
        """Redis has gone: a new local epoch, versions from the start."""
        self._epoch = new_epoch(prefix="d")
        self._seen.clear()

    async def picture(self, plan: ShowPlan) -> Picture:
        """The map as PostgreSQL has it. Raises NotReady."""
        try:
            async with self._pool.connection() as connection:
                live_claims = await claims.truth(connection, plan.show_id)
        except ClaimsUnavailable as error:
            raise NotReady from error
        by_booking: dict[str, list[claims.LiveClaim]] = {}
        for claim in live_claims:
            if state_of(claim) == HELD:
                by_booking.setdefault(claim.booking, []).append(claim)
        holds = tuple(
            HoldRecord(
                booking=booking,
                holder=held[0].holder,
                expires_ms=held[0].expires_ms,
                amount_paise=sum(claim.price_paise for claim in held),
                seats=tuple(claim.seat for claim in held),
                committed=True,
                held_since_ms=held[0].since_ms,
            )
            for booking, held in by_booking.items()
        )
        states = states_of(plan, live_claims)
        version, known = self._seen.get(plan.show_id, (0, ()))
        if known != (states, holds):
            version += 1
            self._seen[plan.show_id] = (version, (states, holds))
        return Picture(
            show_id=plan.show_id,
            epoch=self._epoch,
            version=version,
            server_ms=self._clock_ms(),
            states=states,
            holds=holds,
        )

    async def hold(self, plan: ShowPlan, *, holder: str, seats: Sequence[int], keyed: KeyedRequest | None) -> Held:
        """Hold seats, all or none. Raises BookingError."""
        row: HoldRow | None = None
        try:
            async with self._pool.connection() as connection:
                try:
                    async with connection.transaction():
                        row = await self._row(connection, plan, holder, seats)
                        return await self._claim(connection, plan, row, keyed)
                except _DoesNotStand:
                    assert row is not None
                    why = await claims.why_refused(connection, row)
                    raise refusal_of(why, plan, row) from None
        except ClaimsUnavailable as error:
            raise NotReady("Seats cannot be held right now. Try again soon.") from error

    async def _row(self, connection: AsyncConnection, plan: ShowPlan, holder: str, seats: Sequence[int]) -> HoldRow:
        # Two processes that add to one hold at once must each count what the other added.
        await claims.lock_pending(connection, show_id=plan.show_id, holder=holder)
        mine = await claims.pending_hold(connection, show_id=plan.show_id, holder=holder)
        if mine is None:
            await self._judge_budget(connection, plan, holder)
        owned = set(mine.seats) if mine else set()
        if len(owned | set(seats)) > self._limits.seats_max:
            raise TooManySeats(self._limits.seats_max)
        return HoldRow(
            booking=mine.booking if mine else self._new_booking_id(),
            show_id=plan.show_id,
            holder=holder,
            # PostgreSQL takes the lesser of this and its own clock plus the length of a hold.
            expires_ms=mine.expires_ms if mine else self._clock_ms() + 2 * self._limits.hold_ms,
            claims=tuple((seat, plan.prices[seat]) for seat in seats if seat not in owned),
        )

    async def _judge_budget(self, connection: AsyncConnection, plan: ShowPlan, holder: str) -> None:
        spans = await claims.held_spans(connection, show_id=plan.show_id, holder=holder, since=_SPANS_SINCE)
        held = [HeldSpan(start, end) for _, start, end in spans]
        require_budget(held, limits=self._limits, now_ms=self._clock_ms())

    async def _claim(
        self, connection: AsyncConnection, plan: ShowPlan, row: HoldRow, keyed: KeyedRequest | None
    ) -> Held:
        await end_stale_rivals(connection, row, let_through=False)
        standing = (await claims.hold_batch(connection, [row], hold_ms=self._limits.hold_ms)).get(row.booking)
        if standing is None or len(standing.claimed) < len(row.claims):
            raise _DoesNotStand
        fence = await claims.draw_fence(connection)
        await claims.picture_is_pending(
            connection, fence=fence, show_id=plan.show_id, seats=[seat for seat, _ in row.claims]
        )
        mine = await claims.pending_hold(connection, show_id=plan.show_id, holder=row.holder)
        assert mine is not None, "the booking was opened in this transaction"
        held = Held(
            booking=mine.booking,
            seats=plan.names(mine.seats),
            amount_paise=mine.amount_paise,
            expires_ms=mine.expires_ms,
            version=None,
        )
        if keyed is not None:
            reply = keyed.granting(held.as_json())
            await claims.remember_replies(
                connection, [(row.holder, reply.operation, reply.key, reply.request_sha256, reply.reply)]
            )
        return held
