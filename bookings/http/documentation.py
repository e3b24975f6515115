"""What a call says of itself: its replies with examples, made from the very objects that are sent.

`documented` gives ninja both halves, the shapes it checks and the examples it shows.
"""

from typing import Any

from pydantic import BaseModel

from bookings.errors import BookingError
from bookings.http.errors import JSON, Internal, InvalidFields
from bookings.http.schemas import ErrorReply

BAD_FIELDS = InvalidFields([{"field": "seats[0]", "detail": "must be text"}])


def documented(status: int, example: BaseModel, *refusals: BookingError) -> dict[str, Any]:
    """Arguments of a ninja operation that answers `example` with `status`, or one of `refusals`."""
    by_status: dict[int, dict[str, BookingError]] = {}
    for error in (*refusals, Internal()):
        by_status.setdefault(error.http_status, {}).setdefault(error.code, error)
    responses: dict[int, Any] = {
        status: _response(_first_line(type(example)), {"reply": example.model_dump(mode="json")})
    }
    for error_status, errors in sorted(by_status.items()):
        responses[error_status] = _response(
            " ".join(_first_line(type(error)) for error in errors.values()),
            {code: error.as_reply() for code, error in errors.items()},
        )
    return {
        "response": {status: type(example), **dict.fromkeys(by_status, ErrorReply)},
        "openapi_extra": {"responses": responses},
    }


def _response(description: str, values: dict[str, Any]) -> dict[str, Any]:
    examples = {name: {"value": value} for name, value in values.items()}
    return {"description": description, "content": {JSON: {"examples": examples}}}


def _first_line(kind: type) -> str:
    assert kind.__doc__, f"{kind.__name__} says what it is"
    return kind.__doc__.strip().splitlines()[0]
