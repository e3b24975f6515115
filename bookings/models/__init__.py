"""What PostgreSQL keeps of cinemas and bookings."""

from bookings.models.bookings import Booking, IdempotencyRecord, OutboxEvent, PicturePending, SeatClaim
from bookings.models.catalogue import Layout, Movie, Screen, Show, Theatre
from bookings.models.staff import StaffAct, StaffJob
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
    "Show",
    "StaffAct",
    "StaffJob",
    "Theatre",
    "Ticket",
]
