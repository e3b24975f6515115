"""The tickets of a booking, on its page: which code opens the door for which seat, and who has come already.

For whoever may let people in, as a code is all that it takes.
"""

from uuid import UUID

from bookings.desk import MayDo, Panel, at_theatre, offer_panel
from bookings.domain.tickets import spaced
from bookings.models import Ticket

MAY_CHECK_IN = "bookings.check_in_tickets"


def tickets_panel(booking: UUID, may: MayDo) -> Panel:
    """One line for each ticket, replaced ones too."""
    tickets = Ticket.objects.filter(booking=booking).select_related("show__layout", "show__screen__theatre")
    return Panel(
        title="Tickets",
        heads=("Seat", "Code", "At the door"),
        rows=[
            (ticket.show.layout.seats[ticket.seat_index]["label"], spaced(ticket.code), _at_the_door(ticket))
            for ticket in tickets.order_by("seat_index", "id")
        ],
        nothing="None: tickets are made when a booking is confirmed.",
    )


def _at_the_door(ticket: Ticket) -> str:
    if ticket.admitted_at is not None:
        when = at_theatre(ticket.admitted_at, ticket.show.screen.theatre.time_zone)
        return f"let in {when}{f', {ticket.gate}' if ticket.gate else ''}"
    return "replaced by another" if ticket.revoked_at is not None else "not yet"


offer_panel(MAY_CHECK_IN, tickets_panel, order=10)
