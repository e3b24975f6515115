"""Cancelling a show with all its bookings: begun by a manager, done by the worker, resumed after a kill.

What is begun is one transaction: the show is off sale, the job and its audit row are there, and the outbox will call
`go_on`. From then on nobody can take it back. The bookings are ended a batch at a time, each batch with the job's
count in its transaction; what was paid for them goes back by the events that end them (payments).
"""

import logging
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.models import Count, Q

from bookings.domain.lifecycle import Status
from bookings.errors import BookingError, NotFound
from bookings.models import Booking, OutboxEvent, Show, StaffJob
from bookings.services.box_office import with_box_office
from bookings.services.outbox import Event, on_event
from bookings.services.staff_acts import StaffMember, write_down_sync

logger = logging.getLogger(__name__)

EVENT: Final = "show.cancelling"
# As bookings_booking.cancel_reason has it (claim_store/endings.py).
SHOW_CANCELLED: Final = "show cancelled"
ERROR_CHARS_MAX: Final = 300
LIVE: Final = (Status.PENDING.value, Status.CONFIRMED.value)


class AlreadyCancelled(BookingError):
    """Somebody cancels this show, or has; `job` is where to watch it, None where it was cancelled otherwise."""

    code = "show_cancelled"
    http_status = 409

    def __init__(self, job: int | None) -> None:
        super().__init__("This show is cancelled already.", job=job)
        self.job = job


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What cancelling a show would end, as of now."""

    confirmed: int
    pending: int
    seats: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `refunds` counts the bookings it has ended by where their money is ('' for none paid)."""

    job: StaffJob
    refunds: dict[str, int]
    manual: list[Booking]

    @property
    def is_over(self) -> bool:
        """Whether nothing moves any more without a person."""
        under_way = self.refunds.get("due", 0) + self.refunds.get("pending", 0)
        return self.job.state == StaffJob.State.DONE and not under_way


def foresee_cancelling(show_id: int) -> Foreseen:
    """How many bookings and seats would go. Raises NotFound, AlreadyCancelled."""
    _require_uncancelled(Show.objects.filter(pk=show_id).first())
    live = Booking.objects.filter(show=show_id, status__in=LIVE)
    counts = live.aggregate(
        confirmed=Count("id", filter=Q(status=Status.CONFIRMED.value), distinct=True),
        pending=Count("id", filter=Q(status=Status.PENDING.value), distinct=True),
        seats=Count("claims", filter=Q(claims__released_at__isnull=True)),
    )
    return Foreseen(**counts)


def begin_cancelling(show_id: int, *, by: StaffMember) -> StaffJob:
    """Take the show off sale at once and leave the rest to the worker. Raises NotFound, AlreadyCancelled."""
    with transaction.atomic():
        # Conflicts with the share lock that hold_batch.sql takes: a hold that saw the show open is waited for.
        show = _require_uncancelled(Show.objects.select_for_update().filter(pk=show_id).first())
        show.status = Show.Status.CANCELLED
        show.save(update_fields=["status"])
        live = Booking.objects.filter(show=show, status__in=LIVE).count()
        job = StaffJob.objects.create(show=show, user_id=by.user_id, reason=by.reason[:300], of=live)
        OutboxEvent.objects.create(kind=EVENT, key=f"{EVENT}:{job.pk}", payload={"job": job.pk})
        write_down_sync(by, "cancel show", show_id=show.pk, subject=f"{live} live bookings")
    return job


def _require_uncancelled(show: Show | None) -> Show:
    if show is None:
        raise NotFound("There is no such show.")
    if show.status == Show.Status.CANCELLED:
        job = StaffJob.objects.filter(show=show).values_list("pk", flat=True).first()
        raise AlreadyCancelled(job)
    return show


def go_on(event: Event) -> None:
    """Do what is left of a job: the worker's part. Idempotent; a failure is noted, and the outbox tries again."""
    job = StaffJob.objects.get(pk=event.payload["job"])
    if job.state == StaffJob.State.DONE:
        return
    StaffJob.objects.filter(pk=job.pk).update(state=StaffJob.State.RUNNING)
    try:
        with_box_office(lambda office: office.cancel_show(show_id=job.show_id, job=job.pk))
    except Exception as error:
        # Whatever it was, whoever watches the page should read it; the outbox logs it and comes again.
        _note_failure(job.pk, f"{type(error).__name__}: {error}")
        raise
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bookings_staffjob SET state = 'done', error = '', finished_at = clock_timestamp() "
            "WHERE id = %s AND state <> 'done'",
            [job.pk],
        )
    logger.info("show %s is cancelled, with all its bookings", job.show_id)


def _note_failure(job_id: int, words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE bookings_staffjob SET failed = failed + 1, error = %s WHERE id = %s",
            [words[:ERROR_CHARS_MAX], job_id],
        )


def get_progress(job_id: int, *, manual_max: int) -> Progress:
    """How far a job is, and the bookings whose refund needs a person. Raises NotFound."""
    job = StaffJob.objects.select_related("show__movie", "show__screen__theatre", "user").filter(pk=job_id).first()
    if job is None:
        raise NotFound("There is no such job.")
    ended = Booking.objects.filter(show=job.show_id, cancel_reason=SHOW_CANCELLED)
    counted = ended.order_by().values_list("refund").annotate(count=Count("id"))
    manual = list(ended.filter(refund="manual").order_by("ended_at")[:manual_max])
    return Progress(job=job, refunds=dict(counted), manual=manual)


def register() -> None:
    """Hear of shows that are to be cancelled."""
    on_event(EVENT, go_on)
