"""A run as one JSON document: for CI, for the report's page, and for those who want to compare runs."""

import math
import os
import platform
from collections import Counter, defaultdict
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec

from realtime.loadtest.checks import TITLES, checked_in
from realtime.loadtest.evidence import Change
from realtime.loadtest.found import Run
from realtime.loadtest.frames import AVAILABLE
from realtime.loadtest.histogram import SHARES, Histogram, merged

SCHEMA: Final = 1
LATENCIES: Final = {
    "hold": "Hold: from the scheduled click to the answer",
    "best": "Best seats: from the scheduled wish to the answer",
    "show": "Shown: from the scheduled click to a viewer's map, each viewer counted",
    "release": "Release: from the scheduled act to the answer",
    "purchase": "Purchase: from the scheduled checkout to the confirmed booking",
    "confirm": "Confirm: from the payment to the confirmed booking",
    "expiry": "Expiry: from the deadline to the seat being free on the map",
    "return": "Return: from the cut to being current again, each viewer counted",
}
OUTCOMES: Final = ("granted", "refused", "released", "expired", "confirmed", "abandoned")
# Findings that count; of others the worst process's value is the run's.
WORST: Final = frozenset({"back after", "storm seconds", "caught up seconds"})
# Latency buckets that the page draws: enough for a smooth curve.
BUCKETS_MAX: Final = 400
GENERATOR_BUSY_MAX: Final = 0.85


def summarize(run: Run) -> dict[str, Any]:
    """The document; its shape is described in docs/load-testing.md."""
    results = [done.result for done in run.results]
    counters: Counter[str] = Counter()
    latency: defaultdict[str, list[Histogram]] = defaultdict(list)
    errors = dict(run.progress.errors)
    for result in results:
        counters.update(result.counters)
        for name, histogram in result.histograms().items():
            latency[name].append(histogram)
        for code, (count, detail) in result.errors.items():
            known, first = errors.get(code, (0, detail))
            errors[code] = (known + count, first)
    checks = [_check(run, name) for name in checked_in(run.settings.scenario.name)]
    busy = [row["generator_cpu"] for row in run.progress.rows]
    document = {
        "schema": SCHEMA,
        "about": _about(run),
        "ceiling": _ceiling(run),
        "verdict": _verdict(run, checks, counters),
        "checks": checks,
        "latency": [_latency(name, merged(latency[name])) for name in LATENCIES if name in latency],
        "series": {"step_seconds": 1, "rows": run.progress.rows},
        "outcomes": {name: counters[name] for name in OUTCOMES},
        "counters": {name: counters[name] for name in sorted(counters)},
        "errors": [
            {"code": code, "count": count, "detail": detail} for code, (count, detail) in sorted(errors.items())
        ],
        "cpu": {"generator": _mean_share(busy), "server": run.progress.server_share},
        "findings": _findings(run),
        "replay": _replay(run),
        "notes": [*run.failures, *_notes(run, busy, errors, counters), *_unexamined(checks)],
    }
    plain: dict[str, Any] = msgspec.to_builtins(document)
    return plain


def _about(run: Run) -> dict[str, Any]:
    settings, show = run.settings, run.show
    return {
        "url": settings.url,
        "show": {
            "id": show.id,
            "movie": show.movie,
            "theatre": show.theatre,
            "screen": show.screen,
            "starts_at": show.starts_at,
            "seats": len(show.seats),
        },
        "scenario": settings.scenario.name,
        "about_scenario": settings.scenario.about,
        "seed": settings.seed,
        "viewers": settings.viewers,
        "grabbers": settings.grabbers,
        "duration_seconds": settings.duration_seconds,
        "rate": settings.rate,
        "processes": settings.processes,
        "started_at": run.began.isoformat(timespec="seconds"),
        "ended_at": run.ended.isoformat(timespec="seconds") if run.ended else None,
        "interrupted": run.interrupted,
        "replay_with": command_of(run),
        "generator": {
            "python": platform.python_version(),
            "picows": version("picows"),
            "uvloop": version("uvloop"),
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.release()}",
        },
        "server": {"name": run.server.name, "version": run.server.version, "hold_seconds": run.hold_seconds},
    }


def command_of(run: Run) -> str:
    """What to type for the same run again."""
    settings = run.settings
    parts = [
        f"manage.py loadtest --url {settings.url} --show {run.show.id} --scenario {settings.scenario.name}",
        f"--viewers {settings.viewers} --grabbers {settings.grabbers} --duration {settings.duration_seconds:g}",
        f"--seed {settings.seed}",
    ]
    if settings.rate != settings.scenario.rate:
        parts.append(f"--rate {settings.rate:g}")
    if settings.processes > 1:
        parts.append(f"--processes {settings.processes}")
    if settings.allow_remote:
        parts.append("--allow-remote")
    return " ".join(parts)


def _ceiling(run: Run) -> dict[str, Any] | None:
    if run.ceiling is None:
        return None
    most = max((row["frames"] for row in run.progress.rows), default=0)
    return {
        "frames_per_second": round(run.ceiling.frames),
        "answers_per_second": round(run.ceiling.answers),
        "used_share": round(most / run.settings.processes / run.ceiling.frames, 3),
    }


def _verdict(run: Run, checks: list[dict[str, Any]], counters: Counter[str]) -> str:
    if any(check["breaches"] for check in checks):
        return "breached"
    unseen = run.settings.scenario.needs_short_holds and not counters["expired"]
    # A promise that nobody looked at was not kept: nobody was granted anything, the house was full.
    unexamined = any(not check["examined"] for check in checks)
    whole = run.at_rest and not (run.interrupted or run.missing or run.failures)
    return "passed" if whole and not (unseen or unexamined) else "incomplete"


