"""Whom a booking belongs to, for whoever writes to them: no page reads this, as it asks for no holder."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from bookings.domain.lifecycle import Status
from bookings.models import Booking

_FIELDS: Final = (
    "id",
    "show_id",
    "status",
    "cancel_reason",
    "refund",
    "confirmed_at",
    "show__starts_at",
    "show__screen__theatre__time_zone",
    "buyer_name",
    "buyer_email",
)


@dataclass(frozen=True, slots=True)
class Addressee:
    """A booking as the post sees it. `confirmed_at` is kept when a confirmed booking is cancelled."""

    booking: UUID
    show_id: int
    status: Status
    cancel_reason: str
    refund: str
    confirmed_at: datetime | None
    starts_at: datetime
    time_zone: str
    name: str
    email: str


def find_addressee(booking: UUID | str) -> Addressee | None:
    """Whose booking this is; None where there is none."""
    return next(iter(_addressees(Booking.objects.filter(pk=booking))), None)


def list_coming(
    *, theatre_slug: str, after: datetime, until: datetime, confirmed_before: datetime
) -> list[Addressee]:
    """The confirmed bookings for shows of a theatre that begin after `after` and not after `until`."""
    return _addressees(
        Booking.objects.filter(
            show__screen__theatre__slug=theatre_slug,
            show__starts_at__gt=after,
            show__starts_at__lte=until,
            status=Status.CONFIRMED.value,
            confirmed_at__lt=confirmed_before,
        ).order_by("show__starts_at", "id")
    )


def _addressees(bookings: QuerySet[Booking]) -> list[Addressee]:
    rows = bookings.values_list(*_FIELDS)
    return [Addressee(row[0], row[1], Status(row[2]), *row[3:]) for row in rows]
