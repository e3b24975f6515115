"""A connection to Redis that only listens: the channel layer's and the expiry watcher's.

What one read brought is parsed by hiredis in C and handed out at once; a connection that died without saying so
is noticed. Connecting again is its owner's business.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final, cast

import hiredis
from redis.asyncio.connection import SSLConnection
from redis.asyncio.connection import parse_url as parse_redis_url

CONNECT_SECONDS: Final = 1.0
# A subscriber hears nothing while nothing happens, so after a silence it asks for a sign of life.
LOOK_SECONDS: Final = 1.0
SILENT_LOOKS_MAX: Final = 3


class SubscriptionLost(Exception):
    """Redis closed, refused or stopped answering the subscribing connection."""


class Subscriber(asyncio.Protocol):
    """A connection that only listens. `ended` fails with SubscriptionLost when it is of no more use."""

    def __init__(self, deliver: Callable[[str, bytes], None], acknowledge: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._deliver = deliver
        self._acknowledge = acknowledge
        self._reader = hiredis.Reader(replyError=hiredis.ReplyError)
        self._transport: asyncio.Transport | None = None
        self._look: asyncio.TimerHandle | None = None
        self._silent_looks = 0
        self.ended: asyncio.Future[None] = self._loop.create_future()

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        name: str,
        deliver: Callable[[str, bytes], None],
        acknowledge: Callable[[str], None],
    ) -> "Subscriber":
        """Connect, authenticate and take a `name` for CLIENT LIST. Raises SubscriptionLost.

        `deliver` gets (channel, data) of each message, `acknowledge` each channel that is subscribed to.
        """
        options = parse_redis_url(url)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if "path" in options:
                    _, self = await loop.create_unix_connection(lambda: cls(deliver, acknowledge), options["path"])
                else:
                    secure = issubclass(options.get("connection_class", object), SSLConnection)
                    _, self = await loop.create_connection(
                        lambda: cls(deliver, acknowledge),
                        options.get("host", "localhost"),
                        options.get("port", 6379),
                        ssl=ssl.create_default_context() if secure else None,
                    )
        except (OSError, TimeoutError) as error:
            raise SubscriptionLost(f"cannot connect: {error}") from error
        if options.get("password"):
            self.send("AUTH", *([options["username"]] if options.get("username") else []), options["password"])
        self.send("CLIENT", "SETNAME", name)
        self._look = loop.call_later(LOOK_SECONDS, self._look_for_life)
        return self

    def send(self, *parts: str) -> None:
        """Send a command; its reply is read like everything else."""
        if self._transport is not None and not self._transport.is_closing():
            # The stub of pack_command knows tuples of one only.
            self._transport.write(hiredis.pack_command(parts))  # type: ignore[arg-type]

    def close(self) -> None:
        """Close at once."""
        if self._look is not None:
            self._look.cancel()
        if self._transport is not None:
            self._transport.abort()
        if not self.ended.cancel() and not self.ended.cancelled():
            self.ended.exception()  # seen, if nobody waited for it

    def _look_for_life(self) -> None:
        """End a connection that died without saying so: a paused Redis, a cut network."""
        self._silent_looks += 1
        if self._silent_looks > SILENT_LOOKS_MAX:
            self._end("Redis has gone silent")
            return
        if self._silent_looks > 1:
            self.send("PING")
        self._look = self._loop.call_later(LOOK_SECONDS, self._look_for_life)

    def _end(self, why: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(SubscriptionLost(why))

    # --- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asserted: uvloop's transports do not derive from asyncio.Transport.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._silent_looks = 0
        self._reader.feed(data)
        while (reply := self._reader.gets()) is not False:
            if isinstance(reply, hiredis.ReplyError):
                self._end(str(reply))
            elif reply[0] == b"message":
                self._deliver(reply[1].decode(), reply[2])
            elif reply[0] == b"subscribe":
                self._acknowledge(reply[1].decode())

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else "closed by Redis")
