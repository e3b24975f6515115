"""The load tester as people run it: its command as a process, what it prints, and the result it writes."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.house import PROJECT


class LoadTest:
    """A run of `python -m realtime.loadtest`. `said` is what was printed until now, errors among it."""

    def __init__(self, process: asyncio.subprocess.Process, result: Path) -> None:
        self.process = process
        self.said = ""
        self._result = result

    async def until_said(self, words: str) -> None:
        """Read until a line has these words. Fails when it ends before."""
        assert self.process.stdout is not None
        while words not in self.said:
            line = await self.process.stdout.readline()
            assert line, f"it ended without saying {words!r}:\n{self.said}"
            self.said += line.decode()

    async def end(self) -> int:
        """Its exit status."""
        assert self.process.stdout is not None
        self.said += (await self.process.stdout.read()).decode()
        return await self.process.wait()

    @property
    def document(self) -> dict[str, Any]:
        """The result that it wrote."""
        document: dict[str, Any] = json.loads(self._result.read_text())
        return document


@asynccontextmanager
async def load_test(url: str, arguments: str, *, result: Path, show: int, seed: int = 7) -> AsyncIterator[LoadTest]:
    """Start it, on its own show; it is gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "realtime.loadtest", "--url", url, "--show", str(show), "--seed", str(seed),
        "--no-ceiling", "--json", str(result), *arguments.split(),
        cwd=PROJECT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        yield LoadTest(process, result)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def whole_run(url: str, arguments: str, *, result: Path, show: int, seed: int = 7) -> tuple[int, LoadTest]:
    """A run to its end, and its exit status; what it printed is printed."""
    async with load_test(url, arguments, result=result, show=show, seed=seed) as run:
        status = await run.end()
        print(run.said)
        return status, run
