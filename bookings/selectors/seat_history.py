"""What happened to one seat of a show, for staff: in order, with whose it was at any moment."""

from dataclasses import dataclass
from datetime import datetime

from bookings.domain.seat_history import EventKind, SeatEvent, Standing, standing_at
from bookings.errors import UnknownSeat
from bookings.models import SeatEvent as SeatEventRow
from bookings.selectors.catalogue import get_show
from bookings.selectors.catalogue_values import ShowSummary


@dataclass(frozen=True, slots=True)
class SeatHistory:
    """All that happened to a seat, the first first."""

    show: ShowSummary
    seat: str
    events: tuple[SeatEvent, ...]

    def at(self, moment: datetime) -> Standing:
        """Whose the seat was at a moment."""
        return standing_at(self.events, moment)


def get_seat_history(show_id: int, label: str) -> SeatHistory:
    """The history of a seat. Raises NotFound, UnknownSeat."""
    detail = get_show(show_id)
    index = next((seat.index for seat in detail.seats if seat.label == label), None)
    if index is None:
        raise UnknownSeat([label])
    rows = SeatEventRow.objects.filter(show_id=show_id, seat_index=index).order_by("id")
    return SeatHistory(show=detail.show, seat=label, events=tuple(_event(row) for row in rows))


def _event(row: SeatEventRow) -> SeatEvent:
    return SeatEvent(
        at=row.at,
        kind=EventKind(row.event),
        booking=str(row.booking_id) if row.booking_id else "",
        holder=row.holder,
        price_paise=row.price_paise,
        reason=row.reason,
    )
