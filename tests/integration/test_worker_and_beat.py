"""A real worker and Beat: they sweep when they start, answer the guide's commands, and run nothing foreign."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as house
from django.db.models.functions import Now

from bookings.api import with_box_office
from bookings.models import Booking
from config import heartbeats
from config.celery import app
from tests.support.cinema import make_show
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import wait_until

WORKER_SECONDS_MAX = 60


@contextmanager
def worker_and_beat(logs: Path) -> Iterator[None]:
    """Worker and Beat as they run in production, with their logs in this folder."""
    environment = {**os.environ, "LOGS_DIR": str(logs)}
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "config"]
    commands = (
        [*celery, "worker", "--concurrency", "1", "--without-mingle", "--without-gossip"],
        [*celery, "beat", "--pidfile", ""],
    )
    with (logs / "out.txt").open("w") as out:
        processes = [
            subprocess.Popen(command, cwd=house.BASE_DIR, env=environment, stdout=out, stderr=out)
            for command in commands
        ]
        try:
            yield
        finally:
            for process in reversed(processes):
                process.send_signal(signal.SIGTERM)
            for process in reversed(processes):
                try:
                    process.wait(PATIENCE_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    raise


@pytest.fixture(scope="class")
def _worker_log(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    logs = tmp_path_factory.mktemp("logs")
    with worker_and_beat(logs):
        yield logs


@pytest.fixture
def worker_log(_worker_log: Path, database: str) -> Path:
    """Worker and Beat run; the value is the folder of their logs."""
    return _worker_log


def said_in(log: Path) -> str:
    """What was logged so far; a file is made by the first line that is written to it."""
    return log.read_text(encoding="utf-8") if log.exists() else ""


class TestWorkerAndBeat:
    def test_sweep_once_they_start_and_leave_signs_of_life(
        self, database: str, tmp_path: Path, redis_client: redis.Redis
    ) -> None:
        show = make_show()
        booking = with_box_office(lambda office: office.hold(show_id=show.pk, holder="holder", labels=["A1"])).booking
        # Late before anybody sweeps: Beat sends each task when it starts, and then not for a minute.
        Booking.objects.filter(pk=booking).update(expires_at=Now() - timedelta(seconds=1))
        signs = [heartbeats.WORKER, heartbeats.BEAT, heartbeats.SWEEP]

        # Whichever task comes first ends the booking, and the signs may be there before it is done.
        with worker_and_beat(tmp_path):
            for what, happened in (
                ("signs of life", lambda: None not in heartbeats.ages_seconds(signs).values()),
                ("the expired booking", lambda: Booking.objects.get(pk=booking).status == "expired"),
                ("the free seat in Redis", lambda: redis_client.keys("seat_lock:*") == []),
                (
                    "the line in the log",
                    lambda: f"booking {booking} of show {show.pk} (seats: 1)" in said_in(tmp_path / "booking.log"),
                ),
                (
                    "the task in the worker's log",
                    lambda: "release_expired_bookings" in said_in(tmp_path / "celery_worker.log"),
                ),
            ):
                wait_until(happened, seconds=WORKER_SECONDS_MAX, what=f"{what}; {tmp_path / 'out.txt'}")

        assert "Task beat_heartbeat" not in said_in(tmp_path / "celery_worker.log")
        assert not list(Path(house.BASE_DIR).glob("celerybeat*"))


class TestARunningWorker:
    def test_answers_the_commands_of_the_guide(self, worker_log: Path) -> None:
        guides = [(Path(house.BASE_DIR) / "docs" / name).read_text("utf-8") for name in ("celery.md", "services.md")]
        commands = sorted({line for guide in guides for line in re.findall(r"^\$ celery (.*)$", guide, re.MULTILINE)})
        wait_until(
            lambda: heartbeats.ages_seconds([heartbeats.BEAT])[heartbeats.BEAT] is not None,
            seconds=WORKER_SECONDS_MAX,
            what="a worker that runs tasks",
        )

        said = [
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "celery",
                    *command.split(),
                    *(["--timeout", "20"] if "inspect" in command else []),
                ],
                cwd=house.BASE_DIR,
                env={**os.environ, "LOGS_DIR": str(worker_log)},
                capture_output=True,
                text=True,
                timeout=WORKER_SECONDS_MAX,
            )
            for command in commands
        ]

        assert [ended.returncode for ended in said] == [0] * len(commands)
        assert [command for command, ended in zip(commands, said, strict=True) if "pong" in ended.stdout] == [
            "-A config inspect ping"
        ]

    def test_refuses_a_pickle_in_the_queue(self, worker_log: Path, redis_client: redis.Redis) -> None:
        canary = worker_log / "pickle was run"
        wait_until(
            lambda: heartbeats.ages_seconds([heartbeats.BEAT])[heartbeats.BEAT] is not None,
            seconds=WORKER_SECONDS_MAX,
            what="a worker that runs tasks",
        )

        with app.connection_for_write() as broker:
            broker.SimpleQueue("celery").put(
                Exploit(str(canary)), serializer="pickle", headers={"task": "relay_outbox"}
            )
        wait_until(
            lambda: "ContentDisallowed" in (worker_log / "celery_worker.log").read_text(),
            seconds=WORKER_SECONDS_MAX,
            what="the refusal in the worker's log",
        )

        assert not canary.exists()


class Exploit:
    """Runs code where it is unpickled."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self._path,)
