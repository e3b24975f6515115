"""What Housefull aims at beyond its floors, beside what the published run found: reached or not, it is shown."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from tests.bench.figures import median, number


class Aim(NamedTuple):
    """A figure of a benchmark and where it shall be. `at_least` False: no more than that."""

    benchmark: str
    label: str
    value: float
    unit: str
    at_least: bool = True


AIMS: Final = (
    Aim("fan-out", "frames: ours on Daphne ÷ tutorial, core layer", 30, "×"),
    Aim("fan-out", "frames: ours on Daphne ÷ socket.io", 1.1, "×"),
    Aim("fan-out", "seat changes: ours on Daphne, coalescing ÷ socket.io", 5, "×"),
    Aim("latency", "p99 to 1,000 viewers", 20, "ms", at_least=False),
    Aim("granted", "granted: ours on Daphne ÷ socket.io", 1.2, "×"),
    Aim("granted", "granted: ours on uvicorn ÷ socket.io", 1.8, "×"),
    Aim("refused", "refused: ours on Daphne ÷ socket.io", 0.7, "×"),
    Aim("refused", "refused: ours on uvicorn ÷ socket.io", 1, "×"),
    *(
        Aim("expiry", f"ours, {keys} other keys, p99", 20, "ms", at_least=False)
        for keys in ("0", "10,000", "100,000")
    ),
    Aim("idle", "memory for each idle viewer", 25, "KB", at_least=False),
    Aim("idle", "5,000 idle viewers with countdowns", 2, "% of a core", at_least=False),
)


def aims_table(report: Mapping[str, Any]) -> str:
    """Each aim whose figure the run has, and whether it was reached."""
    figures = {
        (found["name"], figure["label"]): [value for value in figure["values"] if value is not None]
        for found in report["benchmarks"]
        for figure in found["figures"]
    }
    rows = []
    for aim in AIMS:
        values = figures.get((aim.benchmark, aim.label))
        if not values:
            continue
        found = median(values)
        is_reached = found >= aim.value if aim.at_least else found <= aim.value
        wanted = f"{'≥' if aim.at_least else '≤'} {number(aim.value)} {aim.unit}"
        verdict = "reached" if is_reached else "**not reached**"
        rows.append(f"| {aim.label} | {wanted} | {number(found)} {aim.unit} | {verdict} |")
    if not rows:
        return "This run has none of the figures that have an aim."
    return "\n".join(["| | aim | found | |", "|---|---|---:|---|", *rows])
