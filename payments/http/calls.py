"""The calls of a payment page: check out, verify, cancel, change seats. Thin translations, on the event loop."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from ninja import Router

from bookings.api import (
    BAD_FIELDS,
    EXAMPLE_BOOKING,
    HOLDER_AUTH,
    BadRequest,
    BodyTooLarge,
    BookingConfirmed,
    BoxOffice,
    Buyer,
    CheckoutInProgress,
    ClaimsUnavailable,
    CsrfFailed,
    HoldExpired,
    IdempotencyKey,
    IdempotencyMismatch,
    IdentityRequired,
    InProgress,
    KeyedRequest,
    NotFound,
    NotJson,
    NotReady,
    OutcomeUnknown,
    PublicId,
    RateLimit,
    RateLimited,
    Status,
    TicketUsed,
    documented,
    holder_of,
    run_to_its_end,
)
from payments.http.schemas import (
    CancelReply,
    CancelRequest,
    ChangeSeatsReply,
    CheckoutReply,
    CheckoutRequest,
    StatusReply,
    VerifyRequest,
)
from payments.razorpay_gateway import gateway
from payments.services.cancel import Cancelled, Moved, cancel_booking, change_seats
from payments.services.orders import Checkout, check_out
from payments.services.verify import Verified, verify

T = TypeVar("T")
TAG: Final = "Payments"
# Under /api/v1/; and at the root, where the contract has the calls that the brief named.
router = Router(tags=[TAG], auth=HOLDER_AUTH)
root_router = Router(tags=[TAG], auth=HOLDER_AUTH)

NO_SUCH_BOOKING: Final = NotFound("There is no such booking.")
_COMMON: Final = (
    BAD_FIELDS,
    BodyTooLarge(),
    NotJson(),
    IdentityRequired(),
    CsrfFailed(),
    NO_SUCH_BOOKING,
    RateLimited("That is too fast. Slow down a little.", retry_after_ms=250),
    NotReady("We cannot look at your booking right now. Try again in a moment."),
    InProgress(),
    IdempotencyMismatch(),
)


@router.post(
    "/bookings/{uuid:public_id}/checkout",
    operation_id="check_out",
    summary="Begin to pay",
    **documented(
        200,
        CheckoutReply(
            key_id="rzp_test_housefull",
            order_id="order_IluGWxBm9U8zJ8",
            amount_paise=50_000,
            currency="INR",
            expires_ms=1_763_750_400_123,
            checkout_js="https://checkout.razorpay.com/v1/checkout.js",
        ),
        *_COMMON,
        HoldExpired(),
        BookingConfirmed(),
        CheckoutInProgress(),
        OutcomeUnknown(),
    ),
)
async def begin_checkout(
    request: HttpRequest, buyer: CheckoutRequest, public_id: PublicId, idempotency_key: IdempotencyKey = None
) -> CheckoutReply:
    """Freeze the seats and make the Razorpay order, or give the one that was made. Asking again is safe."""
    holder = _counted(request)
    if not settings.RAZORPAY_KEY_ID:
        raise NotReady("This cinema does not take payments yet. Your seats are still held.")
    office = await BoxOffice.current()

    async def work(keyed: KeyedRequest | None) -> Checkout:
        return await check_out(
            office.works,
            gateway,
            booking=str(public_id),
            holder=holder,
            buyer=Buyer(name=buyer.name.strip(), email=buyer.email, phone=buyer.phone or ""),
            keyed=keyed,
        )

    asked = Asked(holder, "checkout", idempotency_key, [str(public_id), buyer.model_dump()])
    checkout = await _answer(office, asked, work, lambda reply: Checkout(**reply))
    return CheckoutReply(
        key_id=settings.RAZORPAY_KEY_ID,
        order_id=checkout.order,
        amount_paise=checkout.amount_paise,
        currency="INR",
        expires_ms=checkout.expires_ms,
        checkout_js=settings.RAZORPAY_CHECKOUT_JS,
    )


@router.post(
    "/bookings/{uuid:public_id}/change_seats",
    operation_id="change_seats",
    summary="Change seats",
    **documented(
        200, ChangeSeatsReply(booking=EXAMPLE_BOOKING, show=24), *_COMMON, HoldExpired(), BookingConfirmed()
    ),
)
async def unfreeze_seats(
    request: HttpRequest, public_id: PublicId, idempotency_key: IdempotencyKey = None
) -> ChangeSeatsReply:
    """Leave the payment page for the seat map: the seats stay held until the same deadline, under a new booking."""
    holder = _counted(request)
    office = await BoxOffice.current()

    async def work(keyed: KeyedRequest | None) -> Moved:
        return await change_seats(office.works, booking=str(public_id), holder=holder, keyed=keyed)

    asked = Asked(holder, "change_seats", idempotency_key, [str(public_id)])
    moved = await _answer(office, asked, work, lambda reply: Moved(**reply))
    return ChangeSeatsReply(booking=moved.booking, show=moved.show)


@root_router.post(
    "/verify_payment/",
    operation_id="verify_payment",
    summary="Verify a payment",
    **documented(200, StatusReply(booking=EXAMPLE_BOOKING, status="confirmed"), *_COMMON),
)
async def verify_payment(
    request: HttpRequest, paid: VerifyRequest, idempotency_key: IdempotencyKey = None
) -> StatusReply:
    """Hand over what Razorpay's checkout gave the browser. Answers what the booking is now, however often asked."""
    holder = _counted(request)
    office = await BoxOffice.current()

    async def work(keyed: KeyedRequest | None) -> Verified:
        return await verify(
            office.works,
            order=paid.razorpay_order_id,
            payment=paid.razorpay_payment_id,
            signature=paid.razorpay_signature,
            holder=holder,
            keyed=keyed,
        )

    asked = Asked(holder, "verify", idempotency_key, paid.model_dump())
    verified = await _answer(office, asked, work, Verified.from_json)
    return StatusReply(booking=verified.booking, status=verified.status.value)


