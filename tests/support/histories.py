"""Random histories of two processes on one small hall, for tests/integration/test_seat_map_machine.py.

The model of what is true is a dictionary of holds; the model of what is seen is the seat map, folded from what the
scripts publish. Time does not pass by itself: deadlines are moved into the past in both authorities.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import psycopg
import pytest
import redis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bookings.api import (
    Applied,
    BookingError,
    BoxOffice,
    CheckoutStarted,
    Held,
    NotReady,
    Picture,
    SeatMap,
    SeatsUnavailable,
    TooManySeats,
)
from tests.support.cinema import hall_text, make_show
from tests.support.seat_events import assert_history_ends_where_claims_are
from tests.support.witness import (
    HOLD_MS,
    Listener,
    as_step,
    dies,
    halt_at,
    holding,
    listening,
    move_back,
    redis_url_of,
    settled,
    traces_of_holds,
)

T = TypeVar("T")

ROWS, COLUMNS, SEATS_MAX = 2, 6, 10
LABELS = tuple(f"{row}{number}" for row in "AB" for number in range(1, COLUMNS + 1))
HOLDERS = ("ada", "bob", "cleo")
# Enough for an orphan to be given up (consistency rule 8).
ORPHAN_MS = 11_000

seats = st.sets(st.sampled_from(range(len(LABELS))), min_size=1, max_size=5)
holders = st.sampled_from(HOLDERS)
offices = st.sampled_from((0, 1))


@dataclass(slots=True)
class Hold:
    """A hold as the model has it; `left_ms` of 0 or less: it is over, whoever has noticed."""

    seats: set[int]
    left_ms: int = HOLD_MS
    frozen: bool = False

    @property
    def live(self) -> bool:
        return self.left_ms > 0


@dataclass(frozen=True, slots=True)
class Ground:
    """What all examples share: two box offices in one loop, and the servers."""

    run: Callable[[Coroutine[Any, Any, T]], T]
    offices: tuple[BoxOffice, BoxOffice]
    database: str
    books: "psycopg.Connection[Any]"
    redis_client: "redis.Redis"


def labels_of(indexes: set[int]) -> list[str]:
    return [LABELS[seat] for seat in sorted(indexes)]


class Histories(RuleBasedStateMachine):
    """One example is one show."""

    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.show = make_show(layout=hall_text(rows=ROWS, columns=COLUMNS)).pk
        self.holds: dict[str, Hold] = {}
        self.blocked: set[int] = set()
        self.seat_map = SeatMap()
        self.stack = AsyncExitStack()
        self.listener: Listener = self.run(
            self.stack.enter_async_context(listening(self.show, redis_url_of(self.ground.redis_client)))
        )
        self.look_afresh()

    # Helpers

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.ground.run(work)

    def teardown(self) -> None:
        self.reap(0)
        self.expire(1)
        assert self.run(self.ground.offices[0].compare(self.show)) == []
        assert "H" not in self.picture().states or any(hold.live for hold in self.holds.values())
        self.run(self.stack.aclose())

    def picture(self) -> Picture:
        return self.run(self.ground.offices[0].picture(self.show))

    def look_afresh(self) -> None:
        self.seat_map.load(self.picture())
        self.run(self.listener.heard())

    def owner(self, seat: int) -> str | None:
        if seat in self.blocked:
            return "the cinema"
        return next((who for who, hold in self.holds.items() if hold.live and seat in hold.seats), None)

    def mine(self, holder: str) -> set[int]:
        hold = self.holds.get(holder)
        return hold.seats if hold and hold.live else set()

    def expected(self, holder: str, asked: set[int]) -> type[BookingError] | None:
        """The refusal that the model foresees for a hold, None for a yes."""
        if any(self.owner(seat) not in (None, holder) for seat in asked):
            return SeatsUnavailable
        if len(self.mine(holder) | asked) > SEATS_MAX:
            return TooManySeats
        if self.mine(holder) and self.holds[holder].frozen and not asked <= self.mine(holder):
            return CheckoutStarted
        return None

    def grant(self, holder: str, asked: set[int], held: Held) -> None:
        if not self.mine(holder):
            self.holds[holder] = Hold(seats=set())
        self.holds[holder].seats |= asked
        assert held.seats == tuple(labels_of(self.holds[holder].seats))

    async def ask(self, office: int, holder: str, asked: set[int]) -> Held | BookingError:
        try:
            return await holding(self.ground.offices[office], self.show, *labels_of(asked), holder=holder)
        except BookingError as refusal:
            return refusal

    def claims(self) -> dict[int, str]:
        """Seat → holder or 'the cinema', of every claim that is not past its deadline; none has two."""
        found = self.ground.books.execute(
            "SELECT c.seat_index, COALESCE(b.holder, 'the cinema'), b.expires_at <= clock_timestamp() "
            "FROM bookings_seatclaim AS c LEFT JOIN bookings_booking AS b ON b.id = c.booking_id "
            "WHERE c.show_id = %s AND c.released_at IS NULL",
            (self.show,),
        ).fetchall()
        assert len({row[0] for row in found}) == len(found), f"a seat with two live claims: {found}"
        return {seat: owner for seat, owner, late in found if not late}

    # What people do

    @rule(office=offices, holder=holders, asked=seats)
    def hold(self, office: int, holder: str, asked: set[int]) -> None:
        expected = self.expected(holder, asked)
        in_the_way = labels_of({seat for seat in asked if self.owner(seat) not in (None, holder)})

        outcome = self.run(self.ask(office, holder, asked))

        if expected is None:
            assert isinstance(outcome, Held), outcome
            self.grant(holder, asked, outcome)
        else:
            assert type(outcome) is expected, outcome
        if isinstance(outcome, SeatsUnavailable):
            assert outcome.fields["seats"] == in_the_way

    @rule(first=holders, second=holders, one=seats, other=seats)
    def race(self, first: str, second: str, one: set[int], other: set[int]) -> None:
        """Two processes at once, for two holders or for one."""
        expected = [self.expected(first, one), self.expected(second, other)]
        before = {who: set(self.mine(who)) for who in (first, second)}

        async def both() -> list[Held | BookingError]:
            return list(await asyncio.gather(self.ask(0, first, one), self.ask(1, second, other)))

        outcomes = self.run(both())

        asks = ((first, one), (second, other))
        granted = [ask for ask, outcome in zip(asks, outcomes, strict=True) if isinstance(outcome, Held)]
        if None in expected and first != second:
            assert granted, outcomes
        if first != second and len(granted) == 2:
            assert not one & other
        for outcome in outcomes:
            if not isinstance(outcome, Held):
                assert isinstance(outcome, (SeatsUnavailable, TooManySeats, CheckoutStarted, NotReady)), outcome
        for who in {first, second}:
            after = before[who].union(*(asked for holder, asked in granted if holder == who))
            if after and not self.mine(who):
                self.holds[who] = Hold(seats=after)
            elif after:
                self.holds[who].seats = after

    @rule(office=offices, holder=holders, asked=st.none() | seats)
    def release(self, office: int, holder: str, asked: set[int] | None) -> None:
        labels = None if asked is None else labels_of(asked)
        work = self.ground.offices[office].release(show_id=self.show, holder=holder, labels=labels)
        mine = self.mine(holder)
        if mine and self.holds[holder].frozen:
            with pytest.raises(CheckoutStarted):
                self.run(work)
            return

        released = self.run(work)

        let_go = set(mine) if asked is None else mine & asked
        assert released.seats == tuple(labels_of(let_go))
        mine -= let_go
        if let_go and not mine:
            del self.holds[holder]

    @rule(holder=holders)
    def begin_checkout(self, holder: str) -> None:
        if self.mine(holder):
            self.holds[holder].frozen = True
            self.ground.books.execute(
                "UPDATE bookings_booking SET checkout_at = clock_timestamp() "
                "WHERE show_id = %s AND holder = %s AND status = 'pending'",
                (self.show, holder),
            )

    @rule(office=offices, asked=seats)
    def block(self, office: int, asked: set[int]) -> None:
        # A claim past its deadline still stands in the cinema's way until somebody ends it.
        self.expire(office)
        in_the_way = {seat for seat in asked if self.owner(seat)}
        work = self.ground.offices[office].block_seats(show_id=self.show, labels=labels_of(asked), reason="broken")
        if in_the_way:
            with pytest.raises(SeatsUnavailable) as refusal:
                self.run(work)
            assert refusal.value.fields["seats"] == labels_of(in_the_way)
        else:
            self.run(work)
            self.blocked |= asked

    @precondition(lambda self: self.blocked)
    @rule(office=offices, asked=seats)
    def unblock(self, office: int, asked: set[int]) -> None:
        freed = self.run(self.ground.offices[office].unblock_seats(show_id=self.show, labels=labels_of(asked)))
        assert set(freed) == set(labels_of(asked & self.blocked))
        self.blocked -= asked

    # What time and faults do

    @rule(ms=st.sampled_from((200_000, HOLD_MS)))
    def let_time_pass(self, ms: int) -> None:
        move_back(self.ground.database, self.ground.redis_client, self.show, ms=ms)
        for hold in self.holds.values():
            hold.left_ms -= ms
        self.look_afresh()

    @rule(office=offices)
    def reap(self, office: int) -> None:
        self.run(self.ground.offices[office].reap(self.show))
        self.run(settled(self.ground.offices[office]))
        self.forget_the_late()

    @rule(office=offices)
    def expire(self, office: int) -> None:
        self.run(self.ground.offices[office].expire_due())
        self.forget_the_late()

    def forget_the_late(self) -> None:
        self.holds = {who: hold for who, hold in self.holds.items() if hold.live}

    @rule(office=offices)
    def flush_redis(self, office: int) -> None:
        self.ground.redis_client.flushall()
        self.run(self.ground.offices[office].picture(self.show))

    @rule(office=offices)
    def reconcile(self, office: int) -> None:
        assert self.run(self.ground.offices[office].reconcile(self.show)) == []

    @rule(office=offices, seat=st.sampled_from(range(len(LABELS))), state=st.sampled_from("AHBX"))
    def spoil_the_picture(self, office: int, seat: int, state: str) -> None:
        self.ground.redis_client.setrange(f"seat_states:{{{self.show}}}", seat, state)
        self.run(self.ground.offices[office].reconcile(self.show))
        self.look_afresh()

    @rule(holder=holders, asked=seats)
    def die_between_gate_and_proof(self, holder: str, asked: set[int]) -> None:
        if self.expected(holder, asked) is not None or asked <= self.mine(holder):
            return

        async def hold_and_die() -> None:
            with halt_at("hold.acquired") as halt:
                task = holding(self.ground.offices[0], self.show, *labels_of(asked), holder=holder)
                await halt.reached()
                await dies(task)

        self.run(hold_and_die())
        self.let_time_pass(ORPHAN_MS)
        self.run(self.ground.offices[1].release_orphans(self.show))

    # What must be so after each of it

    @invariant()
    def everything_agrees(self) -> None:
        for office in self.ground.offices:
            self.run(settled(office))
        true = {seat: self.owner(seat) for seat in range(len(LABELS)) if self.owner(seat)}
        assert self.claims() == true
        assert_history_ends_where_claims_are(self.ground.books, self.show)
        picture = self.picture()
        self.fold(picture)
        late = {seat for hold in self.holds.values() if not hold.live for seat in hold.seats}
        for seat, state in enumerate(picture.states):
            if seat in true:
                assert state == ("X" if true[seat] == "the cinema" else "H")
            else:
                assert state == "A" or (state == "H" and seat in late), f"{LABELS[seat]} is shown {state}"
        self.every_held_seat_has_an_owner_and_a_deadline(picture)
        if "H" not in picture.states:
            assert traces_of_holds(self.ground.redis_client, self.show) == []

    def fold(self, picture: Picture) -> None:
        before = self.seat_map.epoch, self.seat_map.version
        for message in self.run(self.listener.heard()):
            if message["type"] == "show.changes" and message["epoch"] == picture.epoch == before[0]:
                assert self.seat_map.apply(as_step(message)) is Applied.APPLIED
        if picture.epoch == before[0]:
            assert picture.version >= before[1]
            assert (self.seat_map.version, self.seat_map.states.decode()) == (picture.version, picture.states)
            assert self.seat_map.deadlines == picture.deadlines()
        else:
            self.seat_map.load(picture)

    def every_held_seat_has_an_owner_and_a_deadline(self, picture: Picture) -> None:
        tag, client = f"{{{self.show}}}", self.ground.redis_client
        reserved: Any = client.hgetall(f"reserved_seats:{tag}")
        deadlines: Any = dict(client.zrange(f"hold_deadlines:{tag}", 0, -1, withscores=True))  # type: ignore[arg-type]  # sync client
        tokens = {seat: hold.booking for hold in picture.holds for seat in hold.seats}
        held = {seat for seat, state in enumerate(picture.states) if state == "H"}
        assert set(tokens) == held
        assert {label: value.split()[0] for label, value in reserved.items()} == {
            LABELS[seat]: token for seat, token in tokens.items()
        }
        assert deadlines == {hold.booking: hold.expires_ms for hold in picture.holds}
        assert all(hold.committed for hold in picture.holds if hold.holder in self.holds)
