"""The pages of reports, for staff who may read them: ask, wait, read, take away."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from bookings import api as bookings
from frontend.reports.csv_file import as_csv, csv_tables
from frontend.reports.page import report_context, where_words
from frontend.reports.pdf_file import report_pdf
from frontend.reports.periods import USUAL, typed_period, usual_period
from frontend.reports.words import period_words

MAY_READ: Final = "bookings.view_reports"
# Of a house without theatres; every theatre has its own.
HOUSE_ZONE: Final = "Asia/Kolkata"


def for_readers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Whoever may read reports; others are sent to sign in, or refused."""
    return never_cache(login_required(permission_required(MAY_READ, raise_exception=True)(view)))


@require_http_methods(["GET", "HEAD", "POST"])
@for_readers
def reports(request: HttpRequest) -> HttpResponse:
    """The reports there are, and a form for another one."""
    if request.method == "POST":
        return _ask(request)
    return _form_page(request)


@require_safe
@for_readers
def report(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """A report: how far it is, or what is in it."""
    found = _found(report_id)
    if found.state is bookings.ReportState.DONE:
        return render(request, "frontend/reports/report.html", report_context(found))
    context = {"report": found, "period": period_words(found.scope), "where": where_words(found)}
    return render(request, "frontend/reports/waiting.html", context)


@require_safe
@for_readers
def progress(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """How far a report is, for the page that waits for it."""
    found = _found(report_id, with_result=False)
    return JsonResponse({"state": found.state, "progress": found.progress, "step": found.step})


@require_safe
@for_readers
def csv(request: HttpRequest, report_id: UUID, table: str) -> HttpResponse:
    """One table of a report, whole."""
    found = _done(report_id)
    tables = csv_tables(found.result or {})
    if table not in tables:
        raise Http404
    return _file(as_csv(tables[table]), "text/csv; charset=utf-8", _file_name(found, table, "csv"))


@require_safe
@for_readers
def pdf(request: HttpRequest, report_id: UUID) -> HttpResponse:
    """A report to print."""
    found = _done(report_id)
    return _file(report_pdf(report_context(found)), "application/pdf", _file_name(found, "report", "pdf"))


def _ask(request: HttpRequest) -> HttpResponse:
    theatre = request.POST.get("theatre") or None
    usual = usual_period(request.POST.get("usual", ""), _today(theatre))
    period = usual or typed_period(request.POST.get("from", ""), request.POST.get("to", ""))
    if period is None:
        return _form_page(request, wrong="Choose the first and the last day of the report.")
    try:
        asked = bookings.ask_report(from_day=period[0], to_day=period[1], theatre=theatre, user=request.user)
    except bookings.BadRequest as refused:
        return _form_page(request, wrong=refused.detail)
    return redirect("frontend:report", asked)


def _form_page(request: HttpRequest, *, wrong: str = "") -> HttpResponse:
    theatre = request.POST.get("theatre", "")
    today = _today(theatre or None)
    context: dict[str, Any] = {
        "usual": USUAL,
        "theatres": bookings.list_theatres(),
        "chosen": theatre,
        "from_day": request.POST.get("from") or today.replace(day=1).isoformat(),
        "to_day": request.POST.get("to") or today.isoformat(),
        "wrong": wrong,
        "listing": [
            {"report": its, "period": period_words(its.scope), "where": where_words(its)}
            for its in bookings.list_reports()
        ],
    }
    return render(request, "frontend/reports/reports.html", context, status=422 if wrong else 200)


def _today(theatre: str | None) -> date:
    """The date at a theatre, or at the first one."""
    theatres = bookings.list_theatres()
    its = next((one for one in theatres if one.slug == theatre), None) or next(iter(theatres), None)
    now = timezone.now()  # noqa: TID251  (views are where the clock is read)
    return now.astimezone(ZoneInfo(its.time_zone if its else HOUSE_ZONE)).date()


def _found(report_id: UUID, *, with_result: bool = True) -> bookings.ReportView:
    try:
        return bookings.get_report(report_id, with_result=with_result)
    except bookings.NotFound:
        raise Http404 from None


def _done(report_id: UUID) -> bookings.ReportView:
    found = _found(report_id)
    if found.state is not bookings.ReportState.DONE:
        raise Http404
    return found


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _file_name(found: bookings.ReportView, what: str, end: str) -> str:
    where = f"{found.scope.theatre}-" if found.scope.theatre else ""
    return f"housefull-{where}{what}-{found.scope.from_day}-{found.scope.to_day}.{end}"
