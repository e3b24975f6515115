"""Celery's tasks of letters: who calls, not what is done (letters/). All idempotent, all may be killed anywhere.

Those that talk to the mail server are in the queue `letters` (settings: CELERY_TASK_ROUTES), so that a slow one keeps
nobody from seats and money.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from bookings.api import Status, find_addressee
from frontend.letters import carrier
from frontend.letters.post import Wanted, write_down
from frontend.letters.reminders import write_reminders_down
from frontend.models import Letter

AWAY: Final = (OperationalError,)
LIMITS: Final[dict[str, Any]] = {
    "throws": AWAY,
    "soft_time_limit": carrier.SOFT_LIMIT_SECONDS,
    "time_limit": carrier.HARD_LIMIT_SECONDS,
}


def _now() -> datetime:
    return timezone.now()  # noqa: TID251  (tasks read the clock)


@shared_task(name="send_booking_confirmation_email", **LIMITS)  # type: ignore[untyped-decorator]  # Celery has no types
def send_booking_confirmation_email(booking: str, **_: object) -> None:
    """Send the confirmation of a booking, if it is due. It is tried again by send_due_letters."""
    addressee = find_addressee(booking)
    if addressee is not None and addressee.status == Status.CONFIRMED:
        write_down([Wanted(addressee, Letter.Kind.CONFIRMATION)])
    letters = Letter.objects.filter(booking=UUID(booking), kind=Letter.Kind.CONFIRMATION)
    for letter in letters.values_list("pk", flat=True):
        carrier.carry_one(letter, now=_now)


@shared_task(name="send_letter", **LIMITS)  # type: ignore[untyped-decorator]  # Celery has no types
def send_letter(letter: int, **_: object) -> None:
    """Send one letter, if it is due."""
    carrier.carry_one(letter, now=_now)


@shared_task(name="send_due_letters", **LIMITS)  # type: ignore[untyped-decorator]  # Celery has no types
def send_due_letters(**_: object) -> None:
    """Every ten seconds: send what is due and nobody sends."""
    carrier.carry_due(now=_now)


@shared_task(name="send_show_reminders", throws=AWAY)  # type: ignore[untyped-decorator]  # Celery has no types
def send_show_reminders(**_: object) -> None:
    """Every 15 minutes: from 06:00 on a theatre's clock, remind who comes that day. send_due_letters sends them."""
    write_reminders_down(now=_now())
