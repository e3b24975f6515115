"""A house whose Redis is gone for a while: killed or hanging, and the office knows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from bookings.api import BoxOffice
from bookings.seat_store import StoreUnavailable
from tests.support.witness import eventually

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


@asynccontextmanager
async def without_redis(office: BoxOffice, servers: "EmbeddedServers", *, how: str) -> AsyncIterator[None]:
    """Redis is killed or hangs within this block, and the office knows; afterwards it is live again."""
    if how == "killed":
        servers.kill_redis()
    else:
        servers.pause_redis()
    try:
        await noticed(office)
        yield
    finally:
        await back(office, servers)


async def noticed(office: BoxOffice) -> None:
    """The office has found out; a Redis that hangs is noticed by whoever asks it, as rooms do every second."""
    while office.live:
        with suppress(StoreUnavailable):
            await office.positions([1])


async def back(office: BoxOffice, servers: "EmbeddedServers") -> None:
    """Redis is there again, empty if it was killed, and the office believes it."""
    if servers.redis_runs():
        servers.resume_redis()
    else:
        await asyncio.to_thread(servers.start_redis)
    await eventually(lambda: office.live)
