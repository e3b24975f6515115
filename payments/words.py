"""How money, bookings and payments are written on the pages of staff, everywhere alike.

Not in the admin's package: templates load these as filters, before the theme's classes exist.
"""

from uuid import UUID

from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils.html import format_html

from bookings.api import format_inr


def money(paise: int | None) -> str:
    """An amount as people write it."""
    if paise is None:
        return "–"
    return format_inr(paise) if paise >= 0 else f"−{format_inr(-paise)}"


def booking_link(booking: UUID | str | None) -> str:
    """To the admin page of a booking."""
    if booking is None:
        return "–"
    return format_html('<a href="{}">{}</a>', reverse("admin:bookings_booking_change", args=[booking]), booking)


def payment_link(payment: str | None) -> str:
    """To the admin page of a payment."""
    if payment is None:
        return "–"
    return format_html('<a href="{}">{}</a>', payment_page(payment), payment)


def event_link(event: int) -> str:
    """To the admin page of an event of Razorpay's, which has its body."""
    return format_html(
        '<a href="{}">event {}</a>', reverse("admin:payments_webhookevent_change", args=[event]), event
    )


def payment_page(payment: str) -> str:
    """The address of a payment in the admin, which reads an underscore in an id as the beginning of a code."""
    return reverse("admin:payments_payment_change", args=[quote(payment)])
