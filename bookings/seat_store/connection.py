"""One pipelining connection to Redis, for one event loop.

Calls of one loop turn leave in one write; replies are parsed by hiredis in C and wake one future each. There
is no lock, task or timer per call. What a call means is store.py's business.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, TypeAlias, cast

import hiredis
from redis.asyncio.connection import SSLConnection
from redis.asyncio.connection import parse_url as parse_redis_url

from bookings.seat_store.scripts import Script, load_scripts

Reply: TypeAlias = Any
Part: TypeAlias = bytes | str | int

# A call may stay unanswered for so many looks of the watchdog. Looks are turns of this loop, so a loop that was
# itself starved reads its socket first and does not blame Redis. 5 × 100 ms: no call waits longer (fault matrix).
WATCH_SECONDS: Final = 0.1
WATCH_LOOKS_MAX: Final = 5
CONNECT_SECONDS: Final = 0.3

# Replies of a Redis that is there but cannot take a write now: the same to us as one that is not there.
CANNOT_SERVE: Final = (
    "OOM",
    "LOADING",
    "READONLY",
    "MISCONF",
    "BUSY",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "NOREPLICAS",
)


class StoreUnavailable(Exception):
    """Redis did not answer in time, refused, or the connection was lost: the outcome of the call is unknown."""


class StoreConnection(asyncio.Protocol):
    """A connected, authenticated Redis with our scripts loaded. Made by `StoreConnection.open`.

    `run_id` names the server process it talks to; `lost` is set once the connection is gone.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._reader = hiredis.Reader(replyError=hiredis.ReplyError)
        self._waiting: deque[asyncio.Future[Reply]] = deque()
        self._outgoing: list[bytes] = []
        self._flush_scheduled = False
        self._transport: asyncio.Transport | None = None
        self._answered = 0
        self._watchdog: asyncio.TimerHandle | None = None
        self.run_id = ""
        self.lost = asyncio.Event()

    # --- opening and closing

    @classmethod
    async def open(cls, url: str) -> "StoreConnection":
        """Connect, authenticate, select the database and load the scripts. Raises StoreUnavailable."""
        options: Mapping[str, Any] = dict(parse_redis_url(url))
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if "path" in options:
                    _, connection = await loop.create_unix_connection(cls, options["path"])
                else:
                    secure = True if issubclass(options.get("connection_class", object), SSLConnection) else None
                    host, port = options.get("host", "localhost"), options.get("port", 6379)
                    _, connection = await loop.create_connection(cls, host, port, ssl=secure)
        except (OSError, TimeoutError) as error:
            raise StoreUnavailable(f"cannot connect to Redis: {error}") from error
        try:
            await connection._introduce(options)
        except hiredis.ReplyError as error:
            connection.close()
            raise StoreUnavailable(f"Redis refused the connection: {error}") from error
        except BaseException:
            # Also when whoever opens is cancelled: nobody else knows of this connection.
            connection.close()
            raise
        return connection

    async def _introduce(self, options: Mapping[str, Any]) -> None:
        if password := options.get("password"):
            username = options.get("username")
            await self.call("AUTH", *([username] if username else []), password)
        await self.call("SELECT", options.get("db", 0))
        await self.call("CLIENT", "SETNAME", "housefull-seat-store")
        await asyncio.gather(*(self.call("SCRIPT", "LOAD", s.source) for s in load_scripts().values()))
        info: bytes = await self.call("INFO", "server")
        self.run_id = next(
            line.split(b":", 1)[1].decode() for line in info.splitlines() if line.startswith(b"run_id:")
        )

    def close(self) -> None:
        """Close at once; calls in flight fail with StoreUnavailable."""
        if self._transport is not None:
            self._transport.abort()

    # --- calling

    def call(self, *parts: Part) -> asyncio.Future[Reply]:
        """Send one command; its future gets the reply, a hiredis.ReplyError, or StoreUnavailable."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        if self._transport is None or self.lost.is_set():
            future.set_exception(StoreUnavailable("the connection to Redis is lost"))
            return future
        self._waiting.append(future)
        self._outgoing.append(hiredis.pack_command(parts))  # type: ignore[arg-type]  # its stub means tuple[…, ...]
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_soon(self._flush)
        if self._watchdog is None:
            self._watch(self._answered, 0)
        return future

    async def run(self, script: Script, key: str, *arguments: Part) -> Reply:
        """Run a script. A server that forgot it (restart, SCRIPT FLUSH) is given the source."""
        try:
            return await self.call("EVALSHA", script.sha1, 1, key, *arguments)
        except hiredis.ReplyError as error:
            if not str(error).startswith("NOSCRIPT"):
                raise
        return await self.call("EVAL", script.source, 1, key, *arguments)

    def _flush(self) -> None:
        self._flush_scheduled = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._outgoing))
        self._outgoing.clear()

    def _watch(self, answered: int, looks: int) -> None:
        """Count looks during which nothing at all was answered; too many mean that Redis is gone or paused."""
        self._watchdog = None
        if not self._waiting:
            return
        looks = looks + 1 if answered == self._answered else 0
        if looks > WATCH_LOOKS_MAX:
            self.close()
            self.connection_lost(TimeoutError("no answer"))
            return
        self._watchdog = self._loop.call_later(WATCH_SECONDS, self._watch, self._answered, looks)

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            self._answered += 1
            future = self._waiting.popleft()
            if future.done():
                continue
            if isinstance(reply, hiredis.ReplyError):
                unable = str(reply).startswith(CANNOT_SERVE)
                future.set_exception(StoreUnavailable(str(reply)) if unable else reply)
            else:
                future.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.lost.is_set():
            return
        self.lost.set()
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        waiting, self._waiting = self._waiting, deque()
        for future in waiting:
            if not future.done():
                future.set_exception(StoreUnavailable(f"the connection to Redis was lost: {exc}"))
