"""The generator processes of a run, as the engine sees them."""

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from realtime.loadtest.orders import LINE_BYTES_MAX, Assignment, Failed, Order, Report, Second, read_report, write

HOME: Final = Path(__file__).resolve().parents[2]
# How long a process that was asked to end may take before it is ended.
GOODBYE_SECONDS: Final = 5.0
ReportT = TypeVar("ReportT", bound=Report)


class RunFailed(Exception):
    """The run cannot go on: a code, what happened, and what to do about it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Hand:
    """One generator process. `on_second` is called with each second it reports."""

    def __init__(
        self, part: int, process: asyncio.subprocess.Process, on_second: Callable[[int, Second], None]
    ) -> None:
        self.part = part
        self._process = process
        self._on_second = on_second

    def order(self, order: Order) -> None:
        """Send an order."""
        assert self._process.stdin is not None
        self._process.stdin.write(write(order) + b"\n")

    async def expect(self, kind: type[ReportT]) -> ReportT:
        """The next report of this kind; seconds are passed on. Raises RunFailed."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            report = read_report(line)
            if isinstance(report, kind):
                return report
            if isinstance(report, Second):
                self._on_second(self.part, report)
            elif isinstance(report, Failed):
                raise RunFailed(report.code, report.detail)
        raise RunFailed("generator_gone", f"generator process {self.part} ended; what it said is above")

    async def end(self) -> None:
        """Make sure that it is gone."""
        if self._process.returncode is None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                async with asyncio.timeout(GOODBYE_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        await self._process.wait()


class Crew:
    """All of them; an async context manager."""

    def __init__(self, on_second: Callable[[int, Second], None]) -> None:
        self._on_second = on_second
        self.hands: list[Hand] = []
        # Those that ended before their time, by part.
        self.lost: dict[int, RunFailed] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(hand.end() for hand in self.hands))

    async def hire(self, assignments: Sequence[Assignment]) -> None:
        """Start a process for each assignment."""
        for assignment in assignments:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "realtime.loadtest.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_BYTES_MAX,
                cwd=HOME,
                # Ctrl-C reaches the engine alone, which lets them report.
                start_new_session=True,
            )
            hand = Hand(assignment.part, process, self._on_second)
            self.hands.append(hand)
            hand.order(assignment)

    def order(self, order: Order) -> None:
        """Send an order to all."""
        for hand in self._working:
            hand.order(order)

    async def expect(self, kind: type[ReportT]) -> list[ReportT]:
        """A report of this kind from each. Raises RunFailed."""
        return list(await asyncio.gather(*(hand.expect(kind) for hand in self.hands)))

    async def gather(self, kind: type[ReportT]) -> list[ReportT]:
        """A report of this kind from each that still works; who does not is lost, and the others are heard."""
        working = self._working
        reports: list[ReportT] = []
        for hand, heard in zip(
            working, await asyncio.gather(*(self._heard(hand, kind) for hand in working)), strict=True
        ):
            if isinstance(heard, RunFailed):
                self.lost[hand.part] = heard
            else:
                reports.append(heard)
        return reports

    async def _heard(self, hand: Hand, kind: type[ReportT]) -> ReportT | RunFailed:
        try:
            return await hand.expect(kind)
        except RunFailed as error:
            return error

    @property
    def _working(self) -> list[Hand]:
        return [hand for hand in self.hands if hand.part not in self.lost]
