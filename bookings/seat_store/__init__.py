"""The one adapter to the Redis that shows seats: every write is one Lua script."""

from bookings.seat_store.connection import StoreConnection, StoreUnavailable
from bookings.seat_store.store import Acquired, NotHeld, SeatStore, ShowNotReady

__all__ = ["Acquired", "NotHeld", "SeatStore", "ShowNotReady", "StoreConnection", "StoreUnavailable"]
