"""The id of a request or a task, on every line it logs.

A proxy's X-Request-ID is taken over if it looks like one, so that its log and ours can be read together.
"""

import re
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from structlog.contextvars import bound_contextvars

HEADER: Final = "X-Request-ID"
_USABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    """Names each request in its log lines and in its reply. Works in sync and async chains."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._call_async(request)
        request_id = _request_id(request)
        with bound_contextvars(request_id=request_id):
            response: HttpResponseBase = self._get_response(request)
        response.headers[HEADER] = request_id
        return response

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        request_id = _request_id(request)
        with bound_contextvars(request_id=request_id):
            response: HttpResponseBase = await self._get_response(request)
        response.headers[HEADER] = request_id
        return response


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    return given if _USABLE.fullmatch(given) else uuid.uuid4().hex
