"""The best seats together: chosen from the state inside the server and held in one step.

A lost race is chosen again from a fresh picture, so that nobody is refused while enough seats together remain.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bookings.domain.placement import Choice, NoChoice, NoChoiceReason, Plan, choose_seats, plan_of
from bookings.errors import BadRequest, BookingError, NotReady, SeatsUnavailable, TooManySeats
from bookings.seat_store.store import Acquired, SeatStore, ShowNotReady
from bookings.services.holds import LiveHolds
from bookings.services.show_plan import ShowPlan

# Each lost race means that somebody else was served. With several processes choosing at once the choices are
# spread by rank, so losing so often in a row does not happen while seats remain.
TRIES_MAX: Final = 64
PLANS_MAX: Final = 500


class BestSeats:
    """Chooses and acquires. Within this process one choice a show at a time: no race among neighbours."""

    def __init__(self, holds: LiveHolds, *, seats_max: int) -> None:
        self._holds = holds
        self._seats_max = seats_max
        self._choosing: dict[int, asyncio.Lock] = {}
        self._geometry: dict[int, Plan] = {}

    async def acquire(
        self,
        store: SeatStore,
        plan: ShowPlan,
        *,
        holder: str,
        count: int,
        category: str | None,
        accessible: bool,
    ) -> tuple[Acquired, Choice]:
        """Choose and take `count` seats in Redis. Raises BookingError, StoreUnavailable."""
        rank = 0
        async with self._turn(plan.show_id):
            for _ in range(TRIES_MAX):
                states = await self._states(store, plan)
                choice = self.choose(plan, states, count=count, category=category, accessible=accessible, rank=rank)
                try:
                    acquired = await self._holds.acquire(store, plan, holder=holder, seats=choice.indexes)
                except SeatsUnavailable:
                    rank += 1
                    continue
                return acquired, choice
        raise NotReady("Many people are choosing at once. Try again in a second.")

    def choose(
        self, plan: ShowPlan, states: str, *, count: int, category: str | None, accessible: bool, rank: int = 0
    ) -> Choice:
        """The best seats of this picture. Raises BookingError saying why there are none."""
        choice = choose_seats(
            plan=self._geometry_of(plan),
            states=states,
            count=count,
            seats_max=self._seats_max,
            category=category,
            accessible=accessible,
            rank=rank,
        )
        if isinstance(choice, NoChoice):
            raise self._refusal(choice)
        return choice

    def _refusal(self, no_choice: NoChoice) -> BookingError:
        if no_choice.reason is NoChoiceReason.TOO_MANY_SEATS:
            return TooManySeats(self._seats_max)
        if no_choice.reason is NoChoiceReason.UNKNOWN_CATEGORY:
            return BadRequest(no_choice.detail)
        return SeatsUnavailable([])

    async def _states(self, store: SeatStore, plan: ShowPlan) -> str:
        try:
            picture = await store.picture(plan.show_id)
        except ShowNotReady:
            await self._holds.make_ready(store, plan.show_id)
            picture = await store.picture(plan.show_id)
        return picture.states

    def _geometry_of(self, plan: ShowPlan) -> Plan:
        geometry = self._geometry.get(plan.show_id)
        if geometry is None:
            if len(self._geometry) >= PLANS_MAX:
                self._geometry.pop(next(iter(self._geometry)))
            geometry = self._geometry[plan.show_id] = plan_of(plan.seats)
        return geometry

    @asynccontextmanager
    async def _turn(self, show_id: int) -> AsyncIterator[None]:
        lock = self._choosing.setdefault(show_id, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked():
                self._choosing.pop(show_id, None)
