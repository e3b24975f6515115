"""Clients from outside: they know the contract (guest tokens, the subprotocol, frames) and nothing of the server.

Built on picows, so that one core can drive what another one serves. A frame costs a counter and a reference; only
those that a benchmark asks for are read.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import httpx
import msgspec
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from tests.bench.web_servers import WebServer

# How most frames begin that answer nobody's question.
NEWS: Final = b'{"type":"seats"'
SUBPROTOCOL: Final = "housefull.v1"
CONNECTIONS_AT_ONCE: Final = 100
GUESTS_AT_ONCE: Final = 16
HANDSHAKE_SECONDS: Final = 60.0

T = TypeVar("T")


class Message(msgspec.Struct):
    """The fields of server frames that benchmarks look at."""

    type: str
    id: str | None = None
    code: str | None = None
    epoch: str | None = None
    version: int | None = None
    changes: list[tuple[Any, ...]] = []
    seats: list[str] = []
    expires_ms: int | None = None


read_message: Final = msgspec.json.Decoder(Message).decode


class Crowd:
    """What many viewers have received together."""

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        self.closed = 0
        self._goal: float = float("inf")
        self._reached = asyncio.Event()
        self._lost = asyncio.Event()

    def count(self, size_bytes: int) -> None:
        """A frame arrived at one of them."""
        self.frames += 1
        self.bytes += size_bytes
        if self.frames >= self._goal:
            self._reached.set()

    def lost_one(self) -> None:
        """One of them is no longer connected."""
        self.closed += 1
        self._lost.set()

    async def lose(self, count: int) -> None:
        """Wait until so many of them have ever been lost."""
        while self.closed < count:
            self._lost.clear()
            await self._lost.wait()

    async def frames_reach(self, goal: int, *, within_seconds: float) -> bool:
        """Wait until they have received so many frames; False: they did not in time."""
        if self.frames >= goal:
            return True
        self._goal = goal
        self._reached.clear()
        try:
            async with asyncio.timeout(within_seconds):
                await self._reached.wait()
        except TimeoutError:
            return False
        finally:
            self._goal = float("inf")
        return True


class Viewer(WSListener):
    """One socket. `on_payload` is called with each text frame, if it is given; else only the last is kept."""

    def __init__(self, crowd: Crowd, on_payload: Callable[[bytes], None] | None = None) -> None:
        self.crowd = crowd
        self.on_payload = on_payload
        self.last = b""
        # Set with the first frame.
        self.welcomed = asyncio.Event()
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        """picows: the handshake is done."""
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """picows: a frame arrived."""
        if frame.msg_type is not WSMsgType.TEXT:
            if frame.msg_type is WSMsgType.CLOSE:
                transport.send_close(WSCloseCode.OK)
                transport.disconnect()
            return
        self.received(frame.get_payload_as_bytes())

    def received(self, payload: bytes) -> None:
        """A message arrived."""
        if not self.last:
            self.welcomed.set()
        self.last = payload
        self.crowd.count(len(payload))
        if self.on_payload is not None:
            self.on_payload(payload)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """picows: the connection is gone."""
        self.crowd.lost_one()
        self.transport = None

    def position(self) -> tuple[str | None, int]:
        """The epoch and version of the last frame that has a version."""
        message = read_message(self.last)
        return message.epoch, -1 if message.version is None else message.version

    def send(self, payload: bytes) -> None:
        """Send a text frame."""
        assert self.transport is not None, "not connected"
        self.transport.send(WSMsgType.TEXT, payload)

    def drop(self) -> None:
        """Vanish without a goodbye."""
        if self.transport is not None:
            self.transport.underlying_transport.abort()


class Grabber(Viewer):
    """A socket that asks and waits for the answer to each question."""

    def __init__(self, crowd: Crowd) -> None:
        super().__init__(crowd, self._read)
        self._asked: dict[str, asyncio.Future[Message]] = {}
        self._questions = 0

    async def ask(self, kind: str, **fields: Any) -> Message:
        """Send a request; its answer, be it a yes or a no."""
        self._questions += 1
        name = str(self._questions)
        answer = self._asked[name] = asyncio.get_running_loop().create_future()
        self.send(self.question(kind, name, fields))
        reply: Message = await answer
        return reply

    def question(self, kind: str, name: str, fields: Mapping[str, Any]) -> bytes:
        """A request as it is sent. The name is a number, and comes back with the answer."""
        return msgspec.json.encode({"type": kind, "id": name, **fields})

    def answered(self, name: str, message: Message) -> None:
        """An answer arrived; one that nobody waits for is dropped."""
        if (asked := self._asked.pop(name, None)) is not None:
            asked.set_result(message)

    def _read(self, payload: bytes) -> None:
        if payload.startswith(NEWS):
            return  # what others did; on the core that it shares, reading that would cost the server its database
        message = read_message(payload)
        if message.id is not None:
            self.answered(message.id, message)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """picows: whoever waits for an answer will not get it."""
        super().on_ws_disconnected(transport)
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(ConnectionResetError("the server closed the socket"))


async def connect(
    listener: Viewer,
    url: str,
    *,
    token: str | None = None,
    position: str = "",
    patience_seconds: float = HANDSHAKE_SECONDS,
) -> None:
    """Open one socket, with a guest token and the position to resume from (a query string).

    Raises OSError, picows.WSError, TimeoutError.
    """
    headers = {"Sec-WebSocket-Protocol": f"{SUBPROTOCOL}, token.{token}"} if token else None
    await ws_connect(
        lambda: listener, url + position, extra_headers=headers, websocket_handshake_timeout=patience_seconds
    )


async def connect_viewers(
    server: WebServer, url: str, viewers: Sequence[Viewer], tokens: Sequence[str] | None
) -> None:
    """Open many sockets. With tokens (shared, if there are fewer) also wait until each has its first frame.

    Raises TimeoutError.
    """

    async def arrive(place: int) -> None:
        await connect(viewers[place], url, token=tokens[place % len(tokens)] if tokens else None)

    await in_parallel([partial(arrive, place) for place in range(len(viewers))], at_once=CONNECTIONS_AT_ONCE)
    if tokens is not None:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            for viewer in viewers:
                await viewer.welcomed.wait()


def drop_all(sockets: Iterable[Viewer]) -> None:
    """Let all of them vanish."""
    for client in sockets:
        client.drop()


async def in_parallel(jobs: Iterable[Callable[[], Awaitable[T]]], *, at_once: int) -> list[T]:
    """Do all, so many at once; their results in the order in which they ended."""
    waiting = iter(jobs)
    results: list[T] = []

    async def work() -> None:
        for job in waiting:
            results.append(await job())  # noqa: PERF401  (an await per job is the point)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return results


class Guests:
    """Guest tokens, asked for over HTTP. They do not end, so each is used again by later benchmarks."""

    def __init__(self) -> None:
        self._tokens: list[str] = []

    async def take(self, server: WebServer, count: int) -> list[str]:
        """That many different guests."""
        missing = count - len(self._tokens)
        if missing > 0:
            limits = httpx.Limits(max_connections=GUESTS_AT_ONCE, max_keepalive_connections=GUESTS_AT_ONCE)
            async with httpx.AsyncClient(base_url=server.http, limits=limits, timeout=30, trust_env=False) as client:

                async def become_guest() -> str:
                    reply = await client.post("/api/v1/guests")
                    reply.raise_for_status()
                    return str(reply.json()["token"])

                self._tokens += await in_parallel([become_guest] * missing, at_once=GUESTS_AT_ONCE)
        return self._tokens[:count]


async def every(seconds: float, count: int) -> Any:
    """Yield the scheduled times of an open loop: a late start does not move the next one."""
    began = time.perf_counter()
    for turn in range(count):
        due = began + turn * seconds
        if (wait_seconds := due - time.perf_counter()) > 0:
            await asyncio.sleep(wait_seconds)
        yield due
