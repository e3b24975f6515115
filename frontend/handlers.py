"""What the pages' side does about events of the outbox, in the worker: letters are written down, and Celery is told.

At least once each, so all of it is idempotent. The rows are what counts: where Celery cannot be told, the sweep
(`send_due_letters`) finds them.
"""

import logging
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from celery import Task
from kombu.exceptions import OperationalError

from bookings.api import Event, RefundState, Status, find_addressee, on_event
from frontend.letters.post import Wanted, write_down
from frontend.models import Letter
from frontend.tasks import send_booking_confirmation_email, send_letter

logger = logging.getLogger(__name__)

# After the broker did not answer, nobody waits for it again so soon: the sweep does without.
QUIET_SECONDS: Final = 30.0
# Of these the buyer hears. That money is due he hears with the cancellation.
TOLD_REFUNDS: Final = frozenset({RefundState.PENDING, RefundState.REFUNDED, RefundState.MANUAL})


def register() -> None:
    """Hear of bookings that were confirmed or cancelled, and of money on its way back."""
    on_event("booking.confirmed", confirmation_is_due)
    on_event("booking.cancelled", cancellation_is_due)
    on_event("booking.refund", refund_is_told)


def confirmation_is_due(event: Event) -> None:
    """The ticket goes out."""
    addressee = find_addressee(event.payload["booking"])
    if addressee is not None and write_down([Wanted(addressee, Letter.Kind.CONFIRMATION)]):
        nudge(send_booking_confirmation_email, booking=str(addressee.booking))


def cancellation_is_due(event: Event) -> None:
    """Who had a ticket is told that it is not valid any more; who never paid is not written to."""
    addressee = find_addressee(event.payload["booking"])
    if addressee is None or addressee.confirmed_at is None or addressee.status != Status.CANCELLED:
        return
    for letter in write_down([Wanted(addressee, Letter.Kind.CANCELLATION)]):
        nudge(send_letter, letter=letter)


def refund_is_told(event: Event) -> None:
    """Where the money is. Only what is still so is told: events may come late, and all at once."""
    addressee, refund = find_addressee(event.payload["booking"]), event.payload["refund"]
    if addressee is None or addressee.refund != refund or refund not in TOLD_REFUNDS:
        return
    if refund == RefundState.PENDING and _has_cancellation(addressee.booking):
        return  # That letter says the same.
    # Who paid twice may get money back twice: of the second he hears as well.
    payments = event.payload.get("payments", 1)
    reference = refund if payments == 1 else f"{refund} {payments}"
    for letter in write_down([Wanted(addressee, Letter.Kind.REFUND, reference)]):
        nudge(send_letter, letter=letter)


class Nudge:
    """Tells Celery that a letter is due now. Without a broker it is due all the same."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._quiet_until = float("-inf")

    def __call__(self, task: Task, **arguments: object) -> None:
        if self._monotonic() < self._quiet_until:
            return
        try:
            task.delay(**arguments)
        except OperationalError as error:
            self._quiet_until = self._monotonic() + QUIET_SECONDS
            logger.warning("letters wait for the sweep, as the broker does not answer: %s", error)


nudge: Final = Nudge()


def _has_cancellation(booking: UUID) -> bool:
    return Letter.objects.filter(booking=booking, kind=Letter.Kind.CANCELLATION).exists()
