"""Processes that die at a named point of money: `python -m tests.support.money_crasher` forks one for each job.

The parent has loaded everything and opened nothing, so a child costs a fork. A job is a line of JSON: what to do
(`act`), at which point to die and at which time of passing it. The answer is the child's exit status: 9 when it died
there, 0 when it came to the end of its work without passing the point so often.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

KILLED: Final = 9
FAILED: Final = 70
PROJECT: Final = Path(__file__).parents[2]

Act = Mapping[str, Any]


class Crasher:
    """The parent, as a test has it."""

    def __init__(self, process: "subprocess.Popen[str]", said: IO[bytes]) -> None:
        self._process = process
        self._said = said

    def run(self, act: Act, *, point: str, nth: int = 1) -> bool:
        """Have a process do this. Whether it died at the point. Fails the test where it failed otherwise."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"act": act, "point": point, "nth": nth}) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        self._said.seek(0)
        assert status in {0, KILLED}, f"{act} ended with {status}:\n{self._said.read().decode()}"
        return status == KILLED


@contextmanager
def running_crasher(**environment: str) -> Iterator[Crasher]:
    """A parent with the test's servers and this environment on top of the test's own."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.money_crasher"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            cwd=PROJECT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "LOG_LEVEL": "ERROR",
                "LIMIT_PROFILE": "bench",
                **environment,
            },
        ) as process,
    ):
        try:
            yield Crasher(process, said)
        finally:
            assert process.stdin is not None
            process.stdin.close()  # It ends with its input.


async def do(act: Act) -> None:
    """Do it in this process' loop, through the serving box office."""
    from tests.support.money_house import Doors

    doors = Doors()
    if act["do"] == "post":
        await doors.call(act["path"], act["token"], act["body"])
    elif act["do"] == "deliver":
        await doors.deliver(act["body"].encode(), act["event_id"])
    else:
        await asyncio.to_thread(run_task, act["task"])


def run_task(name: str) -> None:
    """A task of the worker."""
    from django.db import connection

    from bookings.tasks import relay_outbox
    from payments.tasks import poll_payments

    try:
        {"relay_outbox": relay_outbox, "poll_payments": poll_payments}[name]()
    finally:
        connection.close()  # That of this thread, which nobody else would close.


def _child(job: dict[str, Any]) -> None:
    from bookings.api import BoxOffice
    from bookings.waypoints import standing_at

    passed = 0

    async def die() -> None:
        nonlocal passed
        passed += 1
        if passed == job["nth"]:
            os._exit(KILLED)

    async def serve() -> None:
        await BoxOffice.current()
        await do(job["act"])
        await BoxOffice.close_current()

    with standing_at(job["point"], die):
        if job["act"]["do"] == "task":
            run_task(job["act"]["task"])
        else:
            asyncio.run(serve())


def main() -> None:
    """Fork a child for each line."""
    import django

    django.setup()
    # What a child needs, loaded once.
    import config.urls  # noqa: F401
    import tests.support.money_house  # noqa: F401

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(2, 1)  # What it logs must not be taken for an answer.
            try:
                _child(json.loads(line))
            except BaseException:
                traceback.print_exc()
                os._exit(FAILED)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
