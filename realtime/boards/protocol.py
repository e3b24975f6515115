"""The words spoken on `/ws/theatres/<slug>/board/` (contract, section 3). Shapes only.

Subprotocol, close codes and `ping` are the seat map's (realtime/protocol.py).
"""

from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from realtime.protocol import Error, Malformed, Notice, Ping, Pong

ShowStatus: TypeAlias = Literal["open", "filling", "last_few", "housefull", "started"]


class ShowEntry(Struct, frozen=True, kw_only=True):
    """One show on a board, whole. `total` is every seat of the screen, those that are not for sale included."""

    id: int
    movie: str
    movie_slug: str
    language: str
    certificate: str
    screen: str
    starts_at: str
    ends_at: str
    available: int
    held: int
    total: int
    status: ShowStatus


class TheatrePlace(Struct, frozen=True):
    """Whose board it is. Dates and times people read are in `time_zone`."""

    slug: str
    name: str
    city: str
    time_zone: str


class BoardNow(Struct, frozen=True, tag="board"):
    """The whole board; it stands for everything said before."""

    server_ms: int
    theatre: TheatrePlace
    shows: list[ShowEntry]


class BoardChanges(Struct, frozen=True, tag="board.changes"):
    """Entries that differ, whole. None: nothing does, and the line is alive."""

    server_ms: int
    shows: list[ShowEntry]


class Night(Struct, frozen=True):
    """From when to when a screen is dimmed, by the theatre's clock (HH:MM); it may pass midnight."""

    from_: str = msgspec.field(name="from")
    to: str


class ScreenPlace(Struct, frozen=True):
    """Where a screen hangs; `screen` is empty in a lobby."""

    theatre: str
    screen: str


class DeviceNow(Struct, frozen=True, kw_only=True, tag="device"):
    """To a paired screen: what it is and how it should look. When `reloads` grows, the page loads anew."""

    server_ms: int
    name: str
    kind: Literal["board", "door"]
    place: ScreenPlace
    theme: Literal["dark", "light"]
    language: Literal["en", "hi"]
    night: Night | None
    reloads: int


BoardServerMessage: TypeAlias = BoardNow | BoardChanges | DeviceNow | Notice | Pong | Error

_messages: Final = msgspec.json.Decoder(Ping)


def parse(payload: bytes) -> Ping:
    """The one thing a board may say. Raises Malformed, whose detail may be shown to the sender."""
    try:
        return _messages.decode(payload)
    except msgspec.DecodeError as error:
        raise Malformed(str(error), None) from None
    except UnicodeDecodeError:
        raise Malformed("The frame is not UTF-8.", None) from None
