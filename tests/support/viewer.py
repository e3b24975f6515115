"""A client that knows nothing but the contract: it follows a show over its socket and keeps its own map.

Every frame it gets is held against docs/asyncapi.yaml.
"""

import asyncio
import itertools
import json
import urllib.request
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.asyncapi import validate
from tests.support.patience import PATIENCE_SECONDS

SUBPROTOCOL = "housefull.v1"


def guest_token(house_url: str) -> str:
    """A new guest identity from the house."""
    request = urllib.request.Request(f"{house_url}/api/v1/guests", method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as reply:
        token: str = json.load(reply)["token"]
    return token


class Viewer:
    """One socket on one show. `states` is None until the snapshot came."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read())
        self.frames: list[dict[str, Any]] = []
        self.epoch = ""
        self.version = -1
        self.states: list[str] | None = None
        self.deadlines: dict[int, int] = {}
        self.mine: dict[str, Any] | None = None
        self.close_code: int | None = None
        self.ended = False
        self.steps: list[tuple[str, int, int]] = []

    # --- acting

    async def send(self, message: dict[str, Any]) -> None:
        """Send a message as it is."""
        await self._socket.send(json.dumps(message))

    async def ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send a request and wait for the reply that carries its id."""
        number = str(next(self._ids))
        await self.send({**message, "id": number})
        return await self.frame(lambda frame: frame.get("id") == number)

    async def hold(self, *labels: str, **fields: Any) -> dict[str, Any]:
        """Ask for seats; the reply is `held` or `refused`."""
        return await self.ask({"type": "hold", "seats": list(labels), **fields})

    async def release(self, *labels: str) -> dict[str, Any]:
        """Let seats go; without labels all of them."""
        return await self.ask({"type": "release", **({"seats": list(labels)} if labels else {})})

    async def raw(self, text: str | bytes) -> None:
        """Send whatever it is."""
        await self._socket.send(text)

    # --- waiting

    async def until(self, condition: Callable[[], bool], *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the frames so far make the condition true. Fails with what was seen instead."""
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(condition)
        except TimeoutError:
            last = "\n".join(str(frame)[:200] for frame in self.frames[-8:])
            raise AssertionError(f"not within {seconds} s; closed: {self.close_code}; last frames:\n{last}") from None

    async def frame(
        self, wanted: Callable[[dict[str, Any]], bool], *, seconds: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """The first frame, past or to come, that is wanted."""
        await self.until(lambda: any(wanted(frame) for frame in self.frames), seconds=seconds)
        return next(frame for frame in self.frames if wanted(frame))

    async def frame_of_type(self, kind: str, *, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The first frame of a type."""
        return await self.frame(lambda frame: frame["type"] == kind, seconds=seconds)

    async def until_seat(self, index: int, state: str, *, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until a seat is shown so."""
        await self.until(lambda: self.states is not None and self.states[index] == state, seconds=seconds)

    async def until_closed(self, *, seconds: float = PATIENCE_SECONDS) -> int:
        """The close code, once the server has closed."""
        await self.until(lambda: self.close_code is not None, seconds=seconds)
        assert self.close_code is not None
        return self.close_code

    @property
    def text(self) -> str:
        """The map as one string."""
        return "".join(self.states or ())

    # --- following the contract

    async def _read(self) -> None:
        try:
            async for text in self._socket:
                frame = json.loads(text)
                validate("server", frame)
                await self._follow(frame)
                async with self._news:
                    self.frames.append(frame)
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        finally:
            async with self._news:
                self.close_code, self.ended = self._socket.close_code, True
                self._news.notify_all()

    async def _follow(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "snapshot":
            self.epoch, self.version = frame["epoch"], frame["version"]
            self.states = list(frame["states"])
            self.deadlines = {int(seat): ms for seat, ms in frame["holds"].items()}
            self.mine = frame["mine"]
        elif kind == "seats" and self.states is not None:
            await self._step(frame)
        elif kind == "mine":
            self.mine = frame["mine"]
        elif kind == "check" and (frame["epoch"], frame["version"]) == (self.epoch, self.version):
            assert zlib.crc32(self.text.encode()) == frame["crc32"], "the map differs from the server's"

    async def _step(self, frame: dict[str, Any]) -> None:
        if frame["epoch"] != self.epoch or frame["from"] > self.version:
            await self.send({"type": "sync", "epoch": self.epoch, "version": self.version})
            return
        if frame["version"] <= self.version:
            return
        assert self.states is not None
        self.steps.append((frame["epoch"], frame["from"], frame["version"]))
        for seat, state, *deadline in frame["changes"]:
            self.states[seat] = state
            if deadline:
                self.deadlines[seat] = deadline[0]
            else:
                self.deadlines.pop(seat, None)
        self.version = frame["version"]

    async def leave(self) -> None:
        """Close the socket and report what went wrong while reading."""
        await self._socket.close()
        await self._reader


@asynccontextmanager
async def viewing(
    house_url: str, show_id: int, *, token: str | None = None, query: str = "", **options: Any
) -> AsyncIterator[Viewer]:
    """A viewer of a show; with a token he may hold seats. Browsers send an Origin, so without a token he does too."""
    url = f"{house_url.replace('http', 'ws', 1)}/ws/shows/{show_id}/{query}"
    options.setdefault("subprotocols", [SUBPROTOCOL] + ([f"token.{token}"] if token else []))
    if token is None:
        options.setdefault("origin", house_url)
    socket = await connect(url, max_size=2**22, **options)
    viewer = Viewer(socket)
    try:
        yield viewer
    finally:
        await viewer.leave()
