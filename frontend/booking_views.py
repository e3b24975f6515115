"""The pages of a booking: paying for it, what became of it, and the list of one's own. Nobody else's exist."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings import api as bookings
from frontend.booking_page import booking_context, my_bookings_context, phase_of
from frontend.identity import with_holder
from frontend.pay_page import pay_context


@require_safe
@never_cache
@with_holder
def pay(request: HttpRequest, holder: str, public_id: UUID) -> HttpResponse:
    """Paying for what is held. What is booked or over has a page of its own."""
    booking, detail = _booking(public_id, holder)
    if phase_of(booking, now := _now()) != "held":
        return redirect("frontend:booking", public_id)
    response = render(request, "frontend/pay.html", pay_context(booking, detail=detail, now=now, user=request.user))
    # Banks' pages open in windows of their own and report to Razorpay's frame in ours.
    response["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return response


@require_safe
@never_cache
@with_holder
def booking(request: HttpRequest, holder: str, public_id: UUID) -> HttpResponse:
    """What became of a booking: a ticket, a way on to pay, or how it ended and where the money is."""
    its, detail = _booking(public_id, holder)
    return render(request, "frontend/booking.html", booking_context(its, detail=detail, now=_now()))


@require_safe
@never_cache
@with_holder
def my_bookings(request: HttpRequest, holder: str) -> HttpResponse:
    """The visitor's own bookings."""
    context = my_bookings_context(bookings.list_bookings(holder=holder), now=_now())
    return render(request, "frontend/my_bookings.html", context)


def _booking(public_id: UUID, holder: str) -> tuple[bookings.BookingView, bookings.ShowDetail]:
    """A booking of this holder with its show. Raises Http404."""
    try:
        found = bookings.get_booking(public_id, holder=holder)
        return found, bookings.get_show(found.show_id)
    except bookings.NotFound:
        raise Http404 from None


def _now() -> datetime:
    return timezone.now()  # noqa: TID251  (views are where the clock is read)
