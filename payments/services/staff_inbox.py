"""What staff do with an event of Razorpay's that could not be taken in: try it again, or close it.

Acts like those of services/staff.py: each with its audit entry in its transaction, and each can be foreseen. An event
that the worker still tries is left to it.
"""

from dataclasses import dataclass

from bookings.api import BookingWork, BookingWorks
from payments.services.inbox import TRIES_MAX, take_event
from payments.services.staff import By, NotPossible, audit

ERROR_CHARACTERS_MAX = 300


@dataclass(frozen=True, slots=True)
class _Failed:
    """A locked event that waits for a person."""

    id: int
    name: str
    body: bytes
    error: str


async def foresee_try_again(works: BookingWorks, *, event: int) -> str:
    """What `try_again` would do, in words. Raises NotPossible, ClaimsUnavailable."""
    async with works.open() as work:
        failed = await _failed(work, event)
    return (
        f"{failed.name} is taken in at once, as if it had just come. It failed before: {failed.error or 'no error'}."
    )


async def try_again(works: BookingWorks, *, event: int, by: By) -> None:
    """Take an event in at once; if it fails again, the worker tries it as often as a new one. Raises NotPossible."""
    async with works.open() as work:
        failed = await _failed(work, event)
        await work.connection.execute("UPDATE payments_webhookevent SET tries = 0 WHERE id = %s", (event,))
        await _audit(work, by, "try event again", failed)
    # Had this process died here, the sweep would take it in.
    await take_event(works, event, failed.body)


async def foresee_close(works: BookingWorks, *, event: int) -> str:
    """What `close` would do, in words. Raises NotPossible, ClaimsUnavailable."""
    async with works.open() as work:
        failed = await _failed(work, event)
    return (
        f"{failed.name} is ticked off as it is: nothing that it tells is taken in, now or later. If it tells of"
        " money, `manage.py ledger check --repair` asks Razorpay for the same facts."
    )


async def close(works: BookingWorks, *, event: int, by: By) -> None:
    """Tick an event off that nobody will take in. Raises NotPossible."""
    async with works.open() as work:
        failed = await _failed(work, event)
        why = f"closed: {by.reason}; before: {failed.error}"[:ERROR_CHARACTERS_MAX]
        await work.connection.execute(
            "UPDATE payments_webhookevent SET processed_at = clock_timestamp(), error = %s WHERE id = %s",
            (why, event),
        )
        await _audit(work, by, "close event", failed)


async def _failed(work: BookingWork, event: int) -> _Failed:
    """Raises NotPossible."""
    cursor = await work.connection.execute(
        "SELECT event, body, error, tries, processed_at IS NOT NULL FROM payments_webhookevent "
        "WHERE id = %s FOR UPDATE",
        (event,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotPossible("There is no such event.")
    name, body, error, tries, is_done = row
    if is_done:
        raise NotPossible("The event is taken in, or closed, by now.")
    if tries < TRIES_MAX:
        raise NotPossible("The worker still tries to take this event in. Look again in some minutes.")
    return _Failed(event, f"Event {event} ({name or 'without a name'})", bytes(body), error)


async def _audit(work: BookingWork, by: By, action: str, failed: _Failed) -> None:
    because = By(by.user_id, f"{failed.name}: {by.reason}")
    await audit(work, because, action, booking=None, payment=None, amount_paise=None)
