"""The box office of a process: its connections, and the verbs by which seats are sold.

One for each event loop. It composes; what a verb does is in the service it names. Sync callers (tasks, commands,
the admin) use `with_box_office`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from weakref import WeakKeyDictionary

from asgiref.sync import async_to_sync
from django.conf import settings

from bookings.claim_store.endings import Ended
from bookings.claim_store.pool import ClaimPool, ClaimsUnavailable
from bookings.domain.drift import Difference
from bookings.domain.seat_map import Picture
from bookings.errors import BadRequest, NotFound, NotReady, TooManySeats
from bookings.seat_store.connection import StoreUnavailable
from bookings.seat_store.store import SeatStore, ShowNotReady
from bookings.services.best_seats import BestSeats
from bookings.services.blocks import Blocks, By
from bookings.services.booking_ids import new_booking_id
from bookings.services.booking_work import BookingWorks
from bookings.services.expiry import Expiry
from bookings.services.holds import HoldLimits, LiveHolds
from bookings.services.idempotency import KeyedRequest
from bookings.services.outcomes import Held, Released
from bookings.services.pictures import Pictures
from bookings.services.rebuild import Rebuilder
from bookings.services.reconcile import Reconciler
from bookings.services.release import Releases
from bookings.services.requests import Requests
from bookings.services.seeing import Seeing
from bookings.services.show_plan import ShowPlan, ShowPlans
from bookings.services.standby import Standby, end_task
from bookings.services.standby_holds import StandbyHolds
from bookings.services.tidying import keep_tidy

T = TypeVar("T")


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000


class BoxOffice:
    """Sells seats. Made by `BoxOffice.open` or, for serving processes, `BoxOffice.current`."""

    _current: "WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[BoxOffice]]" = WeakKeyDictionary()

    def __init__(self) -> None:
        limits = HoldLimits.as_set()
        self.limits = limits
        self._pool = ClaimPool()
        self._plans = ShowPlans(self._pool, monotonic=time.monotonic)
        self._reconciler = Reconciler(self._pool, self._plans)
        self._standby = Standby(
            url=settings.REDIS_URL, pool=self._pool, monotonic=time.monotonic, before_live=self._catch_up
        )
        self._rebuilder = Rebuilder(
            self._pool, self._plans, ensure_ready=self._standby.ensure_ready, look_again=self._look_again
        )
        self._pictures = Pictures(self._pool)
        self._expiry = Expiry(self._pool, self._standby, self._pictures)
        self._live = LiveHolds(
            pool=self._pool,
            limits=limits,
            pictures=self._pictures,
            expiry=self._expiry,
            rebuilder=self._rebuilder,
            reconciler=self._reconciler,
            new_booking_id=new_booking_id,
        )
        self._standby_holds = StandbyHolds(
            self._pool, limits=limits, new_booking_id=new_booking_id, clock_ms=_clock_ms
        )
        self._seeing = Seeing(self._standby, live=self._live, alone=self._standby_holds)
        self._best = BestSeats(self._live, seats_max=limits.seats_max)
        self._releases = Releases(self._pool, self._pictures)
        self._blocks = Blocks(self._pool, self._pictures)
        self.works = BookingWorks(
            pool=self._pool,
            standby=self._standby,
            plans=self._plans,
            pictures=self._pictures,
            expiry=self._expiry,
            live=self._live,
            reconciler=self._reconciler,
            limits=limits,
            new_booking_id=new_booking_id,
        )
        self._requests = Requests(
            self._pool, holds_per_minute=settings.LIMIT_HOLDS_PER_MINUTE, monotonic=time.monotonic
        )
        self._tidying: asyncio.Task[None] | None = None
        self._standby.on_mode_change(self._mode_changed)

    # --- life

    @classmethod
    async def open(cls) -> "BoxOffice":
        """A box office for this loop; close it with `close`."""
        office = cls()
        await office._pool.open()
        office._standby.start()
        return office

    @classmethod
    async def current(cls) -> "BoxOffice":
        """The box office of a serving process: opened on first use, with its background relay."""
        loop = asyncio.get_running_loop()
        task = cls._current.get(loop)
        if task is None:
            task = cls._current[loop] = loop.create_task(cls._open_serving())
        return task.result() if task.done() else await asyncio.shield(task)

    @classmethod
    def serves(cls, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether the loop belongs to a serving process that has opened its box office."""
        return loop in cls._current

    @classmethod
    async def close_current(cls) -> None:
        """Close the box office of this loop, if it was opened."""
        task = cls._current.pop(asyncio.get_running_loop(), None)
        if task is not None:
            await (await task).close()

    @classmethod
    async def _open_serving(cls) -> "BoxOffice":
        office = await cls.open()
        office._tidying = asyncio.get_running_loop().create_task(
            keep_tidy(office.expire_due, office.apply_leftovers), name="tidying"
        )
        return office

    async def close(self) -> None:
        """Finish what has begun and close every connection."""
        if self._tidying is not None:
            await end_task(self._tidying)
        for part in (self._live, self._releases, self._expiry, self._rebuilder, self._pictures):
            await part.close()
        await self._standby.stop()
        await self._pool.close()

    @property
    def live(self) -> bool:
        """False while PostgreSQL alone decides."""
        return self._standby.live

    def on_mode_change(self, listener: Callable[[bool], None]) -> None:
        """Call `listener(live)` when Redis is lost, and when it is back."""
        self._standby.on_mode_change(listener)

    # --- selling

    async def plan(self, show_id: int) -> ShowPlan:
        """Seats, prices and sales window of a show. Raises NotFound, NotReady."""
        return await self._plans.get(show_id)

    async def hold(
        self, *, show_id: int, holder: str, labels: Sequence[str], idempotency_key: str | None = None
    ) -> Held:
        """Hold seats, all or none, added to the holder's hold of this show. Raises BookingError."""
        plan = await self._plans.get(show_id)
        seats = plan.indexes(labels)
        if len(seats) > self.limits.seats_max:
            raise TooManySeats(self.limits.seats_max)
        self._requests.count_hold(holder)

        async def work(keyed: KeyedRequest | None) -> Held:
            plan.require_on_sale(_clock_ms())
            try:
                store = await self._standby.store()
                return await self._live.hold(store, plan, holder=holder, seats=seats, keyed=keyed)
            except StoreUnavailable:
                return await self._standby_holds.hold(plan, holder=holder, seats=seats, keyed=keyed)

        return await self._requests.once(
            plan, holder, idempotency_key, ["hold", show_id, sorted(labels)], work, Held.from_json
        )

    async def hold_best(
        self,
        *,
        show_id: int,
        holder: str,
        count: int,
        category: str | None = None,
        accessible: bool = False,
        idempotency_key: str | None = None,
    ) -> Held:
        """Choose the best `count` seats together and hold them, or none. Raises BookingError."""
        if count < 1:
            raise BadRequest("Ask for at least one seat.")
        plan = await self._plans.get(show_id)
        if count > self.limits.seats_max:
            raise TooManySeats(self.limits.seats_max)
        self._requests.count_hold(holder)

        async def work(keyed: KeyedRequest | None) -> Held:
            plan.require_on_sale(_clock_ms())
            try:
                store = await self._standby.store()
                acquired, choice = await self._best.acquire(
                    store, plan, holder=holder, count=count, category=category, accessible=accessible
                )
                return await self._live.prove(
                    store, plan, acquired, holder=holder, seats=choice.indexes, keyed=keyed, reason=choice.detail
                )
            except StoreUnavailable:
                states = (await self._standby_holds.picture(plan)).states
                choice = self._best.choose(plan, states, count=count, category=category, accessible=accessible)
                return await self._standby_holds.hold(plan, holder=holder, seats=choice.indexes, keyed=keyed)

        body = ["hold.best", show_id, count, category, accessible]
        return await self._requests.once(plan, holder, idempotency_key, body, work, Held.from_json)

    async def release(
        self, *, show_id: int, holder: str, labels: Sequence[str] | None = None, idempotency_key: str | None = None
    ) -> Released:
        """Let seats go (None: all); letting go what is not held is fine. Raises BookingError."""
        plan = await self._plans.get(show_id)
        seats = None if labels is None else plan.indexes(labels)

        async def work(keyed: KeyedRequest | None) -> Released:
            store = await self._store_or_none()
            return await self._releases.release(store, plan, holder=holder, seats=seats, keyed=keyed)

        body = ["release", show_id, None if labels is None else sorted(labels)]
        return await self._requests.once(plan, holder, idempotency_key, body, work, Released.from_json)

    async def block_seats(self, *, show_id: int, labels: Sequence[str], reason: str, by: By = None) -> None:
        """Take seats off sale, all or none. Raises SeatsUnavailable naming those in the way, ClaimsUnavailable."""
        plan = await self._plans.get(show_id)
        seats = plan.indexes(labels)
        await self._blocks.block(await self._store_or_none(), plan, seats=seats, reason=reason, by=by)

    async def unblock_seats(self, *, show_id: int, labels: Sequence[str], by: By = None) -> tuple[str, ...]:
        """Put blocked seats back on sale. Returns those that were blocked. Raises ClaimsUnavailable."""
        plan = await self._plans.get(show_id)
        seats = plan.indexes(labels)
        return plan.names(await self._blocks.unblock(await self._store_or_none(), plan, seats=seats, by=by))

    async def cancel_show(self, *, show_id: int, job: int | None = None) -> int:
        """Cancel a show with all its live bookings. Returns how many. Raises NotFound, ClaimsUnavailable."""
        plan = await self._plans.get(show_id)
        cancelled = await self._blocks.cancel_show(await self._store_or_none(), plan, job=job)
        await self._plans.refresh(show_id)
        return cancelled

    async def _store_or_none(self) -> SeatStore | None:
        try:
            return await self._standby.store()
        except StoreUnavailable:
            return None

    # --- seeing

    async def picture(self, show_id: int) -> Picture:
        """The whole map at one version; from PostgreSQL alone while Redis is away. Raises NotFound, NotReady."""
        return await self._seeing.picture(await self._plans.get(show_id))

    async def positions(self, show_ids: Sequence[int]) -> dict[int, tuple[str, int] | None]:
        """(epoch, version) of shows, in one round trip; None where there is no picture. Raises StoreUnavailable."""
        return await self._seeing.positions(show_ids)

    # --- keeping in step

    async def reap(self, show_id: int) -> int:
        """End the holds past their deadline; idempotent. Returns the next deadline in ms, 0 if there is none.

        While Redis is away, or has no picture of the show, there is nothing to end there: Beat expires bookings.
        """
        try:
            return await self._expiry.reap(show_id)
        except (StoreUnavailable, ShowNotReady):
            return 0

    async def release_orphans(self, show_id: int) -> None:
        """Free holds that PostgreSQL has not heard of for 10 s (consistency rule 8)."""
        await self._look_again(show_id)

    async def reconcile(self, show_id: int) -> list[Difference]:
        """Repair one show and say what differed. Raises StoreUnavailable, ClaimsUnavailable, NotFound."""
        store = await self._standby.store()
        try:
            return await self._reconciler.reconcile(store, show_id)
        except ShowNotReady:
            await self._rebuilder.rebuild(store, show_id)
            return []

    async def compare(self, show_id: int) -> list[Difference]:
        """Say what differs in one show and repair nothing. Raises StoreUnavailable, ClaimsUnavailable, NotFound."""
        try:
            return await self._reconciler.compare(await self._standby.store(), show_id)
        except ShowNotReady:
            return []

    async def expire_due(self) -> list[Ended]:
        """Expire every booking past its deadline by PostgreSQL's clock. Raises ClaimsUnavailable."""
        return await self._expiry.expire_due()

    async def apply_leftovers(self) -> int:
        """Show changes of claims that Redis was never told of. Raises StoreUnavailable, ClaimsUnavailable."""
        store = await self._standby.store()
        return await self._reconciler.apply_leftovers(store, self._rebuilder)

    async def _look_again(self, show_id: int) -> None:
        try:
            await self.reconcile(show_id)
        except (StoreUnavailable, ClaimsUnavailable, NotReady):
            return  # whoever comes back from that does the same work
        except NotFound:
            return  # the show was deleted meanwhile; there is nothing to look at

    async def _catch_up(self, store: SeatStore) -> None:
        await self._reconciler.apply_leftovers(store, self._rebuilder, older_than=timedelta(0))

    def _mode_changed(self, live: bool) -> None:  # noqa: FBT001 — a listener's signature
        if not live:
            self._standby_holds.begin()


def with_box_office(work: Callable[[BoxOffice], Awaitable[T]]) -> T:
    """Run async work with a box office of its own, from sync code without a running loop."""
    return asyncio.run(_with_own_office(work))


async def _with_own_office(work: Callable[[BoxOffice], Awaitable[T]]) -> T:
    office = await BoxOffice.open()
    try:
        return await work(office)
    finally:
        await office.close()


def from_sync(work: Callable[[BoxOffice], Awaitable[T]]) -> T:
    """Run async work from a sync view: in the serving loop where there is one, else with an office of its own."""

    async def run() -> T:
        if BoxOffice.serves(asyncio.get_running_loop()):
            return await work(await BoxOffice.current())
        return await _with_own_office(work)

    return async_to_sync(run)()
