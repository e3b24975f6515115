"""The ASGI side of a seat map's socket: the handshake, the door, and the receive loop.

Channels' own receive loop is replaced: that one hops to a thread for every message, and subscribes every socket.
"""

import logging
from collections.abc import Mapping
from typing import Any

from channels.consumer import AsyncConsumer
from django.conf import settings

from bookings.api import NotFound, NotReady, client_address, household
from realtime import metrics
from realtime.api import current_rooms
from realtime.auth import Handshake, WrongOrigin, admit, require_own_origin
from realtime.frames import encode
from realtime.protocol import CloseCode, Error
from realtime.seat_socket import SeatSocket
from realtime.writers import DirectWay, SendWriter, Writer

logger = logging.getLogger(__name__)


class SeatConsumer(AsyncConsumer):  # type: ignore[misc]
    """Serves `/ws/shows/<show_id>/`."""

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
        holder = admit(handshake)
        if isinstance(holder, CloseCode):
            await accept(send, handshake)
            writer.close(holder)
            return
        rooms = await current_rooms()
        socket = SeatSocket(
            show_id=scope["url_route"]["kwargs"]["show_id"], holder=holder, writer=writer, rooms=rooms
        )
        if direct is not None:
            direct.deliver_to(socket.take)
        address, position = counted_address(scope, handshake), handshake.position
        await accept(send, handshake)
        del handshake  # 1 KB that would stay as long as the socket
        if not rooms.limits.take_socket(address, holder):
            turn_away(writer, "rate_limited", "Too many sockets are open already.", CloseCode.TOO_MANY_MESSAGES)
            return
        metrics.sockets.inc()
        try:
            await self._watch(socket, receive, *position)
        finally:
            metrics.sockets.dec()
            rooms.limits.give_back_socket(address, holder)

    async def _watch(self, socket: SeatSocket, receive: Any, epoch: str | None, version: int) -> None:
        """Be in the room until the socket closes."""
        try:
            await socket.enter(epoch=epoch, version=version)
            while (message := await receive())["type"] != "websocket.disconnect":
                text: str | None = message.get("text")
                socket.take(message["bytes"] if text is None else text.encode())
        except NotFound:
            socket.writer.close(CloseCode.NO_SUCH_SHOW)
        except NotReady as error:
            turn_away(socket.writer, error.code, error.detail, CloseCode.RESTARTING)
        finally:
            socket.leave()


async def refuse_path(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
    """There is nothing at this path: say so in a way that browsers can read."""
    await receive()
    await accept(send, Handshake.from_scope(scope))
    await send({"type": "websocket.close", "code": int(CloseCode.NO_SUCH_SHOW)})


async def accept(send: Any, handshake: Handshake) -> None:
    """Accept, choosing one of the client's subprotocols, so that a close code can be read."""
    await send({"type": "websocket.accept", "subprotocol": handshake.polite_subprotocol})


def turn_away(writer: Writer, code: str, detail: str, close_code: CloseCode) -> None:
    """Say why, and close."""
    metrics.refused(code).inc()
    writer.reply(encode(Error(id=None, code=code, detail=detail)))
    writer.close(close_code)


def counted_address(scope: Mapping[str, Any], handshake: Handshake) -> str:
    """The household that a socket counts for."""
    peer = scope.get("client") or ("", 0)
    forwarded = handshake.headers.get("x-forwarded-for", "")
    return household(client_address(str(peer[0]), forwarded, settings.TRUSTED_PROXIES))
