"""Writers: bytes leave at once and in order, a slow socket costs a bounded amount, and learns when it has drained."""

import asyncio
import json
import socket
from collections.abc import Iterator
from typing import Any, cast

import pytest
from twisted.internet import tcp

from realtime.frames import Frame, encode
from realtime.protocol import UPDATES_LIVE, CloseCode
from realtime.writers import BUFFERED_BYTES_MAX, KERNEL_BUFFER_BYTES, DirectWriter, SendWriter
from tests.support.virtual_time import virtually

FRAME = Frame(b"x" * 1000)


class HandReactor:
    """A reactor that is turned by hand."""

    def __init__(self) -> None:
        self.readers: set[tcp.Server] = set()
        self.writers: set[tcp.Server] = set()

    def addReader(self, transport: tcp.Server) -> None:  # noqa: N802
        self.readers.add(transport)

    def addWriter(self, transport: tcp.Server) -> None:  # noqa: N802
        self.writers.add(transport)

    def removeReader(self, transport: tcp.Server) -> None:  # noqa: N802
        self.readers.discard(transport)

    def removeWriter(self, transport: tcp.Server) -> None:  # noqa: N802
        self.writers.discard(transport)

    def turn(self) -> None:
        """Let every transport write that wants to."""
        for transport in tuple(self.writers):
            assert cast(Any, transport).doWrite() is None


class OpenProtocol:
    """As much of an Autobahn protocol as a writer needs."""

    STATE_OPEN = 3

    def __init__(self) -> None:
        self.state = self.STATE_OPEN
        self.transport: Any = None
        self.deliver: Any = None
        self.closed_with: int | None = None

    def sendClose(self, code: int) -> None:  # noqa: N802
        self.closed_with = code
        self.state = 0


class Line:
    """A real socket pair: the server's transport under a DirectWriter, and the viewer's end."""

    def __init__(self) -> None:
        self.reactor = HandReactor()
        ours, self.viewer = socket.socketpair()
        self.viewer.setblocking(False)
        self.protocol = OpenProtocol()
        # Typed loosely: Twisted wants whole protocols, ports and reactors, and uses a corner of each here.
        self.transport: Any = cast(Any, tcp.Server)(ours, self.protocol, ("viewer", 0), None, 1, self.reactor)
        self.protocol.transport = self.transport
        self.writer = DirectWriter(self.protocol)
        self.drained = 0
        self.writer.on_drained = self._count

    def _count(self) -> None:
        self.drained += 1

    def read(self) -> bytes:
        """What has arrived at the viewer's end."""
        arrived = b""
        try:
            while part := self.viewer.recv(65536):
                arrived += part
        except BlockingIOError:
            pass
        return arrived

    def fill(self) -> int:
        """Write frames to a viewer that reads nothing, until they are refused. Returns how many were taken."""
        taken = 0
        while self.writer.write(FRAME):
            taken += 1
            assert taken < 10_000, "nothing bounds this socket"
        return taken

    @property
    def waiting_bytes(self) -> int:
        """What waits in this process."""
        in_line = sum(len(part) for part in self.transport._tempDataBuffer)
        return len(self.transport.dataBuffer) - int(self.transport.offset) + in_line


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.viewer.close()
    line.transport.socket.close()


