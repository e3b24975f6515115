"""Who calls: a guest token, or the holder cookie of a browser. Checked in memory, on the event loop."""

from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from bookings.errors import IdentityRequired
from bookings.http.errors import CsrfFailed
from bookings.identity import HOLDER_COOKIE, read_holder

_SCHEME = "bearer"


class GuestToken(AuthBase):
    """`Authorization: Bearer <token>`. It wins over a cookie; a bad one is not passed over for a good cookie."""

    openapi_type = "http"
    openapi_scheme = _SCHEME
    openapi_description = "The token of POST /api/v1/guests. No CSRF token is needed with it."

    async def __call__(self, request: HttpRequest) -> str | None:
        """The holder, or None without a token. Raises IdentityRequired for a forged one."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != _SCHEME:
            return None
        holder = read_holder(token.strip())
        if holder is None:
            raise IdentityRequired
        return holder


class HolderCookie(AuthBase):
    """The signed cookie that our pages set; a change must also pass Django's CSRF check."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = HOLDER_COOKIE
    openapi_description = "Set by the pages. Calls that change something need the X-CSRFToken header with it."

    async def __call__(self, request: HttpRequest) -> str | None:
        """The holder, or None without a valid cookie. Raises CsrfFailed."""
        holder = read_holder(request.COOKIES.get(HOLDER_COOKIE, ""))
        if holder is not None and check_csrf(request) is not None:
            raise CsrfFailed
        return holder


# In this order: a token wins over a cookie.
HOLDER_AUTH = [GuestToken(), HolderCookie()]


def holder_of(request: HttpRequest) -> str:
    """Who asks, in a call that requires a holder."""
    holder: str = request.auth  # type: ignore[attr-defined]  # set by ninja from the callables above
    return holder
