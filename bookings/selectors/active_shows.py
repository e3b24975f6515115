"""Which shows need looking after: those on sale or running, and any that somebody holds seats of."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from bookings.domain.lifecycle import Status
from bookings.models import Booking, Show


@dataclass(frozen=True, slots=True)
class ActiveShow:
    """A show from the opening of its sales to its end; `has_pending` when a booking of it waits to be paid."""

    show_id: int
    has_pending: bool


def get_active_shows() -> list[ActiveShow]:
    """Every active show, by PostgreSQL's clock. A show with a pending booking is active at any time."""
    pending = Exists(Booking.objects.filter(show=OuterRef("pk"), status=Status.PENDING.value))
    rows = (
        Show.objects.annotate(has_pending=pending)
        .filter(Q(sales_open_at__lte=Now(), ends_at__gt=Now()) | Q(has_pending=True))
        .order_by("pk")
        .values_list("pk", "has_pending")
    )
    return [ActiveShow(show_id=show_id, has_pending=has_pending) for show_id, has_pending in rows]
