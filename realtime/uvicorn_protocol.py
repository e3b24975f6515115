"""uvicorn with a direct way in and out for sockets: `uvicorn … --ws realtime.uvicorn_protocol:SeatProtocol`.

What SeatServer is to Daphne. Ready frames go past ASGI onto the transport, whole text frames from clients past the
parser to the consumer, and a slow socket is noticed at the same bound. Whatever is out of the ordinary takes the
way of uvicorn and websockets, as before. Private parts of uvicorn that this leans on: `conn`, `close_sent`,
`close_timeout`, `handshake_complete`, `read_paused`, `writable`, `scope` and the methods that are overridden; tests
over the real server fail if they change.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from realtime import metrics
from realtime.frames import Frame
from realtime.process import calm_collector, raise_file_limit
from realtime.protocol import CloseCode
from realtime.unmasking import MESSAGE_BYTES_MAX, frame_end, leaves_message_open, unmask_text_frames
from realtime.writers import BUFFERED_BYTES_MAX, KERNEL_BUFFER_BYTES

NOT_UTF8: Final = 1007


class TransportWriter:
    """Onto an asyncio transport, which sends at once while nothing waits. Ready frames are as right under TLS."""

    __slots__ = ("_protocol", "_transport", "behind", "on_drained")

    def __init__(self, protocol: "SeatProtocol") -> None:
        self._protocol = protocol
        self._transport = transport = protocol.transport
        self.behind = False
        self.on_drained: Callable[[], None] = _nothing
        transport.set_write_buffer_limits(high=BUFFERED_BYTES_MAX, low=0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)

    def write(self, frame: Frame) -> bool:
        """See Writer."""
        if self.behind:
            return False
        self.reply(frame)
        return True

    def reply(self, frame: Frame) -> None:
        """See Writer."""
        if not self._protocol.close_sent and not self._transport.is_closing():
            self._transport.write(frame.wire)

    def deliver_to(self, take: Callable[[bytes], None]) -> None:
        """Hand the payload of each incoming frame to `take` at once, instead of through ASGI's `receive`."""
        self._protocol.deliver = take

    def close(self, code: CloseCode) -> None:
        """See Writer."""
        self.end(code)

    def end(self, code: int) -> None:
        """Close with one of our codes or of RFC 6455's. Idempotent."""
        protocol = self._protocol
        if protocol.close_sent or self._transport.is_closing():
            return
        metrics.closed.labels(int(code)).inc()
        # A socket that is behind is told as well, and its half of the closing handshake is still to be read.
        protocol.writable.set()
        closing = protocol.send({"type": "websocket.close", "code": int(code), "reason": None})
        try:
            closing.send(None)
        except (StopIteration, ClientDisconnected):
            pass
        else:
            raise AssertionError("uvicorn made a writable socket wait")
        protocol.mind_reading()

    # --- called by the protocol

    def fall_behind(self) -> None:
        """More than BUFFERED_BYTES_MAX wait: a request cannot outrun its answers, so nothing more is read."""
        self.behind = True
        self._protocol.mind_reading()

    def drained(self) -> None:
        """Nothing waits any more."""
        self.behind = False
        self._protocol.mind_reading()
        self.on_drained()

    def gone(self) -> None:
        """The connection is gone. Letting go of each other, its parts are freed at once and not by the collector."""
        self.behind = True
        self._protocol.deliver = None
        self.on_drained = _nothing


