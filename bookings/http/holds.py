"""Holding and releasing seats: thin translations of the box office's verbs, on the event loop."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from django.http import HttpRequest
from ninja import HeaderEx, P, QueryEx, Router
from ninja.responses import Status

from bookings.errors import (
    BookingConfirmed,
    CheckoutStarted,
    DuplicateSeats,
    HoldExpired,
    IdempotencyMismatch,
    IdentityRequired,
    InProgress,
    NotFound,
    NotReady,
    OutcomeUnknown,
    RateLimited,
    SalesClosed,
    SeatsUnavailable,
    TooManySeats,
    UnknownSeat,
)
from bookings.http.auth import HOLDER_AUTH, holder_of
from bookings.http.documentation import BAD_FIELDS, documented
from bookings.http.errors import BodyTooLarge, CsrfFailed, NotJson
from bookings.http.schemas import (
    CURRENCY,
    EXAMPLE_BOOKING,
    BestSeatsReply,
    BestSeatsRequest,
    HoldReply,
    HoldRequest,
    ReleaseReply,
    ShowId,
    utc_of_ms,
)
from bookings.services.box_office import BoxOffice
from bookings.services.outcomes import Held

T = TypeVar("T")
# Verbs whose client has gone; the loop itself keeps no hold of a running task.
_unheard: set[asyncio.Task[Any]] = set()

TAG: Final = "Holds"
router = Router(tags=[TAG], auth=HOLDER_AUTH)

SeatLabels = QueryEx[str | None, P(description="Labels, separated by commas; without it, all.", example="C5")]
IdempotencyKey = HeaderEx[
    str | None,
    P(
        alias="Idempotency-Key",
        description="Up to 255 characters. The same key and body again are answered with the first reply, for 24 h.",
    ),
]
_EXAMPLE_HOLD: Final = HoldReply(
    booking=EXAMPLE_BOOKING,
    seats=["C4", "C5"],
    amount_paise=50_000,
    currency=CURRENCY,
    expires_at="2025-11-21T18:40:00.123Z",
    expires_ms=1_763_750_400_123,
    version=42,
)
_WHO: Final = (IdentityRequired(), CsrfFailed())
_REFUSALS: Final = (
    BAD_FIELDS,
    BodyTooLarge(),
    NotJson(),
    *_WHO,
    NotFound("There is no such show."),
    SeatsUnavailable(["C4"]),
    HoldExpired(),
    CheckoutStarted(),
    BookingConfirmed(),
    SalesClosed("Sales for this show have ended."),
    InProgress(),
    TooManySeats(10),
    IdempotencyMismatch(),
    RateLimited("That is too fast. Slow down a little.", retry_after_ms=250),
    NotReady(),
    OutcomeUnknown(),
)


@router.post(
    "/shows/{int:show_id}/holds",
    operation_id="hold_seats",
    summary="Hold seats",
    **documented(201, _EXAMPLE_HOLD, *_REFUSALS, UnknownSeat(["Z99"]), DuplicateSeats(["C4"])),
)
async def hold_seats(
    request: HttpRequest,
    wanted: HoldRequest,
    show_id: ShowId,
    idempotency_key: IdempotencyKey = None,
) -> Status[HoldReply]:
    """Hold all of the seats or none. They are added to your hold of this show if you have one; its deadline stays.

    Asking again for seats that you hold already changes nothing.
    """
    office = await BoxOffice.current()
    held = await run_to_its_end(
        office.hold(show_id=show_id, holder=holder_of(request), labels=wanted.seats, idempotency_key=idempotency_key)
    )
    return Status(201, HoldReply(**_hold_fields(held)))


@router.post(
    "/shows/{int:show_id}/holds/best",
    operation_id="hold_best_seats",
    summary="Hold the best seats together",
    **documented(
        201,
        BestSeatsReply(**_EXAMPLE_HOLD.model_dump(), reason="Two together in the middle of row C."),
        *_REFUSALS,
    ),
)
async def hold_best_seats(
    request: HttpRequest,
    wanted: BestSeatsRequest,
    show_id: ShowId,
    idempotency_key: IdempotencyKey = None,
) -> Status[BestSeatsReply]:
    """Choose the best seats together and hold them in one step. A lost race is chosen again, so nobody is refused
    while enough seats together remain. `reason` says why these.
    """
    office = await BoxOffice.current()
    held = await run_to_its_end(
        office.hold_best(
            show_id=show_id,
            holder=holder_of(request),
            count=wanted.count,
            category=wanted.category,
            accessible=wanted.accessible,
            idempotency_key=idempotency_key,
        )
    )
    return Status(201, BestSeatsReply(**_hold_fields(held), reason=held.reason))


@router.delete(
    "/shows/{int:show_id}/holds",
    operation_id="release_seats",
    summary="Release seats",
    **documented(
        200,
        ReleaseReply(seats=["C5"], version=43),
        BAD_FIELDS,
        *_WHO,
        NotFound("There is no such show."),
        CheckoutStarted(),
        UnknownSeat(["Z99"]),
        DuplicateSeats(["C4"]),
        InProgress(),
        IdempotencyMismatch(),
        NotReady(),
    ),
)
async def release_seats(
    request: HttpRequest,
    show_id: ShowId,
    seats: SeatLabels = None,
    idempotency_key: IdempotencyKey = None,
) -> ReleaseReply:
    """Give seats of your hold back. Giving back what you do not hold is fine and changes nothing. With a key, a late
    copy of this request cannot touch a newer hold; its stored reply has no version.
    """
    labels = None
    if seats is not None:
        # A parameter that is repeated counts as one list: dropping all but the last would surprise.
        named = ",".join(request.GET.getlist("seats"))
        labels = [label.strip() for label in named.split(",") if label.strip()]
    office = await BoxOffice.current()
    released = await run_to_its_end(
        office.release(show_id=show_id, holder=holder_of(request), labels=labels, idempotency_key=idempotency_key)
    )
    return ReleaseReply(seats=list(released.seats), version=released.version)


def _hold_fields(held: Held) -> dict[str, Any]:
    return {
        "booking": held.booking,
        "seats": list(held.seats),
        "amount_paise": held.amount_paise,
        "currency": CURRENCY,
        "expires_at": utc_of_ms(held.expires_ms),
        "expires_ms": held.expires_ms,
        "version": held.version,
    }


async def run_to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await a verb that must not stop half-way: Django cancels a view when its client goes away."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        _unheard.add(task)
        task.add_done_callback(_end_unheard)
        raise


def _end_unheard(task: asyncio.Task[Any]) -> None:
    _unheard.discard(task)
    if not task.cancelled():
        task.exception()  # Nobody is left to be told how it ended.
