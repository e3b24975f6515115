"""What is taken away from a house, by name; each in the simplest way that does to clients what its loss would do.

A text that is replaced must be there (tests/support/guards.py), a function that is replaced must exist; and a test
in which nothing is caught fails. So none of these can quietly come to do nothing.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any, Final
from unittest.mock import patch

from bookings.api import BoxOffice, Change, Held, NotReady, Picture, SeatsUnavailable, ShowPlan
from bookings.claim_store.endings import Ended
from bookings.domain.placement import Choice
from bookings.http import pictures
from bookings.seat_store.store import Acquired, SeatStore
from bookings.services.best_seats import BestSeats
from bookings.services.holds import LiveHolds
from bookings.services.idempotency import KeyedRequest
from realtime import rooms
from realtime.clock import HouseClock
from realtime.fan_out import Viewer
from realtime.frames import SnapshotBody
from realtime.moments import Moments
from realtime.protocol import Check, ServerMessage
from realtime.room import Room
from tests.support.guards import lua_without, sql_without

Off = AbstractContextManager[object]
# So far ahead is the clock of whoever reaps too early: a hold of ten minutes lasts two seconds.
AHEAD_MS: Final = 598_000
MINUTE_MS: Final = 60_000
DROPPED_EVERY: Final = 3
ALL_OR_NONE: Final = "if #refused > 0 then"


# --- holds


@contextmanager
def without_one_holder() -> Iterator[None]:
    """Whoever asks for a seat is given it. (PostgreSQL's unique index is the test's to remove.)"""
    check = "elseif state ~= 'mine' then\n    refused[#refused + 1] = label"
    granted = "else\n    wanted[#wanted + 1] = { idx, label, tonumber(ARGV[i + 2]) }"
    clause = "ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING"
    with lua_without("acquire_seats", check, granted), sql_without("hold_batch", clause):
        yield


@contextmanager
def without_all_or_none() -> Iterator[None]:
    """Of the seats in a request those are granted that are free."""

    async def hold(
        self: LiveHolds,
        store: SeatStore,
        plan: ShowPlan,
        *,
        holder: str,
        seats: Sequence[int],
        keyed: KeyedRequest | None,
    ) -> Held:
        acquired = await self.acquire(store, plan, holder=holder, seats=seats)
        return await self.prove(store, plan, acquired, holder=holder, seats=acquired.seats, keyed=keyed)

    anything = ALL_OR_NONE.replace(" then", " and #wanted == 0 then")
    with lua_without("acquire_seats", ALL_OR_NONE, anything), patch.object(LiveHolds, "hold", hold):
        yield


@contextmanager
def without_clean_refusals() -> Iterator[None]:
    """A refused request leaves the seats locked that it could have had, for nobody."""
    refusing = "if code then\n"
    locking = """
  local left = {
    token = ARGV[1], expires_ms = now_ms + tonumber(ARGV[4]), since_ms = now_ms, committed = '0',
    holder = 'nobody', seats = {},
  }
  for _, seat in ipairs(wanted) do take_seat(left, seat) end
  if #left.seats > 0 then
    redis.call('ZADD', DEADLINES, text(left.expires_ms), left.token)
    write_hold(left)
  end
"""
    with lua_without("acquire_seats", refusing, refusing + locking):
        yield


@contextmanager
def without_refusals_that_refuse() -> Iterator[None]:
    """Who is refused some seats gets the others none the less, and is not told."""
    whole = LiveHolds.hold

    async def hold(self: LiveHolds, store: SeatStore, plan: ShowPlan, **asked: Any) -> Held:
        try:
            return await whole(self, store, plan, **asked)
        except SeatsUnavailable as refusal:
            if rest := [seat for seat in asked["seats"] if plan.labels[seat] not in refusal.fields["seats"]]:
                await whole(self, store, plan, **{**asked, "seats": rest})
            raise

    with patch.object(LiveHolds, "hold", hold):
        yield


@contextmanager
def without_only_what_was_asked() -> Iterator[None]:
    """Who asks for seats gets the next one as well, where that is free."""
    whole = LiveHolds.hold

    async def hold(self: LiveHolds, store: SeatStore, plan: ShowPlan, **asked: Any) -> Held:
        more = sorted({*asked["seats"], (max(asked["seats"]) + 1) % len(plan.labels)})
        try:
            return await whole(self, store, plan, **{**asked, "seats": more})
        except SeatsUnavailable:
            return await whole(self, store, plan, **asked)

    with patch.object(LiveHolds, "hold", hold):
        yield


@contextmanager
def without_own_seats_only() -> Iterator[None]:
    """Who lets go of his seats lets go of somebody else's, too."""
    last_step = "version = publish(epoch, version)"
    anybody = """
for _, other in ipairs(redis.call('HKEYS', HOLDS)) do
  if other ~= token then end_hold(read_hold(other)) break end
end
"""
    with lua_without("release_seats", last_step, anybody + last_step):
        yield


