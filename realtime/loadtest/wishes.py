"""What people want: when they come, how many seats, which ones. Pure chance, the same for the same seed."""

import math
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random
from typing import Final

from realtime.loadtest.frames import Seat

# How many seats a party wants, and how often: couples most of all.
PARTY_SIZES: Final = {1: 15, 2: 45, 3: 14, 4: 16, 5: 5, 6: 5}
# Zipf's exponent over seats by how good they are: the hundredth is wanted a hundredth as often as the first.
ZIPF_EXPONENT: Final = 1.0


class Popularity:
    """Which seats are wanted how much: Zipf over the distance from the middle, two thirds of the way back."""

    def __init__(self, seats: Sequence[Seat]) -> None:
        xs, ys = [seat.x for seat in seats], [seat.y for seat in seats]
        centre_x = (min(xs) + max(xs)) / 2
        centre_y = min(ys) + (max(ys) - min(ys)) * 2 / 3
        ranked = sorted(
            range(len(seats)), key=lambda index: (math.hypot(xs[index] - centre_x, ys[index] - centre_y), index)
        )
        self._rank_of = {index: rank for rank, index in enumerate(ranked)}

    def choose(self, random: Random, free: Sequence[int]) -> int:
        """One of these seats (indexes), better ones more often. Raises ValueError when there is none."""
        if not free:
            raise ValueError("no seat is free")
        ranked = sorted(free, key=self._rank_of.__getitem__)
        weights = list(accumulate(1 / (place + 1) ** ZIPF_EXPONENT for place in range(len(ranked))))
        return ranked[bisect(weights, random.random() * weights[-1])]

    def party(self, random: Random, free: Sequence[int], size: int, seats: Sequence[Seat]) -> list[int]:
        """A good seat and its free neighbours in the row, up to `size`, nearest first."""
        first = self.choose(random, free)
        row = [index for index in free if seats[index].row == seats[first].row]
        row.sort(key=lambda index: (abs(seats[index].x - seats[first].x), index))
        return sorted(row[:size])


def party_size(random: Random) -> int:
    """How many come together."""
    return random.choices(list(PARTY_SIZES), weights=list(PARTY_SIZES.values()))[0]


def arrivals(random: Random, count: int, seconds: float) -> list[float]:
    """When each of `count` comes, in seconds from the start, ascending: a rush that ebbs away.

    Half come in the first fifth, as when sales open; exactly as many as asked for.
    """
    return sorted(seconds * random.random() ** 2.3 for _ in range(count))


def think_seconds(random: Random, mean: float) -> float:
    """How long somebody looks before he clicks: log-normal, mostly short, at most five times the mean."""
    return min(mean * 5, mean * random.lognormvariate(-0.125, 0.5))


def spread(count: int, parts: int, part: int) -> range:
    """The numbers of 0…count-1 that are this part's, dealt out in turn."""
    return range(part, count, parts)
