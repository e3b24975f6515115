"""The house under test: PostgreSQL and Redis of its own, shows to fight over, and web servers on a core apart.

Core 0 belongs to the server that is measured, core 1 to everything else, as far as the machine has two.
"""

import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit, urlunsplit

import psutil

from config.embedded import EmbeddedServers
from config.guardian import Guardian
from config.ports import free_port, wait_step
from tests.bench.node import FOLDER, find_node
from tests.support.servers import FORGOTTEN_VARIABLES

SERVER_CORE: Final = 0
LOAD_CORE: Final = 1
SERVER_READY_SECONDS_MAX: Final = 40.0
ROOT: Final = Path(__file__).resolve().parents[2]


class ServerGone(Exception):
    """A server under test did not start, or ended."""


@dataclass(frozen=True, slots=True)
class BenchShow:
    """A show to fight over. `labels` by seat index."""

    id: int
    labels: tuple[str, ...]


class WebServer:
    """A running server under test."""

    def __init__(self, guardian: Guardian, name: str, pid: int, port: int) -> None:
        self._guardian = guardian
        self._process = psutil.Process(pid)
        self.name = name
        self.pid = pid
        self.port = port

    @property
    def http(self) -> str:
        """Where it serves HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def sockets(self, show: BenchShow) -> str:
        """The address of a show's sockets."""
        return f"ws://127.0.0.1:{self.port}/ws/shows/{show.id}/"

    def cpu_seconds(self) -> float:
        """Processor time it has used."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def rss_bytes(self) -> int:
        """Memory that is really there."""
        return int(self._process.memory_info().rss)

    def stop(self) -> None:
        """Stop it and wait for its end."""
        self._guardian.stop(self.name)


class House:
    """Everything a benchmark needs to be running; a context manager, and gone without a trace afterwards."""

    def __init__(self, *, server: str = "daphne", profile: Path | None = None) -> None:
        self.server = server
        self._profile = profile
        self._names: dict[str, int] = {}

    def __enter__(self) -> Self:
        raise_file_limit()
        pin(os.getpid(), LOAD_CORE)
        self._logs = tempfile.TemporaryDirectory(prefix="housefull-bench-")
        self.guardian = Guardian()
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

    # --- servers

    def serve(self, on: str | None = None, **settings: str) -> WebServer:
        """Housefull's web process, with these environment variables; on Daphne or uvicorn (default: as the run)."""
        port = free_port()
        module = ["-m", "realtime.server", "--port", str(port)]
        if (on or self.server) == "uvicorn":
            uvicorn = ["-m", "uvicorn", "config.asgi:application", "--ws", "websockets-sansio", "--loop", "uvloop"]
            module = [*uvicorn, "--log-level", "warning", "--no-access-log", "--port", str(port)]
        if self._profile is not None:
            module = ["-m", "tests.bench.profiled", str(self._profile), *module[1:]]
        return self._start("housefull", [sys.executable, *module], port, settings)

    def serve_peer(self, application: str, **settings: str) -> WebServer:
        """An application of tests.bench.peers on the stock Daphne."""
        port = free_port()
        command = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port)]
        settings = {"DJANGO_SETTINGS_MODULE": "tests.bench.peers.settings", **settings}
        return self._start("peer", [*command, f"tests.bench.peers.{application}"], port, settings)

    def serve_module(self, module: str, *arguments: str, settings: Mapping[str, str] | None = None) -> WebServer:
        """Any module that listens on the port it is given as its first argument, on the server's core."""
        port = free_port()
        command = [sys.executable, "-m", module, str(port), *arguments]
        return self._start(module.rsplit(".", 1)[1], command, port, settings or {})

    def serve_node(self, script: str, **settings: str) -> WebServer:
        """A server of tests/bench/peers/node. Ask `find_node` first whether there is Node."""
        port = free_port()
        settings = {"NODE_ENV": "production", **settings}
        return self._start(Path(script).stem, [find_node().program, str(FOLDER / script), str(port)], port, settings)

    def _start(self, kind: str, command: list[str], port: int, settings: Mapping[str, str]) -> WebServer:
        self._names[kind] = self._names.get(kind, 0) + 1
        name = f"{kind}-{self._names[kind]}"
        log = Path(self._logs.name) / f"{name}.log"
        with log.open("wb") as output:
            pid = self.guardian.start(
                name,
                command,
                output=output.fileno(),
                environment={**os.environ, **settings},
                folder=ROOT,
            )
        pin(pid, SERVER_CORE)
        ends_at = time.monotonic() + SERVER_READY_SECONDS_MAX
        while not _answers(port):
            if self.guardian.exit_status(name) is not None or time.monotonic() > ends_at:
                raise ServerGone(f"{name} does not answer:\n{log.read_text()[-600:]}")
            wait_step()
        return WebServer(self.guardian, name, pid, port)

    def complaints(self) -> str:
        """The last lines that the servers under test have written, if they wrote any."""
        logs = [path for kind in self._names for path in Path(self._logs.name).glob(f"{kind}-*.log")]
        return "\n".join(f"{path.stem}: {text[-600:]}" for path in logs if (text := path.read_text(errors="replace")))

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


def pin(pid: int, core: int) -> None:
    """Keep a process on one core, where the system can and has that many."""
    process = psutil.Process(pid)
    if hasattr(process, "cpu_affinity") and (os.cpu_count() or 1) > core > -1 and (os.cpu_count() or 1) > 1:
        process.cpu_affinity([core])


def pin_free(pid: int) -> None:
    """Let a process have every core again."""
    process = psutil.Process(pid)
    if hasattr(process, "cpu_affinity"):
        process.cpu_affinity(list(range(os.cpu_count() or 1)))


def raise_file_limit() -> None:
    """Allow as many open files, and so sockets, as the system lets us; servers inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _cpu_of(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
