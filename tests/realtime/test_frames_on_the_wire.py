"""Frames as odd clients send them: in pieces, joined, fragmented, with control frames in between. On both servers."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from bookings.models import Show
from realtime.unmasking import frame_end, leaves_message_open
from tests.support.house import RunningHouse, running_house
from tests.support.patience import PATIENCE_SECONDS
from tests.support.viewer import guest_token, viewing

# A hall of twelve seats a row.
B1 = 12
FRAGMENTED = [(Opcode.TEXT, False), (Opcode.CONT, False), (Opcode.CONT, True)]


def frame(payload: bytes, *, opcode: Opcode = Opcode.TEXT, fin: bool = True) -> bytes:
    """A masked frame as another implementation writes it."""
    return Frame(opcode, payload, fin=fin).serialize(mask=True, extensions=None)


def ping(name: str, *, padding: int = 0) -> bytes:
    """The contract's ping, as long as wanted."""
    return json.dumps({"type": "ping", "id": name, "client_ms": 1}).encode() + b" " * padding


class Wire:
    """A connection whose frames are written byte by byte, as the test likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send bytes as one segment."""
        self.writer.write(data)
        await self.writer.drain()

    async def frame(self) -> tuple[int, bytes]:
        """The next frame from the server: opcode and payload."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            first, size = await self._reader.readexactly(2)
            if size == 126:
                size = int.from_bytes(await self._reader.readexactly(2), "big")
            return first & 0x0F, await self._reader.readexactly(size)

    async def message(self, kind: str) -> dict[str, Any]:
        """The next message of this type."""
        while True:
            opcode, payload = await self.frame()
            assert opcode != Opcode.CLOSE, payload
            if opcode == Opcode.TEXT and (found := json.loads(payload))["type"] == kind:
                message: dict[str, Any] = found
                return message

    async def closed_with(self) -> int:
        """The code of the server's close frame."""
        while True:
            opcode, payload = await self.frame()
            if opcode == Opcode.CLOSE:
                return int.from_bytes(payload[:2], "big")


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def _direct(request: pytest.FixtureRequest, django_db_setup: None) -> Iterator[RunningHouse]:
    with running_house(LIMIT_MESSAGES_PER_SECOND="0") as house:
        house.start_web(server=request.param)
        yield house


@pytest.fixture
def direct_house(_direct: RunningHouse, database: str) -> RunningHouse:
    """A house under a server whose sockets have a direct way in and out."""
    return _direct.awake()


