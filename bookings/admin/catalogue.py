"""The admin of theatres, screens, layouts, movies and shows. Translates only: services decide and write."""

import base64
from collections import Counter
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator

from bookings.admin.forms import ScreenForm, ShowForm, TheatreForm
from bookings.domain.pricing import format_inr
from bookings.models import Layout, Movie, Screen, Show, Theatre
from bookings.services.catalogue import create_show, import_layout, update_show

# A longer title would push the other columns of a list off the page.
TITLE_CHARS = 40

if TYPE_CHECKING:
    # Django's classes take a type for the checker only; at run time they cannot be subscripted.
    ScreensOfTheatre = admin.TabularInline[Screen, Theatre]
    LayoutsOfScreen = admin.TabularInline[Layout, Screen]
    AdminOfTheatre = admin.ModelAdmin[Theatre]
    AdminOfScreen = admin.ModelAdmin[Screen]
    AdminOfLayout = admin.ModelAdmin[Layout]
    AdminOfMovie = admin.ModelAdmin[Movie]
    AdminOfShow = admin.ModelAdmin[Show]
else:
    ScreensOfTheatre = LayoutsOfScreen = admin.TabularInline
    AdminOfTheatre = AdminOfScreen = AdminOfLayout = AdminOfMovie = AdminOfShow = admin.ModelAdmin


class ScreenInline(ScreensOfTheatre):
    model = Screen
    extra = 0
    fields = ["name"]
    show_change_link = True


@admin.register(Theatre)
class TheatreAdmin(AdminOfTheatre):
    form = TheatreForm
    list_display = ["name", "city", "screens_count", "time_zone", "slug"]
    list_filter = ["city"]
    search_fields = ["name", "city", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [ScreenInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Theatre]:
        return super().get_queryset(request).annotate(screens_count=Count("screens"))

    @admin.display(description="screens", ordering="screens_count")
    def screens_count(self, theatre: Any) -> int:
        count: int = theatre.screens_count
        return count


class LayoutInline(LayoutsOfScreen):
    """The revisions of a screen; new ones come from its import field."""

    model = Layout
    extra = 0
    can_delete = False
    fields = ["revision", "seats_count", "created_at"]
    readonly_fields = ["revision", "seats_count", "created_at"]
    show_change_link = True

    @admin.display(description="seats")
    def seats_count(self, layout: Layout) -> int:
        return len(layout.seats)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Screen)
class ScreenAdmin(AdminOfScreen):
    form = ScreenForm
    list_display = ["name", "theatre", "revisions"]
    list_filter = ["theatre__city", "theatre"]
    list_select_related = ["theatre"]
    search_fields = ["name", "theatre__name", "theatre__city"]
    fieldsets = [(None, {"fields": ["theatre", "name"]}), ("Seats", {"fields": ["layout_text"]})]
    inlines = [LayoutInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Screen]:
        return super().get_queryset(request).annotate(revisions=Count("layouts"))

    @admin.display(ordering="revisions")
    def revisions(self, screen: Any) -> int:
        count: int = screen.revisions
        return count

    def save_model(self, request: HttpRequest, obj: Screen, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save the screen, then its drawing; the form has read the drawing before."""
        super().save_model(request, obj, form, change)
        if form.cleaned_data["layout_text"].strip():
            import_layout(obj, form.cleaned_data["layout_text"])


@admin.register(Layout)
class LayoutAdmin(AdminOfLayout):
    """Revisions to look at. Shows pin them, so nobody edits one."""

    list_display = ["screen", "revision", "seats_count", "created_at"]
    list_filter = ["screen__theatre"]
    list_select_related = ["screen__theatre"]
    search_fields = ["screen__name", "screen__theatre__name"]
    fields = ["screen", "revision", "created_at", "kinds", "drawing"]

    @admin.display(description="seats")
    def seats_count(self, layout: Layout) -> int:
        return len(layout.seats)

    @admin.display(description="seats by kind")
    def kinds(self, layout: Layout) -> str:
        kinds = Counter(seat["kind"] for seat in layout.seats)
        return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())

    @admin.display
    def drawing(self, layout: Layout) -> str:
        return format_html("<pre>{}</pre>", layout.source)

    def get_readonly_fields(self, request: HttpRequest, obj: Layout | None = None) -> list[str]:
        return ["kinds", "drawing"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Layout | None = None) -> bool:
        return False


@admin.register(Movie)
class MovieAdmin(AdminOfMovie):
    list_display = ["thumbnail", "title", "certificate", "language", "minutes", "genre"]
    list_display_links = ["thumbnail", "title"]
    list_filter = ["language", "certificate", "genre"]
    search_fields = ["title", "slug", "language"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["preview"]
    fieldsets = [
        (None, {"fields": ["title", "slug", "language", "certificate", "duration_minutes", "genre", "synopsis"]}),
        ("Poster", {"fields": ["preview", "poster"], "description": "SVG text, 2:3."}),
    ]

    @admin.display(description="")
    def thumbnail(self, movie: Movie) -> str:
        return _picture(movie, width_px=40)

    @admin.display(ordering="duration_minutes")
    def minutes(self, movie: Movie) -> int:
        return movie.duration_minutes

    @admin.display
    def preview(self, movie: Movie) -> str:
        return _picture(movie, width_px=240)


def _picture(movie: Movie, *, width_px: int) -> str:
    """The poster as an image: unlike SVG set into the page, an image runs no script that somebody pasted."""
    if not movie.poster:
        return "–"
    data = base64.b64encode(movie.poster.encode()).decode()
    return format_html('<img src="data:image/svg+xml;base64,{}" width="{}" alt="">', data, width_px)


@admin.register(Show)
class ShowAdmin(AdminOfShow):
    form = ShowForm
    list_display = ["movie_title", "theatre", "screen_name", "local_start", "status", "price_range", "seats_count"]
    list_filter = ["status", "screen__theatre__city", "screen__theatre", "movie"]
    list_select_related = ["movie", "screen__theatre", "layout"]
    date_hierarchy = "starts_at"
    search_fields = ["movie__title", "screen__name", "screen__theatre__name"]
    autocomplete_fields = ["movie", "screen"]
    fieldsets = [
        (None, {"fields": ["movie", "screen", "pinned_layout", "status"]}),
        ("When", {"fields": ["starts_at", "ends_at"]}),
        ("Sales", {"fields": ["sales_open_at", "sales_close_at", "prices"]}),
    ]

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

    @admin.display(description="seats")
    def seats_count(self, show: Show) -> int:
        return len(show.layout.seats)

    @admin.display(description="layout")
    def pinned_layout(self, show: Show) -> str:
        if not show.pk:
            return "the screen’s newest"
        url = reverse("admin:bookings_layout_change", args=[show.layout_id])
        return format_html('<a href="{}">revision {}</a>', url, show.layout.revision)

    def save_model(self, request: HttpRequest, obj: Show, form: Any, change: bool) -> None:  # noqa: FBT001
        """Save through the service, which checks once more what the form has checked."""
        now = timezone.now()  # noqa: TID251  (views read the clock)
        if change:
            update_show(obj, form.draft, now=now)
        else:
            obj.pk = create_show(form.draft, now=now).pk
