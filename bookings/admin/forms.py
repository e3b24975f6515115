"""Forms of the catalogue admin. They ask the catalogue service and show what it refuses beside the field."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminSplitDateTimeWidget, UnfoldAdminTextareaWidget

from bookings.admin.fields import PricesField, time_zone_field
from bookings.domain.layout import LayoutInvalid, parse_layout
from bookings.errors import BookingError
from bookings.models import Screen, Show, Theatre
from bookings.services.catalogue import LayoutRefused, ShowDraft, check_draft, newest_layout

THEATRE_TIME = "In the theatre’s own time."


if TYPE_CHECKING:
    # Django's class takes a type for the checker only; at run time it cannot be subscripted.
    FormOfTheatre = forms.ModelForm[Theatre]
    FormOfScreen = forms.ModelForm[Screen]
    FormOfShow = forms.ModelForm[Show]
else:
    FormOfTheatre = FormOfScreen = FormOfShow = forms.ModelForm


class TheatreForm(FormOfTheatre):
    time_zone = time_zone_field()

    class Meta:
        model = Theatre
        fields: ClassVar = ["name", "slug", "city", "address", "time_zone"]


class ScreenForm(FormOfScreen):
    """A screen and, in one text field, the drawing of its seats."""

    layout_text = forms.CharField(
        label="Import a layout",
        required=False,
        strip=False,
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 24, "wrap": "off", "spellcheck": "false", "autocapitalize": "off", "data-layout": ""}
        ),
        help_text=(
            "The screen as text, the newest revision to begin with (docs/layouts.md has the characters). "
            "A changed drawing becomes a new revision, which new shows take; existing shows keep theirs."
        ),
    )

    class Meta:
        model = Screen
        fields: ClassVar = ["theatre", "name"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        newest = newest_layout(self.instance) if self.instance.pk else None
        if newest is not None:
            self.initial["layout_text"] = newest.source

    def clean_layout_text(self) -> str:
        text: str = self.cleaned_data["layout_text"].replace("\r\n", "\n")
        if text.strip():
            try:
                parse_layout(text)
            except LayoutInvalid as fault:
                raise forms.ValidationError(LayoutRefused(fault).detail) from fault
        return text


class ShowForm(FormOfShow):
    """A show as its manager plans it; times are read and shown on the theatre's clock."""

    starts_at = forms.SplitDateTimeField(
        label="Starts at", widget=UnfoldAdminSplitDateTimeWidget, help_text=THEATRE_TIME
    )
    ends_at = forms.SplitDateTimeField(
        label="Ends at",
        widget=UnfoldAdminSplitDateTimeWidget,
        required=False,
        help_text=f"{THEATRE_TIME} Empty: by the length of the movie.",
    )
    sales_open_at = forms.SplitDateTimeField(
        label="Sales open at",
        widget=UnfoldAdminSplitDateTimeWidget,
        required=False,
        help_text=f"{THEATRE_TIME} Empty: now.",
    )
    sales_close_at = forms.SplitDateTimeField(
        label="Sales close at",
        widget=UnfoldAdminSplitDateTimeWidget,
        required=False,
        help_text=f"{THEATRE_TIME} Empty: 15 minutes into the show.",
    )
    prices = PricesField()

    # Cancelling is an act of its own: it ends the bookings too, and cannot be taken back.
    STATUSES: ClassVar = [Show.Status.OPEN, Show.Status.CLOSED]

    class Meta:
        model = Show
        fields: ClassVar = [
            "movie",
            "screen",
            "starts_at",
            "ends_at",
            "sales_open_at",
            "sales_close_at",
            "status",
            "prices",
        ]

    TIMES: ClassVar = ("starts_at", "ends_at", "sales_open_at", "sales_close_at")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.draft: ShowDraft | None = None
        if "status" in self.fields:
            self.fields["status"].choices = [(status.value, status.label) for status in self.STATUSES]  # type: ignore[attr-defined]
        if self.instance.pk:
            zone = self._zone(self.instance.screen)
            for name in self.TIMES:
                # Without a zone, so that the field shows these very numbers.
                self.initial[name] = getattr(self.instance, name).astimezone(zone).replace(tzinfo=None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        screen: Screen = self.instance.screen if self.instance.pk else cleaned["screen"]
        zone = self._zone(screen)
        times: dict[str, datetime | None] = {
            name: cleaned[name] and cleaned[name].replace(tzinfo=zone) for name in self.TIMES
        }
        now = timezone.now()  # noqa: TID251  (forms are an interface)
        starts_at = times["starts_at"]
        assert starts_at is not None, "the field is required"
        draft = ShowDraft(
            movie=cleaned["movie"],
            screen=screen,
            starts_at=starts_at,
            ends_at=times["ends_at"],
            sales_open_at=times["sales_open_at"] or now,
            sales_close_at=times["sales_close_at"],
            status=cleaned["status"],
            prices=cleaned["prices"],
        )
        try:
            # The admin's view runs in one transaction, so the screen stays locked until the show is saved.
            check_draft(draft, now=now, show=self.instance if self.instance.pk else None)
        except BookingError as refused:
            raise forms.ValidationError(refused.detail) from refused
        self.draft = draft
        return cleaned | {
            "starts_at": draft.starts_at,
            "ends_at": draft.end,
            "sales_open_at": draft.sales_open_at,
            "sales_close_at": draft.sales_close,
        }

    @staticmethod
    def _zone(screen: Screen) -> ZoneInfo:
        return ZoneInfo(screen.theatre.time_zone)
