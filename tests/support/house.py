"""A running house for tests from outside: web processes, the watcher, the worker, as strangers meet them.

Every process dies with the test process, however that ends (config.guardian).
"""

import json
import os
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

from config.guardian import Guardian
from config.ports import free_port, is_free
from tests.support.processes import listens, wait_until

LOG_BYTES_MAX = 2**20
# Of thousands of ports, two houses choose the same one now and then.
PORTS_TRIED_MAX = 5
PROJECT = Path(__file__).parents[2]


# Those that outlive a test.
_houses: "set[RunningHouse]" = set()


class _PortTaken(Exception):
    """Somebody else listens where a server of ours was to."""


class RunningHouse:
    """Processes of one house on the test's PostgreSQL and Redis, each with a name."""

    def __init__(self, guardian: Guardian, output: IO[bytes], environment: Mapping[str, str]) -> None:
        self._guardian = guardian
        self._environment = {**os.environ, **environment}
        self._output = output
        self._pids: dict[str, int] = {}
        self.ports: dict[str, int] = {}
        self._sent_home: set[str] = set()
        self._shaken = False

    @property
    def url(self) -> str:
        """The address of the first web process."""
        return self.url_of(next(iter(self.ports)))

    def url_of(self, name: str) -> str:
        """The address of a web process."""
        return f"http://127.0.0.1:{self.ports[name]}"

    def start_web(self, name: str = "web", *, server: str = "daphne", port: int | None = None) -> str:
        """Start a web process and wait until it answers. Returns its address."""
        for tries_left in reversed(range(PORTS_TRIED_MAX)):
            self.ports[name] = port or free_port()
            self._start(name, _web_command(server, self.ports[name]))
            try:
                wait_until(lambda: self._answers(name), what=f"{name} answers:\n{self.log()}")
            except _PortTaken:
                # Between the look for a free port and the server's own, another test's server took it.
                if port is not None or not tries_left:
                    raise AssertionError(f"{name} has no port:\n{self.log()}") from None
                self.crash(name)
            else:
                break
        return self.url_of(name)

    def send_home(self) -> None:
        """Stop every web process that runs; `awake` brings them back."""
        for name in self.ports:
            if self.exit_status(name) is None:
                self.stop(name)
                self._sent_home.add(name)

    def awake(self) -> "RunningHouse":
        """The house as it was begun: web processes that were sent home are back, shaken ones have recovered."""
        while self._sent_home:
            name = self._sent_home.pop()
            kept = self.ports[name]
            self.start_web(name, port=kept if is_free(kept) else None)
        if self._shaken:
            for name in self.ports:
                wait_until(partial(self._is_well, name), what=f"{name} is well")
            self._shaken = False
        return self

    def was_shaken(self) -> None:
        """A test broke the servers below: a process may think for another moment that Redis is away."""
        self._shaken = True

    def start_watcher(self) -> None:
        """Start the expiry watcher."""
        self._start("watcher", [sys.executable, "manage.py", "watch_expiry"])

    def start_worker(self) -> None:
        """Start a Celery worker with Beat in it."""
        self._start(
            "worker", [sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker", "--beat", "-c", "1"]
        )

    def start_celery(self, name: str, *arguments: str) -> None:
        """Start a Celery process, such as `worker -c 1`."""
        self._start(name, [sys.executable, "-m", "celery", "--quiet", "-A", "config", *arguments])

    def pid(self, name: str) -> int:
        """The process id of a part, for signals."""
        return self._pids[name]

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a part a signal."""
        os.kill(self._pids[name], number)

    def stop(self, name: str) -> None:
        """Stop a part in order and wait for its end."""
        self._guardian.stop(name)

    def crash(self, name: str) -> None:
        """End a part and its children by SIGKILL and wait for their end."""
        self._guardian.stop(name, with_signal=signal.SIGKILL)

    def exit_status(self, name: str) -> int | None:
        """How a part ended (negative: by that signal); None while it runs."""
        return self._guardian.exit_status(name)

    def log(self) -> str:
        """What the house has printed, of a long run the end."""
        # Read at a place of its own: the processes write where the shared descriptor stands.
        number = self._output.fileno()
        begin = max(0, os.fstat(number).st_size - LOG_BYTES_MAX)
        return os.pread(number, LOG_BYTES_MAX, begin).decode(errors="replace")

    def _start(self, name: str, command: list[str]) -> None:
        self._pids[name] = self._guardian.start(
            name, command, output=self._output.fileno(), environment=self._environment, folder=PROJECT
        )

    def _answers(self, name: str) -> bool:
        """Whether it is this process that answers there. Raises _PortTaken."""
        if self.exit_status(name) is not None:
            if not is_free(self.ports[name]):
                raise _PortTaken
            raise AssertionError(f"{name} ended:\n{self.log()}")
        if not self._somebody_answers(name):
            return False
        if not listens(self._pids[name], self.ports[name]):
            raise _PortTaken
        return True

    def _somebody_answers(self, name: str) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url_of(name)}/healthz", timeout=2) as reply:
                return bool(reply.status == 200)
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def _is_well(self, name: str) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url_of(name)}/readyz", timeout=5) as reply:
                return not json.load(reply)["degraded"]
        except OSError:
            return False


def _web_command(server: str, port: int) -> list[str]:
    if server == "daphne":
        return [sys.executable, "-m", "realtime.server", "--host", "127.0.0.1", "--port", str(port)]
    sockets = {"uvicorn": "realtime.uvicorn_protocol:SeatProtocol", "plain uvicorn": "websockets-sansio"}
    command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)]
    return [*command, "--log-level", "warning", "--ws", sockets[server], "--ws-per-message-deflate", "false"]


@contextmanager
def running_house(**environment: str) -> Iterator[RunningHouse]:
    """A house without processes yet; they read this environment on top of the test's own."""
    with tempfile.TemporaryDirectory() as logs, tempfile.TemporaryFile() as output, Guardian() as guardian:
        house = RunningHouse(guardian, output, {"LOGS_DIR": logs, "LIMIT_PROFILE": "default", **environment})
        _houses.add(house)
        try:
            yield house
        finally:
            _houses.discard(house)


def everybody_was_shaken() -> None:
    """A test broke the servers that the houses of other tests are on."""
    for house in _houses:
        house.was_shaken()


def send_everybody_home() -> None:
    """Stop the web processes that earlier tests left running: they expire and repair on their own."""
    for house in _houses:
        house.send_home()
