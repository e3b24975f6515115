"""What a browser says after a payment: believed only with Razorpay's signature, over the order that we stored."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from bookings.api import BadRequest, BookingWork, BookingWorks, KeyedRequest, NotFound, NotReady, Status
from payments import store
from payments.domain.facts import Fact, Rank
from payments.domain.signatures import checkout_signature_is_right, is_payment_id
from payments.services.settle import take_in


@dataclass(frozen=True, slots=True)
class Verified:
    """What a booking is after its payment."""

    booking: str
    status: Status

    def as_json(self) -> dict[str, Any]:
        """As it is stored for a key."""
        return {"booking": self.booking, "status": self.status.value}

    @classmethod
    def from_json(cls, reply: dict[str, Any]) -> "Verified":
        """A stored one."""
        return cls(booking=reply["booking"], status=Status(reply["status"]))


async def verify(
    works: BookingWorks,
    *,
    order: str,
    payment: str,
    signature: str,
    holder: str,
    keyed: KeyedRequest | None = None,
) -> Verified:
    """Record that a payment was authorised, and settle. Idempotent.

    Raises BadRequest (not signed by Razorpay), NotFound (no order of this holder), ClaimsUnavailable, NotReady.
    """
    async with works.connection() as connection:
        seen = await store.look_up(connection, payment=payment, order=order)
    if seen.booking is None or seen.holder != holder:
        raise NotFound("There is no such order of yours.")
    if not is_payment_id(payment) or not checkout_signature_is_right(
        order=order, payment=payment, signature=signature, secret=settings.RAZORPAY_KEY_SECRET
    ):
        raise BadRequest("The payment's signature is not right.")

    async def remember(work: BookingWork, booking: str, status: Status) -> None:
        await work.remember(holder, keyed, Verified(booking, status).as_json())

    fact = Fact(payment=payment, order=order, rank=Rank.AUTHORIZED, amount_paise=None)
    settled = await take_in(works, fact, decided=remember if keyed is not None else None, seen=seen)
    if settled.booking is None or settled.status is None:
        raise NotReady("We are checking your payment. Look again in a moment.")
    return Verified(settled.booking, settled.status)
