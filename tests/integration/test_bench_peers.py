"""Those beside whom Housefull is measured keep the rule: a seat has one winner, and his rows are written."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psycopg
import pytest
import redis

from bookings.models import Show
from config.guardian import Guardian
from tests.bench.clients import Crowd, Viewer
from tests.bench.contestants import PEER_HOLDER, Asking, Contestant, PlainConsumer, SocketIo
from tests.bench.locking import LockingView, add_rows
from tests.bench.node import find_node
from tests.bench.web_servers import BenchShow, WebServers

CUSTOMERS = 20
SEAT = 3
NODE_PEERS = {"socketio": (SocketIo, "socketio_server.mjs"), "ws": (Contestant, "ws_server.mjs")}


@pytest.fixture
def web_servers(tmp_path: Path, database: str) -> Iterator[WebServers]:
    with Guardian() as guardian:
        yield WebServers(guardian, tmp_path, pinned=False)


@pytest.fixture
def bench_show(show: Show) -> BenchShow:
    return BenchShow(show.pk, tuple(seat["label"] for seat in show.layout.seats))


@pytest.fixture
def rows_to_lock(database: str, bench_show: BenchShow) -> Iterator[None]:
    """The locking view's own table, which is not part of the house."""
    add_rows(database, [bench_show])
    yield
    with psycopg.connect(database) as connection:
        connection.execute("DROP TABLE peer_seat")


def serve_node_peer(web_servers: WebServers, kind: str) -> Contestant:
    if missing := find_node().missing:
        pytest.skip(missing)
    contestant, script = NODE_PEERS[kind]
    return contestant(kind, web_servers.serve_node(script))


def serve_peer(web_servers: WebServers, kind: str) -> Contestant:
    if kind == "plain":
        return PlainConsumer(kind, web_servers.serve_peer("asgi:application"))
    if kind == "view":
        return LockingView(kind, web_servers.serve_peer("asgi:application", PEER_POOL="1"))
    return serve_node_peer(web_servers, kind)


class Room:
    """A show with customers of a contestant in it; all are gone at the end."""

    def __init__(self, show: BenchShow) -> None:
        self.show = show
        self._crowd = Crowd()
        self._clients: list[Asking | Viewer] = []
        self._places = 0

    async def customers(self, contestant: Contestant, count: int) -> list[Asking]:
        """Let so many in, numbered on from those before."""
        first = self._places
        self._places += count
        grabbers = [contestant.grabber(self._crowd, self.show, place) for place in range(first, self._places)]
        for place, grabber in enumerate(grabbers, first):
            self._clients.append(grabber)
            await contestant.enter(grabber, self.show, place)
        return grabbers

    async def viewer(self, contestant: Contestant, on_payload: Callable[[bytes], None]) -> Viewer:
        """Let one in who only looks."""
        viewer = contestant.viewer(self._crowd, self.show, self._places, on_payload)
        self._places += 1
        self._clients.append(viewer)
        await contestant.enter(viewer, self.show, self._places)
        return viewer

    async def leave(self) -> None:
        """Everybody goes."""
        for client in self._clients:
            client.drop()
        await self._crowd.lose(sum(isinstance(client, Viewer) for client in self._clients))


@pytest.fixture
async def room(bench_show: BenchShow) -> AsyncIterator[Room]:
    room = Room(bench_show)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(room.leave)
        yield room


def owners(database: str, show: BenchShow) -> list[tuple[str, int]]:
    """(holder, seat index) of every live claim, by the bookings they belong to."""
    with psycopg.connect(database) as connection:
        return connection.execute(
            "SELECT holder, seat_index FROM bookings_seatclaim AS claim"
            " JOIN bookings_booking AS booking ON booking.id = claim.booking_id"
            " WHERE claim.show_id = %s AND released_at IS NULL AND status = 'pending' ORDER BY seat_index",
            [show.id],
        ).fetchall()


