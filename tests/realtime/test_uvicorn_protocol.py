"""Our protocol for uvicorn alone, on a real socket: what it reads, and when it lets go. On both event loops."""

import asyncio
import inspect
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any

import pytest
import uvloop
from uvicorn import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from realtime.frames import Frame as ReadyFrame
from realtime.protocol import CloseCode
from realtime.uvicorn_protocol import SeatProtocol, TransportWriter
from tests.support.guards import python_without, unless, with_and_without_guard
from tests.support.patience import PATIENCE_SECONDS

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
# More than all buffers between two ends take.
LONG_ANSWER = ReadyFrame(b"x" * 1_000_000)


def on_both_loops(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on asyncio's loop and on uvloop's."""

    @wraps(test)
    def run(*args: Any, new_loop: Callable[[], asyncio.AbstractEventLoop], **kwargs: Any) -> None:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(test(*args, **kwargs))

    asked = inspect.signature(test)
    loop = inspect.Parameter("new_loop", inspect.Parameter.KEYWORD_ONLY)
    run.__signature__ = asked.replace(parameters=[*asked.parameters.values(), loop])  # type: ignore[attr-defined]
    on_both: Callable[..., None] = pytest.mark.parametrize(
        "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
    )(run)
    return on_both


def frame(payload: bytes, *, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    """A client's frame."""
    return Frame(opcode, payload, fin=fin).serialize(mask=True, extensions=None)


async def until(condition: Callable[[], bool]) -> None:
    """Let everybody go on until this is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 — of a socket, which sets no event
            await asyncio.sleep(0)


async def several_turns() -> None:
    """Let happen whatever is due."""
    for _ in range(10):
        await asyncio.sleep(0)


class Consumer:
    """Takes messages, through ASGI while `may_take` is set or directly, and gives each to `answer`."""

    def __init__(self, *, directly: bool = False) -> None:
        self.taken: list[bytes] = []
        self.may_accept = asyncio.Event()
        self.may_take = asyncio.Event()
        self.may_take.set()
        self.answer: Callable[[bytes], None] = lambda _: None
        self.gone = False
        self.writer: TransportWriter
        self._directly = directly

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a socket as our consumers do."""
        self.writer = scope["extensions"]["housefull.writer"]
        if self._directly:
            self.writer.deliver_to(self._take)
        await receive()
        await self.may_accept.wait()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            text = message.get("text")
            self._take(message["bytes"] if text is None else text.encode())
            await self.may_take.wait()
        self.gone = True

    def _take(self, payload: bytes) -> None:
        self.taken.append(payload)
        self.answer(payload)


class Line:
    """A protocol of ours at one end, a client that reads only when told to at the other."""

    def __init__(self, protocol: SeatProtocol, client: socket.socket) -> None:
        self.protocol = protocol
        self.transport = protocol.transport
        self._client = client

    async def send(self, data: bytes) -> None:
        """Send as one segment."""
        await asyncio.get_running_loop().sock_sendall(self._client, data)

    async def read_until(self, condition: Callable[[bytes], bool]) -> bytes:
        """Read until something is so, here or at the other end, or the connection ends."""
        arrived = b""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition(arrived):
                try:
                    part = self._client.recv(65536)
                except BlockingIOError:
                    await asyncio.sleep(0)
                    continue
                if not part:
                    break
                arrived += part
        return arrived


# Two questions in one segment, and what keeps the second from being asked once we have said goodbye.
FRAMINGS = {
    "whole": (
        frame(b"one") + frame(b"two"),
        ("data_received", "break  # nothing is asked any more", "pass"),
    ),
    "and a part": (
        frame(b"one") + frame(b"two") + frame(b"three")[:3],
        ("_take_frame", "if not self.close_sent:", "if True:"),
    ),
    "fragments": (
        frame(b"one") + frame(b"t", fin=False) + frame(b"wo", opcode=Opcode.CONT),
        ("send_receive_event_to_app", " and not self.close_sent", ""),
    ),
}


@asynccontextmanager
async def line_to(consumer: Consumer, *, too_early: bytes = b"") -> AsyncIterator[Line]:
    """A connection that this consumer has accepted; what is said too early comes when he has not yet."""
    loop = asyncio.get_running_loop()
    config = Config(consumer, lifespan="off", log_config=None, ws_ping_interval=None, ws_per_message_deflate=False)
    config.load()
    protocol = SeatProtocol(config=config, server_state=ServerState(), app_state={}, _loop=loop)
    ours, client = socket.socketpair()
    client.setblocking(False)
    await loop.connect_accepted_socket(lambda: protocol, ours)
    line = Line(protocol, client)
    await line.send(HANDSHAKE)
    if too_early:
        await until(lambda: protocol.handshake_initiated)
        await line.send(too_early)
        await until(lambda: protocol.read_paused)
    consumer.may_accept.set()
    await line.read_until(lambda arrived: arrived.endswith(b"\r\n\r\n"))
    try:
        yield line
    finally:
        client.close()
        if not protocol.disconnected:
            protocol.transport.abort()
        await until(lambda: protocol.disconnected)


@pytest.fixture(autouse=True)
def _process_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SeatProtocol, "_process_is_prepared", True)


