"""`python -m tests.bench`: run the benchmarks against a house of their own, say what they found, write reports."""

import argparse
import asyncio
import json
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from tests.bench import conditions, page
from tests.bench.figures import Figure, Outcome, number
from tests.bench.house import House
from tests.bench.suite import Bench, run_one

REPORTS = Path("reports")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for. Timings never fail: the exit status is 1 only if something broke or sold twice."""
    from tests.bench.registry import BENCHMARKS

    options = _parser(list(BENCHMARKS)).parse_args(arguments)
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**9)
    outcomes: list[Outcome] = []
    with House(server=options.server, profile=options.profile) as house:
        about = conditions.describe(house, seed=seed, quick=options.quick)
        say(conditions.as_text(about))
        repeats = options.repeats or (2 if options.quick else 3)
        bench = Bench(house=house, quick=options.quick, repeats=repeats, seed=seed, say=say)
        about["repeats"] = repeats
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_run(bench, options.only or list(BENCHMARKS), outcomes))
        except KeyboardInterrupt:
            say("interrupted: the report holds what was found until now")
            about["interrupted"] = True
    report = {"about": about, "benchmarks": [outcome.as_json() for outcome in outcomes]}
    for path, text in (
        (options.json, json.dumps(report, indent=2, ensure_ascii=False)),
        (options.html, page.draw(report)),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        say(f"written: {path}")
    return 1 if any(outcome.error for outcome in outcomes) else 0


async def _run(bench: Bench, names: Sequence[str], outcomes: list[Outcome]) -> None:
    from tests.bench.registry import BENCHMARKS

    # Whatever the generator can take is the frame around every other number.
    for name in dict.fromkeys(["ceiling", *names]):
        benchmark = BENCHMARKS[name]
        say(f"\n{benchmark.title} ({name}); load {os.getloadavg()[0]:.1f}")
        outcome = Outcome(name, benchmark.title)
        outcomes.append(outcome)
        try:
            await run_one(bench, benchmark, outcome)
        finally:
            _tell(outcome)


def _tell(outcome: Outcome) -> None:
    for figure in outcome.figures:
        say(f"  {_line(figure)}")
    usage = ", ".join(f"{part} {max(shares):.0%}" for part, shares in sorted(outcome.usage.items()))
    busy = f"generator {max(outcome.busy):.0%}" if outcome.busy else ""
    say(f"  [{outcome.seconds:.0f} s; of a core at most: {', '.join(filter(None, [busy, usage]))}]")
    if outcome.void:
        say("  VOID: the generator was too busy for this to mean anything")


def _line(figure: Figure) -> str:
    spread = f" ({number(min(figure.values))}–{number(max(figure.values))})" if len(figure.values) > 1 else ""
    verdict = "" if figure.floor is None else f"  [{figure.floor}: {'met' if figure.met else 'NOT MET'}]"
    return f"{figure.label}: {number(figure.value)} {figure.unit}{spread}{verdict}"


def _parser(names: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="everything smaller; for a look, not for numbers")
    parser.add_argument("--repeats", type=int, help="runs of each measurement (default 3, with --quick 2)")
    parser.add_argument("--seed", type=int, help="for the same choices again (default: a new one, printed)")
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne", help="what serves Housefull")
    parser.add_argument("--json", type=Path, default=REPORTS / "bench.json", metavar="FILE")
    parser.add_argument("--html", type=Path, default=REPORTS / "bench.html", metavar="FILE")
    parser.add_argument("--profile", type=Path, metavar="FILE", help="run Housefull under cProfile; numbers are void")
    return parser


def say(text: str) -> None:
    """Print at once, whatever stdout is."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
