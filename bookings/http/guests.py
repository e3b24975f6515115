"""Becoming a guest: a signed identity for clients without cookies."""

from typing import Final

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from bookings.errors import RateLimited
from bookings.http.documentation import documented
from bookings.http.limits import count_guest
from bookings.http.schemas import GuestReply
from bookings.identity import issue_holder

TAG: Final = "Guests"
router = Router(tags=[TAG])


@router.post(
    "/guests",
    operation_id="create_guest",
    summary="Become a guest",
    **documented(
        201,
        GuestReply(token="3q2-7wF0bqkVxT1c~Jm0Yb2dHqkz5vX9sWcT7nLr4Ue"),  # noqa: S106 — an example
        RateLimited("Too many guests from this address. Try again a little later.", retry_after_ms=1200),
    ),
)
async def create_guest(request: HttpRequest) -> Status[GuestReply]:
    """A new holder, known by a signed token and nothing else. Nothing is stored; the token does not end.

    Limited per address.
    """
    count_guest(request)
    return Status(201, GuestReply(token=issue_holder()))
