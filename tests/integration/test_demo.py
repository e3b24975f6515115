"""`manage.py demo`: one command opens the cinema, Ctrl-C closes it, and nothing stays behind.

The real command in a process of its own, with a copy of the project's tree so that a developer's own demo, its
state and its logs are not touched.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from config.binaries import temporary_folder
from config.ports import free_port
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import alive, arguments_of, family, wait_until

PROJECT = Path(__file__).resolve().parents[2]
PRODUCT = ("bookings", "config", "frontend", "payments", "realtime", "manage.py", "pyproject.toml")
# Servers, migrations, the seed and four processes, all on a machine that is busy with other tests.
OPEN_SECONDS_MAX = 80.0
CLOSED_SECONDS_MAX = PATIENCE_SECONDS

pytestmark = pytest.mark.timeout(240)


@dataclass
class RunningDemo:
    """The demo as its user sees it: a process, a port, and what it printed."""

    process: subprocess.Popen[bytes]
    port: int
    printed: Path

    def text(self) -> str:
        return self.printed.read_text()

    def await_open(self) -> None:
        wait_until(
            lambda: "Housefull is open" in self.text() or self.process.poll() is not None,
            seconds=OPEN_SECONDS_MAX,
            what="the demo opens",
        )
        assert "Housefull is open" in self.text(), self.text()

    def find(self, argument: str) -> psutil.Process:
        """The one process below the demo that was given this argument."""
        everyone = family(self.process.pid)
        below = [process for process in psutil.process_iter() if process.pid in everyone]
        (found,) = [process for process in below if argument in arguments_of(process)]
        return found


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """The product's own files, without state, logs or tests."""
    folder = temporary_folder()
    for name in PRODUCT:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    yield folder
    shutil.rmtree(folder)


def user_environment() -> dict[str, str]:
    """A user's environment: none of the test run's own servers."""
    taken_over = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in taken_over if name in os.environ}


def start_demo(checkout: Path, *arguments: str, port: int) -> RunningDemo:
    printed = checkout / f"printed-{port}.txt"
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo", *arguments],
            cwd=checkout,
            env=user_environment() | {"PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    return RunningDemo(process, port, printed)


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


class TestDemo:
    def test_opens_restarts_what_dies_and_leaves_nothing_behind(self, checkout: Path) -> None:
        demo = start_demo(checkout, port=free_port())
        try:
            demo.await_open()
            everyone = family(demo.process.pid)
            assert f"http://localhost:{demo.port}/" in demo.text()
            assert re.search(r"redis-cli -p \d+ ", demo.text())
            assert status_of(f"http://localhost:{demo.port}/admin/login/") == 200
            # The README's question, once every process has given a sign of life and Beat has sent every task.
            wait_until(lambda: all_is_well(checkout), seconds=OPEN_SECONDS_MAX, what="doctor finds nothing wrong")
            assert "[error" not in demo.text()

            web = demo.find(str(demo.port))
            web.kill()
            wait_until(
                lambda: "web was ended by SIGKILL; started again" in demo.text(),
                what="it says so",
            )
            wait_until(
                lambda: alive([web.pid]) == set() and _answers(demo), seconds=OPEN_SECONDS_MAX, what="web is back"
            )
            everyone |= family(demo.process.pid)

            demo.process.send_signal(signal.SIGINT)

            assert demo.process.wait(CLOSED_SECONDS_MAX) == 0, demo.text()
            assert "nothing is left running" in demo.text()
            assert not alive(everyone)
        finally:
            demo.process.kill()
            demo.process.wait()

    def test_leaves_nothing_behind_even_when_it_is_killed(self, checkout: Path) -> None:
        demo = start_demo(checkout, port=free_port())
        try:
            wait_until(lambda: "preparing" in demo.text(), seconds=OPEN_SECONDS_MAX, what="the servers are there")
            everyone = family(demo.process.pid)
            assert len(everyone) > 2
        finally:
            demo.process.kill()
            demo.process.wait()

        wait_until(lambda: not alive(everyone), seconds=CLOSED_SECONDS_MAX, what="every process ends")

    def test_names_the_next_step_where_the_port_is_taken(self, checkout: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]

            demo = start_demo(checkout, port=port)

            assert demo.process.wait(OPEN_SECONDS_MAX) == 1
            assert f"PORT={port + 1} make demo" in demo.text()

    def test_reset_forgets_everything(self, checkout: Path) -> None:
        (checkout / ".housefull").mkdir(exist_ok=True)

        reset = start_demo(checkout, "--reset", port=free_port())

        assert reset.process.wait(OPEN_SECONDS_MAX) == 0, reset.text()
        assert not (checkout / ".housefull").exists()


def all_is_well(checkout: Path) -> bool:
    """Whether `manage.py doctor` says so, run beside the demo as its user would."""
    command = [sys.executable, "manage.py", "doctor"]
    asked = subprocess.run(command, cwd=checkout, env=user_environment(), capture_output=True, check=False)
    return asked.returncode == 0


def _answers(demo: RunningDemo) -> bool:
    try:
        return status_of(f"http://localhost:{demo.port}/admin/login/") == 200
    except OSError:
        return False
