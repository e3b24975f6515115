"""Letting people in: the one call of an usher's page, by scan or by typed code."""

import time
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Final

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest
from ninja import Router
from pydantic import ConfigDict, Field, StringConstraints

from bookings.domain.rate import RateLimit
from bookings.door_errors import (
    AlreadyAdmitted,
    Forged,
    NoSuchTicket,
    NotYourTask,
    ShowOver,
    SignInRequired,
    TicketCancelled,
    TicketRefunded,
    TicketReplaced,
    TooEarly,
    WrongShow,
)
from bookings.errors import IdempotencyMismatch, NotReady, RateLimited
from bookings.http.documentation import BAD_FIELDS, documented
from bookings.http.errors import BodyTooLarge, CsrfFailed, NotJson
from bookings.http.holds import IdempotencyKey
from bookings.http.schemas import Reply, Request, UnixMs
from bookings.http.staff import StaffSession, usher_of
from bookings.http.threads import in_thread
from bookings.services.check_in import admit
from bookings.services.door_news import tell_door

TAG: Final = "Check-in"
router = Router(tags=[TAG], auth=[StaffSession()])

# A QR code's text has 84 letters; whatever else somebody scans is cut off by its length.
CODE_LENGTH_MAX: Final = 200
GATE_LENGTH_MAX: Final = 20
_BIGGEST_ID: Final = 2**63 - 1

# One line of what people print: no controls, no NUL, which PostgreSQL would refuse.
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", strip_whitespace=True)]


class CheckInRequest(Request):
    """What was scanned or typed, at which door."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"show": 24, "code": "K7MQ 3XPD", "gate": "2"}]})

    show: int = Field(ge=1, le=_BIGGEST_ID, description="The show whose door it is.")
    code: Line = Field(
        min_length=1,
        max_length=CODE_LENGTH_MAX,
        description="The text of a QR code, or the eight letters and digits below it, in any case and spacing.",
    )
    gate: Line = Field(min_length=1, max_length=GATE_LENGTH_MAX, description="What the door is called.")


class CheckInReply(Reply):
    """Somebody was let in."""

    outcome: str = Field(pattern="^admitted$")
    seat: str
    gate: str
    admitted_ms: UnixMs
    admitted: int = Field(description="How many have come in to this show.")
    expected: int = Field(description="How many have a ticket for it.")
    as_of_ms: UnixMs = Field(description="When these were counted: of two counts, the later one holds.")


_NOW: Final = datetime(2025, 11, 21, 13, 10, tzinfo=UTC)
_HERE: Final = {"time_zone": "Asia/Kolkata"}


@router.post(
    "/checkin",
    operation_id="check_in",
    summary="Let somebody in",
    **documented(
        200,
        CheckInReply(
            outcome="admitted",
            seat="C4",
            gate="2",
            admitted_ms=1_763_729_400_123,
            admitted=41,
            expected=120,
            as_of_ms=1_763_729_400_130,
        ),
        BAD_FIELDS,
        BodyTooLarge(),
        NotJson(),
        SignInRequired(),
        CsrfFailed(),
        NotYourTask(),
        NoSuchTicket("No ticket has this code. Look at it once more, letter by letter."),
        AlreadyAdmitted(seat="C4", at=_NOW, gate="2", **_HERE),
        WrongShow(show=25, movie="Neon Kaveri", screen="Audi 2", starts_at=_NOW, **_HERE),
        TicketCancelled(seat="C4", is_show=False),
        TicketRefunded(seat="C4"),
        TicketReplaced(seat="C4"),
        TooEarly(seat="C4", opens_at=_NOW, **_HERE),
        ShowOver(seat="C4"),
        Forged(),
        IdempotencyMismatch(),
        RateLimited("That is too fast. Slow down a little.", retry_after_ms=500),
        NotReady("The tickets cannot be looked at right now. Try again in a moment."),
    ),
)
async def check_in(
    request: HttpRequest, shown: CheckInRequest, idempotency_key: IdempotencyKey = None
) -> CheckInReply:
    """Let in whoever shows a ticket, once. A refusal says why in words to read out, and has the counts as well.

    For staff with the permission to let people in, by their session. Limited per usher. Send a new key with each
    scan, and the same one when no answer came: then whoever came in by the lost one is still `admitted`.
    """
    usher = usher_of(request)
    if wait_ms := _limit(settings.LIMIT_CHECK_INS_PER_MINUTE).wait_ms(str(usher.id), time.monotonic()):
        raise RateLimited("That is too fast. Slow down a little.", retry_after_ms=wait_ms)
    try:
        admission = await in_thread(
            admit, show_id=shown.show, code=shown.code, gate=shown.gate, usher=usher.id, key=idempotency_key
        )
    except OperationalError as error:
        raise NotReady("The tickets cannot be looked at right now. Try again in a moment.") from error
    if not admission.is_replayed:
        tell_door(shown.show, admission)
    entry, counts = admission.entry, admission.counts
    return CheckInReply(
        outcome="admitted",
        seat=entry.seat,
        gate=entry.gate,
        admitted_ms=round(entry.at.timestamp() * 1000),
        admitted=counts.admitted,
        expected=counts.expected,
        as_of_ms=counts.as_of_ms,
    )


@cache
def _limit(per_minute: int) -> RateLimit:
    return RateLimit(per_minute)
