"""Razorpay's webhooks: kept before they are answered. Signed by Razorpay, so no holder and no CSRF token."""

import asyncio
import logging
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from bookings.api import (
    BadRequest,
    BodyTooLarge,
    BookingError,
    BoxOffice,
    ClaimsUnavailable,
    MethodNotAllowed,
    NotReady,
    refusal,
    run_to_its_end,
)
from payments.domain.signatures import webhook_signature_is_right
from payments.services import inbox

logger = logging.getLogger(__name__)

# Razorpay waits five seconds, and takes silence for a failure of ours.
ANSWER_SECONDS_MAX: Final = 4.0


@csrf_exempt
async def webhook(request: HttpRequest) -> HttpResponseBase:
    """200 once the event is durable; 400 not signed by Razorpay; 413 too large; 503 not durable: come again."""
    try:
        body = _body(request)
        if not webhook_signature_is_right(
            body, request.headers.get("X-Razorpay-Signature", ""), settings.RAZORPAY_WEBHOOK_SECRETS
        ):
            raise BadRequest("The signature is not Razorpay's.")
        await _take(body, request.headers.get("X-Razorpay-Event-Id", ""))
    except BookingError as error:
        return refusal(error)
    return HttpResponse(status=200)


async def _take(body: bytes, event_id: str) -> None:
    """Keep an event and take it in. Raises NotReady where it could not be kept in time."""
    office = await BoxOffice.current()
    event: int | None = None
    try:
        async with asyncio.timeout(ANSWER_SECONDS_MAX):
            event = await run_to_its_end(inbox.keep(office.works, body, event_id=event_id))
            if event is not None:
                await run_to_its_end(inbox.take_event(office.works, event, body))
    except (ClaimsUnavailable, TimeoutError) as error:
        if event is None:
            raise NotReady("The event could not be kept. Send it again.") from error
        # It is durable: whatever happens now, the sweep takes it in.
        logger.warning("webhook event %s is taken in later: %r", event, error)


def _body(request: HttpRequest) -> bytes:
    """The raw body. Raises BadRequest."""
    if request.method != "POST":
        raise MethodNotAllowed(["POST"])
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise BadRequest("Webhooks are not compressed.")
    # Servers cut longer ones off (realtime.bodies); the promise does not hang on which of them is used.
    if len(request.body) > settings.CALL_BODY_BYTES_MAX:
        raise BodyTooLarge(settings.CALL_BODY_BYTES_MAX)
    return request.body
