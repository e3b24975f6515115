"""Counters, latencies and errors of one generator process, in total and second by second."""

import time
from collections import Counter, defaultdict

from realtime.loadtest.evidence import Row
from realtime.loadtest.histogram import Histogram


class Tally:
    """What happened, counted. `second()` takes what was counted since the last time."""

    def __init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.latency: defaultdict[str, Histogram] = defaultdict(Histogram)
        # Code → (how often, the first detail).
        self.errors: dict[str, tuple[int, str]] = {}
        self.sockets = 0
        self._second = 0
        self._counted: Counter[str] = Counter()
        self._of_second: defaultdict[str, Histogram] = defaultdict(Histogram)
        self._cpu_seconds = time.process_time()
        self._at = time.monotonic()

    def late(self, name: str, seconds: float) -> None:
        """A latency, from when it was scheduled."""
        self._of_second[name].record_seconds(seconds)

    def recorder(self, name: str) -> Histogram:
        """The histogram of this second, for who records much; do not keep it."""
        return self._of_second[name]

    def error(self, code: str, detail: str) -> None:
        """Something was answered with an error that the scenario does not live on."""
        count, first = self.errors.get(code, (0, detail))
        self.errors[code] = (count + 1, first)
        self.counters["errors"] += 1

    def second(self) -> Row:
        """Close a second: its counters and latencies, which also join the totals."""
        now, cpu_seconds = time.monotonic(), time.process_time()
        row = Row(
            second=self._second,
            counters=dict(self.counters - self._counted),
            sockets=self.sockets,
            latency={name: histogram.as_list() for name, histogram in self._of_second.items()},
            cpu_share=(cpu_seconds - self._cpu_seconds) / max(now - self._at, 1e-9),
        )
        for name, histogram in self._of_second.items():
            self.latency[name].add(histogram)
        self._of_second.clear()
        self._counted = self.counters.copy()
        self._second += 1
        self._at, self._cpu_seconds = now, cpu_seconds
        return row

    def restart(self) -> None:
        """Forget what was counted; errors stay."""
        self.second()
        self.counters.clear()
        self._counted.clear()
        self.latency.clear()
        self._second = 0
