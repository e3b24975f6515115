"""The facts of tickets without a database: for tests of what is made of them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bookings.domain.tickets import SignedTicket, short_code, sign_ticket, spaced, ticket_key
from bookings.services.demo_cinema.posters import draw_poster
from frontend.tickets.facts import SeatFacts, TicketFacts

BOOKING = "019aa7c1-5f3a-7c21-9d64-2b1c8e90f7aa"
STARTS_AT = datetime(2026, 11, 21, 14, 0, tzinfo=UTC)


def make_facts(*, seats: int = 2, poster: str = "chaand-ka-pata", **fields: Any) -> TicketFacts:
    """A ticket for चाँद का पता in Mumbai, of so many seats from F7 on."""
    cards = tuple(_seat(number) for number in range(seats))
    starts_at = fields.get("starts_at", STARTS_AT)
    values: dict[str, Any] = {
        "booking": BOOKING,
        "reference": "8E90 F7AA",
        "is_confirmed": True,
        "was_confirmed": True,
        "movie_title": "चाँद का पता",
        "certificate": "UA 13+",
        "language": "Hindi",
        "duration_minutes": 138,
        "poster_svg": draw_poster(poster, "poster") if poster else "",
        "theatre_name": "Monsoon Talkies",
        "address": "14 Marine Lines, Churchgate",
        "city": "Mumbai",
        "screen_name": "Audi 1",
        "show_id": 24,
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=150),
        "doors_open_minutes": 60,
        "time_zone": "Asia/Kolkata",
        "seat_labels": tuple(card.label for card in cards),
        "seats": cards,
        "amount_paise": 45_000 * seats,
        "buyer_name": "Asha Rao",
        "buyer_email": "asha@example.org",
        "terms": ("Each code lets one person in, once.", "Cancel up to 24 hours before the show."),
        "made_at": datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        "url": "https://cinema.example/t/token~signature/",
    }
    return TicketFacts(**{**values, **fields})


def _seat(number: int) -> SeatFacts:
    nonce = bytes([number] * 10)
    text = sign_ticket(SignedTicket(UUID(BOOKING), 24, number, nonce), key=ticket_key("a secret of tests"))
    code = spaced(short_code(nonce))
    return SeatFacts(
        label=f"F{7 + number}",
        category="recliner",
        price_paise=45_000,
        qr=text,
        code=code,
        admitted_at=None,
        gate="",
    )
