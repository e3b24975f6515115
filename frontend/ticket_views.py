"""Tickets as a PDF and a calendar entry, behind a signed link, and the worker that keeps them for offline."""

from importlib import resources
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings import api as bookings
from frontend.booking_page import booking_context
from frontend.identity import with_holder
from frontend.tickets.calendar import ticket_ics
from frontend.tickets.facts import TicketFacts, facts_of
from frontend.tickets.links import read_ticket_token
from frontend.tickets.pdf import ticket_pdf

_WORKER: Final = "static/frontend/js/tickets/worker.js"


@require_safe
@never_cache
@with_holder
def own_pdf(_request: HttpRequest, holder: str, public_id: UUID) -> HttpResponse:
    """The tickets of one's own booking, to print."""
    return _pdf(_own(public_id, holder))


@require_safe
@never_cache
@with_holder
def own_ics(_request: HttpRequest, holder: str, public_id: UUID) -> HttpResponse:
    """The calendar entry of one's own booking."""
    return _ics(_own(public_id, holder))


@require_safe
@never_cache
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The ticket for whoever has its link: to show at the door, not to cancel or to pay."""
    now = timezone.now()  # noqa: TID251  (views are where the clock is read)
    booking = bookings.find_booking(UUID(_booking_of(token)))
    context = booking_context(booking, detail=bookings.get_show(booking.show_id), now=now, is_shared=True)
    response = render(request, "frontend/booking.html", {**context, "token": token})
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@never_cache
def shared_pdf(_request: HttpRequest, token: str) -> HttpResponse:
    """The tickets behind a link, to print."""
    return _pdf(facts_of(_booking_of(token)))


@require_safe
@never_cache
def shared_ics(_request: HttpRequest, token: str) -> HttpResponse:
    """The calendar entry behind a link."""
    return _ics(facts_of(_booking_of(token)))


@require_safe
def worker(_request: HttpRequest) -> HttpResponse:
    """The service worker of ticket pages. Each page registers it for its own address and no other."""
    script = (resources.files("frontend") / _WORKER).read_bytes()
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    # It lies at the root, so that one worker serves tickets at two addresses; pages say how far it reaches.
    response["Service-Worker-Allowed"] = "/"
    response["Cache-Control"] = "no-cache"
    return response


def _own(public_id: UUID, holder: str) -> TicketFacts:
    """The facts of a booking of this holder. Raises Http404."""
    try:
        bookings.get_booking(public_id, holder=holder)
    except bookings.NotFound:
        raise Http404 from None
    return facts_of(str(public_id))


def _booking_of(token: str) -> str:
    """The booking of a link. Raises Http404."""
    booking = read_ticket_token(token)
    if booking is None:
        raise Http404
    try:
        bookings.find_booking(UUID(booking))
    except bookings.NotFound:
        raise Http404 from None
    return booking


def _pdf(facts: TicketFacts) -> HttpResponse:
    """Raises Http404 when the booking has no tickets."""
    if not facts.seats:
        raise Http404
    return _file(ticket_pdf(facts), facts, "application/pdf", "pdf")


def _ics(facts: TicketFacts) -> HttpResponse:
    """Raises Http404 for a booking that never was one; a cancelled one takes its entry out of the calendar."""
    if not facts.is_confirmed and not facts.was_confirmed:
        raise Http404
    made = ticket_ics(facts, is_cancelled=not facts.is_confirmed)
    return _file(made, facts, "text/calendar; charset=utf-8", "ics")


def _file(content: bytes, facts: TicketFacts, kind: str, ending: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    name = f"housefull-{facts.reference.replace(' ', '')}.{ending}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Robots-Tag"] = "noindex"
    return response
