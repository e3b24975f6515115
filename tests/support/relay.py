"""The worker's part of a test: events of the outbox are handed on now, also those that wanted to wait."""

import time

from asgiref.sync import sync_to_async

from bookings.services.outbox import relay_due
from tests.support.witness import rows

_DUE = "UPDATE bookings_outboxevent SET next_at = clock_timestamp() WHERE done_at IS NULL AND kind LIKE %s"


async def relay(database: str, *, kind: str = "%", rounds: int = 1) -> None:
    """Hand on what waits, of this kind (a LIKE pattern), so many times, whenever it wanted to be looked at."""
    for _ in range(rounds):
        rows(database, _DUE, kind)
        await sync_to_async(relay_due)(monotonic=time.monotonic)
