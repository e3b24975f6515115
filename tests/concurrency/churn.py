"""A crowd that takes and gives back, and the evidence: raw rows and the lists of grants, not through the app."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.support.patience import PATIENCE_SECONDS

PROCESSES = 2
CLIENTS = 200
# All jobs are read before the first seat is asked for.
START_AFTER_SECONDS = 0.2
PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all processes report of one run."""

    grants: list[dict[str, Any]]
    refusals: list[dict[str, Any]]

    @property
    def tries(self) -> int:
        return len(self.grants) + len(self.refusals)


class Crowd:
    """Processes that stay from job to job; starting them costs more than most jobs."""

    def __init__(self) -> None:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            # Nobody is too fast here, and nobody has held for too long.
            "LIMIT_HOLDS_PER_MINUTE": "0",
            "HOLD_BUDGET_SECONDS": "1000000",
            "LOG_LEVEL": "ERROR",
        }
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.concurrency.churner"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=PROJECT,
                env=environment,
                text=True,
            )
            for _ in range(PROCESSES)
        ]

    def churn(
        self,
        show_id: int,
        tries: Sequence[Sequence[Sequence[str]]],
        *,
        guards: Sequence[str] = ("redis", "postgresql"),
    ) -> Outcome:
        """Let the clients, dealt out among the processes, try at the same time. `tries`: per client, in order."""
        start_ns = time.monotonic_ns() + int(START_AFTER_SECONDS * 1e9)
        for number, process in enumerate(self._processes):
            job = {
                "show": show_id,
                "process": number,
                "tries": tries[number::PROCESSES],
                "start_ns": start_ns,
                "guards": list(guards),
            }
            assert process.stdin is not None
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
        reports = [self._report_of(process) for process in self._processes]
        return Outcome(
            grants=[grant for report in reports for grant in report["grants"]],
            refusals=[refusal for report in reports for refusal in report["refusals"]],
        )

    @staticmethod
    def _report_of(process: "subprocess.Popen[str]") -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"a process ended with {process.wait()}"
        report: dict[str, Any] = json.loads(line)
        return report

    def close(self) -> None:
        """Let them end."""
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.close()
        for process in self._processes:
            assert process.stdout is not None
            process.wait(timeout=PATIENCE_SECONDS)
            process.stdout.close()


@contextmanager
def gathered() -> Iterator[Crowd]:
    """The processes of a crowd of CLIENTS."""
    crowd = Crowd()
    try:
        yield crowd
    finally:
        crowd.close()


def double_grants(outcome: Outcome) -> int:
    """How often a seat was given to somebody while another one had been told that it is his."""
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for grant in outcome.grants:
        for seat in grant["seats"]:
            spans[seat].append((grant["from_ns"], grant["to_ns"]))
    doubled = 0
    for given in spans.values():
        given.sort()
        until_ns = 0
        for from_ns, to_ns in given:
            doubled += from_ns < until_ns
            until_ns = max(until_ns, to_ns)
    return doubled


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of seat claims, live or released, with its holder."""

    seat: int
    booking: str
    holder: str
    live: bool


def claims_of(database: str, show_id: int) -> list[Claim]:
    """Every claim there ever was of a show."""
    query = (
        "SELECT c.seat_index, b.id, b.holder, c.released_at IS NULL FROM bookings_seatclaim AS c "
        "JOIN bookings_booking AS b ON b.id = c.booking_id WHERE c.show_id = %s"
    )
    with psycopg.connect(database) as connection:
        rows = connection.execute(query, (show_id,)).fetchall()
    return [Claim(seat=seat, booking=str(booking), holder=holder, live=live) for seat, booking, holder, live in rows]


def overlapping_claims(database: str, show_id: int) -> int:
    """How many pairs of claims had the same seat at the same moment, by PostgreSQL's own times.

    A claim begins, by its row, with the statement that makes it; one that had to wait for another to end seems to
    overlap with it. That happens only where Redis lets everybody through.
    """
    query = (
        "SELECT count(*) FROM bookings_seatclaim AS a JOIN bookings_seatclaim AS b "
        "ON a.show_id = b.show_id AND a.seat_index = b.seat_index AND a.id < b.id "
        "AND tstzrange(a.claimed_at, a.released_at) && tstzrange(b.claimed_at, b.released_at) "
        "WHERE a.show_id = %s"
    )
    with psycopg.connect(database) as connection:
        row = connection.execute(query, (show_id,)).fetchone()
    assert row is not None
    return int(row[0])