class SeatProtocol(WebSocketsSansIOProtocol):
    """A WebSocket connection whose consumer may take frames directly. The parser is only ever given whole frames."""

    _process_is_prepared = False
    deliver: Callable[[bytes], None] | None = None
    writer: TransportWriter | None = None
    # Whether the parser stands between two frames: not if a client spoke before it was let in.
    _between_frames = False
    # A fragmented message has begun; its frames are the parser's.
    _message_open = False
    # The beginning of a frame that has not come whole.
    _rest = b""
    _end: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn.max_message_size = MESSAGE_BYTES_MAX

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """uvicorn: a client is there."""
        if not SeatProtocol._process_is_prepared:
            SeatProtocol._process_is_prepared = True
            raise_file_limit()
            calm_collector()
        super().connection_made(transport)

    def handle_connect(self, event: Any) -> None:
        """The handshake has been read: its socket gets a writer."""
        super().handle_connect(event)
        if not self.handshake_complete:
            self._between_frames = not self.conn.reader.buffer
            self.writer = TransportWriter(self)
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions["housefull.writer"] = self.writer

    def data_received(self, data: bytes) -> None:
        """Deliver whole text frames at once; leave all else to websockets."""
        deliver = self.deliver
        if deliver is None or not self._between_frames or not self.handshake_complete:
            if self.handshake_initiated and not self.handshake_complete:
                self._between_frames = False
            super().data_received(data)
            return
        if not self._rest and not self._message_open and (payloads := unmask_text_frames(data)) is not None:
            for payload in payloads:
                if self.close_sent:
                    break  # nothing is asked any more
                deliver(payload)
            return
        self._take_frames(self._rest + data)

    def _take_frames(self, data: bytes) -> None:
        """Frames one by one; what has not come whole waits for the rest."""
        start = 0
        while (end := frame_end(data, start)) is not None:
            if end - start > MESSAGE_BYTES_MAX:  # for the parser, which knows this bound
                self._between_frames, self._rest = False, b""
                super().data_received(data[start:])
                return
            if end > len(data):
                break
            self._take_frame(data[start:end])
            start = end
            if self.transport.is_closing():  # that was the client's close frame, or broke the rules
                self._between_frames, self._rest = False, b""
                return
        self._rest = data[start:]

    def _take_frame(self, frame: bytes) -> None:
        payloads = None if self._message_open else unmask_text_frames(frame)
        if payloads is not None and self.deliver is not None:
            if not self.close_sent:
                self.deliver(payloads[0])
            return
        self._message_open = leaves_message_open(frame, already=self._message_open)
        super().data_received(frame)

    def send_receive_event_to_app(self) -> None:
        """A message that websockets put together: delivered as well, lest the next whole frame overtake it."""
        payload = b"".join(self.frames)
        if self.writer is not None and self.curr_msg_data_type == "text" and not _is_utf8(payload):
            self.writer.end(NOT_UTF8)
        elif self.deliver is not None and self.handshake_complete and not self.close_sent:
            self.deliver(payload)
        else:
            super().send_receive_event_to_app()
        self.frames = []

    def handle_ping(self) -> None:
        """websockets has made a pong; after our close frame, when all is read, it may be one too many."""
        if self.close_sent and self.writer is not None and self.writer.behind:
            self.conn.data_to_send()
        else:
            super().handle_ping()

    async def receive(self) -> Any:
        """ASGI: the next message. uvicorn then reads on, even if the socket is behind."""
        message = await super().receive()
        self.mind_reading()
        return message

    def mind_reading(self) -> None:
        """Read while nothing waits on its way in or out; and after our close frame, to find the client's."""
        waits = self.read_paused or (self.writer is not None and self.writer.behind)
        if self.close_sent or not waits:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def pause_writing(self) -> None:
        """asyncio: the socket has fallen behind."""
        super().pause_writing()
        if self.writer is not None:
            self.writer.fall_behind()

    def resume_writing(self) -> None:
        """asyncio: it has taken all that waited."""
        super().resume_writing()
        if self.writer is not None:
            self.writer.drained()

    def shutdown(self) -> None:
        """The process is asked to stop: send the socket away with the code that says come back."""
        if self.writer is None or not self.handshake_complete or self.close_sent:
            super().shutdown()
        else:
            self.writer.close(CloseCode.RESTARTING)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The consumer has ended and given its place back."""
        super().on_task_complete(task)
        self._end_soon()

    def keepalive_timeout(self) -> None:
        """The client has not answered a ping."""
        super().keepalive_timeout()
        self._end_soon()

    def _end_soon(self) -> None:
        """Let go of descriptor and buffer in time: transport.close() waits for who never reads what is unsent."""
        if self._end is None and not self.disconnected:
            self._end = self.loop.call_later(self.close_timeout, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        if self._end is not None:
            self._end.cancel()
        if self.writer is not None:
            self.writer.gone()
        super().connection_lost(exc)


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _nothing() -> None:
    pass
