"""Grabs of single seats, granted and refused: ours on both servers and its peers' in turns.

Closed loop on purpose: a number of customers, each with one question open, is what a server gets at the moment a
sale opens; how long they wait is reported beside how many are served. Every grant is a new booking with its claim,
and the rows are counted afterwards.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

import psycopg

from tests.bench.contestants import OURS, SOCKETIO, Contestant, Ours, PlainConsumer, forget_peers, open_node_peers
from tests.bench.figures import Floor, Outcome, at_least, busy_note, quotients
from tests.bench.grab_sides import SOCKETS_OF_SHOW, Side
from tests.bench.house import House
from tests.bench.locking import LockingView
from tests.bench.suite import Bench

SEATS_TAKEN: Final = 10
# So slow that fewer shows give as long a run.
SHOWS_OF_PLAIN_MAX: Final = 5
SHOWS_OF_VIEW_MAX: Final = 2
# Ours widens its windows up to this under load; the Node peers, who show the same to as many, may do so at once.
COALESCE_MS_OF_NODE: Final = 50
GRANTED_FLOOR: Final = at_least(4000)
REFUSED_FLOOR: Final = at_least(6000)
# Ours as a multiple of socket.io, by what serves ours.
GRANTED_RATIO_FLOORS: Final = {"daphne": at_least(0.8), "uvicorn": at_least(1.2)}
REFUSED_RATIO_FLOORS: Final = {"daphne": at_least(0.3), "uvicorn": at_least(0.7)}


async def granted(bench: Bench, outcome: Outcome) -> None:
    """Each customer takes a free seat of his own; all let go before the next round."""
    rows = outcome.details["rows counted in PostgreSQL"] = []
    async with AsyncExitStack() as stack:
        sides = await _open_sides(bench, stack, shows=bench.sized(15, quick=5))
        for repeat in range(1 + bench.repeats):
            for side in sides:
                before = _count_rows(bench.house)
                run = await side.grab(bench, outcome, side.one_seat_each(), expect="held")
                bookings, claims = (now - then for now, then in zip(_count_rows(bench.house), before, strict=True))
                rows.append({"side": side.name, "held": run.answers, "bookings": bookings, "claims": claims})
                if not run.answers == bookings == claims:
                    raise AssertionError(f"said and done differ: {rows[-1]}, {dict(side.surprises)}")
            for side in sides:
                await side.let_go()
            forget_peers(bench.house)
            _warm_up_ends(sides, repeat)
    outcome.details["free seats refused"] = {side.name: dict(side.surprises) for side in sides}
    _report(outcome, sides, what="granted", floor=GRANTED_FLOOR, ratio_floors=GRANTED_RATIO_FLOORS)


async def refused(bench: Bench, outcome: Outcome) -> None:
    """Everybody wants the seats that ten customers have."""
    seconds = bench.sized(4.0, quick=1.5)
    async with AsyncExitStack() as stack:
        sides = await _open_sides(bench, stack, shows=1)
        for side in sides:
            for seat in range(SEATS_TAKEN):
                answer = await side.take(seat, seat)
                assert answer.type == "held", (side.name, answer)
        for repeat in range(1 + bench.repeats):
            for side in sides:
                wishes = side.taken_seats(SEATS_TAKEN)
                await side.grab(bench, outcome, wishes, expect="refused", seconds=seconds)
                if side.surprises:
                    raise AssertionError(f"{side.name}: a taken seat was not refused: {dict(side.surprises)}")
            _warm_up_ends(sides, repeat)
        forget_peers(bench.house)
    _report(outcome, sides, what="refused", floor=REFUSED_FLOOR, ratio_floors=REFUSED_RATIO_FLOORS)


async def _open_sides(bench: Bench, stack: AsyncExitStack, *, shows: int) -> list[Side]:
    sides: list[Side] = []

    async def add(contestant: Contestant, count: int) -> None:
        await enter(Side(contestant, await bench.shows(count)))

    async def enter(side: Side) -> None:
        stack.push_async_callback(side.close)
        await side.connect()
        sides.append(side)

    for on in OURS:
        await add(await Ours.open(bench, on, guests=shows * SOCKETS_OF_SHOW), shows)
    for peer in open_node_peers(bench, coalesce_ms=COALESCE_MS_OF_NODE):
        await add(peer, shows)
    plain = bench.house.serve_peer("asgi:application")
    await add(PlainConsumer("plain consumer, SET NX", plain), min(shows, SHOWS_OF_PLAIN_MAX))
    of_view = await bench.shows(min(shows, SHOWS_OF_VIEW_MAX))
    await enter(Side(await LockingView.open(bench, of_view), of_view))
    return sides


def _warm_up_ends(sides: list[Side], repeat: int) -> None:
    """The first turn opens connections, prepares statements and compiles; it is nobody's figure."""
    if repeat == 0:
        for side in sides:
            side.forget_runs()


def _count_rows(house: House) -> tuple[int, int]:
    """(bookings, claims) as PostgreSQL has them, whoever made them and whatever became of them."""
    with psycopg.connect(house.servers.database_url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM bookings_booking), (SELECT count(*) FROM bookings_seatclaim)"
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def _report(
    outcome: Outcome, sides: list[Side], *, what: str, floor: Floor, ratio_floors: Mapping[str, Floor]
) -> None:
    by_name = {side.name: side for side in sides}
    notes = {side.name: busy_note([run.generator_busy for run in side.runs]) for side in sides}
    for side in sides:
        # What is promised in grabs a second is promised of the server that Housefull comes with.
        its_floor = floor if side.name == OURS["daphne"] else None
        outcome.add(
            f"{what}, {side.name}",
            "grabs/s",
            [run.per_second for run in side.runs],
            floor=its_floor,
            note=notes[side.name],
        )
    peers = [side for side in sides if side.name not in OURS.values()]
    for peer in peers:
        for on, name in OURS.items():
            multiples = quotients(
                [run.per_second for run in by_name[name].runs], [run.per_second for run in peer.runs]
            )
            ratio_floor = ratio_floors[on] if peer.name == SOCKETIO else None
            outcome.add(f"{what}: {name} ÷ {peer.name}", "×", multiples, floor=ratio_floor, note=notes[peer.name])
    of_server = f"{what} for each second of server time"
    costs = {side.name: [run.for_server_second for run in side.runs] for side in sides}
    for name, values in costs.items():
        outcome.add(f"{of_server}, {name}", "grabs/s", values)
    for peer in peers:
        for name in OURS.values():
            outcome.add(f"{of_server}: {name} ÷ {peer.name}", "×", quotients(costs[name], costs[peer.name]))
    for share in ("p50", "p99"):
        for side in sides:
            values = [getattr(run.wait_ms, share) for run in side.runs]
            outcome.add(f"wait for the answer, {share}, {side.name}", "ms", values)