@root_router.post(
    "/api/cancel_booking/",
    operation_id="cancel_booking",
    summary="Cancel a booking",
    **documented(
        200,
        CancelReply(booking=EXAMPLE_BOOKING, status="cancelled", refund=None),
        *_COMMON,
        BookingConfirmed(),
        TicketUsed(),
    ),
)
async def cancel(request: HttpRequest, wanted: CancelRequest, idempotency_key: IdempotencyKey = None) -> CancelReply:
    """Give a booking up. Idempotent. A confirmed one is cancelled by `user` only, and refunded as its theatre's
    policy says.
    """
    holder = _counted(request)
    office = await BoxOffice.current()
    booking = _booking_id(wanted.booking)

    async def work(keyed: KeyedRequest | None) -> Cancelled:
        return await cancel_booking(
            office.works,
            gateway,
            booking=booking,
            holder=holder,
            reason=wanted.reason,
            expected=Status(wanted.expected_status) if wanted.expected_status else None,
            keyed=keyed,
        )

    asked = Asked(holder, "cancel", idempotency_key, wanted.model_dump())
    done = await _answer(office, asked, work, Cancelled.from_json)
    refund: Any = done.refund.value or None
    return CancelReply(booking=done.booking, status=done.status.value, refund=refund)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what, and the key by which he would ask for it again."""

    holder: str
    operation: str
    key: str | None
    body: Any


async def _answer(
    office: BoxOffice,
    asked: Asked,
    work: Callable[[KeyedRequest | None], Awaitable[T]],
    from_json: Callable[[dict[str, Any]], T],
) -> T:
    """Do it to its end, also when the client goes away; a request that was answered is answered the same.

    Raises BookingError.
    """

    async def once() -> T:
        async with office.works.keyed(
            holder=asked.holder, operation=asked.operation, key=asked.key, body=asked.body
        ) as keyed:
            if keyed is not None and keyed.stored is not None:
                return from_json(keyed.stored)
            return await work(keyed)

    try:
        return await run_to_its_end(once())
    except ClaimsUnavailable as error:
        raise NotReady("We cannot look at your booking right now. Try again in a moment.") from error


def _booking_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise BadRequest("`booking` is not the id of a booking.") from None


@cache
def _limit(per_minute: int) -> RateLimit:
    return RateLimit(per_minute)


def _counted(request: HttpRequest) -> str:
    """Who asks. Raises RateLimited."""
    holder = holder_of(request)
    if wait_ms := _limit(settings.LIMIT_PAYMENT_CALLS_PER_MINUTE).wait_ms(holder, time.monotonic()):
        raise RateLimited("That is too fast. Slow down a little.", retry_after_ms=wait_ms)
    return holder
