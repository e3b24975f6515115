"""Daphne with a direct way in and out for sockets, and an end that clients understand.

Frames for sockets go past ASGI onto the transport (writers.DirectWriter), whole frames from sockets past
Autobahn's parser to the consumer. Whatever is out of the ordinary takes Autobahn's path, as before. Bodies of
requests are bounded while they come.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import defer
from twisted.web.http import HTTPChannel

from realtime import bodies
from realtime.process import calm_collector
from realtime.protocol import CloseCode
from realtime.unmasking import MESSAGE_BYTES_MAX, unmask_text_frames
from realtime.writers import DirectWriter

CLOSE_HANDSHAKE_SECONDS: Final = 5.0
# How long a stopping server waits for its sockets to say goodbye.
GOODBYE_SECONDS: Final = 2.0


class SeatProtocol(WebSocketProtocol):  # type: ignore[misc]
    """A WebSocket connection whose consumer may take frames directly."""

    # Autobahn sets these when the handshake is done; frames may come only then.
    current_frame = None
    inside_message = False
    deliver: Callable[[bytes], None] | None = None

    def onConnect(self, request: Any) -> Any:  # noqa: N802
        """The handshake has been read: the HTTP request that carried it must not live as long as the socket."""
        channel = self.transport.producer
        if isinstance(channel, HTTPChannel):
            # Channel and request hold each other; after this turn nobody needs either.
            asyncio.get_running_loop().call_soon(channel.requests.clear)
        return super().onConnect(request)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802
        """Cut the cycles of Autobahn and Daphne, so that the connection is freed now and not by the collector."""
        super().connectionLost(reason)
        self.is_open = self.is_closed = self.application_deferred = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Deliver whole text frames at once; leave all else to Autobahn."""
        deliver = self.deliver
        if (
            deliver is not None
            and self.state == self.STATE_OPEN
            and not self.data
            and self.current_frame is None
            and not self.inside_message
            and (payloads := unmask_text_frames(data)) is not None
        ):
            self.last_ping = time.time()  # noqa: TID251  # what Daphne compares it with
            for payload in payloads:
                if self.state != self.STATE_OPEN:
                    break  # nothing is asked any more
                deliver(payload)
            return
        self._dataReceived(data)  # as dataReceived of the base class, less a debug message formatted in colour

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803, FBT001
        """A message that Autobahn put together."""
        if self.deliver is None:
            super().onMessage(payload, isBinary)
        elif self.state == self.STATE_OPEN:
            self.last_ping = time.time()  # noqa: TID251  # what Daphne compares it with
            self.deliver(payload)


def with_options_of(factory: Any) -> type[SeatProtocol]:
    """SeatProtocol with the factory's options on the class.

    Autobahn copies 29 options to every connection and formats all of them for a debug message: a third of the cost
    of a handshake, and 1 KB a socket.
    """
    options = {name: getattr(factory, name) for name in WebSocketProtocol.CONFIG_ATTRS}
    options["perMessageCompressionAccept"] = staticmethod(options["perMessageCompressionAccept"])
    return type("SeatProtocol", (SeatProtocol,), {**options, "CONFIG_ATTRS": ()})


class SeatRequest(WebRequest):  # type: ignore[misc]
    """A request whose body is counted as it comes: Daphne keeps all of it, before the application is asked."""

    _bytes_max = 0
    _is_refused = False

    def __init__(self, *args: Any, **options: Any) -> None:
        # Forms are for the application to read, and to answer where they are broken. Twisted's look at the content
        # type alone is a tenth of what a short POST costs.
        super().__init__(*args, parsePOSTFormSubmission=False, **options)

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        """Twisted: the headers have been read. `length` is None for a chunked body, which tells no length."""
        if length != 0:
            path, _, _ = self.channel._path.partition(b"?")
            self._bytes_max = bodies.bytes_max_of(path.decode("latin-1"))
        if length is not None and length > self._bytes_max:
            self._refuse()
        super().gotLength(0 if self._is_refused else length)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Twisted: a piece of the body."""
        if not self._is_refused and self.content.tell() + len(data) > self._bytes_max:
            self._refuse()
        if not self._is_refused:
            super().handleContentChunk(data)

    def process(self) -> Any:
        """Twisted: the body has come whole."""
        return None if self._is_refused else super().process()

    def _refuse(self) -> None:
        """Say so and hang up. Twisted reads nothing more from a connection that it is to lose."""
        self._is_refused = True
        reply = bodies.refusal_of_length(self._bytes_max)
        status = f"HTTP/1.1 {reply.status_code} {reply.reason_phrase}\r\n".encode()
        self.channel.transport.write(status + reply.serialize())
        self.channel.loseConnection()


class SeatServer(Server):  # type: ignore[misc]
    """Daphne's server with SeatProtocol connections. `at_end` is awaited when all of them are gone."""

    def __init__(self, application: Any, *, at_end: Callable[[], Awaitable[None]], **options: Any) -> None:
        super().__init__(
            application,
            websocket_timeout=-1,
            websocket_max_message_size=MESSAGE_BYTES_MAX,
            websocket_max_frame_size=MESSAGE_BYTES_MAX,
            ready_callable=self._prepare,
            **options,
        )
        self._at_end = at_end

    def _prepare(self) -> None:
        """Called by Daphne before the first connection."""
        # A close frame with a code instead of a dropped connection; and time for the client to answer it. Opaque
        # origins are for our own rule to refuse (setProtocolOptions forgets what Daphne had said of them).
        self.ws_factory.setProtocolOptions(
            failByDrop=False, closeHandshakeTimeout=CLOSE_HANDSHAKE_SECONDS, allowNullOrigin=True
        )
        self.ws_factory.protocol = with_options_of(self.ws_factory)
        self.http_factory.buildProtocol = _with_seat_requests(self.http_factory.buildProtocol)
        self.http_factory.log = _not_logged
        calm_collector()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Give sockets their writer."""
        if scope["type"] == "websocket":
            scope["extensions"] = {"housefull.writer": DirectWriter(protocol)}
        return super().create_application(protocol, scope)

    # --- the end

    def kill_all_applications(self) -> defer.Deferred[None]:
        """Called by Daphne, once, when the process is asked to stop."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        """Take nothing new, send sockets away with a code, let requests finish, cancel what is left."""
        for listener in self.listeners:
            listener.addCallback(lambda port: port.stopListening())
        for protocol in list(self.connections):
            if isinstance(protocol, SeatProtocol) and protocol.state == protocol.STATE_OPEN:
                protocol.sendClose(code=int(CloseCode.RESTARTING))
        await self._applications_end(within_seconds=GOODBYE_SECONDS)
        for task in self._applications():
            task.cancel()
        await self._applications_end(within_seconds=GOODBYE_SECONDS)
        await self._at_end()

    def _applications(self) -> list[asyncio.Task[None]]:
        tasks = [details.get("application_instance") for details in self.connections.values()]
        return [task for task in tasks if task is not None and not task.done()]

    async def _applications_end(self, *, within_seconds: float) -> None:
        if tasks := self._applications():
            await asyncio.wait(tasks, timeout=within_seconds)


def _not_logged(_request: Any) -> None:
    """Twisted's access log, which formats a line for each request though nobody keeps it."""


def _with_seat_requests(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def build_protocol(address: Any) -> Any:
        protocol = build(address)
        protocol.requestFactory = SeatRequest
        return protocol

    return build_protocol
