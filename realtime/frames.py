"""Messages as ready WebSocket frames: encoded once, header included, the same bytes for every socket.

Server frames are never masked and never compressed (an uncompressed frame stays legal where deflate was
negotiated), so a frame can be built before anyone knows which sockets it goes to.
"""

import struct
from typing import Any, Final

import msgspec

from realtime.protocol import Mine, ServerMessage

_FINAL_TEXT: Final = 0x81
_encode: Final = msgspec.json.Encoder().encode


class Frame:
    """One text frame: `wire` is the bytes for a socket, `text` the payload for servers that frame themselves."""

    __slots__ = ("_header_bytes", "wire")

    def __init__(self, payload: bytes) -> None:
        size = len(payload)
        if size <= 125:
            header = struct.pack("!BB", _FINAL_TEXT, size)
        elif size <= 0xFFFF:
            header = struct.pack("!BBH", _FINAL_TEXT, 126, size)
        else:
            header = struct.pack("!BBQ", _FINAL_TEXT, 127, size)
        self._header_bytes = len(header)
        self.wire = header + payload

    @property
    def text(self) -> str:
        """The payload as text."""
        return self.wire[self._header_bytes :].decode()


def encode(message: ServerMessage) -> Frame:
    """A message as a frame."""
    return Frame(_encode(message))


def refusal(request_id: str, error: dict[str, Any]) -> Frame:
    """`refused`: a request that changed nothing, with the typed facts of its error."""
    return Frame(_encode({"type": "refused", "id": request_id, **error}))


class SnapshotBody:
    """The part of a snapshot that all viewers share, encoded once per version."""

    __slots__ = ("_body", "_frame", "_frame_ms")

    def __init__(self, *, epoch: str, version: int, states: bytes, deadlines: dict[int, int]) -> None:
        shared = {"type": "snapshot", "epoch": epoch, "version": version, "states": states.decode("ascii")}
        self._body = _encode({**shared, "holds": deadlines})[:-1]
        self._frame: Frame | None = None
        self._frame_ms = 0

    def frame(self, *, server_ms: int, mine: Mine | None) -> Frame:
        """The snapshot for one viewer; those without a hold share the very bytes of a millisecond."""
        if mine is not None:
            return Frame(b'%b,"server_ms":%d,"mine":%b}' % (self._body, server_ms, _encode(mine)))
        if self._frame is None or self._frame_ms != server_ms:
            self._frame = Frame(b'%b,"server_ms":%d,"mine":null}' % (self._body, server_ms))
            self._frame_ms = server_ms
        return self._frame
