"""Everything that a ticket says, whatever it is written on: a page, a PDF, a calendar, a mail.

Read once from bookings and payments; every form of a ticket is a function of these facts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from bookings import api as bookings
from frontend.tickets.links import ticket_url
from payments import api as payments

_AGES: Final = {
    "UA 7+": "Children under 7 are admitted with a parent or guardian.",
    "UA 13+": "Children under 13 are admitted with a parent or guardian.",
    "UA 16+": "Children under 16 are admitted with a parent or guardian.",
    "A": "Adults only: bring a proof of age, 18 or above.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatFacts:
    """The ticket of one seat. `qr` is what its QR code says; it has been used once `admitted_at` is set."""

    label: str
    category: str
    price_paise: int
    qr: str
    code: str
    admitted_at: datetime | None
    gate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """A booking as a ticket. `seats` is empty unless it is confirmed. Times are UTC; `time_zone` is the theatre's."""

    booking: str
    reference: str
    is_confirmed: bool
    was_confirmed: bool
    movie_title: str
    certificate: str
    language: str
    duration_minutes: int
    poster_svg: str
    theatre_name: str
    address: str
    city: str
    screen_name: str
    show_id: int
    starts_at: datetime
    ends_at: datetime
    doors_open_minutes: int
    time_zone: str
    seat_labels: tuple[str, ...]
    seats: tuple[SeatFacts, ...]
    amount_paise: int
    buyer_name: str
    buyer_email: str
    terms: tuple[str, ...]
    made_at: datetime
    url: str

    @property
    def starts_local(self) -> datetime:
        """The start on the theatre's clock."""
        return self.starts_at.astimezone(ZoneInfo(self.time_zone))

    @property
    def place(self) -> str:
        """Where it is, in one line: name, street, city."""
        return ", ".join(part for part in (self.theatre_name, self.address, self.city) if part)


def facts_of(booking: str) -> TicketFacts:
    """The facts of a booking, its tickets made if nobody has yet. Raises bookings.NotFound."""
    found = bookings.find_booking(UUID(booking))
    return facts_from(found, bookings.get_show(found.show_id))


def facts_from(booking: bookings.BookingView, detail: bookings.ShowDetail) -> TicketFacts:
    """The same of a booking and its show that were read already."""
    show, movie = detail.show, detail.movie
    tickets = bookings.issue_tickets(booking.booking) if booking.status == bookings.Status.CONFIRMED else []
    return TicketFacts(
        booking=booking.booking,
        reference=bookings.booking_reference(UUID(booking.booking)),
        is_confirmed=booking.status == bookings.Status.CONFIRMED,
        was_confirmed=booking.confirmed_at is not None,
        movie_title=movie.title,
        certificate=movie.certificate,
        language=movie.language,
        duration_minutes=movie.duration_minutes,
        poster_svg=bookings.get_poster(movie.slug) if movie.poster_stamp else "",
        theatre_name=show.theatre_name,
        address=_address(show),
        city=show.city,
        screen_name=show.screen_name,
        show_id=show.id,
        starts_at=show.starts_at,
        ends_at=show.ends_at,
        doors_open_minutes=settings.DOORS_OPEN_MINUTES,
        time_zone=show.time_zone,
        seat_labels=booking.seats,
        seats=tuple(_seat(ticket, detail) for ticket in tickets),
        amount_paise=booking.amount_paise,
        buyer_name=booking.buyer_name,
        buyer_email=booking.buyer_email,
        terms=_terms(show, movie),
        made_at=booking.ended_at or max((ticket.issued_at for ticket in tickets), default=booking.created_at),
        url=ticket_url(booking.booking),
    )


def _seat(ticket: bookings.SeatTicket, detail: bookings.ShowDetail) -> SeatFacts:
    seat = detail.seats[ticket.seat_index]
    return SeatFacts(
        label=ticket.seat,
        category=seat.category,
        price_paise=seat.price_paise,
        qr=ticket.text,
        code=bookings.spaced(ticket.code),
        admitted_at=ticket.admitted_at,
        gate=ticket.gate,
    )


def _address(show: bookings.ShowSummary) -> str:
    theatres = (theatre for theatre in bookings.list_theatres() if theatre.slug == show.theatre_slug)
    return next((theatre.address for theatre in theatres), "")


def _terms(show: bookings.ShowSummary, movie: bookings.MovieSummary) -> tuple[str, ...]:
    doors = f"Each code lets one person in, once. Doors open {settings.DOORS_OPEN_MINUTES} minutes before the show."
    terms = (doors, _AGES.get(movie.certificate, ""), _refund_words(payments.get_refund_policy(show.theatre_slug)))
    return tuple(term for term in terms if term)


def _refund_words(policy: payments.Policy) -> str:
    full = f"Cancel up to {_hours(policy.full_until_hours)} before the show and you get back all that you paid"
    if policy.share_percent == 0 or policy.share_until_hours >= policy.full_until_hours:
        return f"{full}; later, nothing."
    return f"{full}; up to {_hours(policy.share_until_hours)} before, {policy.share_percent} %; later, nothing."


def _hours(hours: int) -> str:
    return f"{hours} hour{'' if hours == 1 else 's'}"
