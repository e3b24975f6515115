"""The seconds of a run, joined over its processes, and the line that is printed for each."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from realtime.loadtest.evidence import Row
from realtime.loadtest.histogram import Histogram
from realtime.loadtest.orders import Second

COUNTED = ("sent", "granted", "refused", "frames", "changes", "errors")


class Progress:
    """Collects every process's seconds; says each when all have reported it."""

    def __init__(self, processes: int, say: Callable[[str], None]) -> None:
        self._processes = processes
        self._say = say
        self._rows: defaultdict[int, dict[int, Row]] = defaultdict(dict)
        self._totals: Counter[str] = Counter()
        self._server: list[tuple[float, float]] = []
        self.rows: list[dict[str, Any]] = []
        self.errors: dict[str, tuple[int, str]] = {}

    def take(self, part: int, report: Second) -> None:
        """A process's second."""
        of_second = self._rows[report.row.second]
        of_second[part] = report.row
        if len(of_second) == self._processes:
            self._close(report.row.second, list(of_second.values()))
            del self._rows[report.row.second]

    def error(self, code: str, detail: str) -> None:
        """The engine itself was answered with an error."""
        count, first = self.errors.get(code, (0, detail))
        self.errors[code] = (count + 1, first)

    def server_processor(self, seconds: float | None, at: float) -> None:
        """A reading of the web process's processor time."""
        if seconds is not None:
            self._server.append((at, seconds))

    @property
    def server_share(self) -> float | None:
        """The web process's share of a core over the run; None where it does not say."""
        if len(self._server) < 2:
            return None
        (began, before), (ended, after) = self._server[0], self._server[-1]
        return max(0.0, (after - before) / (ended - began))

    def _server_share_now(self) -> float | None:
        if len(self._server) < 2:
            return None
        (began, before), (ended, after) = self._server[-2:]
        return max(0.0, (after - before) / (ended - began))

    def _close(self, second: int, rows: list[Row]) -> None:
        counters: Counter[str] = Counter()
        latency: defaultdict[str, Histogram] = defaultdict(Histogram)
        for row in rows:
            counters.update(row.counters)
            for name, flat in row.latency.items():
                latency[name].add(Histogram.from_list(flat))
        self._totals.update(counters)
        hold, show = latency["hold"], latency["show"]
        hold.add(latency["best"])
        self.rows.append(
            {
                "t": second,
                "sockets": sum(row.sockets for row in rows),
                **{name: counters[name] for name in COUNTED},
                "hold_p50_ms": _ms(hold, 0.5),
                "hold_p99_ms": _ms(hold, 0.99),
                "show_p50_ms": _ms(show, 0.5),
                "show_p99_ms": _ms(show, 0.99),
                "generator_cpu": round(max(row.cpu_share for row in rows), 3),
                "server_cpu": _rounded(self._server_share_now()),
            }
        )
        self._say(self._line(self.rows[-1]))

    def _line(self, row: dict[str, Any]) -> str:
        def pair(name: str) -> str:
            p50, p99 = row[f"{name}_p50_ms"], row[f"{name}_p99_ms"]
            return "–" if p50 is None else f"{p50:,.1f}/{p99:,.1f} ms"

        return (
            f"{row['t'] + 1:4d} s  {row['sockets']:,} sockets"
            f"  granted {self._totals['granted']:,} (+{row['granted']:,})"
            f"  refused {self._totals['refused']:,} (+{row['refused']:,})  {row['frames']:,} frames/s"
            f"  hold {pair('hold')}  shown {pair('show')}  errors {self._totals['errors']:,}"
            f"  generator {row['generator_cpu']:.0%}"
        )


def _ms(histogram: Histogram, share: float) -> float | None:
    value = histogram.percentile(share)
    return None if math.isnan(value) else round(value / 1000, 3)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
