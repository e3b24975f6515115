"""The short way in: whole text frames are unmasked here, everything else is left to Autobahn."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from realtime.daphne_server import SeatProtocol
from realtime.unmasking import unmask_text_frames


def ascii_only(payload: bytes) -> bytes:
    return bytes(byte & 0x7F for byte in payload)


payloads = st.binary(max_size=300).map(ascii_only) | st.sampled_from(
    [b"x" * size for size in (125, 126, 127, 8192, 65_535)]
)


def sent(payload: bytes, *, opcode: Opcode = Opcode.TEXT, fin: bool = True, mask: bool = True) -> bytes:
    """A frame as another implementation writes it."""
    return Frame(opcode, payload, fin=fin).serialize(mask=mask, extensions=None)


class TestUnmaskTextFrames:
    @given(st.lists(payloads, min_size=1, max_size=4))
    def test_reads_whole_frames_as_they_were_sent(self, messages: list[bytes]) -> None:
        assert unmask_text_frames(b"".join(sent(message) for message in messages)) == messages

    @given(st.lists(payloads, min_size=1, max_size=3), st.data())
    def test_leaves_all_to_autobahn_when_the_last_is_cut(self, messages: list[bytes], data: st.DataObject) -> None:
        arrived = b"".join(sent(message) for message in messages)
        whole = len(arrived) - len(sent(messages[-1]))
        cut = data.draw(st.integers(whole + 1, len(arrived) - 1))

        assert unmask_text_frames(arrived[:cut]) is None

    @pytest.mark.parametrize(
        "frame",
        [
            sent(b"{}", mask=False),
            sent(b"{}", fin=False),
            sent(b"{}", opcode=Opcode.CONT),
            sent(b"{}", opcode=Opcode.BINARY),
            sent(b"", opcode=Opcode.PING),
            sent(b"\x03\xe8", opcode=Opcode.CLOSE),
            sent(b"x" * 65_536),
            b"\x81\xfe\x00\x05" + bytes(4) + b"short",
            b"\xc1" + sent(b"{}")[1:],
            sent("पाँच".encode()),
        ],
        ids=[
            "unmasked",
            "fragment",
            "continuation",
            "binary",
            "ping",
            "close",
            "64 KiB",
            "length not minimal",
            "compressed",
            "not ASCII",
        ],
    )
    def test_leaves_what_is_out_of_the_ordinary(self, frame: bytes) -> None:
        assert unmask_text_frames(frame) is None
        assert unmask_text_frames(sent(b"{}") + frame) is None


class TestSeatProtocol:
    def test_asks_nothing_that_comes_with_what_closed_the_socket(self) -> None:
        protocol: Any = SeatProtocol()
        protocol.state, protocol.data = SeatProtocol.STATE_OPEN, b""
        taken = []

        def close(payload: bytes) -> None:
            taken.append(payload)
            protocol.state = SeatProtocol.STATE_CLOSING

        protocol.deliver = close
        protocol.dataReceived(sent(b"one") + sent(b"two"))

        assert taken == [b"one"]
