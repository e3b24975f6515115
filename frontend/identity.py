"""Makes sure that whoever opens a page that can hold seats is a holder: a signed cookie, nothing stored.

Reading and signing belong to bookings; this file only decides when the cookie is set and with which flags.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token

from bookings import api as bookings

P = ParamSpec("P")


def with_holder(
    view: Callable[Concatenate[HttpRequest, str, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Call `view(request, holder, …)`; a visitor without a valid cookie becomes a new holder and keeps it."""

    @wraps(view)
    def with_cookie(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        get_token(request)  # Its cookie comes too: calls that change something need both (docs/http-api.md).
        token = request.COOKIES.get(bookings.HOLDER_COOKIE, "")
        holder = bookings.read_holder(token)
        if holder is not None:
            return view(request, holder, *args, **kwargs)
        token = bookings.issue_holder()
        holder = bookings.read_holder(token)
        assert holder is not None, "a fresh holder token is readable"
        response = view(request, holder, *args, **kwargs)
        response.set_cookie(
            bookings.HOLDER_COOKIE,
            token,
            max_age=bookings.HOLDER_COOKIE_SECONDS,
            httponly=True,
            samesite="Lax",
            secure=settings.HOLDER_COOKIE_SECURE,
        )
        return response

    return with_cookie
