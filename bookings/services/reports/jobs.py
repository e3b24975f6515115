"""Reports asked for, made and read. What is asked waits in PostgreSQL until it is made: a broker may be away.

A report is made by a worker, at least once: its row says how far it is, and the last step writes the result. Whoever
makes it holds a lock of PostgreSQL's that dies with him; the outbox looks at it, and has another begin anew.
"""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from celery import current_app
from django.db import connection, transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerAway

from bookings.domain.reports import PeriodRefused, ReportState, Scope
from bookings.errors import BadRequest, NotFound
from bookings.models import OutboxEvent, Report, Theatre
from bookings.services.outbox import Event, TryLater
from bookings.services.reports.sections import Section, all_sections
from bookings.services.reports.snapshot import Snapshot, snapshot

logger = logging.getLogger(__name__)

REPORT_ASKED: Final = "report.asked"
TASK: Final = "generate_report"
# After so long without a worker that has begun, the outbox sends the task again: the broker may have been away.
LEFT_BEHIND: Final = timedelta(seconds=10)
# So often it looks whether somebody still makes the report; after a kill another worker begins within a minute.
LOOK_AGAIN_SECONDS: Final = 20
# One that has cost every worker its life until then would cost all that come.
GIVE_UP_AFTER: Final = timedelta(hours=1)
_FAILED_WORDS: Final = "It could not be made. The log of the worker says why; ask for it again."
LISTED_MAX: Final = 20
# Sections read for seconds each, and a core each: as many as leave others room on a small machine.
SECTIONS_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report as it is read. `result` is there once it is done."""

    id: UUID
    scope: Scope
    state: ReportState
    progress: int
    step: str
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    result: dict[str, Any] | None


def ask_report(*, from_day: date, to_day: date, theatre: str | None, user: Any) -> UUID:
    """Ask a worker for a report. Raises BadRequest for a period or theatre that cannot be."""
    if theatre is not None and not Theatre.objects.filter(slug=theatre).exists():
        raise BadRequest("There is no such theatre.")
    try:
        scope = Scope(from_day, to_day, theatre)
    except PeriodRefused as refused:
        raise BadRequest(str(refused)) from refused
    with transaction.atomic():
        report = Report.objects.create(parameters=scope.as_json(), asked_by=user, step="Waiting for a worker")
        payload = {"report": str(report.pk)}
        key = f"{REPORT_ASKED}:{report.pk}"
        OutboxEvent.objects.create(kind=REPORT_ASKED, key=key, payload=payload, next_at=Now() + LEFT_BEHIND)
    with suppress(BrokerAway):  # the outbox has it
        _send(report.pk)
    return report.pk


def send_left_behind(event: Event) -> None:
    """Handle `report.asked`: until the report is made, or has failed, see that somebody makes it.

    Sends the task again where nobody does: the broker lost it, or its worker was killed. Raises TryLater and
    BrokerAway, and is called again then.
    """
    report_id = UUID(event.payload["report"])
    unmade = Report.objects.filter(pk=report_id, state__in=[ReportState.QUEUED, ReportState.RUNNING])
    if not unmade.exists():
        return
    if not _is_being_made(report_id):
        if unmade.filter(state=ReportState.RUNNING, asked_at__lt=Now() - GIVE_UP_AFTER).exists():
            _fail(report_id, _FAILED_WORDS)
            return
        _send(report_id)
    raise TryLater(LOOK_AGAIN_SECONDS)


def _send(report_id: UUID | str) -> None:
    current_app.send_task(TASK, kwargs={"report": str(report_id)})


def make_report(report_id: UUID) -> None:
    """Make a report that is not made yet. Once it is, or while another worker makes it, nothing happens.

    An unknown one is of a house that is gone.
    """
    report = Report.objects.exclude(state=ReportState.DONE).filter(pk=report_id).first()
    if report is None:
        return
    with _making(report_id) as is_ours:
        if is_ours:
            _make_and_keep(report_id, Scope.from_json(report.parameters))


def _make_and_keep(report_id: UUID, scope: Scope) -> None:
    try:
        result = _make(report_id, scope)
    except Exception:
        _fail(report_id, _FAILED_WORDS)
        raise
    waiting = Report.objects.exclude(state=ReportState.DONE)
    waiting.filter(pk=report_id).update(
        state=ReportState.DONE, progress=100, step="", result=result, finished_at=Now()
    )
    logger.info("report %s: made, %s to %s", report_id, scope.from_day, scope.to_day)


def _make(report_id: UUID, scope: Scope) -> dict[str, Any]:
    """Every section, SECTIONS_AT_ONCE at a time, all of the same moment."""
    # The longest first, so that no thread ends long after the others.
    waited_for = sorted(all_sections(), key=lambda section: -section.weight)
    total, done, result = sum(section.weight for section in waited_for), 0, dict[str, Any]()
    _is_at(report_id, 0, waited_for[0].words)
    with snapshot() as moment, ThreadPoolExecutor(SECTIONS_AT_ONCE, "report") as threads:
        running = {threads.submit(_collect, section, moment, scope): section for section in waited_for}
        for made in as_completed(running):
            result.update(made.result())
            waited_for.remove(running[made])
            done += running[made].weight
            if waited_for:
                _is_at(report_id, done * 100 // total, waited_for[0].words)
    return result


@contextmanager
def _making(report_id: UUID) -> Iterator[bool]:
    """Keep others from making this report for as long as the block and this process last; whether it is ours."""
    key = _lock_key(report_id)
    with connection.cursor() as cursor:
        # PostgreSQL asks a silent machine whether it lives: one that lost its power must not keep the lock for hours.
        cursor.execute("SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 2")
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        # Where the connection is lost, so is the lock.
        if is_ours and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _is_being_made(report_id: UUID) -> bool:
    with connection.cursor() as cursor:
        # Looked at, not tried: for the moment of a try nobody could begin.
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid::bigint << 32 | objid::bigint = %s)",
            [_lock_key(report_id)],
        )
        (found,) = cursor.fetchone()
    return bool(found)


def _lock_key(report_id: UUID) -> int:
    """The part of the id that is drawn by lot, in 62 bits."""
    return report_id.int & (2**62 - 1)


def _collect(section: Section, moment: Snapshot, scope: Scope) -> dict[str, Any]:
    with moment.cursor() as cursor:
        return section.collect(cursor, scope)


def get_report(report_id: UUID, *, with_result: bool = True) -> ReportView:
    """A report, or how far it is. Raises NotFound."""
    rows = Report.objects.select_related("asked_by")
    try:
        return _view((rows if with_result else rows.defer("result")).get(pk=report_id), with_result=with_result)
    except Report.DoesNotExist:
        raise NotFound("There is no such report.") from None


def list_reports() -> list[ReportView]:
    """The newest reports, without what is in them."""
    rows = Report.objects.select_related("asked_by").defer("result").order_by("-asked_at")[:LISTED_MAX]
    return [_view(row, with_result=False) for row in rows]


def _is_at(report_id: UUID, progress: int, step: str) -> None:
    running = Report.objects.filter(pk=report_id).exclude(state=ReportState.DONE)
    running.update(state=ReportState.RUNNING, progress=progress, step=step)


def _fail(report_id: UUID, step: str) -> None:
    # The connection may be what failed; then the row is left as it is, and the task is done again.
    connection.close_if_unusable_or_obsolete()
    Report.objects.filter(pk=report_id).exclude(state=ReportState.DONE).update(state=ReportState.FAILED, step=step)


def _view(row: Report, *, with_result: bool) -> ReportView:
    return ReportView(
        id=row.pk,
        scope=Scope.from_json(row.parameters),
        state=ReportState(row.state),
        progress=row.progress,
        step=row.step,
        asked_by=row.asked_by.get_username() if row.asked_by else "somebody",
        asked_at=row.asked_at,
        finished_at=row.finished_at,
        result=row.result if with_result else None,
    )
