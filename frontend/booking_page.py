"""What the page of one booking is made of, and the list of one's bookings: a ticket, a way on to pay, or an end.

Which of them it is follows from the booking and the clock alone, so looking at it again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.utils.safestring import SafeString

from bookings import api as bookings
from frontend.booking_words import listed, refund_words, story_of, terms_words
from frontend.tickets.facts import SeatFacts, facts_from
from frontend.tickets.qr import qr_svg
from payments import api as payments

Phase = Literal["held", "confirmed", "ended"]


def phase_of(booking: bookings.BookingView, now: datetime) -> Phase:
    """What the booking is to its reader. A hold past its deadline is over, whoever ends it first."""
    if booking.status == bookings.Status.CONFIRMED:
        return "confirmed"
    is_held = booking.status == bookings.Status.PENDING and booking.expires_ms > _ms(now)
    return "held" if is_held else "ended"


@dataclass(frozen=True, slots=True)
class SeatCard:
    """The ticket of one seat as the page shows it."""

    seat: SeatFacts
    qr: SafeString


def booking_context(
    booking: bookings.BookingView, *, detail: bookings.ShowDetail, now: datetime, is_shared: bool = False
) -> dict[str, Any]:
    """The template's context. `is_shared`: for whoever has the link, who may look and no more."""
    show, phase = detail.show, phase_of(booking, now)
    ticket = facts_from(booking, detail) if phase == "confirmed" else None
    cards = [SeatCard(seat, qr_svg(seat.qr)) for seat in ticket.seats] if ticket else []
    is_used = any(card.seat.admitted_at for card in cards)
    returned_paise = payments.get_returned_paise(booking.booking) if booking.refund is not None else 0
    terms = None
    if phase == "confirmed" and now < show.starts_at and not is_shared and not is_used:
        terms = payments.get_refund_terms(
            theatre_slug=show.theatre_slug, amount_paise=booking.amount_paise, starts_at=show.starts_at, now=now
        )
    return {
        "booking": booking,
        "show": show,
        "movie": detail.movie,
        "ticket": ticket,
        "cards": cards,
        "is_shared": is_shared,
        "is_over": now >= show.ends_at,
        "phase": phase,
        "code": bookings.booking_reference(UUID(booking.booking)),
        "seats": listed(booking.seats),
        "story": story_of(booking, returned_paise=returned_paise) if phase == "ended" else None,
        "back_words": refund_words(booking.refund, returned_paise) if phase == "confirmed" else "",
        "terms": terms,
        "terms_words": terms_words(paise=terms.paise, amount_paise=booking.amount_paise) if terms else "",
        "sales": show.sales_state(now),
        "page_data": {
            "booking": booking.booking,
            "show": booking.show_id,
            "status": booking.status,
            "refund": booking.refund,
            "is_live": now < show.ends_at or booking.refund in ("due", "pending"),
            "terms_until_ms": _ms(terms.until) if terms and terms.until else None,
        },
    }


@dataclass(frozen=True, slots=True)
class Line:
    """One booking in the list of one's bookings."""

    booking: bookings.BookingView
    show: bookings.ShowSummary
    phase: Phase
    seats: str
    code: str
    title: str
    money: str


def my_bookings_context(listing: Sequence[bookings.BookingView], *, now: datetime) -> dict[str, Any]:
    """The template's context: what is to come by its time, then what is over, newest first."""
    lines = [_line(booking, now) for booking in listing]
    coming = [line for line in lines if line.phase != "ended" and line.show.ends_at > now]
    return {
        "coming": sorted(coming, key=lambda line: (line.phase != "held", line.show.starts_at)),
        "over": [line for line in lines if line not in coming],
    }


def _line(booking: bookings.BookingView, now: datetime) -> Line:
    phase = phase_of(booking, now)
    returned_paise = payments.get_returned_paise(booking.booking) if booking.refund is not None else 0
    return Line(
        booking=booking,
        show=bookings.get_show(booking.show_id).show,
        phase=phase,
        seats=listed(booking.seats),
        code=bookings.booking_reference(UUID(booking.booking)),
        title=story_of(booking, returned_paise=0).title if phase == "ended" else "",
        money=refund_words(booking.refund, returned_paise),
    )


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
