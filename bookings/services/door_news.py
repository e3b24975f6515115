"""Telling every usher of a show who came in, over the channel layer, once it is committed.

Best effort: each message has the counts as they are, the reply to the scan has them too, and a door that looks again
reads them from PostgreSQL (realtime/doors.py).
"""

import asyncio
import logging
from typing import Final

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from bookings.services.check_in import Admission

logger = logging.getLogger(__name__)

TELL_SECONDS_MAX: Final = 2.0
_telling: set[asyncio.Task[None]] = set()


def door_group(show_id: int) -> str:
    """The group of everybody who watches the door of a show."""
    return f"door.{show_id}"


def tell_door(show_id: int, admission: Admission) -> None:
    """Tell it; whoever let somebody in does not wait for that."""
    task = asyncio.get_running_loop().create_task(_tell(show_id, admission), name="tell-door")
    _telling.add(task)
    task.add_done_callback(_telling.discard)


async def _tell(show_id: int, admission: Admission) -> None:
    entry, counts = admission.entry, admission.counts
    message = {
        "type": "door.admitted",
        "show": show_id,
        "seat": entry.seat,
        "gate": entry.gate,
        "at_ms": round(entry.at.timestamp() * 1000),
        "admitted": counts.admitted,
        "expected": counts.expected,
        "as_of_ms": counts.as_of_ms,
    }
    try:
        async with asyncio.timeout(TELL_SECONDS_MAX):
            await get_channel_layer().group_send(door_group(show_id), message)
    except (OSError, TimeoutError, RedisError) as error:
        logger.warning("the door of show %s was not told of %s: %s", show_id, entry.seat, error)
