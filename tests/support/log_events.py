"""Awaiting what a logger says, where a log record is the only sign that something was noticed."""

import asyncio
import logging
from types import TracebackType
from typing import Self

from tests.support.patience import PATIENCE_SECONDS


class Logged(logging.Handler):
    """`with Logged("realtime.layer") as log:` cause it, then `await log.said()`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._logger = logging.getLogger(name)
        self._said = asyncio.Event()

    def __enter__(self) -> Self:
        self._logger.addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self._said.set()

    async def said(self) -> None:
        """Wait for the next record. Raises TimeoutError."""
        self._said.clear()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._said.wait()
