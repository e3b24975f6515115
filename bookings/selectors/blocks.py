"""Seats that the cinema keeps off sale, and why."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from bookings.models import SeatClaim, Show


@dataclass(frozen=True, slots=True)
class Blocked:
    """Seats with one reason; `since` is when the first of them went off sale."""

    reason: str
    seats: tuple[str, ...]
    since: datetime


def get_blocked(show_id: int) -> list[Blocked]:
    """What is off sale in a show, by reason."""
    claims = SeatClaim.objects.filter(show=show_id, kind=SeatClaim.Kind.BLOCK, released_at__isnull=True)
    listed = list(claims.order_by("reason", "seat_index"))
    if not listed:
        return []
    seats = Show.objects.select_related("layout").get(pk=show_id).layout.seats
    return [
        Blocked(
            reason=reason,
            seats=tuple(seats[claim.seat_index]["label"] for claim in same),
            since=min(claim.claimed_at for claim in same),
        )
        for reason, group in groupby(listed, key=attrgetter("reason"))
        for same in [list(group)]
    ]
