"""What happened second by second, as numbers: long runs brought to few enough rows for a page. No markup."""

import statistics
from collections.abc import Callable, Sequence
from typing import Any, Final

from realtime.loadtest.page.figures import amount, dig, listed

# As many rows as a table and a chart of a page can bear; those of longer runs are put together.
ROWS_MAX: Final = 600

Row = dict[str, float | None]


def _last(values: Sequence[float]) -> float:
    return values[-1]


# How the values of several steps become one: counts are added up, of latencies the worst remains.
_TOGETHER: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "sockets": _last,
    "sent": sum,
    "granted": sum,
    "refused": sum,
    "errors": sum,
    "changes": sum,
    "frames": sum,
    "hold_p50_ms": statistics.median,
    "hold_p99_ms": max,
    "show_p50_ms": statistics.median,
    "show_p99_ms": max,
    "generator_cpu": statistics.fmean,
    "server_cpu": statistics.fmean,
}
COUNTS: Final = tuple(name for name, together in _TOGETHER.items() if together is sum)


def step_seconds(result: dict[str, Any]) -> float:
    """Of the rows as they were recorded."""
    step = amount(dig(result, "series", "step_seconds"))
    return step if step is not None and step > 0 else 1.0


def merged(result: dict[str, Any]) -> tuple[list[Row], float]:
    """The rows, each {"t": seconds into the run, column: value or None}, and how long each of them is in seconds."""
    rows = [row for row in listed(result, "series", "rows") if amount(dig(row, "t")) is not None]
    rows.sort(key=lambda row: float(row["t"]))
    several = max(1, -(-len(rows) // ROWS_MAX))
    chunks = [rows[at : at + several] for at in range(0, len(rows), several)]
    return [_together(chunk) for chunk in chunks], step_seconds(result) * several


def most(result: dict[str, Any], name: str) -> float | None:
    """The largest value of a column, a second where it is a count; None where there is none."""
    rows = listed(result, "series", "rows")
    known = [value for value in (amount(dig(row, name)) for row in rows) if value is not None]
    if not known:
        return None
    return max(known) / step_seconds(result) if name in COUNTS else max(known)


def seconds_played(result: dict[str, Any]) -> float:
    """From the common start to the end of the last step; 0 where no step was recorded."""
    times = [at for at in (amount(dig(row, "t")) for row in listed(result, "series", "rows")) if at is not None]
    return max(0.0, max(times) + step_seconds(result)) if times else 0.0


def _together(rows: list[dict[str, Any]]) -> Row:
    one: Row = {"t": float(rows[0]["t"])}
    for name, together in _TOGETHER.items():
        known = [value for value in (amount(row.get(name)) for row in rows) if value is not None]
        one[name] = together(known) if known else None
    return one


def per_second(rows: Sequence[Row], name: str, seconds: float) -> list[float | None]:
    """A count of each row as a rate."""
    return [None if (count := row[name]) is None else count / seconds for row in rows]
