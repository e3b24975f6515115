"""What PostgreSQL keeps of cinemas and bookings."""

from bookings.models.bookings import Booking, IdempotencyRecord, OutboxEvent, PicturePending, SeatClaim
from bookings.models.catalogue import Layout, Movie, Screen, Show, Theatre
from bookings.models.history import SeatEvent
from bookings.models.reports import CleanupRun, PastHold, Report
from bookings.models.staff import StaffAct, StaffJob
from bookings.models.tickets import Ticket

__all__ = [
    "Booking",
    "CleanupRun",
    "IdempotencyRecord",
    "Layout",
    "Movie",
    "OutboxEvent",
    "PastHold",
    "PicturePending",
    "Report",
    "Screen",
    "SeatClaim",
    "SeatEvent",
    "Show",
    "StaffAct",
    "StaffJob",
    "Theatre",
    "Ticket",
]
