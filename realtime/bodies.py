"""How long the body of a request may be, and the refusal of a longer one before it is kept anywhere.

Neither Daphne (which keeps a body whole before anybody is asked) nor Django under uvicorn has a bound of its own, and
a chunked body has no length and need not end. Daphne's half is in daphne_server.py.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse

from bookings.api import BodyTooLarge, refusal

Application = Callable[[Any, Any, Any], Awaitable[None]]


def bytes_max_of(path: str) -> int:
    """The longest body that anything at this path takes."""
    is_call = path.startswith(settings.CALL_PATHS)
    return settings.CALL_BODY_BYTES_MAX if is_call else settings.PAGE_BODY_BYTES_MAX


def refusal_of_length(bytes_max: int) -> HttpResponse:
    """413 in the API's form. What has not been read cannot be told from a next request: the connection ends."""
    reply = refusal(BodyTooLarge(bytes_max))
    reply["Content-Length"] = len(reply.content)
    reply["Connection"] = "close"
    return reply


def bounded(application: Application) -> Application:
    """An ASGI application that is never given a longer body."""

    async def http(scope: Any, receive: Any, send: Any) -> None:
        bytes_max, read_bytes = bytes_max_of(scope["path"]), 0

        async def receive_bounded() -> Any:
            nonlocal read_bytes
            message = await receive()
            read_bytes += len(message.get("body", b""))
            if read_bytes > bytes_max:
                raise BodyTooLarge(bytes_max)
            return message

        try:
            if _told_length(scope) > bytes_max:
                raise BodyTooLarge(bytes_max)
            await application(scope, receive_bounded, send)
        except BodyTooLarge:
            reply = refusal_of_length(bytes_max)
            headers = [(name.lower().encode(), value.encode()) for name, value in reply.items()]
            await send({"type": "http.response.start", "status": reply.status_code, "headers": headers})
            await send({"type": "http.response.body", "body": reply.content})

    return http


def _told_length(scope: Any) -> int:
    told = dict(scope["headers"]).get(b"content-length", b"")
    return int(told) if told.isdigit() else 0