class TestEveryPeer:
    @pytest.mark.parametrize("kind", ["plain", "view", *NODE_PEERS])
    @pytest.mark.usefixtures("rows_to_lock")
    async def test_gives_a_seat_to_one_of_many_and_writes_it_down(
        self, kind: str, web_servers: WebServers, room: Room, database: str
    ) -> None:
        contestant = serve_peer(web_servers, kind)
        customers = await room.customers(contestant, CUSTOMERS)

        answers = await asyncio.gather(*(contestant.ask(customer, room.show, SEAT) for customer in customers))

        said = [answer.type for answer in answers]
        assert sorted(said) == ["held"] + ["refused"] * (CUSTOMERS - 1)
        assert owners(database, room.show) == [(f"{PEER_HOLDER}{said.index('held')}", SEAT)]


@pytest.mark.parametrize("kind", NODE_PEERS)
class TestNodePeers:
    async def test_hold_all_seats_or_none_and_name_those_that_are_taken(
        self, kind: str, web_servers: WebServers, room: Room, database: str
    ) -> None:
        contestant = serve_node_peer(web_servers, kind)
        first, second, third = await room.customers(contestant, 3)
        mine, wanted = room.show.labels[1], room.show.labels[0]

        await first.ask("hold", seats=[mine])
        refused = await second.ask("hold", seats=[wanted, mine])
        held = await third.ask("hold", seats=[wanted])

        assert (refused.type, refused.code, refused.seats) == ("refused", "seats_unavailable", [mine])
        assert (held.type, held.seats) == ("held", [wanted])
        assert owners(database, room.show) == [(f"{PEER_HOLDER}2", 0), (f"{PEER_HOLDER}0", 1)]

    async def test_show_a_win_to_viewers_of_another_process(
        self, kind: str, web_servers: WebServers, room: Room
    ) -> None:
        here, elsewhere = (serve_node_peer(web_servers, kind) for _ in range(2))
        seen: asyncio.Queue[bytes] = asyncio.Queue()
        await room.viewer(elsewhere, seen.put_nowait)
        snapshot = json.loads(await seen.get())
        (customer,) = await room.customers(here, 1)

        held = await here.ask(customer, room.show, SEAT)

        change = json.loads(await seen.get())
        assert (snapshot["type"], snapshot["taken"]) == ("snapshot", [])
        assert (change["type"], change["version"]) == ("seats", held.version)
        assert change["changes"] == [[SEAT, "H", held.expires_ms]]

    async def test_show_newcomers_what_is_taken(self, kind: str, web_servers: WebServers, room: Room) -> None:
        contestant = serve_node_peer(web_servers, kind)
        (customer,) = await room.customers(contestant, 1)
        await contestant.ask(customer, room.show, SEAT)
        seen: asyncio.Queue[bytes] = asyncio.Queue()

        await room.viewer(contestant, seen.put_nowait)

        assert json.loads(await seen.get())["taken"] == [room.show.labels[SEAT]]

    async def test_give_back_what_postgresql_did_not_write_down(
        self, kind: str, web_servers: WebServers, room: Room, database: str, redis_client: redis.Redis
    ) -> None:
        contestant = serve_node_peer(web_servers, kind)
        owner, rival = await room.customers(contestant, 2)
        await contestant.ask(owner, room.show, SEAT)
        # Redis forgets; PostgreSQL does not.
        redis_client.flushall()

        refused = await contestant.ask(rival, room.show, SEAT)

        assert (refused.type, refused.code) == ("refused", "seats_unavailable")
        assert redis_client.hlen(f"peer:{{{room.show.id}}}:seats") == 0
        assert owners(database, room.show) == [(f"{PEER_HOLDER}0", SEAT)]

    async def test_say_that_they_know_no_such_seat(self, kind: str, web_servers: WebServers, room: Room) -> None:
        contestant = serve_node_peer(web_servers, kind)
        (customer,) = await room.customers(contestant, 1)

        answer = await customer.ask("hold", seats=["no such seat"])

        assert (answer.type, answer.code) == ("error", "unknown_seats")