# --- deadlines


@contextmanager
def without_reaping() -> Iterator[None]:
    """Nobody ends what is past its deadline."""

    async def reap(_self: BoxOffice, _show_id: int) -> int:
        return 0

    async def expire_due(_self: BoxOffice) -> list[Ended]:
        return []

    with patch.object(BoxOffice, "reap", reap), patch.object(BoxOffice, "expire_due", expire_due):
        yield


@contextmanager
def without_a_true_clock() -> Iterator[None]:
    """Deadlines are judged by a clock that is ahead."""
    told = "local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)"
    start = Moments.__init__

    class Ahead(HouseClock):
        def __init__(self, clock: HouseClock) -> None:
            self._clock = clock

        def now_ms(self) -> int:
            return self._clock.now_ms() + AHEAD_MS

    def init(self: Moments, *, clock: HouseClock, **others: Any) -> None:
        start(self, clock=Ahead(clock), **others)

    with lua_without("reap", told, f"{told} + {AHEAD_MS}"), patch.object(Moments, "__init__", init):
        yield


@contextmanager
def without_a_lasting_deadline() -> Iterator[None]:
    """Who adds seats to his hold is told that it lasts longer."""
    prove = LiveHolds.prove

    async def prove_longer(
        self: LiveHolds, store: SeatStore, plan: ShowPlan, acquired: Acquired, **asked: Any
    ) -> Held:
        held = await prove(self, store, plan, acquired, **asked)
        has_grown = len(acquired.new_seats) < len(acquired.seats)
        return held._replace(expires_ms=held.expires_ms + MINUTE_MS) if has_grown else held

    with patch.object(LiveHolds, "prove", prove_longer):
        yield


# --- what sockets are told


@contextmanager
def without_fresh_snapshots() -> Iterator[None]:
    """Who comes back is brought to where the room was when it opened."""
    enter = Room.enter
    first: dict[int, SnapshotBody] = {}

    def enter_the_past(self: Room, viewer: Viewer, *, epoch: str | None, version: int) -> None:
        if epoch is None:
            enter(self, viewer, epoch=epoch, version=version)
            first.setdefault(self.show_id, vars(self)["_snapshot"])
            return
        enter(self, viewer, epoch=self.map.epoch, version=self.map.version)
        past = first[self.show_id]
        viewer.writer.write(past.frame(server_ms=self._now_ms(), mine=self._mine(viewer.holder)))

    with patch.object(Room, "enter", enter_the_past):
        yield


@contextmanager
def without_later_versions() -> Iterator[None]:
    """A grant tells the version before it."""
    prove = LiveHolds.prove

    async def prove_earlier(self: LiveHolds, *facts: Any, **asked: Any) -> Held:
        held = await prove(self, *facts, **asked)
        assert held.version is not None
        return held._replace(version=held.version - 1)

    with patch.object(LiveHolds, "prove", prove_earlier):
        yield


@contextmanager
def without_every_change() -> Iterator[None]:
    """Now and then viewers are not shown a change, and are told that they have seen all. Checksums come often."""
    show = Room._show
    numbers = itertools.count(1)

    def show_most(self: Room, changes: Iterable[Change]) -> None:
        show(self, [change for change in changes if next(numbers) % DROPPED_EVERY])

    with patch.object(rooms, "CHECK_EVERY", 1), patch.object(Room, "_show", show_most):
        yield


