"""What letters are about, by hand: facts of a ticket, and the booking as its story tells it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bookings.api import BookingView, Status
from frontend.tickets.facts import TicketFacts

STARTS = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)  # 7:30 pm in India

FACTS = TicketFacts(
    booking="0192f0c1-2345-7abc-8def-0123456789ab",
    reference="4567 89AB",
    is_confirmed=True,
    was_confirmed=True,
    movie_title="The Lamplighter's Daughter",
    certificate="UA 13+",
    language="Marathi",
    duration_minutes=138,
    poster_svg="",
    theatre_name="Lantern Talkies",
    address="12 Lane of the Lamps",
    city="Pune",
    screen_name="Grand Hall",
    show_id=24,
    starts_at=STARTS,
    ends_at=STARTS + timedelta(minutes=150),
    doors_open_minutes=60,
    time_zone="Asia/Kolkata",
    seat_labels=("F7", "F8", "F9"),
    seats=(),
    amount_paise=125_000,
    buyer_name="Asha Rao",
    buyer_email="asha@example.org",
    terms=("Each code lets one person in, once.", "Cancel up to 24 hours before the show."),
    made_at=STARTS - timedelta(days=6),
    url="https://tickets.example.com/t/abc~def/",
)

BOOKING = BookingView(
    booking=FACTS.booking,
    show_id=24,
    status=Status.CONFIRMED,
    refund=None,
    seats=FACTS.seat_labels,
    amount_paise=FACTS.amount_paise,
    currency="INR",
    expires_ms=1_763_750_400_123,
    cancel_reason="",
    has_checked_out=True,
    buyer_name=FACTS.buyer_name,
    buyer_email=FACTS.buyer_email,
    buyer_phone="",
    created_at=STARTS - timedelta(days=6),
    confirmed_at=STARTS - timedelta(days=6),
    ended_at=None,
)


def cancelled(reason: str = "returned", *, refund: str | None = "pending", **changes: Any) -> BookingView:
    """The booking, cancelled."""
    return replace(BOOKING, status=Status.CANCELLED, cancel_reason=reason, refund=refund, **changes)
