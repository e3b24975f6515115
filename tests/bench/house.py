"""The house under test: PostgreSQL and Redis of its own, shows to fight over, and web servers on a core apart."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import psutil

from config.embedded import EmbeddedServers
from config.guardian import Guardian
from realtime.process import raise_file_limit
from tests.bench.web_servers import LOAD_CORE, BenchShow, WebServers, pin
from tests.support.servers import FORGOTTEN_VARIABLES


class House(WebServers):
    """Everything a benchmark needs to be running; a context manager, and gone without a trace afterwards."""

    def __init__(self, *, server: str = "daphne", profile: Path | None = None) -> None:
        self._logs = tempfile.TemporaryDirectory(prefix="housefull-bench-")
        super().__init__(Guardian(), Path(self._logs.name), server=server, profile=profile)

    def __enter__(self) -> Self:
        raise_file_limit()
        pin(os.getpid(), LOAD_CORE)
        self.servers = EmbeddedServers.start(guardian=self.guardian, logs_folder=Path(self._logs.name))
        for name in FORGOTTEN_VARIABLES:
            os.environ.pop(name, None)
        os.environ.update(self._environment())
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.servers.stop()
        self._logs.cleanup()

    def _environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "DEBUG": "1",
            "SECRET_KEY": "a-secret-of-the-benchmarks-0123456789-abcdefghij",
            "LIMIT_PROFILE": "bench",
            "LIMIT_SOCKETS_PER_HOLDER": "0",
            "LOG_LEVEL": "ERROR",
            "LOGS_DIR": self._logs.name,
        }

    @property
    def layer_url(self) -> str:
        """The Redis database of channel layers."""
        return urlunsplit(urlsplit(self.servers.redis_url)._replace(path="/1"))

    # --- shows

    def make_shows(self, count: int, *, seats: int = 1000) -> list[BenchShow]:
        """New shows, on sale now, which share a screen."""
        from django.db import connection

        from tests.support.cinema import hall_text_of, make_movie, make_screen, make_show

        screen, movie = make_screen(layout=hall_text_of(seats)), make_movie()
        shows = [make_show(screen=screen, movie=movie) for _ in range(count)]
        labels = tuple(seat["label"] for seat in shows[0].layout.seats)
        connection.close()
        return [BenchShow(show.pk, labels) for show in shows]

    def core_share(self) -> Callable[[], dict[str, float]]:
        """Starts watching PostgreSQL and Redis; the function says what share of a core each has had since."""
        began, before = time.monotonic(), self._cpu_seconds()

        def shares() -> dict[str, float]:
            took = time.monotonic() - began
            return {part: (now - before[part]) / took for part, now in self._cpu_seconds().items()}

        return shares

    def _cpu_seconds(self) -> dict[str, float]:
        postmaster = psutil.Process(self.servers.postgres_pid)
        return {
            "redis": _cpu_of(psutil.Process(self.servers.redis_pid)),
            "postgresql": sum(_cpu_of(process) for process in (postmaster, *postmaster.children(recursive=True))),
        }


def _cpu_of(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
