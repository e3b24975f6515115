"""Grabs of single seats over sockets, granted and refused, ours and a plain consumer's in turns.

Closed loop on purpose: a number of customers, each with one question open, is what a server gets at the moment a
sale opens; how long they wait is reported beside how many are served. Every grant is a new booking with its claim,
and the rows are counted afterwards.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from itertools import cycle
from typing import Any, Final, NamedTuple

import psycopg
import redis

from tests.bench.clients import CONNECTIONS_AT_ONCE, Crowd, Grabber, Message, connect, in_parallel
from tests.bench.figures import Floor, Latency, Outcome, at_least
from tests.bench.house import BenchShow, House, WebServer
from tests.bench.suite import Bench

OPEN_QUESTIONS: Final = 200
# Sockets in one room: all of them see every grant there, as customers of a show do.
SOCKETS_OF_SHOW: Final = 200
RELEASE_TRIES_MAX: Final = 20
# What one customer may hold.
SEATS_TAKEN: Final = 10
GRANTED_FLOOR: Final = at_least(4000)
REFUSED_FLOOR: Final = at_least(6000)

Ask = Callable[[Grabber, BenchShow, int], Coroutine[Any, Any, Message]]


class Wish(NamedTuple):
    """A customer, and the seat that he wants."""

    grabber: Grabber
    show: BenchShow
    seat: int


class Run(NamedTuple):
    """What a round of wishes came to."""

    answers: int
    per_second: float
    wait_ms: Latency


class Side:
    """One of those compared: a server, its sockets, and how they ask for a seat."""

    def __init__(self, name: str, server: WebServer, ask: Ask) -> None:
        self.name = name
        self.server = server
        self.runs: list[Run] = []
        # Answers for each second of its processor time: what a quiet core would give at most.
        self.costs: list[float] = []
        self.sockets: list[tuple[Grabber, BenchShow]] = []
        # Answers that were not the expected one, by code.
        self.surprises: Counter[str] = Counter()
        self._ask = ask
        self._crowd = Crowd()

    async def connect(
        self, shows: Sequence[BenchShow], url: Callable[[BenchShow, int], str], tokens: Sequence[str] | None
    ) -> None:
        """SOCKETS_OF_SHOW customers in each show, each with an identity of his own."""
        self.sockets = [(Grabber(self._crowd), show) for show in shows for _ in range(SOCKETS_OF_SHOW)]

        async def seat(place: int) -> None:
            grabber, show = self.sockets[place]
            await connect(grabber, url(show, place), token=tokens[place] if tokens else None)

        places = range(len(self.sockets))
        await in_parallel([partial(seat, place) for place in places], at_once=CONNECTIONS_AT_ONCE)

    async def grab(self, wishes: Iterable[Wish], *, expect: str, seconds: float = float("inf")) -> Run:
        """Have wishes asked, OPEN_QUESTIONS at once, until they or the time run out. Counts the expected answers."""
        waiting = iter(wishes)
        waits_ms: list[float] = []
        began = time.perf_counter()

        async def work() -> None:
            for grabber, show, seat in waiting:
                asked_at = time.perf_counter()
                answer = await self._ask(grabber, show, seat)
                if answer.type == expect:
                    waits_ms.append((time.perf_counter() - asked_at) * 1000)
                else:
                    self.surprises[answer.code or answer.type] += 1
                if time.perf_counter() - began > seconds:
                    return

        await asyncio.gather(*(work() for _ in range(OPEN_QUESTIONS)))
        took = time.perf_counter() - began
        self.runs.append(Run(len(waits_ms), len(waits_ms) / took, Latency.of(waits_ms)))
        return self.runs[-1]

    async def ask(self, place: int, seat: int) -> Message:
        """One question of one customer."""
        return await self._ask(*self.sockets[place], seat)

    async def close(self) -> None:
        """Send everybody home."""
        for grabber, _ in self.sockets:
            grabber.drop()
        self.server.stop()


async def ask_ours(grabber: Grabber, show: BenchShow, seat: int) -> Message:
    """A hold of one seat, by the contract."""
    return await grabber.ask("hold", seats=[show.labels[seat]])


async def ask_plain(grabber: Grabber, _: BenchShow, seat: int) -> Message:
    """The plain consumer's own words."""
    return await grabber.ask("grab", seat=seat)


async def granted(bench: Bench, outcome: Outcome) -> None:
    """Each customer takes a free seat of his own; all let go before the next round."""
    shows = await bench.shows(bench.sized(20, quick=5))
    plain_shows = await bench.shows(5)
    rows = outcome.details["rows counted in PostgreSQL"] = []
    async with AsyncExitStack() as stack:
        sides = ours, plain = await _open_sides(bench, stack, shows, plain_shows)
        for _ in range(bench.repeats):
            for side in sides:
                before = _count_rows(bench.house)
                wishes = _one_seat_each(side)
                with bench.measuring(outcome, side.server) as measured:
                    run = await side.grab(wishes, expect="held")
                side.costs.append(run.answers / measured.server_seconds)
                _say(bench, side)
                bookings, claims = (now - then for now, then in zip(_count_rows(bench.house), before, strict=True))
                rows.append({"side": side.name, "held": run.answers, "bookings": bookings, "claims": claims})
                if not run.answers == bookings == claims:
                    raise AssertionError(f"said and done differ: {rows[-1]}, {dict(side.surprises)}")
            releases = [partial(_release, grabber) for grabber, _ in ours.sockets]
            await in_parallel(releases, at_once=OPEN_QUESTIONS)
            _forget_plain(bench.house)
    outcome.details["free seats refused"] = {side.name: dict(side.surprises) for side in sides}
    _report(outcome, ours, plain, what="granted", floor=GRANTED_FLOOR)


