"""The page on which staff take seats of a show off sale and put them back: the live map, a reason, two buttons.

It stands in the admin, and is drawn by what draws the seat page. Looking needs `bookings.view_show`, acting
`bookings.block_seats`.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from bookings import api as bookings
from frontend.seat_page import show_context

MAY_LOOK: Final = "bookings.view_show"
MAY_ACT: Final = "bookings.block_seats"
# As it is kept with each seat.
REASON_CHARS_MAX: Final = 120
SEATS_CHARS_MAX: Final = 12_000

_STATE_WORDS: Final = {"H": "held by a buyer", "B": "sold", "X": "off sale already"}


class SeatsForm(forms.Form):
    """Which seats, and why. The map writes the seats; typing them does as well."""

    seats = forms.CharField(
        max_length=SEATS_CHARS_MAX,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Click them on the map, or type them: A1, A2, C7",
    )
    reason = forms.CharField(
        max_length=REASON_CHARS_MAX,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text="Kept with your name. Buyers do not see it.",
    )

    def clean_seats(self) -> list[str]:
        """The labels, each once."""
        return list(dict.fromkeys(re.findall(r"[A-Z0-9]+", self.cleaned_data["seats"].upper())))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "block" in self.data and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "Say why, for whoever sees the seat off sale tomorrow.")
        if "block" not in self.data and "unblock" not in self.data:
            raise forms.ValidationError("Choose what to do with the seats.")
        return cleaned


def seats_view(request: HttpRequest, show_id: int) -> HttpResponse:
    """Look, or act. Raises PermissionDenied, Http404."""
    is_act = request.method == "POST"
    if not request.user.has_perm(MAY_ACT if is_act else MAY_LOOK):
        raise PermissionDenied
    try:
        detail = bookings.get_show(show_id)
    except bookings.NotFound:
        raise Http404 from None
    form = SeatsForm(request.POST if is_act else None)
    if is_act and form.is_valid():
        try:
            messages.success(request, _act(request, show_id, form.cleaned_data))
            return HttpResponseRedirect(request.path)
        except bookings.SeatsUnavailable as taken:
            form.add_error("seats", _in_the_way(show_id, taken.fields["seats"]))
        except bookings.UnknownSeat as unknown:
            form.add_error("seats", unknown.detail)
        except (bookings.ClaimsUnavailable, bookings.NotReady):
            form.add_error(None, "The house is busy. Nothing was changed; try again in a moment.")
    try:
        picture = bookings.get_seat_picture(show_id, holder="")
    except bookings.NotReady:
        picture = None
    context = {
        **admin.site.each_context(request),
        **show_context(detail, picture=picture, now=timezone.now()),  # noqa: TID251  (views read the clock)
        "title": f"Seats of {detail.movie.title}",
        "form": form,
        "blocked": bookings.get_blocked(show_id),
        "may_act": request.user.has_perm(MAY_ACT) and detail.show.status != "cancelled",
    }
    return TemplateResponse(request, "frontend/staff/seats.html", context)


def _act(request: HttpRequest, show_id: int, wishes: dict[str, Any]) -> str:
    """Do it, and say what was done."""
    assert request.user.pk is not None, "who has a permission has an account"
    by = bookings.StaffMember(request.user.pk, wishes["reason"])
    labels: list[str] = wishes["seats"]
    if "block" in request.POST:

        async def block(office: bookings.BoxOffice) -> None:
            await office.block_seats(show_id=show_id, labels=labels, reason=by.reason, by=by)

        bookings.from_sync(block)
        return f"Off sale: {', '.join(labels)}."

    async def unblock(office: bookings.BoxOffice) -> tuple[str, ...]:
        return await office.unblock_seats(show_id=show_id, labels=labels, by=by)

    freed = bookings.from_sync(unblock)
    left = [label for label in labels if label not in freed]
    told = f"Back on sale: {', '.join(freed)}." if freed else "Nothing was off sale."
    return f"{told} Left as they were: {', '.join(left)}." if left and freed else told


def _in_the_way(show_id: int, taken: Sequence[str]) -> str:
    """Why nothing was done, seat by seat, as far as the picture still shows it."""
    states: dict[str, str] = {}
    try:
        picture = bookings.get_seat_picture(show_id, holder="")
        states = {seat.label: picture["states"][seat.index] for seat in bookings.get_show(show_id).seats}
    except bookings.NotReady:
        pass  # the names alone have to do
    said = [f"{label} is {_STATE_WORDS.get(states.get(label, ''), 'taken')}" for label in taken]
    return f"Nothing was changed: {', '.join(said)}. Leave them out, or wait until they are free."