class TestReading:
    @with_and_without_guard
    @on_both_loops
    async def test_stops_for_who_is_behind_though_asgi_has_taken_all(
        self, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        if not guarded:
            monkeypatch.delattr(SeatProtocol, "receive")
        consumer = Consumer()
        consumer.answer = lambda _: consumer.writer.reply(LONG_ANSWER)
        async with line_to(consumer) as line:
            await line.send(frame(b"one", opcode=Opcode.BINARY) + frame(b"two", opcode=Opcode.BINARY))
            await until(lambda: len(consumer.taken) == 2)

            assert consumer.writer.behind
            assert line.transport.is_reading() is not guarded

    @with_and_without_guard
    @on_both_loops
    async def test_stops_until_asgi_has_taken_all_though_nobody_is_behind(
        self, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        def read_what_waits(protocol: SeatProtocol) -> None:
            protocol.transport.resume_reading()

        consumer = Consumer()
        consumer.answer = lambda _: consumer.writer.reply(LONG_ANSWER)
        async with line_to(consumer) as line:
            consumer.may_take.clear()
            await line.send(frame(b"one", opcode=Opcode.BINARY) + frame(b"two", opcode=Opcode.BINARY))
            await until(lambda: len(consumer.taken) == 1 and consumer.writer.behind)
            if not guarded:
                monkeypatch.setattr(SeatProtocol, "mind_reading", read_what_waits)
            await line.read_until(lambda _: not consumer.writer.behind)

            assert line.transport.is_reading() is not guarded
            consumer.may_take.set()
            await line.read_until(lambda _: len(consumer.taken) == 2 and not consumer.writer.behind)
            await until(line.transport.is_reading)


class TestMessages:
    @with_and_without_guard
    @on_both_loops
    async def test_of_all_kinds_are_taken_in_the_order_in_which_they_came(
        self, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        if not guarded:
            monkeypatch.delattr(SeatProtocol, "send_receive_event_to_app")
        consumer = Consumer(directly=True)
        async with line_to(consumer) as line:
            fragments = frame(b"o", fin=False) + frame(b"", opcode=Opcode.PING) + frame(b"ne", opcode=Opcode.CONT)
            await line.send(fragments + frame(b"two") + frame(b"three", opcode=Opcode.BINARY) + frame(b"four"))
            await until(lambda: len(consumer.taken) == 4)

            assert (consumer.taken == [b"one", b"two", b"three", b"four"]) is guarded

    @on_both_loops
    async def test_of_who_spoke_before_he_was_let_in_are_taken_in_that_order(self) -> None:
        consumer = Consumer(directly=True)
        async with line_to(consumer, too_early=frame(b"one") + frame(b"t", fin=False)) as line:
            await line.send(frame(b"wo", opcode=Opcode.CONT) + frame(b"three"))
            await until(lambda: len(consumer.taken) == 3)

            assert consumer.taken == [b"one", b"two", b"three"]

    @with_and_without_guard
    @on_both_loops
    async def test_that_are_no_text_though_they_say_so_are_never_put_together(self, guarded: bool) -> None:
        consumer = Consumer(directly=True)
        cut = (SeatProtocol, "send_receive_event_to_app", " and not _is_utf8(payload)", " and False")
        with unless(guarded, python_without(*cut)):
            async with line_to(consumer) as line:
                await line.send(frame(b"\xff", fin=False) + frame(b"", opcode=Opcode.CONT) + frame(b"two"))
                await until(lambda: consumer.gone or len(consumer.taken) == 2)

                assert (consumer.taken == []) is guarded

    @on_both_loops
    async def test_that_are_no_text_though_they_say_so_end_the_connection(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        consumer = Consumer()
        async with line_to(consumer) as line:
            await line.send(frame(b"\xff") + frame(b"two"))
            await until(lambda: consumer.gone)

            assert line.protocol.conn.close_sent is not None
            assert line.protocol.conn.close_sent.code == 1007
            assert consumer.taken == []
            assert "Traceback" not in caplog.text


class TestEnds:
    @with_and_without_guard
    @on_both_loops
    async def test_do_not_wait_for_who_never_reads(self, monkeypatch: pytest.MonkeyPatch, guarded: bool) -> None:
        if not guarded:
            monkeypatch.delattr(SeatProtocol, "on_task_complete")
        consumer = Consumer()
        async with line_to(consumer) as line:
            line.protocol.close_timeout = 0
            consumer.writer.reply(LONG_ANSWER)
            consumer.writer.close(CloseCode.TOO_SLOW)
            await until(lambda: consumer.gone and line.transport.is_closing())
            if guarded:
                await until(lambda: line.protocol.disconnected)
            await several_turns()

            assert line.protocol.disconnected is guarded

    @with_and_without_guard
    @on_both_loops
    async def test_do_not_wait_for_who_says_goodbye_and_never_reads(
        self, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        if not guarded:
            monkeypatch.delattr(SeatProtocol, "on_task_complete")
        consumer = Consumer(directly=True)
        consumer.answer = lambda _: consumer.writer.reply(LONG_ANSWER)
        async with line_to(consumer) as line:
            line.protocol.close_timeout = 0
            await line.send(frame(b"one") + frame(b"\x03\xe8", opcode=Opcode.CLOSE))
            await until(lambda: consumer.gone)
            if guarded:
                await until(lambda: line.protocol.disconnected)
            await several_turns()

            assert line.protocol.disconnected is guarded

    @with_and_without_guard
    @on_both_loops
    async def test_do_not_wait_for_who_neither_reads_nor_answers_a_ping(
        self, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        if not guarded:
            monkeypatch.delattr(SeatProtocol, "keepalive_timeout")
        consumer = Consumer()
        async with line_to(consumer) as line:
            line.protocol.close_timeout = 0
            consumer.writer.reply(LONG_ANSWER)
            line.protocol.keepalive_timeout()
            if guarded:
                await until(lambda: consumer.gone)
            await several_turns()

            assert consumer.gone is guarded
            assert line.protocol.disconnected is guarded

    @on_both_loops
    async def test_leave_time_for_what_is_still_to_be_read(self) -> None:
        consumer = Consumer()
        async with line_to(consumer) as line:
            consumer.writer.reply(LONG_ANSWER)
            consumer.writer.close(CloseCode.RESTARTING)
            await until(lambda: consumer.gone)
            closing = Frame(Opcode.CLOSE, b"\x0f\xa0").serialize(mask=False, extensions=None)
            await line.send(frame(b"\x0f\xa0", opcode=Opcode.CLOSE))

            assert await line.read_until(lambda _: False) == LONG_ANSWER.wire + closing

    @with_and_without_guard
    @on_both_loops
    async def test_keep_no_pongs_for_who_never_reads(self, monkeypatch: pytest.MonkeyPatch, guarded: bool) -> None:
        if not guarded:
            monkeypatch.delattr(SeatProtocol, "handle_ping")
        consumer = Consumer(directly=True)
        async with line_to(consumer) as line:
            consumer.writer.reply(LONG_ANSWER)
            consumer.writer.close(CloseCode.TOO_SLOW)
            before = line.transport.get_write_buffer_size()
            await line.send(frame(b"x" * 125, opcode=Opcode.PING) * 10_000)

            assert (line.transport.get_write_buffer_size() == before) is guarded


class TestAfterACloseFrame:
    @with_and_without_guard
    @pytest.mark.parametrize("framing", FRAMINGS)
    @on_both_loops
    async def test_of_ours_no_more_is_asked_in_the_same_segment(self, framing: str, guarded: bool) -> None:
        """Whole frames alone, with a part of another, and fragments take three ways in."""
        segment, guard = FRAMINGS[framing]
        consumer = Consumer(directly=True)
        consumer.answer = lambda _: consumer.writer.close(CloseCode.TOO_MANY_MESSAGES)
        with unless(guarded, python_without(SeatProtocol, *guard)):
            async with line_to(consumer) as line:
                await line.send(segment)
                await until(lambda: line.protocol.close_sent)
                await several_turns()

                assert (consumer.taken == [b"one"]) is guarded

    @on_both_loops
    async def test_of_ours_no_more_is_asked(self) -> None:
        consumer = Consumer(directly=True)
        consumer.answer = lambda _: consumer.writer.close(CloseCode.TOO_MANY_MESSAGES)
        async with line_to(consumer) as line:
            await line.send(frame(b"one") + frame(b"two"))
            await until(lambda: line.protocol.close_sent)
            await line.send(frame(b"three") + frame(b"four", opcode=Opcode.BINARY) + frame(b"five"))
            await line.send(frame(b"\x0f\xa2", opcode=Opcode.CLOSE))
            await until(lambda: line.protocol.disconnected)

            assert consumer.taken == [b"one"]

    @on_both_loops
    async def test_of_the_clients_no_more_is_asked(self) -> None:
        consumer = Consumer(directly=True)
        async with line_to(consumer) as line:
            await line.send(frame(b"one") + frame(b"\x03\xe8", opcode=Opcode.CLOSE) + frame(b"two"))
            await until(lambda: line.protocol.disconnected)

            assert consumer.taken == [b"one"]

    @on_both_loops
    async def test_of_ours_a_frame_under_way_is_still_one_frame(self) -> None:
        consumer = Consumer(directly=True)
        async with line_to(consumer) as line:
            cut = frame(b"a question that comes in two parts")
            await line.send(cut[:20])
            await until(lambda: line.protocol._rest == cut[:20])
            consumer.writer.close(CloseCode.RESTARTING)
            await line.send(cut[20:])
            await line.send(frame(b"\x0f\xa0", opcode=Opcode.CLOSE))
            await until(lambda: line.protocol.disconnected)

            assert line.protocol.conn.parser_exc is None
            assert line.protocol.conn.close_rcvd is not None
            assert consumer.taken == []


class TestShutdown:
    @pytest.mark.parametrize("directly", [True, False], ids=["a seat map", "a door"])
    @on_both_loops
    async def test_sends_sockets_away_to_come_back(self, directly: bool) -> None:
        consumer = Consumer(directly=directly)
        async with line_to(consumer) as line:
            line.protocol.shutdown()

            assert line.protocol.conn.close_sent is not None
            assert line.protocol.conn.close_sent.code == CloseCode.RESTARTING