def _check(run: Run, name: str) -> dict[str, Any]:
    evidence = run.evidence
    return {
        "name": name,
        "title": TITLES[name],
        "examined": evidence.examined.get(name, 0),
        "breaches": [
            {"summary": b.summary, "at_ms": b.at_ms, "who": list(b.who), "frames": list(b.frames)}
            for b in evidence.breaches
            if b.check == name
        ],
        "breaches_left_out": evidence.left_out.get(name, 0),
    }


def _latency(name: str, histogram: Histogram) -> dict[str, Any]:
    return {
        "name": name,
        "title": LATENCIES[name],
        "count": histogram.count,
        "mean_ms": _ms(histogram.mean_us),
        **{f"{label}_ms": _ms(histogram.percentile(share)) for label, share in SHARES.items()},
        "max_ms": _ms(histogram.maximum_us),
        "buckets": _buckets(histogram),
    }


def _buckets(histogram: Histogram) -> list[list[float]]:
    """Buckets joined until there are few enough to draw, and never fewer than tell the tail apart."""
    buckets = list(histogram.buckets())
    step = -(-len(buckets) // BUCKETS_MAX) or 1
    joined = [buckets[place : place + step] for place in range(0, len(buckets), step)]
    return [[group[-1][0] / 1000, sum(count for _, count in group)] for group in joined]


def _findings(run: Run) -> list[dict[str, Any]]:
    found: defaultdict[str, list[float]] = defaultdict(list)
    for done in run.results:
        for name, values in done.result.findings.items():
            found[name].append(max(values) if name in WORST else sum(values))
    totals = {name: max(values) if name in WORST else sum(values) for name, values in found.items()}
    if "empty rounds" in totals:
        totals["empty rounds"] -= totals.get("rounds", 0)
    titles = run.settings.scenario.findings or {}
    return [
        {"title": title, "value": round(totals.get(name, 0), 3), "unit": unit}
        for name, (title, unit) in titles.items()
        # Nobody counted is nought; nothing measured is not.
        if name in totals or name not in WORST
    ]


def _replay(run: Run) -> dict[str, Any]:
    seats = [
        {"label": s.label, "row": s.row, "x": s.x, "y": s.y, "kind": s.kind, "category": s.category}
        for s in run.show.seats
    ]
    start, left_out = run.before.states.decode(), 0
    changes: list[Change] = []
    for done in run.results:
        # Every process saw the same show: the one that saw most of it tells.
        if len(done.result.changes) > len(changes):
            changes, left_out = done.result.changes, done.result.changes_left_out
            start = done.result.start_states
    return {
        "seats": seats,
        "start": start,
        "began_ms": None if run.start_at is None else run.clock.server_ms(run.start_at),
        "changes": list(_ascending(changes)),
        "left_out": left_out,
    }


def _ascending(changes: Iterable[Change]) -> Iterable[list[Any]]:
    for change in changes:
        yield [max(0, change.at_ms), change.version, [list(seat) for seat in change.seats]]


def _notes(run: Run, busy: list[float], errors: dict[str, tuple[int, str]], counters: Counter[str]) -> list[str]:
    notes = []
    free = run.before.states.count(AVAILABLE.encode())
    if free < run.settings.grabbers:
        notes.append(
            f"Only {free} of {len(run.show.seats)} seats were free for {run.settings.grabbers} grabbers."
            " Name another show with --show, or begin anew with `make demo-reset`."
        )
    if counters["holds that outlast the run"]:
        notes.append(
            f"Holds last {run.hold_seconds:g} s there, longer than this run, so none was seen to end."
            " Use a longer --duration, or a house with short holds: `HOLD_SECONDS=10 make demo`."
        )
    if left_out := counters["changes left out"]:
        notes.append(
            f"{left_out:,} changes were due and never made: the house was too slow for the rate, so latencies are"
            " better than they should be."
        )
    if busy and max(busy) > GENERATOR_BUSY_MAX:
        notes.append(
            f"A generator process was {max(busy):.0%} busy: what is slow may be the generator."
            " Use more --processes, or fewer people."
        )
    if "rate_limited" in errors:
        notes.append(
            "The house limited this address, as it should. For a load test start it with LIMIT_PROFILE=bench:"
            " `LIMIT_PROFILE=bench make demo`."
        )
    if "real_gateway" in errors:
        notes.append("The house uses a real payment gateway, so nobody paid: holds were left to their deadline.")
    if unreturned := run.evidence.unreturned:
        codes = ", ".join(sorted({one.code for one in unreturned}))
        notes.append(f"Not given back at the end, by so many people: {len(unreturned)} ({codes}).")
    if run.missing:
        notes.append(
            f"{run.missing:,} sockets could not be brought up to date at the end, so not all that was shown is known."
        )
    if not (run.at_rest or run.missing or run.failures):
        notes.append("The show did not come to rest: somebody else may be using it.")
    return notes


def _unexamined(checks: list[dict[str, Any]]) -> list[str]:
    unseen = [check["title"] for check in checks if not check["examined"]]
    return [f"Nothing came up by which to judge: {'; '.join(unseen)}."] if unseen else []


def _ms(value_us: float) -> float | None:
    return None if math.isnan(value_us) else round(value_us / 1000, 3)


def _mean_share(busy: list[float]) -> list[float]:
    return [round(sum(busy) / len(busy), 3)] if busy else []


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
