"""Looking at the machine's processes from outside: who runs, who is gone, who holds a folder."""

import time
from collections.abc import Callable, Iterable

import psutil

from tests.support.patience import PATIENCE_SECONDS

STEP_SECONDS = 0.05


def wait_until(condition: Callable[[], bool], *, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for something another process does. Fails the test when it does not happen in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(STEP_SECONDS)


def listens(pid: int, port: int) -> bool:
    """Whether this process, and nobody else, is the server at a port of this machine."""
    try:
        found = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.NoSuchProcess:
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in found)


def family(pid: int) -> set[int]:
    """This process and everything below it."""
    process = psutil.Process(pid)
    return {pid, *(child.pid for child in process.children(recursive=True))}


def alive(pids: Iterable[int]) -> set[int]:
    """Those that still run; a zombie does not."""
    return {pid for pid in pids if psutil.pid_exists(pid) and _runs(pid)}


def arguments_of(process: psutil.Process) -> list[str]:
    """Its command line; empty where it ended meanwhile."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
