"""A million tries of 200 customers for a few seats, given back all the time: no seat may ever be granted twice.

Two processes, each a box office of its own, as two web processes would be. Every customer writes down from when
to when a seat was surely his; the lists are compared with each other and with PostgreSQL's rows.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.bench.figures import Grant, Outcome, at_most, double_grants
from tests.bench.house import House
from tests.bench.suite import Bench
from tests.bench.web_servers import BenchShow, pin_free

PROCESSES: Final = 2
CUSTOMERS: Final = 200
SEATS: Final = 24


async def contention(bench: Bench, outcome: Outcome) -> None:
    """Double grants among all grants; anything but none is a failure, not a figure."""
    tries = bench.sized(1_000_000, quick=20_000)
    (show,) = await bench.shows(1)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        orders = [
            {
                "show": show.id,
                "labels": show.labels[:SEATS],
                "tries": tries // PROCESSES,
                "customers": CUSTOMERS // PROCESSES,
                "seed": f"{bench.seed}/contention/{number}",
                "file": str(Path(folder) / f"{number}.json"),
            }
            for number in range(PROCESSES)
        ]
        await asyncio.gather(*(_fight(order) for order in orders))
        reports = await asyncio.to_thread(_read_reports, Path(folder))
    took = time.perf_counter() - began
    grants = [Grant(*grant) for report in reports for grant in report["grants"]]
    answers = sum((Counter(report["answers"]) for report in reports), Counter[str]())
    doubles = double_grants(grants)
    claims, alive = _claims(bench.house, show)
    outcome.details["answers"] = dict(answers)
    outcome.details["claims in PostgreSQL"] = {"ever": claims, "alive at the end": alive}
    outcome.add("tries", "tries", [float(answers.total())])
    outcome.add("tries a second, two processes", "tries/s", [answers.total() / took])
    outcome.add("seats granted", "seats", [float(len(grants))], note=f"{claims:,} claims in PostgreSQL")
    outcome.add("seats granted to two at once", "seats", [float(len(doubles))], floor=at_most(0))
    if doubles:
        raise AssertionError(f"sold twice: {doubles[:3]}")
    if claims != len(grants) or alive:
        raise AssertionError(f"{len(grants)} seats granted, {claims} claims made, {alive} of them still alive")


def _read_reports(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.iterdir())]


async def _fight(order: dict[str, Any]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.contender", json.dumps(order), preexec_fn=lambda: pin_free(os.getpid())
    )
    try:
        if await process.wait():
            raise ChildProcessError(f"a contender ended with {process.returncode}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _claims(house: House, show: BenchShow) -> tuple[int, int]:
    with psycopg.connect(house.servers.database_url) as connection:
        row = connection.execute(
            "SELECT count(*), count(*) FILTER (WHERE released_at IS NULL) FROM bookings_seatclaim WHERE show_id = %s",
            [show.id],
        ).fetchone()
    assert row is not None
    return row[0], row[1]
