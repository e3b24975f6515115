"""The ASGI side of a board's socket: the handshake, the door, and the receive loop.

Everybody may look. A guest's token lets clients without an Origin in; a device's token says which screen it is, and
is looked up once, when the socket opens.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs

from channels.consumer import AsyncConsumer
from django.conf import settings
from django.db import DatabaseError

from bookings.api import NotFound, NotReady, in_thread, read_holder
from realtime import metrics
from realtime.api import current_boards, current_device_line, current_rooms
from realtime.auth import Handshake, WrongOrigin, require_own_origin
from realtime.boards.devices import Screen, note_arrival, screen_of
from realtime.boards.socket import BoardSocket
from realtime.consumers import accept, counted_address, turn_away
from realtime.protocol import SUBPROTOCOL, CloseCode
from realtime.writers import DirectWay, SendWriter, Writer

logger = logging.getLogger(__name__)

VERSION_QUERY: Final = "client"


class BoardConsumer(AsyncConsumer):  # type: ignore[misc]
    """Serves `/ws/theatres/<slug>/board/`."""

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
        direct: DirectWay | None = scope.get("extensions", {}).get("housefull.writer")
        writer: Writer = direct or SendWriter(send)
        slug: str = scope["url_route"]["kwargs"]["slug"]
        screen = await _who(handshake, slug)
        if isinstance(screen, CloseCode):
            await accept(send, handshake)
            writer.close(screen)
            return
        limits = (await current_rooms()).limits
        socket = BoardSocket(slug=slug, writer=writer, boards=await current_boards())
        if direct is not None:
            direct.deliver_to(socket.take)
        address, version = counted_address(scope, handshake), _version(handshake)
        await accept(send, handshake)
        if not limits.take_socket(address, None):
            turn_away(writer, "rate_limited", "Too many sockets are open already.", CloseCode.TOO_MANY_MESSAGES)
            return
        metrics.sockets.inc()
        try:
            if screen is None:
                await _watch(socket, receive)
            else:
                await _watch_as(screen, version, socket, receive)
        finally:
            metrics.sockets.dec()
            limits.give_back_socket(address, None)


async def _watch(socket: BoardSocket, receive: Any) -> None:
    """Be shown the board until the socket closes."""
    try:
        await socket.enter()
        while (message := await receive())["type"] != "websocket.disconnect":
            text: str | None = message.get("text")
            socket.take(message["bytes"] if text is None else text.encode())
    except NotFound:
        socket.writer.close(CloseCode.NO_SUCH_SHOW)
    except NotReady as error:
        turn_away(socket.writer, error.code, error.detail, CloseCode.RESTARTING)
    finally:
        socket.leave()


async def _watch_as(screen: Screen, version: str, socket: BoardSocket, receive: Any) -> None:
    """The same for a paired screen, which is told besides what staff makes of it."""
    line = await current_device_line()
    line.join(screen, socket)
    try:
        try:
            now = datetime.now(UTC)  # noqa: TID251  (consumers are where the clock is read)
            await in_thread(note_arrival, screen.id, version=version, now=now)
        except DatabaseError as error:
            logger.warning("it is not noted that screen %s has come: %s", screen.name, error)
        await _watch(socket, receive)
    finally:
        line.leave(screen.id, socket)


async def _who(handshake: Handshake, slug: str) -> Screen | CloseCode | None:
    """The paired screen that asks, None for anybody else, or the code to close with."""
    if SUBPROTOCOL not in handshake.subprotocols:
        return CloseCode.NO_COMMON_SUBPROTOCOL
    token = handshake.token
    if token is None or read_holder(token) is not None:
        return None
    try:
        screen = await in_thread(screen_of, token)
    except DatabaseError:
        return CloseCode.RESTARTING
    if screen is None or (not screen.revoked and screen.theatre_slug != slug):
        return CloseCode.BAD_TOKEN
    return CloseCode.REVOKED if screen.revoked else screen


def _version(handshake: Handshake) -> str:
    """What the page says its version is."""
    return parse_qs(handshake.query).get(VERSION_QUERY, [""])[0]
