"""The contestant that locks rows over HTTP, and its customers: one connection each, kept open."""

import asyncio
from collections.abc import Sequence
from typing import Any, Self

import msgspec
import psycopg

from tests.bench.clients import Crowd, Message, read_message
from tests.bench.contestants import PEER_HOLDER, Asking, Contestant
from tests.bench.peers.locking_view import TABLE
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow


class HttpGrabber:
    """A customer with a connection of his own. One question at a time is on it; others wait for their turn."""

    def __init__(self, holder: str) -> None:
        self._holder = holder
        self._turn = asyncio.Lock()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def connect(self, port: int) -> None:
        """Open the connection. Raises OSError."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)

    async def ask(self, kind: str, **fields: Any) -> Message:
        """POST to the address `kind`. Raises what a lost connection raises."""
        assert self._reader is not None, "not connected"
        assert self._writer is not None, "not connected"
        body = msgspec.json.encode({"holder": self._holder, **fields})
        async with self._turn:
            self._writer.write(
                b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b"
                % (kind.encode(), len(body), body)
            )
            head = await self._reader.readuntil(b"\r\n\r\n")
            reply = await self._reader.readexactly(content_length(head))
        if not head.startswith(b"HTTP/1.1 200"):
            raise AssertionError(head.decode() + reply[:300].decode())
        return read_message(reply)

    def drop(self) -> None:
        """Vanish."""
        if self._writer is not None:
            self._writer.transport.abort()


class LockingView(Contestant):
    """SELECT … FOR UPDATE in a Django view; it shows nobody anything."""

    @classmethod
    async def open(cls, bench: Bench, shows: Sequence[BenchShow]) -> Self:
        """Start it, with a row for each seat of these shows."""
        add_rows(bench.house.servers.database_url, shows)
        return cls("SELECT FOR UPDATE view", bench.house.serve_peer("asgi:application", PEER_POOL="1"))

    def grabber(self, crowd: Crowd, show: BenchShow, place: int) -> Asking:
        """See Contestant."""
        return HttpGrabber(f"{PEER_HOLDER}{place}")

    async def enter(self, client: Any, show: BenchShow, place: int) -> None:
        """See Contestant."""
        await client.connect(self.server.port)

    async def ask(self, grabber: Asking, show: BenchShow, seat: int) -> Message:
        """See Contestant."""
        return await grabber.ask(f"/grab/{show.id}/", seat=seat)


def add_rows(database_url: str, shows: Sequence[BenchShow]) -> None:
    """A row to lock for each seat of these shows."""
    with psycopg.connect(database_url) as connection:
        connection.execute(TABLE)
        for show in shows:
            connection.execute(
                "INSERT INTO peer_seat (show_id, seat_index) SELECT %s, generate_series(0, %s)",
                [show.id, len(show.labels) - 1],
            )


def content_length(head: bytes) -> int:
    """How long the body is that follows a response's head. Raises ValueError where it does not say."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    raise ValueError(f"no Content-Length in {head[:200]!r}")
