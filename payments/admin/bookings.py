"""A booking in the admin: what it is, and the timeline of its money.

It stands here because it is mostly about money; nothing of a booking is edited.
"""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from payments.admin.acts import REFUND, act_page
from payments.admin.reading import MAY_ACT, ReadOnlyAdmin
from payments.admin.timeline import timeline_of


@admin.register(apps.get_model("bookings", "Booking"))
class BookingAdmin(ReadOnlyAdmin):
    """Nothing is edited: a confirmed booking is refunded, which cancels it."""

    list_display = ["id", "show", "status", "refund", "buyer_name", "buyer_email", "created_at"]
    list_filter = ["status", "refund", "show__screen__theatre"]
    list_select_related = ["show__movie", "show__screen__theatre"]
    search_fields = ["id", "buyer_name", "buyer_email", "buyer_phone", "orders__razorpay_id", "payments__id"]
    fieldsets = [
        (None, {"fields": ["id", "show", "status", "cancel_reason", "refund"]}),
        ("Buyer", {"fields": ["buyer_name", "buyer_email", "buyer_phone"]}),
        ("Times", {"fields": ["created_at", "expires_at", "checkout_at", "confirmed_at", "ended_at"]}),
    ]
    show_full_result_count = False
    change_form_template = "payments/admin/booking.html"

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and before them the act."""
        view = self.admin_site.admin_view(self.refund_view)
        return [path("<uuid:booking>/refund/", view, name="bookings_booking_refund"), *super().get_urls()]

    def refund_view(self, request: HttpRequest, booking: Any) -> HttpResponse:
        """Refund a confirmed booking, whole or part."""
        return act_page(
            request, REFUND, subject=str(booking), back=reverse("admin:bookings_booking_change", args=[booking])
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the timeline, and the way to the act for whoever may."""
        booking = self.get_object(request, object_id)
        context = {
            **(extra_context or {}),
            "moments": timeline_of(booking) if booking is not None else [],
            "may_refund": getattr(booking, "status", "") == "confirmed" and request.user.has_perm(MAY_ACT),
        }
        return super().change_view(request, object_id, form_url, context)
