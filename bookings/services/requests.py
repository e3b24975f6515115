"""One request of one holder: how often he may ask, whose turn it is, and the reply it had the first time."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from bookings.claim_store.pool import ClaimPool, ClaimsUnavailable
from bookings.domain.rate import RateLimit
from bookings.errors import NotReady, RateLimited
from bookings.services.idempotency import Idempotency, KeyedRequest
from bookings.services.show_plan import ShowPlan
from bookings.services.turns import Turns

T = TypeVar("T")


class Requests:
    """Lets requests through: operations of one (holder, show) one after another, a repeated one with its reply."""

    def __init__(self, pool: ClaimPool, *, holds_per_minute: int, monotonic: Callable[[], float]) -> None:
        self._idempotency = Idempotency(pool)
        self._turns = Turns()
        self._hold_rate = RateLimit(holds_per_minute)
        self._monotonic = monotonic

    def count_hold(self, holder: str) -> None:
        """Count a wish to hold. Raises RateLimited."""
        if wait_ms := self._hold_rate.wait_ms(holder, self._monotonic()):
            raise RateLimited("That is too fast. Slow down a little.", retry_after_ms=wait_ms)

    async def once(
        self,
        plan: ShowPlan,
        holder: str,
        key: str | None,
        body: list[object],
        work: Callable[[KeyedRequest | None], Awaitable[T]],
        from_json: Callable[[dict[str, Any]], T],
    ) -> T:
        """Answer a request, or with its stored reply where the same one was answered before.

        `body` is the operation's name and what is asked of it. Raises BookingError.
        """
        try:
            if key is None:
                async with self._turns.turn(holder, plan.show_id):
                    return await work(None)
            async with (
                self._idempotency.request(holder=holder, operation=str(body[0]), key=key, body=body) as keyed,
                self._turns.turn(holder, plan.show_id),
            ):
                return await work(keyed) if keyed.stored is None else from_json(keyed.stored)
        except ClaimsUnavailable as error:
            raise NotReady("Seats cannot be held right now. Try again soon.") from error
