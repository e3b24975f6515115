"""The real Beat on a clock that is moved on: `python -m tests.support.shifted_beat`, told what to run by its input.

Scheduler, table and broker are the house's own; only waiting is replaced by moving the clock. Each line it prints is
a task that went to the broker: when (Unix seconds), its name, its queue.
"""

import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.support.patience import PATIENCE_SECONDS

PROJECT: Final = Path(__file__).parents[2]
# Beat wakes a hundredth of a second early and spins; here it wakes when the entry is due.
EARLY_SECONDS: Final = 0.0101


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when Beat runs. Entries more frequent than `least_seconds` are left out: a week takes a moment."""

    begin: datetime
    until: datetime
    least_seconds: float = 0.0


@dataclass(slots=True)
class Seen:
    """When each task was sent in a span, and to which queue."""

    sent: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    queues: dict[str, str] = field(default_factory=dict)


def run_beat(*spans: Span) -> list[Seen]:
    """What Beat sends in each of these spans, starting anew each time."""
    asked = [[span.begin.isoformat(), span.until.isoformat(), span.least_seconds] for span in spans]
    command = [sys.executable, "-m", "tests.support.shifted_beat"]
    ended = subprocess.run(
        command,
        cwd=PROJECT,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    seen: list[Seen] = []
    for line in ended.stdout.splitlines():
        if line == "begin":
            seen.append(Seen())
        elif line.startswith("sent "):
            _, at, task, queue = line.split()
            seen[-1].sent[task].append(datetime.fromtimestamp(float(at), UTC))
            seen[-1].queues[task] = queue
    return seen


def main() -> None:
    """Run Beat in each span of the input."""
    from celery.signals import before_task_publish

    from config.celery import app

    def tell(sender: str, routing_key: str, **_: Any) -> None:
        print("sent", datetime.now(UTC).timestamp(), sender, routing_key)  # noqa: TID251

    app.loader.import_default_modules()  # as Beat does
    before_task_publish.connect(tell, weak=False)
    whole = dict(app.conf.beat_schedule)
    for begin, until, least_seconds in json.load(sys.stdin):
        app.conf.beat_schedule = {
            name: entry
            for name, entry in whole.items()
            if not isinstance(entry["schedule"], float) or entry["schedule"] >= least_seconds
        }
        print("begin")
        _run(app, datetime.fromisoformat(begin), datetime.fromisoformat(until))


def _run(app: Any, begin: datetime, until: datetime) -> None:
    import celery.beat
    import time_machine

    # Time goes on by itself too, as Beat spins through what is left of a wait.
    with time_machine.travel(begin, tick=True) as clock:

        class Time:
            """What Beat knows of time: waiting moves it."""

            @staticmethod
            def monotonic() -> float:
                return datetime.now(UTC).timestamp()  # noqa: TID251

            @staticmethod
            def sleep(seconds: float) -> None:
                clock.shift(seconds + EARLY_SECONDS)
                if datetime.now(UTC) >= until:  # noqa: TID251
                    service.stop()

        beat: Any = celery.beat
        beat.time = Time
        service = beat.Service(app, scheduler_cls=app.conf.beat_scheduler)
        service.start()


if __name__ == "__main__":
    main()
