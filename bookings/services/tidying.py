"""What a serving process does, every few seconds, about what a failure left undone."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from bookings.claim_store.pool import ClaimsUnavailable
from bookings.seat_store.connection import StoreUnavailable

logger = logging.getLogger(__name__)

# Consistency rule 17: no picture is wrong for more than 5 s. Whoever had to show it is given three (reconcile.py).
TIDY_SECONDS: Final = 2.0


async def keep_tidy(*rounds: Callable[[], Awaitable[object]]) -> None:
    """Bookings past their deadline, pictures that were never shown: do these rounds, for ever.

    Rooms, watcher and Beat expire bookings too. This is for the time in between: PostgreSQL was away when Redis had
    ended a hold, or a rebuilt picture does not show a hold that is over.
    """
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        try:
            for tidy in rounds:
                await tidy()
        except (StoreUnavailable, ClaimsUnavailable):
            continue
        except Exception:
            # The boundary of a task that must outlive any one failure; the next round tries again.
            logger.exception("what was left undone could not be done")
