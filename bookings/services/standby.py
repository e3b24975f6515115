"""Redis or not: one process's connection to the seat store, and what it does without it.

`live` means that Redis is trusted: it answers, and it is the server that was rebuilt for (house:ready). When
it is not, holds go to PostgreSQL alone (design: consistency rules 18 and 20).
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from bookings.claim_store.pool import ClaimPool, ClaimsUnavailable
from bookings.errors import BookingError
from bookings.seat_store.connection import StoreConnection, StoreUnavailable
from bookings.seat_store.store import SeatStore

logger = logging.getLogger(__name__)

READY_KEY: Final = "house:ready"
RETRY_SECONDS: Final = 0.5
# Who wants the store while it is being reconnected waits this long before going to PostgreSQL.
RECONNECT_WAIT_SECONDS: Final = 1.0
CANCEL_AGAIN_SECONDS: Final = 0.2
# Namespace of the advisory lock under which one process at a time declares a Redis ready.
_HOUSE_LOCK: Final = 0x48460000

ModeListener = Callable[[bool], None]


async def end_task(task: "asyncio.Task[None]") -> None:
    """Cancel a task that runs for ever and wait for its end.

    One cancellation may get lost: asyncio.wait_for before Python 3.12, which the connection pool uses, returns its
    result instead when both come at once. The task would go on, and whoever closes would wait for ever.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)


class Standby:
    """Keeps the seat store connected and says whether it may be believed."""

    def __init__(
        self,
        *,
        url: str,
        pool: ClaimPool,
        monotonic: Callable[[], float],
        before_live: Callable[[SeatStore], Awaitable[None]],
    ) -> None:
        self._url = url
        self._pool = pool
        self._monotonic = monotonic
        self._before_live = before_live
        self._store: SeatStore | None = None
        self._listeners: list[ModeListener] = []
        self._keeper: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        self.live = True

    def start(self) -> None:
        """Begin to connect and to keep connected."""
        self._keeper = asyncio.get_running_loop().create_task(self._keep(), name="seat-store-keeper")

    async def stop(self) -> None:
        """Close the connection."""
        if self._keeper is not None:
            await end_task(self._keeper)
        if self._store is not None:
            self._store.connection.close()

    def on_mode_change(self, listener: ModeListener) -> None:
        """Call `listener(live)` whenever the mode changes."""
        self._listeners.append(listener)

    async def store(self) -> SeatStore:
        """The store, waiting shortly for a reconnect. Raises StoreUnavailable in PostgreSQL-only mode."""
        if self._store is not None:
            return self._store
        if self.live:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(RECONNECT_WAIT_SECONDS):
                    return await self._connected_store()
        raise StoreUnavailable("Redis is not there; PostgreSQL alone decides")

    async def _connected_store(self) -> SeatStore:
        while self._store is None:
            await self._connected.wait()
        return self._store

    async def ensure_ready(self, store: SeatStore) -> None:
        """Make sure that this Redis is the one that was rebuilt for; else forget everything it shows.

        A restarted server may have loaded an old dump: its pictures are not believed but rebuilt, show by show,
        when they are asked for.
        """
        run_id = store.connection.run_id
        if await store.connection.call("GET", READY_KEY) == run_id.encode():
            return
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_HOUSE_LOCK,))
            if await store.connection.call("GET", READY_KEY) == run_id.encode():
                return
            # Database 0 holds the pictures of shows and nothing else (design: contract section 4).
            await store.connection.call("FLUSHDB")
            await store.connection.call("SET", READY_KEY, run_id)
        logger.info("redis %s is new to this house; pictures are rebuilt from PostgreSQL", run_id[:8])

    async def _keep(self) -> None:
        lost = False
        while True:
            store = await self._try_to_open()
            if store is None:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            self._store = store
            self._connected.set()
            cut_off_only = lost and self.live
            self._set_live(live=True, why="Redis answers again")
            if cut_off_only:
                await self._show_what_was_missed(store)
            await store.connection.lost.wait()
            lost = True
            logger.warning("the connection to Redis was lost; connecting again")
            self._connected.clear()
            self._store = None

    async def _show_what_was_missed(self, store: SeatStore) -> None:
        """A short cut changes no mode, but pictures may not have been told; tidying finds what this misses."""
        try:
            await self._before_live(store)
        except (StoreUnavailable, ClaimsUnavailable, BookingError) as error:
            logger.warning("what Redis was not told is shown later: %s", error)

    async def _try_to_open(self) -> SeatStore | None:
        try:
            return await self._open()
        except (StoreUnavailable, ClaimsUnavailable) as error:
            self._set_live(live=False, why=str(error))
        except Exception:
            # The boundary of a task that must outlive any one failure: nobody else looks for Redis again.
            logger.exception("Redis cannot be used")
            self._set_live(live=False, why="Redis cannot be used")
        return None

    async def _open(self) -> SeatStore:
        connection = await StoreConnection.open(self._url)
        store = SeatStore(connection, monotonic=self._monotonic)
        try:
            await store.learn_time()
            await self.ensure_ready(store)
            if not self.live:
                await self._before_live(store)
        except BaseException:
            connection.close()
            raise
        return store

    def _set_live(self, *, live: bool, why: str) -> None:
        if live == self.live:
            return
        self.live = live
        logger.warning("%s: %s", "live again" if live else "PostgreSQL alone decides", why)
        for listener in self._listeners:
            listener(live)
