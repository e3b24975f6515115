"""Runs the processes of the demo: starts them through the guardian, shows and logs their output, starts them again.

Knows no Django and no server; what runs is said by `demo.py`.
"""

import asyncio
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.console import Console, Loudness
from config.guardian import Guardian

BACK_OFF_SECONDS_MIN = 1.0
BACK_OFF_SECONDS_MAX = 30.0
# A process that ran this long has recovered: its next end starts the back-off anew.
STEADY_SECONDS = 60.0
LINE_BYTES_MAX = 65536
LOG_BYTES_MAX = 20_000_000


@dataclass(frozen=True, slots=True)
class Service:
    """A process that shall run: the name people see, its command and its log file's name."""

    name: str
    command: Sequence[str]
    log_name: str
    grace_seconds: float = 8.0


class Supervisor:
    """Keeps services running until they are told to stop."""

    def __init__(
        self,
        guardian: Guardian,
        console: Console,
        *,
        environment: Mapping[str, str],
        folder: Path,
        logs_folder: Path,
        verbose: bool,
    ) -> None:
        self._guardian = guardian
        self._console = console
        self._environment = environment
        self._folder = folder
        self._logs_folder = logs_folder
        self._verbose = verbose
        self._stopping = asyncio.Event()
        self._watches: dict[str, asyncio.Task[None]] = {}

    async def run_once(self, service: Service) -> int:
        """Run this to its end and return its exit status (negative: by that signal). Raises ProcessRefused."""
        await self._run(service)
        status = self._guardian.exit_status(service.name)
        assert status is not None, "its end was told by the guardian"
        return status

    def keep_running(self, service: Service) -> None:
        """Start this and start it again whenever it ends, later each time, until `stop`."""
        self._watches[service.name] = asyncio.create_task(self._keep(service))

    async def failure(self) -> None:
        """Wait for a failure of the supervision itself. Raises it."""
        ended, _ = await asyncio.wait(self._watches.values(), return_when=asyncio.FIRST_EXCEPTION)
        for watch in ended:
            watch.result()

    async def stop(self, *groups: Sequence[str]) -> None:
        """Stop the services group by group, in this order, the members of a group together."""
        self._stopping.set()
        for group in groups:
            # In a thread, so that what the processes still say is read: a full pipe would block them.
            await asyncio.to_thread(self._guardian.stop, *group)
        await asyncio.gather(*self._watches.values())

    async def _keep(self, service: Service) -> None:
        back_off_seconds = BACK_OFF_SECONDS_MIN
        while not self._stopping.is_set():
            began = time.monotonic()
            status = await self.run_once(service)
            if self._stopping.is_set():
                return
            if time.monotonic() - began > STEADY_SECONDS:
                back_off_seconds = BACK_OFF_SECONDS_MIN
            self._console.alarm(
                f"{service.name} {how_it_ended(status)}; started again in {back_off_seconds:.0f} s"
                f" (see {self._log(service)})"
            )
            try:
                await asyncio.wait_for(self._stopping.wait(), back_off_seconds)
            except TimeoutError:
                back_off_seconds = min(2 * back_off_seconds, BACK_OFF_SECONDS_MAX)

    async def _run(self, service: Service) -> None:
        output, childs_output = os.pipe()
        ended, exit_notice = os.pipe()
        try:
            self._guardian.start(
                service.name,
                service.command,
                output=childs_output,
                exit_notice=exit_notice,
                environment=self._environment,
                folder=self._folder,
                grace_seconds=service.grace_seconds,
            )
        except BaseException:
            os.close(output)
            os.close(ended)
            raise
        finally:
            os.close(childs_output)
            os.close(exit_notice)
        said, end = await _reader(output), await _reader(ended)
        showing = asyncio.create_task(self._show(service, said[0]))
        try:
            await end[0].read()
            # What it wrote last is shown; a child of its own that lives on must not keep us waiting.
            await asyncio.wait([showing], timeout=1.0)
        finally:
            showing.cancel()
            said[1].close()
            end[1].close()

    async def _show(self, service: Service, said: asyncio.StreamReader) -> None:
        loudness = Loudness(verbose=self._verbose)
        rest = b""
        while part := await said.read(LINE_BYTES_MAX):
            self._write(self._log(service), part)
            *lines, rest = (rest + part).split(b"\n")
            if len(rest) > LINE_BYTES_MAX:
                lines, rest = [*lines, rest], b""
            for line in lines:
                text = line.decode(errors="replace").rstrip()
                if loudness.shows(text):
                    self._console.line(service.name, text)

    def _write(self, path: Path, part: bytes) -> None:
        with path.open("ab") as log:
            log.write(part)
            full = log.tell() > LOG_BYTES_MAX
        if full:
            path.replace(path.with_suffix(".log.old"))

    def _log(self, service: Service) -> Path:
        return self._logs_folder / service.log_name


async def _reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    return reader, transport


def how_it_ended(status: int) -> str:
    """In words: by which signal, or with which status."""
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
