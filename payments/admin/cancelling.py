"""Cancelling a show: what it would end and cost, a word typed to mean it, and the page on which it is watched.

It stands here because of the money; bookings keeps the job and does it (`bookings.cancel_show` says who may).
"""

from typing import Any, Final

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold.widgets import UnfoldAdminTextInputWidget

from bookings.api import (
    AlreadyCancelled,
    NotFound,
    Progress,
    StaffMember,
    begin_cancelling,
    foresee_cancelling,
    get_progress,
    get_show,
)
from payments.admin.reading import ReadOnlyAdmin
from payments.words import booking_link, money

MAY_CANCEL: Final = "bookings.cancel_show"
# More would need another way than one page.
MANUAL_SHOWN_MAX: Final = 100
# What is asked of htmx to stop asking: the page is over.
STOP_POLLING: Final = 286

# The money of a show that would go back: what was paid for its confirmed bookings, less what went back before.
_PAID: Final = """
SELECT count(*), COALESCE(sum(p.amount_paise - p.amount_refunded_paise), 0)
FROM payments_payment AS p JOIN bookings_booking AS b ON b.id = p.booking_id
WHERE b.show_id = %s AND b.status = 'confirmed' AND p.resolution = 'applied'
"""


class CancelForm(forms.Form):
    """Why, and the movie's title, so that nobody cancels another show than he means."""

    reason = forms.CharField(
        max_length=300, widget=UnfoldAdminTextInputWidget, help_text="Kept with your name. Buyers do not see it."
    )
    typed = forms.CharField(
        label="Type the movie’s title", widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, title: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self._title = title
        self.fields["typed"].help_text = f"To mean it: {title}"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if _plain(typed) != _plain(self._title):
            raise forms.ValidationError(f"That is not “{self._title}”. Nothing was cancelled.")
        return typed


def cancel_view(request: HttpRequest, show_id: int) -> HttpResponse:
    """Say what would end, and begin it once it is meant. Raises PermissionDenied, Http404."""
    if not request.user.has_perm(MAY_CANCEL):
        raise PermissionDenied
    try:
        foreseen = foresee_cancelling(show_id)
    except NotFound:
        raise Http404 from None
    except AlreadyCancelled as done:
        return _there_already(request, done, show_id)
    detail = get_show(show_id)
    form = CancelForm(request.POST or None, title=detail.movie.title)
    if request.method == "POST" and form.is_valid():
        assert request.user.pk is not None, "who has a permission has an account"
        try:
            job = begin_cancelling(show_id, by=StaffMember(request.user.pk, form.cleaned_data["reason"]))
        except AlreadyCancelled as done:
            # Two managers, one show: the second is shown what the first has begun.
            return _there_already(request, done, show_id)
        return HttpResponseRedirect(_page_of(job.pk))
    with connection.cursor() as cursor:
        cursor.execute(_PAID, [show_id])
        payments, paid_paise = cursor.fetchone() or (0, 0)
    context = {
        **admin.site.each_context(request),
        "title": "Cancel a show",
        "show": detail.show,
        "movie": detail.movie,
        "foreseen": foreseen,
        "payments": payments,
        "paid": money(int(paid_paise)),
        "unpaid": foreseen.confirmed - payments,
        "form": form,
        "back": reverse("admin:bookings_show_change", args=[show_id]),
    }
    return TemplateResponse(request, "payments/admin/cancel_show.html", context)


def _there_already(request: HttpRequest, done: AlreadyCancelled, show_id: int) -> HttpResponse:
    messages.info(request, done.detail)
    to = _page_of(done.job) if done.job is not None else reverse("admin:bookings_show_change", args=[show_id])
    return HttpResponseRedirect(to)


def _page_of(job: int) -> str:
    return reverse("admin:bookings_staffjob_change", args=[job])


def _plain(title: str) -> str:
    return " ".join(title.split()).casefold()


@admin.register(apps.get_model("bookings", "StaffJob"))
class StaffJobAdmin(ReadOnlyAdmin):
    """Shows that were cancelled, and how far each is."""

    list_display = ["show", "state", "so_far", "user", "reason", "created_at", "finished_at"]
    list_filter = ["state", "show__screen__theatre"]
    list_select_related = ["show__movie", "show__screen__theatre", "user"]
    search_fields = ["show__movie__title", "reason"]

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and before them the act and what moves on its page."""
        wrap = self.admin_site.admin_view
        return [
            path("cancel/<int:show_id>/", wrap(cancel_view), name="bookings_show_cancel"),
            path("<int:job_id>/progress/", wrap(self.progress_view), name="bookings_staffjob_progress"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page on which the job is watched."""
        context = {
            **admin.site.each_context(request),
            **self._progress(request, object_id),
            "title": "Cancelled show",
            "opts": self.opts,
        }
        return TemplateResponse(request, "payments/admin/cancelling.html", context)

    def progress_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """What moves on that page; asked for every second until nothing moves any more."""
        context = self._progress(request, str(job_id))
        status = STOP_POLLING if context["progress"].is_over else 200
        return TemplateResponse(request, "payments/admin/cancelling_progress.html", context, status=status)

    def _progress(self, request: HttpRequest, job_id: str) -> dict[str, Any]:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            progress = get_progress(int(job_id) if job_id.isdecimal() else 0, manual_max=MANUAL_SHOWN_MAX)
        except NotFound:
            raise Http404 from None
        return {
            "progress": progress,
            "job": progress.job,
            "bars": _bars(progress),
            "manual": [(booking_link(booking.pk), booking.buyer_email or "–") for booking in progress.manual],
        }

    @admin.display(description="bookings")
    def so_far(self, job: Any) -> str:
        return f"{job.done} of {max(job.of, job.done)}"


def _bars(progress: Progress) -> list[dict[str, Any]]:
    """The two bars: bookings ended, and of what was paid for them, what is back."""
    job, refunds = progress.job, progress.refunds
    paid = sum(count for state, count in refunds.items() if state)
    back, by_hand = refunds.get("refunded", 0), refunds.get("manual", 0)
    return [
        _bar("Bookings cancelled", job.done, max(job.of, job.done), is_over=job.state == "done"),
        {
            **_bar("Refunds with their buyers", back, paid, is_over=progress.is_over),
            "parts": [
                ("to be asked for", refunds.get("due", 0)),
                ("on their way through the banks", refunds.get("pending", 0)),
                ("need a person", by_hand),
            ],
        },
    ]


def _bar(title: str, done: int, of: int, *, is_over: bool) -> dict[str, Any]:
    share = 100 * done // of if of else (100 if is_over else 0)
    told = f"{done} of {of}" if of else ("none" if is_over else "–")
    return {"title": title, "told": told, "percent": share}
