"""The edge of the API: what is true of every call before and after ninja sees it.

Bodies are bounded and JSON, HEAD is GET without a body, a wrong method or address is refused in the one error form,
nothing is cached unless a call says so. What a call does is in the routers.
"""

from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.utils.cache import get_conditional_response, set_response_etag
from django.views.decorators.csrf import csrf_exempt

from bookings.errors import BookingError, NotFound
from bookings.http.errors import (
    BODY_BYTES_MAX,
    JSON,
    BodyTooLarge,
    MethodNotAllowed,
    NotJson,
    failure,
    refusal,
    refusal_of,
)
from bookings.http.threads import in_thread

View = Callable[..., Any]
_WITHOUT_BODY: Final = ("GET", "HEAD", "OPTIONS")
# What a call sets as Cache-Control when its reply may be kept, but must be asked for again: it gets an ETag.
REVALIDATED: Final = "no-cache"


def bounded(pattern: URLPattern) -> URLPattern:
    """The same address, answered inside the boundary."""
    return URLPattern(pattern.pattern, _bounded_view(pattern.callback), pattern.default_args, pattern.name)


async def unknown_address(_request: HttpRequest, **_: str) -> HttpResponseBase:
    """The answer at every address that no call has."""
    raise NotFound("There is no such call. They are listed at /api/v1/docs.")


def _bounded_view(view: View) -> View:
    is_async = iscoroutinefunction(view)

    # Exempt from the middleware: the cookie's auth makes the same check, and a token needs none.
    @csrf_exempt
    async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            request.get_host()  # Raises DisallowedHost, which is a refusal.
            _bound_body(request)
            if request.method == "HEAD":
                request.method = "GET"  # Servers drop the body themselves.
            call: Awaitable[HttpResponseBase] = (
                view(request, *args, **kwargs) if is_async else in_thread(view, request, *args, **kwargs)
            )
            response = await call
        except BookingError as error:
            response = refusal(error)
        except Exception as error:
            known = refusal_of(error)
            response = refusal(known) if known else failure(error)
        if isinstance(response, HttpResponseNotAllowed):
            response = refusal(MethodNotAllowed(_with_head(response["Allow"])))
        response.setdefault("Cache-Control", "no-store")
        response.setdefault("X-Content-Type-Options", "nosniff")
        return _revalidated(request, response) if response["Cache-Control"] == REVALIDATED else response

    return answer


def _bound_body(request: HttpRequest) -> None:
    """Raises BodyTooLarge, NotJson."""
    if request.method in _WITHOUT_BODY:
        return
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > BODY_BYTES_MAX:
        raise BodyTooLarge
    # Read here and kept where HttpRequest.body looks: a body without a length could be of any size.
    body = request.read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        raise BodyTooLarge
    request._body = body
    if body and request.content_type != JSON:
        raise NotJson


def _revalidated(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The reply with an ETag, or 304 for a client that has it already."""
    assert isinstance(response, HttpResponse)
    set_response_etag(response)
    return get_conditional_response(request, etag=response["ETag"], response=response) or response


def _with_head(allow: str) -> list[str]:
    methods = {method.strip() for method in allow.split(",")}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)
