"""A booking in the admin: found by what its buyer can tell; its seats, its money and time, and what can be done.

It stands here because it is mostly about money; nothing of a booking is edited. Other rooms put panels on its page
(bookings/desk.py): letters, tickets.
"""

from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from bookings.api import at_theatre, booking_reference, format_inr, panels_for
from payments.admin.acts import CANCEL, REFUND, Act, act_page
from payments.admin.looking_up import look_up
from payments.admin.reading import ReadOnlyAdmin
from payments.admin.timeline import timeline_of

ACTS: Final = {"refund": REFUND, "cancel": CANCEL}
# Which of them fit a booking, by its status.
ACTS_OF: Final = {"confirmed": ("cancel", "refund"), "pending": ("cancel",)}
ACT_ICONS: Final = {"refund": "undo", "cancel": "event_busy"}


@admin.register(apps.get_model("bookings", "Booking"))
class BookingAdmin(ReadOnlyAdmin):
    """Nothing is edited: a booking is cancelled, or refunded, which cancels it."""

    list_display = ["code", "show", "seats", "status", "refund", "buyer_name", "buyer_email", "created_at"]
    list_filter = ["status", "refund", "show__screen__theatre"]
    list_select_related = ["show__movie", "show__screen__theatre", "show__layout"]
    # What is asked for is understood by `look_up`; Django shows the field when this is not empty.
    search_fields = ["id"]
    search_help_text = "Code on the ticket, name, mail, phone, or an id: booking, payment, order, refund"
    ordering = ["-created_at"]
    fieldsets = [
        (None, {"fields": ["code", "id", "its_show", "seats", "amount", "status", "cancel_reason", "refund"]}),
        ("Buyer", {"fields": ["buyer_name", "buyer_email", "buyer_phone"]}),
        ("Times", {"fields": ["created_at", "expires_at", "checkout_at", "confirmed_at", "ended_at"]}),
    ]
    readonly_fields = ["code", "its_show", "seats", "amount"]
    show_full_result_count = False
    change_form_template = "payments/admin/booking.html"
    list_per_page = 50

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and before them the acts."""
        view = self.admin_site.admin_view(self.act_view)
        return [
            *(
                path(f"<uuid:booking>/{name}/", view, {"name": name}, name=f"bookings_booking_{name}")
                for name in ACTS
            ),
            *super().get_urls(),
        ]

    def act_view(self, request: HttpRequest, booking: UUID, name: str) -> HttpResponse:
        """One of the acts on a booking."""
        back = reverse("admin:bookings_booking_change", args=[booking])
        return act_page(request, ACTS[name], subject=str(booking), back=back)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("claims")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (look_up(queryset, search_term) if search_term.strip() else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Whoever asks for one booking gets its page."""
        asked = request.GET.get("q", "")
        if asked.strip() and set(request.GET) == {"q"} and self.has_view_permission(request):
            found = look_up(self.model._default_manager.order_by(), asked).values_list("pk", flat=True)[:2]
            if len(only := list(found)) == 1:
                return HttpResponseRedirect(reverse("admin:bookings_booking_change", args=only))
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the timeline, the panels of other rooms, and the ways to the acts for whoever may."""
        booking = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if booking is not None:
            context |= {
                "moments": timeline_of(booking),
                "acts": [self._link(name, ACTS[name], booking) for name in _acts_for(request, booking)],
                "panels": panels_for(request.user.has_perm, booking=booking.pk),
            }
        return super().change_view(request, object_id, form_url, context)

    @staticmethod
    def _link(name: str, act: Act, booking: Any) -> dict[str, str]:
        link = reverse(f"admin:bookings_booking_{name}", args=[booking.pk])
        return {"title": act.title, "link": link, "icon": ACT_ICONS[name]}

    @admin.display(ordering="id")
    def code(self, booking: Any) -> str:
        """What a ticket prints and its owner says."""
        return booking_reference(booking.pk)

    @admin.display(description="show")
    def its_show(self, booking: Any) -> str:
        show = booking.show
        told = f"{show.movie}, {at_theatre(show.starts_at, show.screen.theatre.time_zone)}"
        url = reverse("admin:bookings_show_change", args=[show.pk])
        return format_html('<a href="{}">{}</a><br>{} · {}', url, told, show.screen.theatre, show.screen.name)

    @admin.display
    def seats(self, booking: Any) -> str:
        """Its seats, also those that it has no more."""
        labels = booking.show.layout.seats
        claims = sorted(booking.claims.all(), key=lambda claim: claim.seat_index)
        return ", ".join(dict.fromkeys(labels[claim.seat_index]["label"] for claim in claims)) or "–"

    @admin.display(description="price")
    def amount(self, booking: Any) -> str:
        latest = {claim.seat_index: claim.price_paise for claim in booking.claims.all()}
        return format_inr(sum(latest.values()))


def _acts_for(request: HttpRequest, booking: Any) -> list[str]:
    return [name for name in ACTS_OF.get(booking.status, ()) if request.user.has_perm(ACTS[name].permission)]
