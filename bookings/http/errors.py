"""Refusals as HTTP replies: every error of the API is {code, detail, retryable, …fields}, whatever raised it.

The refusals themselves are bookings.errors; here are only those that exist because there is HTTP: a body that is
too large, a method that a call does not have, a failure of ours.
"""

import logging
from collections.abc import Sequence
from typing import Any, ClassVar, Final

import msgspec
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from bookings.errors import BadRequest, BookingError, IdentityRequired, NotFound

logger = logging.getLogger(__name__)

JSON: Final = "application/json"
# A hold of ten seats is under 100 bytes; the same bound as for frames of a socket.
BODY_BYTES_MAX: Final = 8 * 1024

# What pydantic calls a problem, in our words; anything else in its own.
_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this request",
    "string_type": "must be text",
    "string_unicode": "must be valid Unicode text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
}


class InvalidFields(BadRequest):
    """Fields of the request that are missing, unknown or of the wrong kind, each named."""

    def __init__(self, problems: Sequence[dict[str, str]]) -> None:
        detail = "; ".join(f"{problem['field']} {problem['detail']}" for problem in problems)
        super().__init__(f"{detail}.", problems=list(problems))


class BodyTooLarge(BadRequest):
    """The body is longer than any request to its address needs."""

    http_status = 413

    def __init__(self, bytes_max: int = BODY_BYTES_MAX) -> None:
        super().__init__(f"The body is larger than {bytes_max} bytes.", bytes_max=bytes_max)


class NotJson(BadRequest):
    """The body is not declared as JSON."""

    http_status = 415

    def __init__(self) -> None:
        super().__init__(f"Send the body as JSON, with the header Content-Type: {JSON}.")


class MethodNotAllowed(BadRequest):
    """The address exists, but not with this method."""

    http_status = 405

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"This address answers to {', '.join(allowed)}.", allowed=list(allowed))


class CsrfFailed(BookingError):
    """A change was asked for with a cookie, but without proof that one of our pages asked."""

    code: ClassVar[str] = "csrf_failed"
    http_status = 403

    def __init__(self) -> None:
        super().__init__("With a cookie, send the X-CSRFToken header as well; or use a guest token instead.")


class Internal(BookingError):
    """Something of ours broke; it is in the log."""

    code: ClassVar[str] = "internal"
    http_status = 500

    def __init__(self) -> None:
        super().__init__("Something went wrong on our side. It has been written down; nothing more is known here.")


def refusal(error: BookingError) -> HttpResponse:
    """The reply that tells of an error."""
    response = HttpResponse(msgspec.json.encode(error.as_reply()), status=error.http_status, content_type=JSON)
    if error.http_status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="housefull"'
    if isinstance(error, MethodNotAllowed):
        response["Allow"] = ", ".join(error.fields["allowed"])
    if (wait_ms := error.fields.get("retry_after_ms")) is not None:
        response["Retry-After"] = str(max(1, -(-wait_ms // 1000)))
    elif error.http_status == 503:
        response["Retry-After"] = "1"
    return response


def failure(error: BaseException) -> HttpResponse:
    """The reply to what nobody expected: the log has all of it, the client none."""
    logger.error("an API call failed", exc_info=error)
    return refusal(Internal())


def refusal_of(error: Exception) -> BookingError | None:
    """The refusal that an exception of Django or ninja stands for; None when it is a failure of ours."""
    match error:
        case BookingError():
            return error
        case ValidationError():
            return InvalidFields([_problem(problem) for problem in error.errors])
        case AuthenticationError():
            return IdentityRequired()
        case RequestDataTooBig():
            return BodyTooLarge()
        case Http404():
            return NotFound("There is nothing at this address.")
        case HttpError(status_code=400) | SuspiciousOperation():
            # What the parser raised is inside ninja's own error.
            return error.__cause__ if isinstance(error.__cause__, BookingError) else BadRequest("Not understood.")
    return None


def install_error_replies(api: NinjaAPI) -> None:
    """Let every exception of the API's calls be answered in the one form."""

    def answer(_request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
        assert isinstance(error, Exception)
        known = refusal_of(error)
        return refusal(known) if known else failure(error)

    # Most specific first is found by ninja; these replace its own handlers.
    for kind in (Exception, Http404, HttpError, ValidationError):
        api.add_exception_handler(kind, answer)


def _problem(problem: dict[str, Any]) -> dict[str, str]:
    """One of pydantic's errors: {field, detail}. The field is as the client wrote it: seats[0], count, date."""
    source, *path = problem["loc"]
    if source == "body":
        # The first step is the name of the view's argument, which no client knows.
        path = path[1:]
    field = ""
    for step in path:
        field += f"[{step}]" if isinstance(step, int) else f".{step}" if field else str(step)
    kind = problem["type"]
    detail = _WORDS.get(kind) or str(problem["msg"]).removeprefix("Value error, ").rstrip(".")
    return {"field": field or str(source), "detail": detail[:1].lower() + detail[1:]}