class TestDirectWriter:
    def test_sends_at_once_while_nothing_waits(self, line: Line) -> None:
        assert line.writer.write(FRAME)

        assert line.read() == FRAME.wire
        assert line.reactor.writers == set()

    def test_keeps_the_order_of_what_waits(self, line: Line) -> None:
        line.transport.write(b"a pong of Autobahn's")
        line.writer.write(FRAME)
        line.reactor.turn()

        assert line.read() == b"a pong of Autobahn's" + FRAME.wire

    def test_delivers_every_byte_of_frames_that_were_cut(self, line: Line) -> None:
        taken = line.fill()
        arrived = b""
        while line.waiting_bytes:
            arrived += line.read()
            line.reactor.turn()
        arrived += line.read()

        assert arrived == FRAME.wire * taken

    def test_a_stuck_viewer_costs_a_bounded_amount(self, line: Line) -> None:
        taken = line.fill()
        for _ in range(1000):
            assert not line.writer.write(FRAME)

        assert line.waiting_bytes <= BUFFERED_BYTES_MAX + len(FRAME.wire)
        assert taken * len(FRAME.wire) <= BUFFERED_BYTES_MAX + 4 * KERNEL_BUFFER_BYTES

    def test_reads_nothing_from_who_does_not_read(self, line: Line) -> None:
        line.fill()

        assert line.transport not in line.reactor.readers

    def test_tells_once_when_a_slow_viewer_has_drained(self, line: Line) -> None:
        line.fill()
        while line.waiting_bytes:
            line.read()
            line.reactor.turn()

        assert line.drained == 1
        assert line.transport in line.reactor.readers
        assert line.writer.write(FRAME)

    def test_tells_nothing_to_who_was_never_behind(self, line: Line) -> None:
        for _ in range(100):
            line.writer.write(FRAME)
            line.read()
            line.reactor.turn()

        assert line.drained == 0

    def test_answers_requests_even_to_who_is_behind(self, line: Line) -> None:
        line.fill()
        before = line.waiting_bytes
        line.writer.reply(FRAME)

        assert line.waiting_bytes == before + len(FRAME.wire)

    def test_writes_nothing_after_the_close_frame(self, line: Line) -> None:
        line.writer.close(CloseCode.TOO_SLOW)
        line.writer.write(FRAME)
        line.writer.reply(FRAME)
        line.writer.close(CloseCode.RESTARTING)

        assert line.protocol.closed_with == CloseCode.TOO_SLOW
        assert line.read() == b""

    def test_a_viewer_that_is_gone_is_no_error(self, line: Line) -> None:
        line.viewer.close()

        for _ in range(3):
            line.writer.write(FRAME)

    def test_never_sends_directly_on_what_is_not_plain_tcp(self) -> None:
        class Wrapped:
            """As TLS wraps a transport: what is written here is not what goes on the wire."""

            def __init__(self) -> None:
                self.written: list[bytes] = []

            def write(self, data: bytes) -> None:
                self.written.append(data)

            def registerProducer(self, producer: object, streaming: bool) -> None:  # noqa: N802
                pass

            def unregisterProducer(self) -> None:  # noqa: N802
                pass

        protocol = OpenProtocol()
        protocol.transport = Wrapped()

        DirectWriter(protocol).write(FRAME)

        assert protocol.transport.written == [FRAME.wire]


class Server:
    """An ASGI server's `send`. With `open` cleared it makes senders wait, as for a slow socket."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.gone = False

    async def send(self, message: dict[str, Any]) -> None:
        if self.gone:
            raise OSError("the client is gone")
        await self.open.wait()
        self.sent.append(message)

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.sent if message["type"] == "websocket.send"]


def numbered(number: int) -> Frame:
    return Frame(json.dumps({"number": number}).encode())


class TestSendWriter:
    @virtually
    async def test_sends_at_once_and_without_a_task_where_send_does_not_wait(self) -> None:
        server = Server()
        writer = SendWriter(server.send)
        tasks = len(asyncio.all_tasks())

        assert writer.write(encode(UPDATES_LIVE))

        assert server.texts == ['{"type":"notice","code":"updates_live"}']
        assert len(asyncio.all_tasks()) == tasks

    @virtually
    async def test_keeps_the_order_where_send_waits(self) -> None:
        server = Server()
        writer = SendWriter(server.send)
        server.open.clear()
        for number in range(3):
            writer.write(numbered(number))
        server.open.set()
        await asyncio.sleep(0)
        for number in range(3, 5):
            writer.write(numbered(number))
        await asyncio.sleep(1)

        assert server.texts == [numbered(number).text for number in range(5)]

    @virtually
    async def test_a_stuck_viewer_costs_a_bounded_amount_and_is_told_when_drained(self) -> None:
        server = Server()
        writer = SendWriter(server.send)
        drained = []
        writer.on_drained = lambda: drained.append(len(server.sent))
        server.open.clear()
        taken = 0
        while writer.write(FRAME):
            taken += 1
            assert taken < 10_000, "nothing bounds this socket"

        assert taken * len(FRAME.wire) <= BUFFERED_BYTES_MAX + 2 * len(FRAME.wire)
        assert drained == []
        server.open.set()
        await asyncio.sleep(1)
        assert drained == [taken]
        assert writer.write(FRAME)

    @virtually
    async def test_closes_after_what_it_was_given_before(self) -> None:
        server = Server()
        writer = SendWriter(server.send)
        server.open.clear()
        writer.write(numbered(1))
        writer.close(CloseCode.RESTARTING)
        writer.close(CloseCode.TOO_SLOW)
        writer.write(numbered(2))
        server.open.set()
        await asyncio.sleep(1)

        assert server.sent == [
            {"type": "websocket.send", "text": numbered(1).text},
            {"type": "websocket.close", "code": 4000},
        ]

    @pytest.mark.parametrize("when", ["before", "while waiting"])
    @virtually
    async def test_a_client_that_is_gone_is_no_error(self, when: str) -> None:
        server = Server()
        writer = SendWriter(server.send)
        if when == "while waiting":
            server.open.clear()
            writer.write(numbered(1))
            writer.write(numbered(2))
        server.gone = True
        server.open.set()
        writer.write(numbered(3))
        await asyncio.sleep(1)

        assert not writer.write(numbered(4)) or server.texts in ([], [numbered(1).text])
