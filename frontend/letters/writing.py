"""Writes a letter: the words of its kind as a message with HTML, plain text, ticket and calendar entry.

Everything is read when the letter is sent, so that it says how things are then.
"""

from datetime import datetime
from email.headerregistry import Address
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from bookings import api as bookings
from frontend.letters.words import Words, one_line, words_of
from frontend.tickets.calendar import ticket_ics
from frontend.tickets.facts import TicketFacts, facts_of
from frontend.tickets.pdf import ticket_pdf
from payments import api as payments

NAME_CHARS_MAX: Final = 80
PDF: Final = "application/pdf"


def write(
    kind: str, addressee: bookings.Addressee, *, to: str, message_id: str, now: datetime
) -> EmailMultiAlternatives:
    """The letter of this kind about this booking, ready to be handed over."""
    facts = facts_of(str(addressee.booking))
    booking = bookings.find_booking(addressee.booking)
    words = words_of(
        kind,
        facts,
        booking,
        returned_paise=payments.get_returned_paise(booking.booking) if booking.refund is not None else 0,
        today=now.astimezone(ZoneInfo(facts.time_zone)).date(),
    )
    message = EmailMultiAlternatives(
        subject=one_line(words.subject),
        body=_text(words),
        from_email=settings.MAIL_FROM,
        to=[addressed(facts.buyer_name, to)],
        reply_to=[settings.MAIL_REPLY_TO] if settings.MAIL_REPLY_TO else None,
        headers={"Message-ID": message_id, "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string("frontend/letters/letter.html", {"words": words}), "text/html")
    _attach(message, kind, facts)
    return message


def addressed(name: str, address: str) -> str:
    """Name and address as a header has them; an odd name is left out rather than sent wrong."""
    plain = one_line(name)[:NAME_CHARS_MAX].strip()
    return str(Address(display_name=plain, addr_spec=address)) if plain else address


def _text(words: Words) -> str:
    return render_to_string("frontend/letters/letter.txt", {"words": words}).strip() + "\n"


def _attach(message: EmailMultiAlternatives, kind: str, facts: TicketFacts) -> None:
    file = f"housefull-{facts.reference.replace(' ', '-').lower()}"
    if kind in {"confirmation", "reminder"}:
        message.attach(f"{file}.pdf", ticket_pdf(facts), PDF)
    if kind in {"confirmation", "cancellation"}:
        entry = ticket_ics(facts, is_cancelled=kind == "cancellation")
        message.attach(f"{file}.ics", entry.decode(), "text/calendar")
