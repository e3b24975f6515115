"""Those who are compared: a running server each, how clients get in there, and how they ask for a seat.

Housefull on Daphne and on uvicorn, what tutorials teach, and the Node peers. Each is asked in its own words; what
comes back is read as one kind of message.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol

import psycopg
import redis

from tests.bench import engine_io
from tests.bench.clients import (
    CONNECTIONS_AT_ONCE,
    HANDSHAKE_SECONDS,
    Crowd,
    Grabber,
    Message,
    Viewer,
    connect,
    in_parallel,
)
from tests.bench.house import House
from tests.bench.node import find_node
from tests.bench.peers.locking_view import TABLE
from tests.bench.socketio_clients import SocketIoGrabber, SocketIoViewer
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow, WebServer

OURS: Final = {"daphne": "ours on Daphne", "uvicorn": "ours on uvicorn"}
SOCKETIO: Final = "socket.io"
WS: Final = "ws"
# How holders of every peer are called, so that what they were granted can be told apart.
PEER_HOLDER: Final = "peer-"
RELEASE_TRIES_MAX: Final = 20

OnPayload = Callable[[bytes], None]


class Asking(Protocol):
    """Whoever asks for seats, over whatever it may be."""

    async def ask(self, kind: str, **fields: Any) -> Message:
        """Ask, and wait for the answer."""

    def drop(self) -> None:
        """Vanish."""


class Contestant:
    """A server whose clients are plain WebSocket clients; they get a first frame once they are in."""

    # Where no first frame comes, being connected must do.
    welcomes = True

    def __init__(self, name: str, server: WebServer) -> None:
        self.name = name
        self.server = server

    def url(self, show: BenchShow, place: int) -> str:
        """Where the client with this number connects to look at a show."""
        return f"ws://127.0.0.1:{self.server.port}/ws/shows/{show.id}/?holder={PEER_HOLDER}{place}"

    def token(self, place: int) -> str | None:
        """Its guest token."""
        return None

    def viewer(self, crowd: Crowd, show: BenchShow, place: int, on_payload: OnPayload | None = None) -> Viewer:
        """A client who only looks; not yet connected."""
        return Viewer(crowd, on_payload)

    def grabber(self, crowd: Crowd, show: BenchShow, place: int) -> Asking:
        """A customer; not yet connected."""
        return Grabber(crowd)

    async def enter(self, client: Any, show: BenchShow, place: int) -> None:
        """Connect a client, and wait until it is in. Raises what `connect` raises."""
        await connect(client, self.url(show, place), token=self.token(place))
        if self.welcomes:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await client.welcomed.wait()

    async def enter_all(self, clients: Sequence[tuple[Any, BenchShow]]) -> None:
        """Connect clients, many at once; each is numbered by its place."""
        jobs = [partial(self.enter, client, show, place) for place, (client, show) in enumerate(clients)]
        await in_parallel(jobs, at_once=CONNECTIONS_AT_ONCE)

    async def ask(self, grabber: Asking, show: BenchShow, seat: int) -> Message:
        """Ask for one seat: `held` or `refused`."""
        return await grabber.ask("hold", seats=[show.labels[seat]])

    async def let_go(self, grabber: Asking) -> None:
        """Give back what a customer has; peers cannot, and are made to forget (`forget_peers`)."""


class Ours(Contestant):
    """Housefull, by its contract."""

    def __init__(self, name: str, server: WebServer, tokens: Sequence[str]) -> None:
        super().__init__(name, server)
        self._tokens = tokens

    @classmethod
    async def open(cls, bench: Bench, on: str, *, guests: int, name: str = "", **settings: str) -> "Ours":
        """Start it, and have so many guests; their tokens are shared by more clients than that."""
        server = bench.house.serve(on, **settings)
        return cls(name or OURS[on], server, await bench.guests.take(server, guests))

    def url(self, show: BenchShow, place: int) -> str:
        """See Contestant."""
        return self.server.sockets(show)

    def token(self, place: int) -> str | None:
        """See Contestant."""
        return self._tokens[place % len(self._tokens)]

    async def let_go(self, grabber: Asking) -> None:
        """Give all seats back; an overloaded house may ask to try again, and is asked again."""
        for _ in range(RELEASE_TRIES_MAX):
            answer = await grabber.ask("release")
            if answer.type == "released":
                return
        raise AssertionError(f"not released: {answer.code}")


class Tutorial(Contestant):
    """The consumer that tutorials teach; nobody can ask it for anything."""

    def url(self, show: BenchShow, place: int) -> str:
        """See Contestant."""
        return f"ws://127.0.0.1:{self.server.port}/ws/tutorial/{show.id}/"


class PlainConsumer(Contestant):
    """SET NX and one SQL statement a grab; it shows nobody anything."""

    welcomes = False

    def url(self, show: BenchShow, place: int) -> str:
        """See Contestant."""
        return f"ws://127.0.0.1:{self.server.port}/ws/plain/{show.id}/{PEER_HOLDER}{place}/"

    async def ask(self, grabber: Asking, show: BenchShow, seat: int) -> Message:
        """See Contestant."""
        return await grabber.ask("grab", seat=seat)


class SocketIo(Contestant):
    """The socket.io peer."""

    def url(self, show: BenchShow, place: int) -> str:
        """See Contestant."""
        return f"ws://127.0.0.1:{self.server.port}{engine_io.PATH}"

    def viewer(self, crowd: Crowd, show: BenchShow, place: int, on_payload: OnPayload | None = None) -> Viewer:
        """See Contestant."""
        return SocketIoViewer(crowd, on_payload, auth=self._auth(show, place))

    def grabber(self, crowd: Crowd, show: BenchShow, place: int) -> Asking:
        """See Contestant."""
        return SocketIoGrabber(crowd, auth=self._auth(show, place))

    def _auth(self, show: BenchShow, place: int) -> dict[str, Any]:
        return {"show": show.id, "holder": f"{PEER_HOLDER}{place}"}


def open_node_peers(bench: Bench, *, coalesce_ms: int = 0) -> list[Contestant]:
    """The socket.io and the ws peer, started; none, and a loud word, where Node is missing."""
    if missing := find_node().missing:
        bench.say(f"  {missing}")
        return []
    peers: list[Contestant] = []
    for script, kind, name in (("socketio_server.mjs", SocketIo, SOCKETIO), ("ws_server.mjs", Contestant, WS)):
        server = bench.house.serve_node(script, COALESCE_MS=str(coalesce_ms))
        peers.append(kind(name, server))
    return peers


def forget_peers(house: House) -> None:
    """End whatever peers have granted, which they cannot do themselves."""
    holders = f"{PEER_HOLDER}%"
    with psycopg.connect(house.servers.database_url) as connection:
        connection.execute(
            "UPDATE bookings_seatclaim SET released_at = now() WHERE released_at IS NULL AND booking_id IN"
            " (SELECT id FROM bookings_booking WHERE holder LIKE %s)",
            [holders],
        )
        connection.execute("UPDATE bookings_booking SET status = 'cancelled' WHERE holder LIKE %s", [holders])
        connection.execute(TABLE)
        connection.execute("UPDATE peer_seat SET holder = '' WHERE holder <> ''")
    with redis.Redis.from_url(house.servers.redis_url) as client:
        for pattern in ("plain:*", "peer:*"):
            for key in client.scan_iter(pattern, count=1000):
                client.delete(key)