@pytest_asyncio.fixture
async def wire(direct_house: RunningHouse, show: Show) -> AsyncIterator[Wire]:
    parts = urlsplit(direct_house.url)
    # Small buffers: what the client does not read soon waits in the server.
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.setblocking(False)
    await asyncio.get_running_loop().sock_connect(line, (parts.hostname, parts.port))
    reader, writer = await asyncio.open_connection(sock=line, limit=4_096)
    writer.write(
        f"GET /ws/shows/{show.pk}/ HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: housefull.v1, token.{guest_token(direct_house.url)}\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head.splitlines()[0] + b" "
    wire = Wire(reader, writer)
    await wire.message("snapshot")
    yield wire
    writer.close()


class TestOddFrames:
    async def test_are_understood_byte_by_byte(self, wire: Wire) -> None:
        for byte in frame(ping("slow")):
            await wire.send(bytes([byte]))

        assert (await wire.message("pong"))["id"] == "slow"

    async def test_are_understood_when_many_come_at_once_and_the_last_is_cut(self, wire: Wire) -> None:
        frames = b"".join(frame(ping(name)) for name in "abcd")
        await wire.send(frames[:-3])
        answered = [(await wire.message("pong"))["id"] for _ in range(3)]
        await wire.send(frames[-3:])

        assert [*answered, (await wire.message("pong"))["id"]] == list("abcd")

    async def test_are_put_together_around_a_control_frame(self, wire: Wire) -> None:
        whole = ping("parts")
        parts = [whole[:10], whole[10:20], whole[20:]]
        for (opcode, fin), part in zip(FRAGMENTED, parts, strict=True):
            await wire.send(frame(part, opcode=opcode, fin=fin) + frame(b"hi", opcode=Opcode.PING))

        assert (await wire.message("pong"))["id"] == "parts"
        await wire.send(frame(ping("after")))
        assert (await wire.message("pong"))["id"] == "after"

    async def test_a_ping_of_the_protocol_is_answered(self, wire: Wire) -> None:
        await wire.send(frame(ping("one")) + frame(b"echo", opcode=Opcode.PING) + frame(ping("two")))

        seen = [await wire.frame() for _ in range(3)]
        assert (Opcode.PONG, b"echo") in seen
        assert [json.loads(payload)["id"] for opcode, payload in seen if opcode == Opcode.TEXT] == ["one", "two"]

    async def test_of_seven_kilobytes_are_understood(self, wire: Wire) -> None:
        whole = frame(ping("long", padding=7_000))
        await wire.send(whole[:4_000])
        await wire.send(whole[4_000:])

        assert (await wire.message("pong"))["id"] == "long"

    async def test_beyond_the_bound_are_refused_and_the_socket_lives(self, wire: Wire) -> None:
        await wire.send(frame(ping("longer", padding=9_000)))
        assert (await wire.message("error"))["code"] == "bad_request"

        await wire.send(frame(ping("still here")))
        assert (await wire.message("pong"))["id"] == "still here"

    @pytest.mark.parametrize("pieces", [1, 3], ids=["whole", "fragments"])
    async def test_far_beyond_the_bound_end_the_connection(self, wire: Wire, pieces: int) -> None:
        piece = b"x" * (90_000 // pieces)
        for (opcode, fin), _ in zip(FRAGMENTED[:pieces], range(pieces), strict=True):
            await wire.send(frame(piece, opcode=opcode, fin=fin or pieces == 1))

        assert await wire.closed_with() == 1009

    async def test_that_say_goodbye_are_answered(self, wire: Wire) -> None:
        await wire.send(frame(ping("last")) + frame(b"\x03\xe8", opcode=Opcode.CLOSE))

        assert (await wire.message("pong"))["id"] == "last"
        assert await wire.closed_with() == 1000

    async def test_that_nobody_masked_end_the_connection(self, wire: Wire) -> None:
        await wire.send(Frame(Opcode.TEXT, ping("bare")).serialize(mask=False, extensions=None))

        assert await wire.closed_with() == 1002

    async def test_of_many_scripts_are_understood(self, wire: Wire) -> None:
        name = "पाँच सीटें"
        whole = json.dumps({"type": "ping", "id": name, "client_ms": 1}, ensure_ascii=False).encode()
        await wire.send(frame(whole))
        assert (await wire.message("pong"))["id"] == name

        cut = whole.index("ँ".encode()) + 1
        await wire.send(frame(whole[:cut], fin=False) + frame(whole[cut:], opcode=Opcode.CONT))
        assert (await wire.message("pong"))["id"] == name

    @pytest.mark.parametrize("pieces", [1, 2], ids=["whole", "fragments"])
    async def test_whose_text_is_not_utf_8_end_the_connection(self, wire: Wire, pieces: int) -> None:
        whole = b'{"type":"ping","id":"\xff","client_ms":1}'
        if pieces == 1:
            await wire.send(frame(whole))
        else:
            await wire.send(frame(whole[:5], fin=False) + frame(whole[5:], opcode=Opcode.CONT))

        assert await wire.closed_with() == 1007

    async def test_of_bytes_that_are_not_utf_8_are_refused_and_the_socket_lives(self, wire: Wire) -> None:
        await wire.send(frame(b'{"type":"ping","id":"\xff","client_ms":1}', opcode=Opcode.BINARY))
        assert (await wire.message("error"))["code"] == "bad_request"

        await wire.send(frame(ping("still here")))
        assert (await wire.message("pong"))["id"] == "still here"


class TestAClientThatAsksAndDoesNotRead:
    async def test_is_skipped_at_a_bound_and_catches_up(
        self, wire: Wire, direct_house: RunningHouse, show: Show
    ) -> None:
        before = skipped(direct_house)
        # Answers of half a megabyte: the server stops reading long before the last question.
        wire.writer.write(frame(b'{"type":"sync","epoch":"none","version":0}') * 1_000)
        async with viewing(direct_house.url, show.pk, token=guest_token(direct_house.url)) as holder:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while skipped(direct_house) == before:
                    await holder.hold("A1")
                    await holder.release("A1")
            await holder.hold("B1")

        wire.writer.write(frame(ping("all read")))
        seen = ""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(seen) <= B1 or seen[B1] != "H":
                opcode, payload = await wire.frame()
                message = json.loads(payload) if opcode == Opcode.TEXT else {}
                seen = message.get("states", seen)
                for index, state, *_ in message.get("changes", ()):
                    seen = seen[:index] + state + seen[index + 1 :]


def skipped(house: RunningHouse) -> float:
    """Frames that the house has not sent to sockets that were behind."""
    for line in httpx.get(f"{house.url}/metrics", trust_env=False).text.splitlines():
        if line.startswith("housefull_frames_skipped_total "):
            return float(line.split()[1])
    raise AssertionError("the house does not count what it skips")


class TestFrameEnds:
    @given(st.binary(max_size=200) | st.sampled_from([b"x" * 126, b"x" * 70_000]), st.booleans(), st.booleans())
    def test_are_where_the_frame_ends(self, payload: bytes, mask: bool, fin: bool) -> None:
        whole = Frame(Opcode.BINARY, payload, fin=fin).serialize(mask=mask, extensions=None)

        assert frame_end(whole + b"more", 0) == len(whole)
        assert frame_end(b"..." + whole, 3) == 3 + len(whole)
        assert frame_end(whole[:1], 0) is None
        assert leaves_message_open(whole, already=False) is not fin
        assert leaves_message_open(frame(b"", opcode=Opcode.PING), already=fin) is fin
