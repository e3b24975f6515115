"""A histogram of latencies whose error is bounded in proportion: what HDR histograms do, as a sparse dictionary.

Pure. Values are whole microseconds. Up to SUB_BUCKETS a value is kept exactly; above, buckets double in width
with every doubling of the value, so that a reported value is at most 1/1,024 above one that was recorded.
Layout after Gil Tene's HdrHistogram (https://github.com/HdrHistogram/HdrHistogram): buckets by power of two, each
divided evenly.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Final

SUB_BUCKET_BITS: Final = 11
SUB_BUCKETS: Final = 1 << SUB_BUCKET_BITS
SHARES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}


class Histogram:
    """Counts of values in µs. Negative values count as 0: nothing arrives before it was sent, clocks may disagree."""

    __slots__ = ("_counts", "_maximum_us", "_total_us", "count")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._total_us = 0
        self._maximum_us = 0
        self.count = 0

    def record_seconds(self, seconds: float) -> None:
        """Count one latency in seconds."""
        self.record(int(seconds * 1_000_000))

    def record(self, value_us: int) -> None:
        """Count one value."""
        value_us = max(value_us, 0)
        key = _key_of(value_us)
        counts = self._counts
        counts[key] = counts.get(key, 0) + 1
        self.count += 1
        self._total_us += value_us
        if value_us > self._maximum_us:
            self._maximum_us = value_us

    def add(self, other: "Histogram") -> None:
        """Count everything that another one has counted."""
        counts = self._counts
        for key, count in other._counts.items():
            counts[key] = counts.get(key, 0) + count
        self.count += other.count
        self._total_us += other._total_us
        self._maximum_us = max(self._maximum_us, other._maximum_us)

    def percentile(self, share: float) -> float:
        """The nearest-rank percentile in µs, at most 1/1,024 too high and never above the maximum; NaN of nothing."""
        if not self.count:
            return math.nan
        rank = max(1, math.ceil(share * self.count))
        seen = 0
        for upper_us, count in self.buckets():
            seen += count
            if seen >= rank:
                return float(min(upper_us, self._maximum_us))
        raise AssertionError("counts do not add up")

    def buckets(self) -> Iterator[tuple[int, int]]:
        """Non-empty buckets in ascending order: (largest value in µs that falls into it, count)."""
        for key in sorted(self._counts):
            yield _upper_of(key), self._counts[key]

    @property
    def maximum_us(self) -> int:
        """The largest value; 0 of nothing."""
        return self._maximum_us

    @property
    def mean_us(self) -> float:
        """The mean, exact; NaN of nothing."""
        return self._total_us / self.count if self.count else math.nan

    def as_list(self) -> list[int]:
        """For another process: total, maximum, then keys and counts in turns."""
        flat = [self._total_us, self._maximum_us]
        for pair in self._counts.items():
            flat += pair
        return flat

    @classmethod
    def from_list(cls, flat: list[int]) -> "Histogram":
        """What `as_list` made."""
        histogram = cls()
        histogram._total_us, histogram._maximum_us = flat[:2]
        histogram._counts = dict(zip(flat[2::2], flat[3::2], strict=True))
        histogram.count = sum(histogram._counts.values())
        return histogram


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """All of them as one."""
    whole = Histogram()
    for histogram in histograms:
        whole.add(histogram)
    return whole


def _key_of(value_us: int) -> int:
    """The bucket of a value: which power of two, and which part of it; ascending with the value."""
    power = value_us.bit_length() - SUB_BUCKET_BITS
    if power <= 0:
        return value_us
    return (power << SUB_BUCKET_BITS) + (value_us >> power)


def _upper_of(key: int) -> int:
    """The largest value of a bucket."""
    power, part = key >> SUB_BUCKET_BITS, key & (SUB_BUCKETS - 1)
    if power <= 0:
        return key
    return ((part + 1) << power) - 1
