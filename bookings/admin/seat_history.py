"""The page of a seat’s history: what happened to it in order, and whose it was at a moment of the theatre’s clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.widgets import INPUT_CLASSES, UnfoldAdminTextInputWidget

from bookings.domain.local_time import moments_of
from bookings.domain.pricing import format_inr
from bookings.domain.seat_history import Standing
from bookings.errors import BookingError
from bookings.models import Booking, SeatEvent, Show
from bookings.selectors.seat_history import SeatHistory, get_seat_history

STATE_WORDS = {
    "free": "Nobody had it",
    "held": "It was held",
    "booked": "It was booked",
    "blocked": "It was blocked by the cinema",
}

if TYPE_CHECKING:
    # Django's classes take a type for the checker only; at run time they cannot be subscripted.
    AdminOfSeatEvent = admin.ModelAdmin[SeatEvent]
else:
    from unfold.admin import ModelAdmin as AdminOfSeatEvent


@dataclass(frozen=True, slots=True)
class Line:
    """One event as it is shown."""

    at: str
    words: str
    price: str
    booking: str
    holder: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Whose the seat was at one moment."""

    at: str
    words: str
    booking: str
    holder: str
    since: str


class SeatForm(forms.Form):
    show = forms.ModelChoiceField(
        Show.objects.all(),
        widget=AutocompleteSelect(SeatEvent._meta.get_field("show"), admin.site),
        help_text="Type a part of its movie, screen or theatre.",
    )
    seat = forms.CharField(max_length=12, help_text="As on the ticket: F7", widget=UnfoldAdminTextInputWidget)
    at = forms.DateTimeField(
        label="Who had it at",
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": "0.001", "class": " ".join(INPUT_CLASSES)},
            format="%Y-%m-%dT%H:%M:%S",
        ),
        help_text="On the theatre’s clock. Empty: only what happened.",
    )

    def clean_seat(self) -> str:
        label: str = self.cleaned_data["seat"]
        return label.strip().upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.history: SeatHistory | None = None
        self.moments: tuple[datetime, ...] = ()
        if self.errors:
            return cleaned
        try:
            self.history = get_seat_history(cleaned["show"].pk, cleaned["seat"])
        except BookingError as refused:
            self.add_error("seat", refused.detail)
            return cleaned
        if cleaned["at"] is not None:
            # The field has read a clock on a wall and named it UTC.
            self.moments = moments_of(cleaned["at"].replace(tzinfo=None), ZoneInfo(self.history.show.time_zone))
            if not self.moments:
                self.add_error("at", "The theatre’s clock never showed that time: it went forward over it.")
        return cleaned


@admin.register(SeatEvent)
class SeatEventAdmin(AdminOfSeatEvent):
    """Rows that write themselves: instead of their list, the page of one seat."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The page. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = SeatForm(request.GET or None)
        history = form.history if request.GET and form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": "Seat history",
            "opts": self.opts,
            "form": form,
            "media": form.media,
            "history": history,
            "lines": _lines(history) if history else [],
            "answers": [_answer(history, moment) for moment in form.moments] if history else [],
        }
        return TemplateResponse(request, "bookings/admin/seat_history.html", context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SeatEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SeatEvent | None = None) -> bool:
        return False


def _lines(history: SeatHistory) -> list[Line]:
    zone = ZoneInfo(history.show.time_zone)
    known = _known({event.booking for event in history.events})
    return [
        Line(
            at=_told(event.at, zone),
            words=event.words,
            price=format_inr(event.price_paise) if event.booking else "–",
            booking=_link(event.booking, known),
            holder=event.holder or "–",
        )
        for event in history.events
    ]


def _answer(history: SeatHistory, moment: datetime) -> Answer:
    zone = ZoneInfo(history.show.time_zone)
    standing = history.at(moment)
    return Answer(
        at=f"{_told(moment, zone)} {moment.astimezone(zone):%Z}",
        words=_standing_words(standing),
        booking=_link(standing.booking, _known({standing.booking})),
        holder=standing.holder or "–",
        since=_told(standing.since, zone) if standing.since else "before its sale began",
    )


def _standing_words(standing: Standing) -> str:
    said = STATE_WORDS[standing.state]
    return f"{said}: {standing.reason}" if standing.state == "blocked" and standing.reason else said


def _known(bookings: set[str]) -> set[str]:
    """Those that are still there: clean-up removes bookings without money, and their history stays."""
    asked = {UUID(booking) for booking in bookings if booking}
    return {str(found) for found in Booking.objects.filter(pk__in=asked).values_list("pk", flat=True)}


def _link(booking: str, known: set[str]) -> str:
    if booking not in known:
        return booking or "–"
    return format_html('<a href="{}">{}</a>', reverse("admin:bookings_booking_change", args=[booking]), booking)


def _told(moment: datetime, zone: ZoneInfo) -> str:
    """To the microsecond: two events of one seat may be that close."""
    return f"{moment.astimezone(zone):%a %d %b %Y, %H:%M:%S.%f}"
