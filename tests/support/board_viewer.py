"""A board that knows nothing but the contract: it follows a theatre's feed, each frame held against asyncapi.yaml."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.asyncapi import validate
from tests.support.boards import fold
from tests.support.patience import PATIENCE_SECONDS
from tests.support.viewer import SUBPROTOCOL


class BoardViewer:
    """One socket on one theatre's board."""

    def __init__(self, socket: ClientConnection) -> None:
        self.frames: list[dict[str, Any]] = []
        self.close_code: int | None = None
        self._socket = socket
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())

    @property
    def shows(self) -> dict[int, dict[str, Any]]:
        """The board by show."""
        return {show["id"]: show for show in fold(self.frames)}

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The frames of one type."""
        return [frame for frame in self.frames if frame["type"] == kind]

    async def send(self, text: str) -> None:
        """Send whatever it is."""
        await self._socket.send(text)

    async def until(self, condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the frames so far make it true. Fails with what was seen instead."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(condition)
        except TimeoutError:
            last = "\n".join(str(frame)[:300] for frame in self.frames[-6:])
            raise AssertionError(f"not within {seconds} s; closed: {self.close_code}; last frames:\n{last}") from None

    async def until_show(self, show_id: int, *, seconds: float = PATIENCE_SECONDS, **fields: Any) -> None:
        """Wait until a show is shown with these fields."""
        await self.until(
            lambda: fields.items() <= self.shows.get(show_id, {}).items(),
            seconds=seconds,
        )

    async def until_pong(self) -> None:
        """Wait for the answer to a ping."""
        await self.until(lambda: bool(self.of("pong")))

    async def until_closed(self, *, seconds: float = PATIENCE_SECONDS) -> int:
        """The close code, once the server has closed."""
        await self.until(lambda: self.close_code is not None, seconds=seconds)
        assert self.close_code is not None
        return self.close_code

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                frame = json.loads(text)
                validate("server of a board", frame)
                async with self._news:
                    self.frames.append(frame)
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        finally:
            async with self._news:
                self.close_code = self._socket.close_code
                self._news.notify_all()

    async def leave(self) -> None:
        """Close the socket and report what went wrong while reading."""
        await self._socket.close()
        await self._reader


@asynccontextmanager
async def watching(
    house_url: str, slug: str, *, token: str | None = None, query: str = "", **options: Any
) -> AsyncIterator[BoardViewer]:
    """A board of a theatre. Browsers send an Origin, so without a token it does too."""
    url = f"{house_url.replace('http', 'ws', 1)}/ws/theatres/{slug}/board/{query}"
    options.setdefault("subprotocols", [SUBPROTOCOL] + ([f"token.{token}"] if token else []))
    if token is None:
        options.setdefault("origin", house_url)
    viewer = BoardViewer(await connect(url, max_size=2**22, **options))
    try:
        yield viewer
    finally:
        await viewer.leave()
