"""The ids of bookings, which are the tokens of their seats in Redis (consistency rule 2)."""

import os
import time
from typing import Final

# Of the four bits of the variant (RFC 9562, 4.1) two are fixed and two are chance.
_VARIANT: Final = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def new_booking_id() -> str:
    """A UUIDv7 (RFC 9562, 5.7): 48 bits of Unix ms, then random bits; so index pages fill in order."""
    moment, chance = f"{time.time_ns() // 1_000_000:012x}", os.urandom(10).hex()
    return f"{moment[:8]}-{moment[8:]}-7{chance[:3]}-{_VARIANT[chance[3]]}{chance[4:7]}-{chance[7:19]}"
