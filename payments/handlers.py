"""What payments do about events of the outbox, in the worker: at least once each, so all of it is idempotent."""

from collections.abc import Awaitable, Callable

from bookings.api import BookingWorks, BoxOffice, Event, on_event, with_box_office
from payments.razorpay_gateway import gateway
from payments.services.refunds import process_refund
from payments.services.settle import CAPTURE_WATCH, REFUND_DUE, settle_booking
from payments.services.watch import watch_capture


def register() -> None:
    """Hear of refunds that are due, captures to watch, and bookings that were cancelled."""
    on_event(REFUND_DUE, lambda event: _work(lambda works: process_refund(works, gateway, event.payload["refund"])))
    on_event(CAPTURE_WATCH, _watch_capture)
    # With its show, say: what was paid for it goes back.
    on_event("booking.cancelled", lambda event: _work(lambda works: settle_booking(works, event.payload["booking"])))


def _watch_capture(event: Event) -> None:
    _work(lambda works: watch_capture(works, gateway, payment=event.payload["payment"], tries=event.tries))


def _work(work: Callable[[BookingWorks], Awaitable[object]]) -> None:
    async def run(office: BoxOffice) -> None:
        await work(office.works)

    with_box_office(run)
