"""Django for the API's calls: the same requests and views, without middleware that leaves the event loop.

Each of Django's middlewares costs a thread hop or two a request, and WhiteNoise, being sync, holds a thread for as
long as the call lasts. API calls need none of them: no session, no message, no page; identity and CSRF proof are
checked in memory (bookings.http.auth), the host in bookings.http.boundary. The API's page is a page like any other.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from io import BytesIO
from typing import IO, Any, Final

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix, set_urlconf

from bookings.errors import BadRequest
from bookings.http.errors import refusal
from config.request_ids import RequestIdMiddleware
from realtime.bodies import Application, bounded

ROOT: Final = "/api/v1/"
PAGE: Final = f"{ROOT}docs"
# Calls that the contract has elsewhere.
BESIDE: Final = frozenset({"/verify_payment/", "/api/cancel_booking/", "/payments/webhook/"})


class ApiHandler(ASGIHandler):
    """An ASGI application for everything under /api/v1/ but its page.

    Django would give each request a thread of its own, for the connections that its signals close. Calls that use
    Django's ORM say so themselves (bookings.http.threads); the others never leave the event loop.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one call to its end, whether or not its client waits for it."""
        try:
            body_file = await self.read_body(receive)
        except RequestAborted:
            return
        with closing(body_file):
            set_script_prefix(get_script_prefix(scope))
            request, refused = self.create_request(scope, body_file)
            if request is not None:
                await self.send_response(await self.run_get_response(request), send)
            elif refused is not None:
                await self.send_response(refused, send)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """The reply; unlike Django's, a refusal is no log line, which would cost a thread."""
        set_urlconf(settings.ROOT_URLCONF)
        answer: Callable[[HttpRequest], Awaitable[HttpResponseBase]] = self._middleware_chain  # type: ignore[assignment]  # it is async
        return await answer(request)

    async def read_body(self, receive: Any) -> IO[bytes]:
        """The body, in memory: `calls_apart` bounds it. Raises RequestAborted."""
        body, more = bytearray(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestAborted
            body += message.get("body", b"")
            more = message.get("more_body", False)
        return BytesIO(body)

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT001, FBT002 — Django's signature
        """Only the request's id; it is async all the way."""
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        view = self._get_response_async  # type: ignore[attr-defined]  # the stubs do not know it
        self._middleware_chain = RequestIdMiddleware(convert_exception_to_response(view))

    def create_request(
        self, scope: Mapping[str, Any], body_file: IO[bytes]
    ) -> tuple[ASGIRequest, None] | tuple[None, HttpResponse]:
        """The request, or a refusal in the API's form when even its address cannot be read."""
        request, error = super().create_request(scope, body_file)
        if request is None or error is not None:
            return None, refusal(BadRequest("The address is not valid UTF-8."))
        return request, None


def calls_apart(pages: Application) -> Application:
    """An application that answers the API's calls itself and leaves all else to `pages`; bodies are bounded."""
    calls = ApiHandler()

    async def http(scope: Any, receive: Any, send: Any) -> None:
        path: str = scope["path"]
        is_call = (path.startswith(ROOT) and path != PAGE) or path in BESIDE
        handler = calls if is_call else pages
        await handler(scope, receive, send)

    return bounded(http)
