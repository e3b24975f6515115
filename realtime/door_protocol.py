"""The words spoken on `/ws/shows/<id>/door/`: who came in, and how many of how many. Shapes only.

Subprotocol, close codes and `ping` are the seat map's (protocol.py).
"""

from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from realtime.protocol import Error, Malformed, Ping, Pong


class Look(Struct, frozen=True, tag="look", forbid_unknown_fields=True):
    """Tell me the door as it is."""


DoorClientMessage: TypeAlias = Look | Ping


class CameIn(Struct, frozen=True):
    """Somebody who came in, by seat: broadcasts name no person."""

    seat: str
    gate: str
    at_ms: int


class Door(Struct, frozen=True, tag="door"):
    """The door as it is: the last who came in, newest first, and the counts; of two counts the later one holds."""

    admitted: int
    expected: int
    as_of_ms: int
    recent: list[CameIn]


class Admitted(Struct, frozen=True, tag="admitted"):
    """Somebody came in, and the counts with him."""

    seat: str
    gate: str
    at_ms: int
    admitted: int
    expected: int
    as_of_ms: int


DoorServerMessage: TypeAlias = Door | Admitted | Pong | Error

_messages: Final = msgspec.json.Decoder(DoorClientMessage)


def parse(payload: bytes) -> DoorClientMessage:
    """The message in a frame. Raises Malformed, whose detail may be shown to the sender."""
    try:
        message: DoorClientMessage = _messages.decode(payload)
        return message
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(str(error), None) from None
