"""The audit log: one page over everything that staff did. Nobody adds, changes or deletes a line of it."""

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminSingleDateWidget, UnfoldAdminTextInputWidget

from bookings.desk import offer_log
from bookings.models import StaffAct
from bookings.selectors.staff_log import CATALOGUE, STAFF_ACTS, LogLine, Wanted, get_actions, get_staff_log

if TYPE_CHECKING:
    # Django's class takes a type for the checker only; at run time it cannot be subscripted.
    AdminOfActs = admin.ModelAdmin[StaffAct]
else:
    from unfold.admin import ModelAdmin as AdminOfActs

offer_log("staff", STAFF_ACTS)
offer_log("catalogue", CATALOGUE)

# Where a line of a source leads, by the first word of its link.
PAGES = {
    "show": "admin:bookings_show_change",
    "booking": "admin:bookings_booking_change",
    "payment": "admin:payments_payment_change",
}


class LogForm(forms.Form):
    """Which acts; every field may be empty."""

    user = forms.ModelChoiceField(
        get_user_model().objects.filter(is_staff=True).order_by("username"),
        required=False,
        empty_label="Everybody",
        label="Who",
        widget=UnfoldAdminSelectWidget,
    )
    action = forms.ChoiceField(required=False, label="What", widget=UnfoldAdminSelectWidget)
    text = forms.CharField(required=False, max_length=100, label="Words", widget=UnfoldAdminTextInputWidget)
    since = forms.DateField(required=False, label="From", widget=UnfoldAdminSingleDateWidget(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=UnfoldAdminSingleDateWidget(attrs={"type": "date"}))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", "Everything"), *((action, action) for action in get_actions())]
        self.fields["action"].choices = choices  # type: ignore[attr-defined]

    def wanted(self) -> Wanted:
        """As the selector takes it; of fields that cannot be read, nothing."""
        asked = self.cleaned_data if self.is_valid() else {}
        user, since, until = asked.get("user"), asked.get("since"), asked.get("until")
        return Wanted(
            user=user.pk if user else None,
            action=asked.get("action", ""),
            text=asked.get("text", ""),
            since=datetime.combine(since, time(), UTC) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), UTC) if until else None,
        )


@admin.register(StaffAct)
class StaffActAdmin(AdminOfActs):
    """The log in place of a list; its lines have no pages of their own."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: StaffAct | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StaffAct | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The log. Raises PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = LogForm(request.GET)
        asked = request.GET.get("page", "1")
        page = max(1, int(asked)) if asked.isdecimal() and len(asked) < 6 else 1
        lines, has_more = get_staff_log(form.wanted(), page=page)
        query = request.GET.copy()
        query.pop("page", None)
        context = {
            **admin.site.each_context(request),
            "title": "Audit log",
            "form": form,
            "lines": [(line, _address(line)) for line in lines],
            "page": page,
            "has_more": has_more,
            "query": query.urlencode(),
        }
        return TemplateResponse(request, "bookings/admin/log.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        """A line has no page; the log has them all."""
        return self.changelist_view(request)


def _address(line: LogLine) -> str:
    kind, _, key = line.link.partition(":")
    if not key:
        return ""
    app, _, model = kind.partition(".")
    try:
        return reverse(PAGES.get(kind, f"admin:{app}_{model}_change"), args=[quote(key)])
    except NoReverseMatch:
        return ""
