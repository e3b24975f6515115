"""The ASGI side of a door's socket: staff only, told of everybody who comes in to one show.

Who asks is read from Django's session, once; after that a message costs no query, whoever it goes to. A `look` costs
two, and each socket may send few of them.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from channels.consumer import AsyncConsumer
from django.conf import settings
from django.db import OperationalError
from redis.exceptions import RedisError

from bookings.api import NotFound, count_door, get_show, in_thread, read_usher, recent_entries
from realtime import metrics
from realtime.api import current_rooms
from realtime.auth import Handshake, WrongOrigin, require_own_origin
from realtime.consumers import accept, counted_address, turn_away
from realtime.door_protocol import CameIn, Door, Look, parse
from realtime.doors import current_doors, frame_of
from realtime.limits import TokenBucket
from realtime.protocol import SUBPROTOCOL, CloseCode, Error, Malformed, Pong
from realtime.writers import SendWriter, Writer

logger = logging.getLogger(__name__)

# A page pings every 25 s and looks every 15; a thumb on reload does a little more.
MESSAGES_PER_SECOND: Final = 2.0
MESSAGES_BURST: Final = 10.0


class DoorConsumer(AsyncConsumer):  # type: ignore[misc]
    """Serves `/ws/shows/<show_id>/door/`."""

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Any) -> None:
        """Serve a socket from its handshake to its end."""
        await receive()  # websocket.connect
        handshake = Handshake.from_scope(scope)
        try:
            require_own_origin(handshake, allowed_hosts=settings.ALLOWED_HOSTS, trusted=settings.CSRF_TRUSTED_ORIGINS)
        except WrongOrigin as error:
            logger.info("socket refused: %s", error)
            await send({"type": "websocket.close"})  # not accepted yet: the client reads HTTP 403
            return
        writer: Writer = scope.get("extensions", {}).get("housefull.writer") or SendWriter(send)
        show_id, address = scope["url_route"]["kwargs"]["show_id"], counted_address(scope, handshake)
        try:
            refusal = await _why_not(handshake, show_id)
        except OperationalError:
            refusal = CloseCode.RESTARTING
        await accept(send, handshake)
        if refusal is not None:
            writer.close(refusal)
            return
        limits = (await current_rooms()).limits
        if not limits.take_socket(address, None):
            turn_away(writer, "rate_limited", "Too many sockets are open already.", CloseCode.TOO_MANY_MESSAGES)
            return
        metrics.sockets.inc()
        try:
            await _watch(show_id, writer, receive)
        finally:
            metrics.sockets.dec()
            limits.give_back_socket(address, None)


async def _watch(show_id: int, writer: Writer, receive: Any) -> None:
    """Tell of the door until the socket closes."""
    doors = current_doors()
    bucket = TokenBucket(per_second=MESSAGES_PER_SECOND, burst=MESSAGES_BURST)
    try:
        await doors.join(show_id, writer)
        writer.reply(frame_of(await _door(show_id)))
        while (message := await receive())["type"] != "websocket.disconnect":
            if not bucket.take(asyncio.get_running_loop().time()):
                writer.close(CloseCode.TOO_MANY_MESSAGES)
                continue
            text: str | None = message.get("text")
            await _answer(show_id, writer, message["bytes"] if text is None else text.encode())
    except (OSError, TimeoutError, RedisError, OperationalError) as error:
        logger.warning("the door of show %s cannot be watched: %s", show_id, error)
        turn_away(writer, "not_ready", "The door cannot be watched right now.", CloseCode.RESTARTING)
    finally:
        await doors.leave(show_id, writer)


async def _answer(show_id: int, writer: Writer, payload: bytes) -> None:
    try:
        message = parse(payload)
    except Malformed as error:
        writer.reply(frame_of(Error(id=None, code="bad_request", detail=error.detail)))
        return
    if isinstance(message, Look):
        writer.reply(frame_of(await _door(show_id)))
    else:
        now_ms = time.time_ns() // 1_000_000
        writer.reply(frame_of(Pong(id=message.id, client_ms=message.client_ms, server_ms=now_ms)))


async def _door(show_id: int) -> Door:
    counts = await in_thread(count_door, show_id)
    recent = await in_thread(recent_entries, show_id)
    return Door(
        admitted=counts.admitted,
        expected=counts.expected,
        as_of_ms=counts.as_of_ms,
        recent=[CameIn(entry.seat, entry.gate, round(entry.at.timestamp() * 1000)) for entry in recent],
    )


async def _why_not(handshake: Handshake, show_id: int) -> CloseCode | None:
    """The code to close with; None: an usher, at a door that there is."""
    if SUBPROTOCOL not in handshake.subprotocols:
        return CloseCode.NO_COMMON_SUBPROTOCOL
    session = _session_key(handshake)
    usher = await in_thread(read_usher, session) if session else None
    if usher is None:
        return CloseCode.BAD_TOKEN
    if not usher.may_check_in:
        return CloseCode.REVOKED
    try:
        await in_thread(get_show, show_id)
    except NotFound:
        return CloseCode.NO_SUCH_SHOW
    return None


def _session_key(handshake: Handshake) -> str:
    try:
        cookie = SimpleCookie(handshake.headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return ""
    return cookie.value if cookie is not None else ""
