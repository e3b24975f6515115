"""How full the shows of a list are: one count for all of them, kept a few seconds.

Counted in PostgreSQL, which is the proof; who watches one show live sees its map instead.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from django.db.models import Count, Q

from bookings.domain.filling import Fill, fill_of
from bookings.domain.lifecycle import Status
from bookings.models import SeatClaim
from bookings.selectors.cache import SHOWS, catalogue_cache
from bookings.selectors.catalogue_values import ShowSummary

# A list is looked at longer than this; a rush of visitors costs one count in it.
COUNTED_SECONDS: Final = 5


def get_fills(shows: Iterable[ShowSummary]) -> dict[int, Fill]:
    """How full each of these shows is, by its id."""
    totals = {show.id: show.seats_count for show in shows}
    if not totals:
        return {}
    named = hashlib.sha256(",".join(map(str, sorted(totals))).encode()).hexdigest()[:16]
    fills = catalogue_cache.read(
        f"fills:{named}",
        things=[SHOWS],
        shape=list[tuple[int, Fill]],
        load=lambda: _count(totals),
        seconds=COUNTED_SECONDS,
    )
    return dict(fills)


def _count(totals: dict[int, int]) -> list[tuple[int, Fill]]:
    claims = (
        SeatClaim.objects.filter(show__in=totals, released_at__isnull=True)
        .order_by()
        .values_list("show_id")
        .annotate(taken=Count("id"), held=Count("id", filter=Q(booking__status=Status.PENDING.value)))
    )
    counts = {show_id: (taken, held) for show_id, taken, held in claims}
    fills = []
    for show_id, total in totals.items():
        taken, held = counts.get(show_id, (0, 0))
        fills.append((show_id, fill_of(available=total - taken, held=held, total=total)))
    return fills
