"""Moments in the life of a payment at which a process may die: what it was about to do, and how it must end.

Each scenario is prepared by calls that live, has one `act` for a process that may die in it, and knows what the
booking is once the house has been at work again and whoever called has called again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from bookings.api import issue_holder
from bookings.models import Show
from tests.support.buyer import BUYER
from tests.support.money_house import House, Told, hand_out_webhooks

Act = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Begun:
    """A scenario that is prepared on a booking of its own."""

    act: Act
    booking: str
    # What the booking is in the end: status and refund; None: any that is sound.
    ends: tuple[str, str] | None


Prepare = Callable[[House, Show, str], Awaitable[Begun]]


def _post(told: Told, path: str, body: object) -> Act:
    return {"do": "post", "path": path, "token": told.token, "body": body}


def _verify(told: Told) -> Act:
    assert told.paid is not None
    return _post(told, "/verify_payment/", told.paid.handed)


def _deliver(told: Told, event: str) -> Act:
    hand_out_webhooks(told.house.razorpay, [told])
    return {"do": "deliver", "body": told.bodies[event].decode(), "event_id": f"evt_{event}_{told.booking}"}


async def _cancel(told: Told, reason: str) -> None:
    await told.house.post("/api/cancel_booking/", told.token, {"booking": told.booking, "reason": reason})


async def _take(house: House, show: Show, seat: str) -> None:
    """Somebody else holds the seat."""
    await house.post(f"/api/v1/shows/{show.pk}/holds", issue_holder(), {"seats": [seat]})


async def checkout(house: House, show: Show, seat: str) -> Begun:
    """Somebody begins to pay."""
    token = issue_holder()
    held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": [seat]})
    told = Told(house, token, held["booking"], "")
    return Begun(_post(told, f"/api/v1/bookings/{told.booking}/checkout", BUYER), told.booking, ("pending", ""))


async def verify(house: House, show: Show, seat: str) -> Begun:
    """The browser says that it was paid."""
    told = await Told.begin(house, show, seat)
    told.pay("capture")
    return Begun(_verify(told), told.booking, ("confirmed", ""))


async def webhook(house: House, show: Show, seat: str) -> Begun:
    """Razorpay says so."""
    told = await Told.begin(house, show, seat)
    told.pay("capture")
    return Begun(_deliver(told, "payment.captured"), told.booking, ("confirmed", ""))


async def late_verify(house: House, show: Show, seat: str) -> Begun:
    """The money comes after the booking was given up; the seats are free."""
    told = await Told.begin(house, show, seat)
    told.pay("capture")
    await _cancel(told, "dismiss")
    return Begun(_verify(told), told.booking, ("confirmed", ""))


async def late_webhook(house: House, show: Show, seat: str) -> Begun:
    """The same, told by Razorpay."""
    told = await Told.begin(house, show, seat)
    told.pay("capture")
    await _cancel(told, "timer")
    return Begun(_deliver(told, "order.paid"), told.booking, ("confirmed", ""))


async def too_late(house: House, show: Show, seat: str) -> Begun:
    """The money comes and somebody else has the seat."""
    told = await Told.begin(house, show, seat)
    told.pay("capture")
    await _cancel(told, "dismiss")
    await _take(house, show, seat)
    return Begun(_deliver(told, "payment.captured"), told.booking, ("cancelled", "refunded"))


async def refund(house: House, show: Show, seat: str) -> Begun:
    """The worker gives money back."""
    begun = await too_late(house, show, seat)
    await house.deliver(begun.act["body"].encode(), begun.act["event_id"])
    return Begun({"do": "task", "task": "relay_outbox"}, begun.booking, begun.ends)


async def capture(house: House, show: Show, seat: str) -> Begun:
    """The worker captures what pays for a booking."""
    told = await Told.begin(house, show, seat)
    told.pay("authorize")
    await told.say("verify")
    return Begun({"do": "task", "task": "relay_outbox"}, told.booking, ("confirmed", ""))


async def poll(house: House, show: Show, seat: str) -> Begun:
    """The worker finds money that nobody told of."""
    told = await Told.begin(house, show, seat)
    told.pay("capture")
    return Begun({"do": "task", "task": "poll_payments"}, told.booking, ("confirmed", ""))


async def give_up(house: House, show: Show, seat: str) -> Begun:
    """Somebody closes the payment window."""
    told = await Told.begin(house, show, seat)
    act = _post(told, "/api/cancel_booking/", {"booking": told.booking, "reason": "dismiss"})
    return Begun(act, told.booking, ("cancelled", ""))


async def give_back(house: House, show: Show, seat: str) -> Begun:
    """Somebody returns a paid booking; half of the money is his, so near to the show."""
    told = await Told.begin(house, show, seat)
    told.pay("capture")
    await told.say("verify")
    act = _post(told, "/api/cancel_booking/", {"booking": told.booking, "reason": "user"})
    return Begun(act, told.booking, ("cancelled", "refunded"))


async def change_seats(house: House, show: Show, seat: str) -> Begun:
    """Somebody leaves the payment page for the map."""
    told = await Told.begin(house, show, seat)
    return Begun(_post(told, f"/api/v1/bookings/{told.booking}/change_seats", {}), told.booking, ("cancelled", ""))


async def paid_twice(house: House, show: Show, seat: str) -> Begun:
    """A second payment for a booking that is paid."""
    told = await Told.begin(house, show, seat)
    told.pay("capture")
    await told.say("verify")
    house.razorpay.switch(second_success="capture")
    told.pay("capture", forced=True)
    return Begun(_deliver(told, "payment.captured"), told.booking, ("confirmed", "refunded"))


SCENARIOS: Final[dict[str, Prepare]] = {
    "checkout": checkout,
    "verify": verify,
    "webhook": webhook,
    "late verify": late_verify,
    "late webhook": late_webhook,
    "too late": too_late,
    "refund": refund,
    "capture": capture,
    "poll": poll,
    "give up": give_up,
    "give back": give_back,
    "change seats": change_seats,
    "paid twice": paid_twice,
}
