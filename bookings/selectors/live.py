"""What is held right now, for pages that are rendered by sync views: the box office's picture, as plain values.

Sockets and the async API ask the box office itself.
"""

from typing import TypedDict

from bookings.domain.seat_map import Picture
from bookings.services.box_office import BoxOffice, from_sync
from bookings.services.show_plan import ShowPlan


class MyHold(TypedDict):
    """A holder's hold of a show, as `mine` in the contract."""

    booking: str
    status: str
    seats: list[str]
    expires_ms: int
    amount_paise: int


class SeatPicture(TypedDict):
    """A snapshot as in the contract: `holds` maps seat index, as text, to the deadline in ms."""

    epoch: str
    version: int
    server_ms: int
    states: str
    holds: dict[str, int]
    mine: MyHold | None


def get_seat_picture(show_id: int, *, holder: str) -> SeatPicture:
    """The map of a show at one version, and the holder's own hold. Raises NotFound, NotReady."""

    async def work(office: BoxOffice) -> tuple[ShowPlan, Picture]:
        return await office.plan(show_id), await office.picture(show_id)

    plan, picture = from_sync(work)
    return {
        "epoch": picture.epoch,
        "version": picture.version,
        "server_ms": picture.server_ms,
        "states": picture.states,
        "holds": {str(seat): deadline_ms for seat, deadline_ms in picture.deadlines().items()},
        "mine": _hold_of(holder, plan, picture),
    }


def _hold_of(holder: str, plan: ShowPlan, picture: Picture) -> MyHold | None:
    for hold in picture.holds:
        if hold.holder == holder and hold.committed and hold.expires_ms > picture.server_ms:
            return {
                "booking": hold.booking,
                "status": "pending",
                "seats": list(plan.names(hold.seats)),
                "expires_ms": hold.expires_ms,
                "amount_paise": hold.amount_paise,
            }
    return None
