"""How often is too often: a token bucket, and a bounded number of them by key. The clock is an argument."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

# About 15 MB. Beyond it the key that has been quiet longest is forgotten: its bucket is full again, or a flood of
# other keys is under way, and then no bound of memory could count them all.
BUCKETS_MAX: Final = 50_000


@dataclass(slots=True)
class TokenBucket:
    """Allows `per_second` on average and `burst` at once. `tokens` is what is left at `at` (seconds)."""

    per_second: float
    burst: float
    tokens: float
    at: float

    def take(self, now: float) -> float:
        """Take one token: 0.0 if there was one, else the seconds until there is."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.per_second)
        self.at = now
        if self.tokens >= 1.0:
            self.tokens -= 1.0
            return 0.0
        return (1.0 - self.tokens) / self.per_second


class RateLimit:
    """At most `per_minute` a key, which may come at once. 0 means no limit. Each use costs the same, however many."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        # In the order of last use. Not a dict: to find its first key again and again it passes all that were deleted.
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered, never more than BUCKETS_MAX."""
        return len(self._buckets)

    def wait_ms(self, key: str, now: float) -> int:
        """Count one use by `key`: 0 if it may go on, else the ms to wait (and it is not counted)."""
        if not self._per_minute:
            return 0
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= BUCKETS_MAX:
                self._buckets.popitem(last=False)
            burst = float(self._per_minute)
            bucket = self._buckets[key] = TokenBucket(per_second=burst / 60, burst=burst, tokens=burst, at=now)
        else:
            self._buckets.move_to_end(key)
        return round(bucket.take(now) * 1000)
