"""The text frames of socket.io 4 over a plain WebSocket: Engine.IO 4 outside, the socket.io protocol 5 inside. Pure.

Only what a client of the default namespace needs: connect, events, acknowledgements, pings. No binary attachments.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

PATH: Final = "/socket.io/?EIO=4&transport=websocket"
PONG: Final = b"3"
EVENT_PREFIX: Final = b"42"
ANSWER_PREFIX: Final = b"43"

OPENED: Final = "opened"
PINGED: Final = "pinged"
CONNECTED: Final = "connected"
EVENT: Final = "event"
ANSWER: Final = "answer"
REFUSED: Final = "refused"
OTHER: Final = "other"
# Engine.IO's type, and for messages (4) also socket.io's.
_KINDS: Final = {b"0": OPENED, b"2": PINGED, b"40": CONNECTED, b"42": EVENT, b"43": ANSWER, b"44": REFUSED}


class Packet(NamedTuple):
    """What a server has sent. `body` is JSON as it came: an event's or answer's first argument, without it empty."""

    kind: str
    # Which question an answer is to.
    number: int = -1
    body: bytes = b""


def connect_frame(auth: Mapping[str, Any]) -> bytes:
    """Ask to enter the default namespace; `auth` is what the server sees as handshake.auth."""
    return b"40" + msgspec.json.encode(auth)


def event_frame(name: str, argument: Any, *, number: int) -> bytes:
    """An event that asks to be acknowledged under this number."""
    return b"42%d%b" % (number, msgspec.json.encode([name, argument]))


def read(frame: bytes) -> Packet:
    """What a text frame of a server means; what a client need not know is OTHER. Raises ValueError."""
    kind = _KINDS.get(frame[:2] if frame[:1] == b"4" else frame[:1], OTHER)
    if kind is EVENT:
        return Packet(kind, body=event_body(frame))
    if kind is ANSWER:
        start = frame.index(b"[")
        return Packet(kind, int(frame[2:start]), frame[start + 1 : -1])
    return Packet(kind, body=frame[2:] if kind is REFUSED else b"")


def event_body(frame: bytes) -> bytes:
    """The argument of an event frame. Nothing is decoded: a viewer of a busy show gets very many."""
    start = frame.find(b",")
    return frame[start + 1 : -1] if start > 0 else b""
