"""The snapshot of a seat map, as a socket would get it; for clients that poll, and before a socket is open."""

from typing import Final

from django.http import HttpRequest
from ninja import Router

from bookings.errors import NotFound, NotReady
from bookings.http.documentation import documented
from bookings.http.schemas import ShowId, SnapshotReply
from bookings.services.box_office import BoxOffice

TAG: Final = "Seats"
router = Router(tags=[TAG])


@router.get(
    "/shows/{int:show_id}/seats",
    operation_id="get_snapshot",
    summary="The seat map now",
    **documented(
        200,
        SnapshotReply(
            epoch="k3f9",
            version=41,
            server_ms=1_763_749_800_123,
            states="AAHHBX",
            holds={"2": 1_763_750_400_123, "3": 1_763_750_400_123},
        ),
        NotFound("There is no such show."),
        NotReady(),
    ),
)
async def get_snapshot(request: HttpRequest, show_id: ShowId) -> SnapshotReply:
    """Every seat's state at one version, and when held seats come back. The WebSocket goes on from here:
    `/ws/shows/<id>/?epoch=…&version=…`.
    """
    office = await BoxOffice.current()
    picture = await office.picture(show_id)
    return SnapshotReply(
        epoch=picture.epoch,
        version=picture.version,
        server_ms=picture.server_ms,
        states=picture.states,
        holds={str(seat): deadline_ms for seat, deadline_ms in picture.deadlines().items()},
    )
