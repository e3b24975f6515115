"""How frames leave: one writer per socket, bounded, told apart only by the server underneath.

`DirectWriter` writes ready bytes to the transport itself (our Daphne server; uvicorn_protocol.py does it on uvicorn).
`SendWriter` goes through ASGI's `send` on every other server. None knows what a frame says.
"""

import asyncio
import socket
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, Final, Protocol, TypeAlias

from twisted.internet import tcp

from realtime import metrics
from realtime.frames import Frame
from realtime.protocol import CloseCode

# Bytes that may wait in this process for one socket before frames are skipped; one frame more is always taken (a
# snapshot of 1,000 seats, all held, has 24 KB). Twisted joins what waits, which doubles it for a moment.
BUFFERED_BYTES_MAX: Final = 16 * 1024
# Bytes that may wait in the kernel for one socket (it doubles the number for its own book-keeping).
KERNEL_BUFFER_BYTES: Final = 32 * 1024

AsgiMessage: TypeAlias = dict[str, Any]
AsgiSend: TypeAlias = Callable[[AsgiMessage], Coroutine[Any, Any, None]]


class Writer(Protocol):
    """One socket's way out. `on_drained` is called when a socket that was behind has taken all it was given."""

    on_drained: Callable[[], None]

    def write(self, frame: Frame) -> bool:
        """Send a frame if the socket keeps up. False: it is behind, and the frame was not taken."""

    def reply(self, frame: Frame) -> None:
        """Send the answer to a request, even to a socket that is behind; their number is bounded elsewhere."""

    def close(self, code: CloseCode) -> None:
        """Close with a code. Idempotent."""


class DirectWay(Writer, Protocol):
    """A writer of a server of ours (`scope["extensions"]["housefull.writer"]`), which is also a way in."""

    def deliver_to(self, take: Callable[[bytes], None]) -> None:
        """Hand the payload of each incoming frame to `take` at once, instead of through ASGI's `receive`."""


def _nothing() -> None:
    pass


class DirectWriter:
    """Past ASGI and Autobahn onto the transport: send(2) at once while nothing waits, else Twisted's buffer.

    It registers as the transport's push producer, so Twisted says when the socket falls behind and when it has
    drained. While it is behind, nothing more is read from it either: a request cannot outrun its answers.
    """

    __slots__ = ("_behind", "_protocol", "_send", "_transport", "on_drained")

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol
        self._transport = transport = protocol.transport
        self._behind = False
        self._send: Callable[[bytes], int] | None = None
        self.on_drained: Callable[[], None] = _nothing
        # Only here are the bytes of a frame the bytes on the wire (consistency rule 22): not under TLS.
        if type(transport) is tcp.Server and not transport.TLS:
            self._send = transport.socket.send
            transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
            transport.bufferSize = BUFFERED_BYTES_MAX
        transport.unregisterProducer()
        transport.registerProducer(self, True)  # noqa: FBT003  # Twisted's signature

    def write(self, frame: Frame) -> bool:
        """See Writer."""
        if self._behind:
            return False
        self.reply(frame)
        return True

    def reply(self, frame: Frame) -> None:
        """See Writer."""
        protocol, transport, wire = self._protocol, self._transport, frame.wire
        if protocol.state != protocol.STATE_OPEN:
            return
        if self._send is None or transport.dataBuffer or transport._tempDataBuffer:
            transport.write(wire)
            return
        try:
            sent = self._send(wire)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # the transport meets the same error when it reads, and ends the connection
        if sent != len(wire):
            transport.write(wire[sent:])

    def deliver_to(self, take: Callable[[bytes], None]) -> None:
        """Hand the payload of each incoming frame to `take` at once, instead of through ASGI's `receive`."""
        self._protocol.deliver = take

    def close(self, code: CloseCode) -> None:
        """See Writer."""
        if self._protocol.state == self._protocol.STATE_OPEN:
            metrics.closed.labels(int(code)).inc()
            self._protocol.sendClose(code=int(code))
            self._transport.resumeProducing()  # the client's half of the closing handshake is still to be read

    # --- IPushProducer, called by Twisted

    def pauseProducing(self) -> None:  # noqa: N802
        """More than BUFFERED_BYTES_MAX wait."""
        self._behind = True
        self._transport.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802
        """Nothing waits any more."""
        self._behind = False
        self._transport.resumeProducing()
        self.on_drained()

    def stopProducing(self) -> None:  # noqa: N802
        """The connection is gone. Letting go of each other, its parts are freed at once and not by the collector."""
        self._behind = True
        self._protocol.deliver = None
        self.on_drained = _nothing


class SendWriter:
    """Through ASGI's `send`. A send that completes at once, as most servers' do, costs no task.

    Where a server makes `send` wait for a slow socket, frames queue here up to the same bound; where it does not,
    the server's own buffer is the server's affair.
    """

    __slots__ = ("_behind", "_closed", "_send", "_sending", "_waiting", "_waiting_bytes", "on_drained")

    def __init__(self, send: AsgiSend) -> None:
        self._send = send
        self._waiting: deque[AsgiMessage] = deque()
        self._waiting_bytes = 0
        self._sending: asyncio.Task[None] | None = None
        self._behind = False
        self._closed = False
        self.on_drained: Callable[[], None] = _nothing

    def write(self, frame: Frame) -> bool:
        """See Writer."""
        if self._behind:
            return False
        self.reply(frame)
        return True

    def reply(self, frame: Frame) -> None:
        """See Writer."""
        self._put({"type": "websocket.send", "text": frame.text}, len(frame.wire))

    def close(self, code: CloseCode) -> None:
        """See Writer."""
        if not self._closed:
            metrics.closed.labels(int(code)).inc()
            self._put({"type": "websocket.close", "code": int(code)}, 0)
            self._closed = True

    def _put(self, message: AsgiMessage, size_bytes: int) -> None:
        if self._closed:
            return
        if self._sending is not None:
            self._waiting.append(message)
            self._waiting_bytes += size_bytes
            self._behind = self._waiting_bytes > BUFFERED_BYTES_MAX
            return
        sending = self._send(message)
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        except (OSError, RuntimeError):  # what servers raise once the socket is closed
            self._closed = True
            return
        self._sending = asyncio.create_task(self._send_the_rest(_continue(sending, waits_for)))

    async def _send_the_rest(self, begun: Awaitable[None]) -> None:
        try:
            await begun
            while self._waiting:
                await self._send(self._waiting.popleft())
        except (OSError, RuntimeError):
            self._closed = True
            return
        finally:
            self._sending = None
            self._waiting_bytes = 0
        if self._behind:
            self._behind = False
            self.on_drained()


@types.coroutine
def _continue(coroutine: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """Go on, inside a task, with a coroutine that was begun by hand and now waits for something."""
    resume: Callable[[Any], Any]
    while True:
        try:
            resume, value = coroutine.send, (yield waits_for)
        except BaseException as error:  # passed on to the coroutine, as `yield from` would
            resume, value = coroutine.throw, error
        try:
            waits_for = resume(value)
        except StopIteration:
            return
