"""Shows in the admin: planned, priced, copied to another week. Their seats and their end have pages of their own.

Translates only: services decide and write.
"""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator

from bookings.admin.copying import copy_view
from bookings.admin.forms import ShowForm
from bookings.admin.today import today_view
from bookings.domain.lifecycle import Status
from bookings.domain.pricing import format_inr
from bookings.models import SeatClaim, Show, StaffJob
from bookings.services.catalogue import create_show, update_show

# A longer title would push the other columns of a list off the page.
TITLE_CHARS = 40

if TYPE_CHECKING:
    # Django's class takes a type for the checker only; at run time it cannot be subscripted.
    AdminOfShow = admin.ModelAdmin[Show]
else:
    from unfold.admin import ModelAdmin as AdminOfShow


class WhenFilter(admin.SimpleListFilter):
    """Whoever opens the list wants what is to come; what is over is a click away."""

    title = "when"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", "Today"), ("week", "The next seven days"), ("past", "Over"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield {**choice, "display": "From today on"} if choice["query_string"] == "?" else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Show]) -> QuerySet[Show]:
        now = timezone.now()  # noqa: TID251  (an interface)
        # Where most theatres are; one elsewhere sees a few hours more.
        local = timezone.localtime(now, ZoneInfo("Asia/Kolkata"))
        today = datetime.combine(local, time(), local.tzinfo).astimezone(UTC)
        match self.value():
            case "today":
                return queryset.filter(starts_at__gte=today, starts_at__lt=today + timedelta(days=1))
            case "week":
                return queryset.filter(starts_at__gte=today, starts_at__lt=today + timedelta(days=7))
            case "past":
                return queryset.filter(ends_at__lt=now).order_by("-starts_at")
            case "all":
                return queryset
        return queryset.filter(starts_at__gte=today)


@admin.register(Show)
class ShowAdmin(AdminOfShow):
    form = ShowForm
    list_display = ["movie_title", "theatre", "screen_name", "local_start", "status", "sold", "price_range", "seats"]
    list_filter = [WhenFilter, "status", "screen__theatre__city", "screen__theatre", "movie"]
    list_select_related = ["movie", "screen__theatre", "layout"]
    search_fields = ["movie__title", "screen__name", "screen__theatre__name"]
    autocomplete_fields = ["movie", "screen"]
    actions = ["copy_selected"]
    change_form_template = "bookings/admin/show.html"
    change_list_template = "bookings/admin/shows.html"
    fieldsets = [
        (None, {"fields": ["movie", "screen", "pinned_layout", "status"]}),
        ("When", {"fields": ["starts_at", "ends_at"]}),
        ("Sales", {"fields": ["sales_open_at", "sales_close_at", "prices"]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and before them the copying of a programme, and what moves on Today."""
        wrap = self.admin_site.admin_view
        return [
            path("copy/", wrap(copy_view), name="bookings_show_copy"),
            path("today/", wrap(today_view), name="bookings_show_today"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Show]:
        sold = SeatClaim.objects.filter(
            show=OuterRef("pk"), released_at__isnull=True, booking__status=Status.CONFIRMED.value
        )
        count = sold.order_by().values("show").annotate(count=Count("pk")).values("count")
        return super().get_queryset(request).annotate(sold_count=Coalesce(Subquery(count), 0))

    def has_change_permission(self, request: HttpRequest, obj: Show | None = None) -> bool:
        """A cancelled show is over: its buyers were told."""
        is_over = obj is not None and obj.status == Show.Status.CANCELLED
        return not is_over and super().has_change_permission(request, obj)

    @admin.action(description="Copy to another week", permissions=["add"])
    def copy_selected(self, request: HttpRequest, queryset: QuerySet[Show]) -> HttpResponse:
        """On to the page that asks to which week."""
        chosen = "&".join(f"show={pk}" for pk in queryset.values_list("pk", flat=True))
        return HttpResponseRedirect(f"{reverse('admin:bookings_show_copy')}?{chosen}")

    def get_readonly_fields(self, request: HttpRequest, obj: Show | None = None) -> list[str]:
        # Seat indexes are those of the layout, so a show stays on the screen it was made for.
        return ["pinned_layout", "screen"] if obj else ["pinned_layout"]

    @admin.display(description="movie", ordering="movie__title")
    def movie_title(self, show: Show) -> str:
        return Truncator(show.movie.title).chars(TITLE_CHARS)

    @admin.display(ordering="screen__theatre__name")
    def theatre(self, show: Show) -> str:
        return show.screen.theatre.name

    @admin.display(description="screen", ordering="screen__name")
    def screen_name(self, show: Show) -> str:
        return show.screen.name

    @admin.display(description="starts (theatre’s time)", ordering="starts_at")
    def local_start(self, show: Show) -> str:
        local = show.starts_at.astimezone(ZoneInfo(show.screen.theatre.time_zone))
        return f"{local:%a %d %b %Y, %H:%M}"

    @admin.display(description="prices")
    def price_range(self, show: Show) -> str:
        return " – ".join(
            format_inr(paise) for paise in sorted({min(show.prices.values()), max(show.prices.values())})
        )

    @admin.display(ordering="sold_count")
    def sold(self, show: Any) -> str:
        return f"{show.sold_count} of {len(show.layout.seats)}"

    @admin.display(description="")
    def seats(self, show: Show) -> str:
        return format_html('<a href="{}">Seats</a>', reverse("staff:show-seats", args=[show.pk]))

    @admin.display(description="layout")
    def pinned_layout(self, show: Show) -> str:
        if not show.pk:
            return "the screen’s newest"
        url = reverse("admin:bookings_layout_change", args=[show.layout_id])
        return format_html('<a href="{}">revision {}</a>', url, show.layout.revision)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the ways to its seats, its bookings and its end."""
        links = _links(int(object_id)) if object_id.isdecimal() else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **links})

    def save_model(self, request: HttpRequest, obj: Show, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save through the service, which checks once more what the form has checked."""
        now = timezone.now()  # noqa: TID251  (views read the clock)
        if change:
            update_show(obj, form.draft, now=now)
        else:
            obj.pk = create_show(form.draft, now=now).pk


def _links(show_id: int) -> dict[str, str]:
    job = StaffJob.objects.filter(show=show_id).first()
    return {
        "seats_link": reverse("staff:show-seats", args=[show_id]),
        "bookings_link": f"{reverse('admin:bookings_booking_changelist')}?show__id__exact={show_id}",
        "cancel_link": reverse("admin:bookings_show_cancel", args=[show_id]),
        "job_link": reverse("admin:bookings_staffjob_change", args=[job.pk]) if job else "",
    }
