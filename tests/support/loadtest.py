"""What strangers of the load tester see, in few words: a small show, its frames, grants and refusals."""

from typing import Any, Final

import msgspec

from realtime.loadtest.evidence import Ended, Grant, Refusal, Sold
from realtime.loadtest.frames import Frame, Seat, Show, read_frame
from realtime.loadtest.seat_map import SeatMap
from realtime.loadtest.world import World

# The server's clock at our second 0.
EPOCH_MS: Final = 1_800_000_000_000
HOLD_MS: Final = 600_000
LABELS: Final = ("A1", "A2", "A3", "B1", "B2", "B3")


def a_show(*, kinds: dict[str, str] | None = None, xs: dict[str, float] | None = None) -> Show:
    """Two rows of three."""
    seats = tuple(
        Seat(
            label=label,
            row=label[0],
            number=int(label[1]),
            x=(xs or {}).get(label, float(label[1])),
            y=float("AB".index(label[0])),
            kind=(kinds or {}).get(label, "standard"),
            category="stalls",
        )
        for label in LABELS
    )
    return Show(1, "Sholay", "Cauvery", "Audi 1", "2026-01-01T19:00:00Z", seats)


def a_world() -> World:
    """The show as the clients of one process see it."""
    return World(url="http://127.0.0.1:8000", show=a_show(), seed="7/viewers")


def a_map(
    states: str = "AAAAAA", *, version: int = 1, epoch: str = "e", holds: dict[int, int] | None = None
) -> SeatMap:
    """A client's map."""
    return SeatMap(epoch, version, states.encode(), dict(holds or {}))


def frame(kind: str, **fields: Any) -> Frame:
    """A frame as it comes over the wire; `from` is written from_."""
    return read_frame(payload(kind, **fields))


def payload(kind: str, **fields: Any) -> bytes:
    """Its bytes."""
    named = {name.rstrip("_"): value for name, value in fields.items()}
    return msgspec.json.encode({"type": kind, **named})


def snapshot(states: str = "AAAAAA", *, version: int = 1, at: float = 0.0, **fields: Any) -> dict[str, Any]:
    """The fields of a snapshot, made at our second `at`."""
    return {"epoch": "e", "version": version, "states": states, "holds": {}, "server_ms": server_ms(at), **fields}


def step(from_: int, version: int, *changes: tuple[Any, ...], at: float = 0.0, epoch: str = "e") -> dict[str, Any]:
    """The fields of a change."""
    return {"epoch": epoch, "from_": from_, "version": version, "changes": changes, "server_ms": server_ms(at)}


def server_ms(at: float) -> int:
    """The server's clock at one of our seconds."""
    return EPOCH_MS + round(at * 1000)


def granted(client: str, *seats: str, at: float, **fields: Any) -> Grant:
    """He asked for these at a second and had them 10 ms later; his booking is named after him unless said."""
    facts: dict[str, Any] = {
        "booking": f"of {client}",
        "wanted": seats,
        "count": len(seats),
        "expires_ms": server_ms(at) + HOLD_MS,
        "version": None,
        "frame": f"held by {client}",
        **fields,
    }
    return Grant(client=client, seats=seats, asked_at=at, answered_at=at + 0.01, **facts)


def let_go(client: str, *seats: str, at: float, booking: str = "") -> Ended:
    """He asked for the end of these."""
    return Ended(client, booking or f"of {client}", seats, at)


def bought(client: str, *seats: str, at: float) -> Sold:
    """They were confirmed."""
    return Sold(client, f"of {client}", seats, at)


def refused(client: str, *wanted: str, culprits: tuple[str, ...] = (), at: float = 0.0, **fields: Any) -> Refusal:
    """He asked for these and got a no which named the culprits."""
    facts: dict[str, Any] = {"code": "seats_unavailable", "count": len(wanted), "frame": "refused", **fields}
    return Refusal(client=client, wanted=wanted, culprits=culprits, asked_at=at, answered_at=at + 0.01, **facts)
