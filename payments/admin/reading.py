"""What all admin pages of money share: nobody adds, changes or deletes, and money and links look alike everywhere."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from bookings.api import format_inr

if TYPE_CHECKING:
    # Django's class takes a type for the checker only; at run time it cannot be subscripted.
    AdminOfAny = admin.ModelAdmin[Any]
else:
    AdminOfAny = admin.ModelAdmin

MAY_ACT = "payments.refund_payment"


class ReadOnlyAdmin(AdminOfAny):
    """Rows to be looked at by whoever may view them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


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


def payment_page(payment: str) -> str:
    """The address of a payment in the admin, which reads an underscore in an id as the beginning of a code."""
    return reverse("admin:payments_payment_change", args=[quote(payment)])
