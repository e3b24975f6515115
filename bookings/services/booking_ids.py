"""The ids of bookings, which are the tokens of their seats in Redis (consistency rule 2)."""

import os
import time


def new_booking_id() -> str:
    """A UUIDv7 (RFC 9562, 5.7): 48 bits of Unix ms, then random bits; so index pages fill in order."""
    value = (time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF000 << 64) | 0x7000 << 64
    value = value & ~(0xC000 << 48) | 0x8000 << 48
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
