"""Web servers under test: ours on Daphne or uvicorn, the Python peers on stock Daphne, the Node peers.

Core 0 belongs to the server that is measured, core 1 to everything else, as far as the machine has two.
"""

import os
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from config.guardian import Guardian
from config.ports import free_port, wait_step
from tests.bench.node import FOLDER, find_node

SERVER_CORE: Final = 0
LOAD_CORE: Final = 1
SERVER_READY_SECONDS_MAX: Final = 40.0
# Ours; `websockets-sansio` is uvicorn's own, which the rooms also run on.
UVICORN_SOCKETS: Final = "realtime.uvicorn_protocol:SeatProtocol"
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


class WebServers:
    """Starts them, with this process' environment and what is added to it. They end with the guardian at the latest.

    `server` is what serves Housefull unless it is said; `profile` a file for cProfile's findings; `pinned` whether
    each is kept on the server's core.
    """

    def __init__(
        self,
        guardian: Guardian,
        logs_folder: Path,
        *,
        server: str = "daphne",
        profile: Path | None = None,
        pinned: bool = True,
    ) -> None:
        self.guardian = guardian
        self.server = server
        self._logs_folder = logs_folder
        self._profile = profile
        self._pinned = pinned
        self._names: dict[str, int] = {}

    def serve(self, on: str | None = None, **settings: str) -> WebServer:
        """Housefull's web process, with these environment variables; on Daphne or uvicorn (default: as the run)."""
        port = free_port()
        module = ["-m", "realtime.server", "--port", str(port)]
        on = on or self.server
        if on == "uvicorn":
            uvicorn = ["-m", "uvicorn", "config.asgi:application", "--ws", UVICORN_SOCKETS, "--loop", "uvloop"]
            module = [*uvicorn, "--log-level", "warning", "--no-access-log", "--port", str(port)]
        if self._profile is not None:
            # One run may start several.
            number = self._names.get("housefull", 0) + 1
            findings = self._profile.with_stem(f"{self._profile.stem}-{on}-{number}")
            module = ["-m", "tests.bench.profiled", str(findings), *module[1:]]
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
        log = self._logs_folder / f"{name}.log"
        with log.open("wb") as output:
            pid = self.guardian.start(
                name,
                command,
                output=output.fileno(),
                environment={**os.environ, **settings},
                folder=ROOT,
            )
        if self._pinned:
            pin(pid, SERVER_CORE)
        ends_at = time.monotonic() + SERVER_READY_SECONDS_MAX
        while not _answers(port):
            if self.guardian.exit_status(name) is not None or time.monotonic() > ends_at:
                raise ServerGone(f"{name} does not answer:\n{log.read_text()[-600:]}")
            wait_step()
        return WebServer(self.guardian, name, pid, port)

    def complaints(self) -> str:
        """The last lines that the servers under test have written, if they wrote any."""
        logs = [path for kind in self._names for path in self._logs_folder.glob(f"{kind}-*.log")]
        return "\n".join(f"{path.stem}: {text[-600:]}" for path in logs if (text := path.read_text(errors="replace")))


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


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
