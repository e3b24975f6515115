"""What PostgreSQL keeps of cinemas and bookings."""

from bookings.models.bookings import Booking, IdempotencyRecord, OutboxEvent, PicturePending, SeatClaim
from bookings.models.catalogue import Layout, Movie, Screen, Show, Theatre
from bookings.models.history import SeatEvent
from bookings.models.tickets import Ticket

__all__ = [
    "Booking",
    "IdempotencyRecord",
    "Layout",
    "Movie",
    "OutboxEvent",
    "PicturePending",
    "Screen",
    "SeatClaim",
    "SeatEvent",
    "Show",
    "Theatre",
    "Ticket",
]
