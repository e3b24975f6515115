"""The admin of theatres, screens, layouts and movies. Translates only: services decide and write. Shows: shows.py."""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from bookings.admin.drawing import draw, legend
from bookings.admin.forms import ScreenForm, TheatreForm
from bookings.domain.layout import LayoutInvalid, Seat, SeatKind, parse_layout
from bookings.models import Layout, Movie, Screen, Theatre
from bookings.services.catalogue import import_layout

if TYPE_CHECKING:
    # Django's classes take a type for the checker only; at run time they cannot be subscripted.
    ScreensOfTheatre = admin.TabularInline[Screen, Theatre]
    LayoutsOfScreen = admin.TabularInline[Layout, Screen]
    AdminOfTheatre = admin.ModelAdmin[Theatre]
    AdminOfScreen = admin.ModelAdmin[Screen]
    AdminOfLayout = admin.ModelAdmin[Layout]
    AdminOfMovie = admin.ModelAdmin[Movie]
else:
    from unfold.admin import ModelAdmin, TabularInline

    ScreensOfTheatre = LayoutsOfScreen = TabularInline
    AdminOfTheatre = AdminOfScreen = AdminOfLayout = AdminOfMovie = ModelAdmin


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
    change_form_template = "bookings/admin/screen.html"

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and before them the drawing of a text that is being typed."""
        view = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", view, name="bookings_screen_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """The drawing of the form's text, or where it is wrong. Raises PermissionDenied."""
        if not (self.has_change_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        text = request.POST.get("layout_text", "").replace("\r\n", "\n")
        return TemplateResponse(request, "bookings/admin/preview.html", preview_of(text))

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
    fields = ["screen", "revision", "created_at", "drawing", "text"]

    @admin.display(description="seats")
    def seats_count(self, layout: Layout) -> int:
        return len(layout.seats)

    @admin.display
    def drawing(self, layout: Layout) -> str:
        seats = seats_of(layout.seats)
        return format_html("{}{}", draw(seats), legend(seats))

    @admin.display(description="as text")
    def text(self, layout: Layout) -> str:
        return format_html('<pre class="source">{}</pre>', layout.source)

    def get_readonly_fields(self, request: HttpRequest, obj: Layout | None = None) -> list[str]:
        return ["drawing", "text"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Layout | None = None) -> bool:
        return False


def seats_of(stored: Sequence[dict[str, Any]]) -> list[Seat]:
    """The seats as a layout keeps them."""
    return [Seat(**{**seat, "kind": SeatKind(seat["kind"])}) for seat in stored]


def preview_of(text: str) -> dict[str, Any]:
    """What there is to show of a text: the drawing and its legend, or the fault and the line it is in."""
    if not text.strip():
        return {"is_empty": True}
    try:
        parsed = parse_layout(text)
    except LayoutInvalid as fault:
        lines = text.split("\n")
        return {
            "fault": fault,
            "line": lines[fault.line - 1] if fault.line <= len(lines) else "",
            "caret": " " * (fault.column - 1) + "^",
        }
    return {"count": len(parsed.seats), "drawing": draw(parsed.seats), "legend": legend(parsed.seats)}


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
