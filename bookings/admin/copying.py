"""The page on which a programme is copied to another week: choose, see what would happen, do it.

Only for whoever may add shows. services/programme.py says what becomes of each show.
"""

from datetime import datetime, timedelta
from typing import Any, Final, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget

from bookings.models import Show, Theatre
from bookings.services.programme import (
    SHOWS_MAX,
    Copied,
    copy_shows,
    foresee_copy,
    shows_between,
    shows_named,
)
from bookings.services.staff_acts import StaffMember, write_down_sync

DAYS_OF_A_WEEK: Final = 7
WEEKS_MAX: Final = 8
DAYS_MAX: Final = 14


class CopyForm(forms.Form):
    """Which days, of which theatre, how many weeks later. Where shows were chosen in the list, only the last."""

    theatre = forms.ModelChoiceField(
        Theatre.objects.all(), required=False, empty_label="All theatres", widget=UnfoldAdminSelectWidget
    )
    first = forms.DateField(label="From", widget=UnfoldAdminSingleDateWidget(attrs={"type": "date"}))
    last = forms.DateField(
        label="To", widget=UnfoldAdminSingleDateWidget(attrs={"type": "date"}), help_text="Including this day."
    )
    weeks = forms.IntegerField(
        label="Weeks later",
        min_value=1,
        max_value=WEEKS_MAX,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Each show is made again on the same weekday, at the same time by its theatre’s clock.",
    )

    def __init__(self, *args: Any, chosen: list[int], **options: Any) -> None:
        super().__init__(*args, **options)
        self.chosen = chosen
        if chosen:
            for name in ("theatre", "first", "last"):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and not first <= last < first + timedelta(days=DAYS_MAX):
            raise forms.ValidationError(f"Choose one day to {DAYS_MAX} days, the first before the last.")
        return cleaned

    def shows(self) -> list[Show]:
        """What is to be copied. Raises ValidationError where that is nothing, or too much."""
        cleaned = self.cleaned_data
        if self.chosen:
            found = shows_named(self.chosen)
        else:
            found = shows_between(cleaned["first"], cleaned["last"], theatre=cleaned["theatre"])
        if not found:
            raise forms.ValidationError("There is no show to copy.")
        if len(found) > SHOWS_MAX:
            raise forms.ValidationError(f"More than {SHOWS_MAX} shows. Choose a theatre, or fewer days.")
        return found


def copy_view(request: HttpRequest) -> HttpResponse:
    """Ask, say what would happen, or do it. Raises PermissionDenied."""
    if not request.user.has_perm("bookings.add_show"):
        raise PermissionDenied
    now = timezone.now()  # noqa: TID251  (views read the clock)
    named = request.POST if request.method == "POST" else request.GET
    chosen = [int(pk) for pk in named.getlist("show") if pk.isdecimal() and len(pk) < 19]
    monday = (now - timedelta(days=now.weekday())).date()
    form = CopyForm(
        request.POST or None,
        chosen=chosen,
        initial={"first": monday, "last": monday + timedelta(days=DAYS_OF_A_WEEK - 1)},
    )
    foreseen: Copied | None = None
    if request.method == "POST" and form.is_valid():
        try:
            shows, days = form.shows(), form.cleaned_data["weeks"] * DAYS_OF_A_WEEK
            if "confirmed" in request.POST:
                return _do(request, shows, days=days, now=now)
            foreseen = foresee_copy(shows, days=days, now=now)
        except forms.ValidationError as nothing:
            form.add_error(None, nothing)
    context = {
        **admin.site.each_context(request),
        "title": "Copy a programme",
        "form": form,
        "chosen": chosen,
        "foreseen": foreseen,
        "back": reverse("admin:bookings_show_changelist"),
    }
    return TemplateResponse(request, "bookings/admin/copy.html", context)


@transaction.atomic
def _do(request: HttpRequest, shows: list[Show], *, days: int, now: datetime) -> HttpResponse:
    copied = copy_shows(shows, days=days, now=now)
    if copied.made:
        by = StaffMember(cast("int", request.user.pk), reason="")
        starts = sorted(planned.local_start for planned in copied.made)
        subject = f"{_shows(len(starts))} to {starts[0]:%d %b %Y} – {starts[-1]:%d %b %Y}"
        write_down_sync(by, "copy shows", show_id=None, subject=subject)
        messages.success(request, f"{_shows(len(copied.made))} made.")
    if copied.refused:
        messages.warning(request, f"{_shows(len(copied.refused))} could not be made.")
    if not copied.made and not copied.refused:
        messages.info(request, "Every one of these shows was there already.")
    return HttpResponseRedirect(reverse("admin:bookings_show_changelist"))


def _shows(count: int) -> str:
    return f"{count} show{'' if count == 1 else 's'}"
