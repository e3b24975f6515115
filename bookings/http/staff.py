"""Staff at the API: the session of Django's sign-in, read where no middleware stands on the way."""

from dataclasses import dataclass
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from bookings.door_errors import NotYourTask, SignInRequired
from bookings.http.errors import CsrfFailed
from bookings.http.threads import in_thread

CHECK_IN = "bookings.check_in_tickets"


@dataclass(frozen=True, slots=True)
class Usher:
    """Somebody who is signed in, and whether he may let people in."""

    id: int
    may_check_in: bool


def read_usher(session_key: str) -> Usher | None:
    """Who a session belongs to; None when nobody is signed in. It asks the database."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    # An account that was switched off has no permissions, and no session either: get_user says so.
    return Usher(user.pk, user.has_perm(CHECK_IN)) if user.is_authenticated else None


class StaffSession(AuthBase):
    """The session cookie of somebody who may let people in; a change must also pass Django's CSRF check."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME
    openapi_description = "Set by signing in. Calls that change something need the X-CSRFToken header with it."

    async def __call__(self, request: HttpRequest) -> Usher:
        """The usher. Raises SignInRequired, CsrfFailed, NotYourTask."""
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        usher = await in_thread(read_usher, key) if key else None
        if usher is None:
            raise SignInRequired
        if check_csrf(request) is not None:
            raise CsrfFailed
        if not usher.may_check_in:
            raise NotYourTask
        return usher


def usher_of(request: HttpRequest) -> Usher:
    """Who asks, in a call that requires an usher."""
    usher: Usher = request.auth  # type: ignore[attr-defined]  # set by ninja from StaffSession
    return usher