@contextmanager
def without_true_checksums() -> Iterator[None]:
    """The checksum is of another map. It is told with every comparison, so that a short run hears it."""
    tell = Room.tell_everyone

    def tell_wrongly(self: Room, message: ServerMessage) -> None:
        if isinstance(message, Check):
            message = Check(epoch=message.epoch, version=message.version, crc32=message.crc32 ^ 1)
        tell(self, message)

    with patch.object(rooms, "CHECK_EVERY", 1), patch.object(Room, "tell_everyone", tell_wrongly):
        yield


# --- what HTTP shows


@contextmanager
def _snapshots_over_http(choose: Callable[[list[Picture]], Picture]) -> Iterator[None]:
    """HTTP shows what `choose` takes of all pictures until now."""
    seen: dict[int, list[Picture]] = {}

    class OldOffice:
        @staticmethod
        async def current() -> type["OldOffice"]:
            return OldOffice

        @staticmethod
        async def picture(show_id: int) -> Picture:
            now = await (await BoxOffice.current()).picture(show_id)
            known = seen.setdefault(show_id, [])
            known.append(now)
            old = choose(known)
            # The clock is right: it is the map that is old.
            return Picture(old.show_id, old.epoch, old.version, now.server_ms, old.states, old.holds)

    with patch.object(pictures, "BoxOffice", OldOffice):
        yield


def without_fresh_pictures() -> Off:
    """HTTP shows the show as it was when somebody first asked."""
    return _snapshots_over_http(lambda known: known[0])


def without_one_direction() -> Off:
    """Every other time HTTP shows the show as it was at first."""
    return _snapshots_over_http(lambda known: known[0] if len(known) % 2 else known[-1])


# --- best seats


@contextmanager
def without_another_try() -> Iterator[None]:
    """All choose at once, and who loses the race is refused."""

    async def acquire(
        self: BestSeats,
        store: SeatStore,
        plan: ShowPlan,
        *,
        holder: str,
        count: int,
        category: str | None,
        accessible: bool,
    ) -> tuple[Acquired, Choice]:
        states = await self._states(store, plan)
        choice = self.choose(plan, states, count=count, category=category, accessible=accessible)
        return await self._holds.acquire(store, plan, holder=holder, seats=choice.indexes), choice

    with patch.object(BestSeats, "acquire", acquire):
        yield


@contextmanager
def without_an_end_of_trying() -> Iterator[None]:
    """Who loses a race once is told to try again for ever."""
    acquire = BestSeats.acquire
    lost: set[str] = set()
    served: list[str] = []

    async def put_off(
        self: BestSeats, store: SeatStore, plan: ShowPlan, *, holder: str, **asked: Any
    ) -> tuple[Acquired, Choice]:
        if holder in lost or served:
            lost.add(holder)
            raise NotReady
        served.append(holder)
        return await acquire(self, store, plan, holder=holder, **asked)

    with patch.object(BestSeats, "acquire", put_off):
        yield


@contextmanager
def without_neighbours() -> Iterator[None]:
    """The best seats are the first that are free, and one of the last row."""
    choose = BestSeats.choose

    def choose_apart(self: BestSeats, plan: ShowPlan, states: str, **asked: Any) -> Choice:
        choice = choose(self, plan, states, **asked)
        return replace(choice, indexes=(states.index("A"), states.rindex("A")), together=False)

    with patch.object(BestSeats, "choose", choose_apart):
        yield


GUARDS: Final[dict[str, Callable[[], Off]]] = {
    "one holder": without_one_holder,
    "all or none": without_all_or_none,
    "reaping": without_reaping,
    "clean refusals": without_clean_refusals,
    "refusals that refuse": without_refusals_that_refuse,
    "only what was asked": without_only_what_was_asked,
    "true clock": without_a_true_clock,
    "a lasting deadline": without_a_lasting_deadline,
    "own seats only": without_own_seats_only,
    "fresh snapshots": without_fresh_snapshots,
    "later versions": without_later_versions,
    "one direction": without_one_direction,
    "every change": without_every_change,
    "true checksums": without_true_checksums,
    "fresh pictures": without_fresh_pictures,
    "another try": without_another_try,
    "an end of trying": without_an_end_of_trying,
    "neighbours": without_neighbours,
}
