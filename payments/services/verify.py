"""What a browser says after a payment: believed only with Razorpay's signature, over the order that we stored."""

from django.conf import settings

from bookings.api import BadRequest, BookingWorks, NotFound, NotReady, Status
from payments import store
from payments.domain.facts import Fact, Rank
from payments.domain.signatures import checkout_signature_is_right, is_payment_id
from payments.services.settle import take_in


async def verify(works: BookingWorks, *, order: str, payment: str, signature: str, holder: str) -> tuple[str, Status]:
    """Record that a payment was authorised, and settle. Returns the booking and what it is. Idempotent.

    Raises BadRequest (not signed by Razorpay), NotFound (no order of this holder), ClaimsUnavailable, NotReady.
    """
    async with works.open() as work:
        found = await store.booking_of_order(work.connection, order)
        owner = await work.holder(found[0]) if found is not None else None
    if found is None or owner != holder:
        raise NotFound("There is no such order of yours.")
    if not is_payment_id(payment) or not checkout_signature_is_right(
        order=order, payment=payment, signature=signature, secret=settings.RAZORPAY_KEY_SECRET
    ):
        raise BadRequest("The payment's signature is not right.")
    settled = await take_in(works, Fact(payment=payment, order=order, rank=Rank.AUTHORIZED, amount_paise=None))
    if settled.booking is None or settled.status is None:
        raise NotReady("We are checking your payment. Look again in a moment.")
    return settled.booking, settled.status
