"""How much one client may ask of this process: messages a second, requests at once, sockets at once.

Plain arithmetic over a clock that is passed in; session.py and rooms.py act on the answers. A limit of 0 means
that there is none. Counts are per process (docs/decisions/0010).
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

# A burst of so many seconds' worth is let through at once: a page that opens, a thumb that drums.
BURST_SECONDS: Final = 2.0
# Refusals in a row of one socket that make it a flood; a client that waits in between never gets there.
FLOOD_REFUSALS_MAX: Final = 100
# A person clicks one thing at a time; scripts get a few.
REQUESTS_IN_FLIGHT_MAX: Final = 16


class TokenBucket:
    """A rate with a burst. Starts full. Times are seconds of any clock that does not jump."""

    __slots__ = ("_burst", "_filled_at", "_rate", "_tokens")

    def __init__(self, *, per_second: float, burst: float) -> None:
        self._rate = per_second
        self._burst = burst
        self._tokens = burst
        self._filled_at: float | None = None

    def take(self, now: float) -> bool:
        """Take one token if there is one. A rate of 0 never refuses."""
        if not self._rate:
            return True
        if self._filled_at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Places:
    """A number of places per key, such as sockets per address."""

    __slots__ = ("_limit", "_taken")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: Counter[str] = Counter()

    def take(self, key: str) -> bool:
        """Take a place; False when the key has all it may have."""
        if self._limit and self._taken[key] >= self._limit:
            return False
        self._taken[key] += 1
        return True

    def give_back(self, key: str) -> None:
        """Give a taken place back."""
        self._taken[key] -= 1
        if not self._taken[key]:
            del self._taken[key]


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one process and what has been taken of them."""

    messages_per_second: int
    sockets_of_address: Places
    sockets_of_holder: Places

    def messages(self) -> TokenBucket:
        """What one socket may send."""
        rate = self.messages_per_second
        return TokenBucket(per_second=rate, burst=rate * BURST_SECONDS)

    def take_socket(self, address: str, holder: str | None) -> bool:
        """Count a socket of an address and a holder; False, and not counted, when either has all it may have."""
        if not self.sockets_of_address.take(address):
            return False
        if holder is None or self.sockets_of_holder.take(holder):
            return True
        self.sockets_of_address.give_back(address)
        return False

    def give_back_socket(self, address: str, holder: str | None) -> None:
        """A counted socket is gone."""
        self.sockets_of_address.give_back(address)
        if holder is not None:
            self.sockets_of_holder.give_back(holder)