async def refused(bench: Bench, outcome: Outcome) -> None:
    """Everybody wants the seats that one customer has."""
    shows = await bench.shows(1)
    plain_shows = await bench.shows(1)
    seconds = bench.sized(4.0, quick=1.5)
    async with AsyncExitStack() as stack:
        sides = ours, plain = await _open_sides(bench, stack, shows, plain_shows)
        for side in sides:
            for seat in range(SEATS_TAKEN):
                # The plain consumer has no holds of several seats.
                answer = await side.ask(0 if side is ours else seat, seat)
                assert answer.type == "held", answer
        for _ in range(bench.repeats):
            for side in sides:
                with bench.measuring(outcome, side.server) as measured:
                    run = await side.grab(_taken_seats(side), expect="refused", seconds=seconds)
                side.costs.append(run.answers / measured.server_seconds)
                _say(bench, side)
        _forget_plain(bench.house)
    _report(outcome, ours, plain, what="refused", floor=REFUSED_FLOOR)


async def _open_sides(
    bench: Bench, stack: AsyncExitStack, shows: Sequence[BenchShow], plain_shows: Sequence[BenchShow]
) -> tuple[Side, Side]:
    ours = Side("ours", bench.house.serve(), ask_ours)
    stack.push_async_callback(ours.close)
    tokens = await bench.guests.take(ours.server, len(shows) * SOCKETS_OF_SHOW)
    await ours.connect(shows, lambda show, _: ours.server.sockets(show), tokens)
    plain = Side("plain consumer", bench.house.serve_peer("asgi:application"), ask_plain)
    stack.push_async_callback(plain.close)
    port = plain.server.port
    await plain.connect(
        plain_shows, lambda show, place: f"ws://127.0.0.1:{port}/ws/plain/{show.id}/plain-{place}/", None
    )
    return ours, plain


async def _release(grabber: Grabber) -> None:
    """Let all seats go; an overloaded house may ask to try again, and is asked again."""
    for _ in range(RELEASE_TRIES_MAX):
        answer = await grabber.ask("release")
        if answer.type == "released":
            return
    raise AssertionError(f"not released: {answer.code}")


def _one_seat_each(side: Side) -> list[Wish]:
    return [Wish(grabber, show, place % SOCKETS_OF_SHOW) for place, (grabber, show) in enumerate(side.sockets)]


def _taken_seats(side: Side) -> Iterable[Wish]:
    """Without end; whoever has the seats asks for nothing."""
    return cycle(Wish(*socket, place % SEATS_TAKEN) for place, socket in enumerate(side.sockets) if place)


def _count_rows(house: House) -> tuple[int, int]:
    """(bookings, claims) as PostgreSQL has them, whoever made them and whatever became of them."""
    with psycopg.connect(house.servers.database_url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM bookings_booking), (SELECT count(*) FROM bookings_seatclaim)"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def _forget_plain(house: House) -> None:
    """End what the plain consumer granted, which cannot do it itself."""
    with psycopg.connect(house.servers.database_url) as connection:
        connection.execute(
            "UPDATE bookings_seatclaim SET released_at = now() WHERE released_at IS NULL AND booking_id IN"
            " (SELECT id FROM bookings_booking WHERE holder LIKE 'plain-%')"
        )
        connection.execute("UPDATE bookings_booking SET status = 'cancelled' WHERE holder LIKE 'plain-%'")
    with redis.Redis.from_url(house.servers.redis_url) as client:
        for key in client.scan_iter("plain:*", count=1000):
            client.delete(key)


def _say(bench: Bench, side: Side) -> None:
    run = side.runs[-1]
    bench.say(f"  {len(side.runs)}: {side.name}: {run.per_second:,.0f}/s, p99 {run.wait_ms.p99:.0f} ms")


def _report(outcome: Outcome, ours: Side, plain: Side, *, what: str, floor: Floor) -> None:
    outcome.add(f"{what}, ours", "grabs/s", [run.per_second for run in ours.runs], floor=floor)
    outcome.add(f"{what}, plain consumer", "grabs/s", [run.per_second for run in plain.runs])
    multiples = [mine.per_second / theirs.per_second for mine, theirs in zip(ours.runs, plain.runs, strict=True)]
    outcome.add(f"{what}: ours ÷ plain consumer", "×", multiples)
    for side in (ours, plain):
        outcome.add(f"{what} for each second of server time, {side.name}", "grabs/s", side.costs)
    for side in (ours, plain):
        outcome.add(f"wait for the answer, p50, {side.name}", "ms", [run.wait_ms.p50 for run in side.runs])
        outcome.add(f"wait for the answer, p99, {side.name}", "ms", [run.wait_ms.p99 for run in side.runs])
