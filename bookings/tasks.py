"""Celery's tasks of the house: who calls, not what is done (services/upkeep.py, services/outbox.py).

All are idempotent, and all may be killed at any point: Beat sends the next one within a minute. A store that is
away is an expected failure, told in one line.
"""

import logging
import time
from typing import Final
from uuid import UUID

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from bookings.claim_store.pool import ClaimsUnavailable
from bookings.domain.cleanup import last_due
from bookings.errors import NotReady
from bookings.seat_store.connection import StoreUnavailable
from bookings.selectors.active_shows import get_active_shows
from bookings.services import outbox, upkeep
from bookings.services.box_office import with_box_office
from bookings.services.cleanup.run import clean_up, is_due
from bookings.services.reports.jobs import make_report

logger = logging.getLogger(__name__)

AWAY: Final = (StoreUnavailable, ClaimsUnavailable, NotReady, OperationalError)


@shared_task(name="release_expired_bookings", throws=AWAY)  # type: ignore[untyped-decorator]  # Celery has no types
def release_expired_bookings(**_: object) -> None:
    """Every minute: expire bookings past their deadline and free their seats in Redis."""
    shows = get_active_shows()
    with_box_office(lambda office: upkeep.release_expired(office, shows))


@shared_task(name="reconcile_seats", throws=AWAY)  # type: ignore[untyped-decorator]  # Celery has no types
def reconcile_seats(**_: object) -> None:
    """Every minute: repair what Redis shows of any active show from PostgreSQL."""
    shows = get_active_shows()
    with_box_office(lambda office: upkeep.reconcile_shows(office, shows))


@shared_task(name="relay_outbox", throws=AWAY)  # type: ignore[untyped-decorator]  # Celery has no types
def relay_outbox(**_: object) -> None:
    """Every five seconds: hand on what happened, and show what a dead process left unshown."""
    outbox.relay_due(monotonic=time.monotonic)
    with_box_office(lambda office: office.apply_leftovers())


# Sums over years: soon done on a quiet machine, and not worth giving up on a busy one.
@shared_task(name="generate_report", throws=AWAY, soft_time_limit=150, time_limit=180)  # type: ignore[untyped-decorator]
def generate_report(report: str, **_: object) -> None:
    """Make a report that staff asked for, and say how far it is meanwhile."""
    make_report(UUID(report))


# Its own limit is a minute less, so that it is never stopped in the middle of a page.
@shared_task(name="cleanup_old_data", throws=AWAY, soft_time_limit=260, time_limit=280)  # type: ignore[untyped-decorator]
def cleanup_old_data(**_: object) -> None:
    """On Sundays, or when the house opens after one: remove what is of no use any more; what is left goes next."""
    now = timezone.now()  # noqa: TID251  (tasks read the clock)
    if not is_due(now):
        return
    if not clean_up(asked_by="beat", monotonic=time.monotonic, since=last_due(now)).is_finished:
        cleanup_old_data.apply_async(countdown=1)
