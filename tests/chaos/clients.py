"""Clients that know only the contract and come back whenever their socket ends, as a browser does.

They keep the map that they were told and complain when what they are told cannot be: a version that goes back,
a checksum that is not theirs, a frame that is not documented.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.support.viewer import SUBPROTOCOL, Viewer

FRAMES_KEPT: Final = 200
OPEN_SECONDS_MAX: Final = 4.0
ANSWER_SECONDS_MAX: Final = 6.0
# The contract says to come back with jitter.
BACK_SECONDS: Final = (0.1, 0.8)
# Who is told so by the server must not come back; in this suite nobody deserves it.
FINAL_CLOSE_CODES: Final = range(4500, 4600)


class SocketEnded(Exception):
    """The socket ended before the answer came: what was asked may or may not have been done."""


class Follower(Viewer):
    """One socket of a client: a viewer that keeps the last frames only and never lets a version go back."""

    async def _follow(self, frame: dict[str, Any]) -> None:
        epoch, version = self.epoch, self.version
        await super()._follow(frame)
        went_back = self.epoch == epoch and self.version < version
        assert not went_back, f"version {version} of epoch {epoch} was followed by {self.version}"
        del self.frames[:-FRAMES_KEPT]

    async def answer(self, message: dict[str, Any], number: str) -> dict[str, Any]:
        """Send a request with this id and wait for its reply. Raises SocketEnded, TimeoutError."""
        try:
            await self.send({**message, "id": number})
        except ConnectionClosed as ended:
            raise SocketEnded from ended

        def answered() -> dict[str, Any] | None:
            return next((frame for frame in reversed(self.frames) if frame.get("id") == number), None)

        await self.until(lambda: answered() is not None or self.ended, seconds=ANSWER_SECONDS_MAX)
        reply = answered()
        if reply is None:
            raise SocketEnded
        return reply

    async def until_ended(self) -> str | None:
        """Wait for the end of the socket; what was wrong with its frames, if anything was."""
        await asyncio.wait([self._reader])
        wrong = self._reader.exception()
        await self._socket.close()
        return None if wrong is None else f"{type(wrong).__name__}: {wrong}"

    def drop(self) -> None:
        """Lose the connection without a word, as a phone in a tunnel does."""
        self._socket.transport.abort()


class Onlooker:
    """Somebody who looks at one show until told to leave, at whichever web process lets him in."""

    def __init__(self, name: str, *, show: int, houses: Sequence[str], rng: random.Random) -> None:
        self.name = name
        self.show = show
        self.token: str | None = None
        self.follower: Follower | None = None
        self.complaints: list[str] = []
        self.closes: Counter[str] = Counter()
        self._houses = houses
        self._rng = rng
        self._leaving = False
        self.looking: asyncio.Task[None] | None = None

    def look(self, socket: ClientConnection | None = None) -> None:
        """Begin to look, through this socket if one is given."""
        self.looking = asyncio.create_task(self._look(socket))

    async def leave(self) -> None:
        """Stop looking. Raises what ended the looking, if anything did."""
        self._leaving = True
        assert self.looking is not None
        self.looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.looking
        if self.follower is not None:
            with contextlib.suppress(AssertionError):  # Told already, or not this round's any more.
                await self.follower.leave()

    def some_house(self) -> str:
        """The address of a web process, as a balancer would choose it."""
        return self._rng.choice(self._houses)

    def become(self, name: str, token: str) -> None:
        """Come back as another holder, without a map."""
        self.name, self.token = name, token
        if self.follower is not None:
            self.follower.drop()
            self.follower = None

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The last frames of the present socket."""
        return [] if self.follower is None else list(self.follower.frames)

    async def _look(self, socket: ClientConnection | None) -> None:
        while not self._leaving:
            token = self.token
            socket = socket or await self._open()
            if socket is not None and token == self.token:
                await self._follow(socket)
            elif socket is not None:
                socket.transport.abort()  # He has become somebody else while the door opened.
            socket = None
            await asyncio.sleep(self._rng.uniform(*BACK_SECONDS))

    async def _open(self) -> ClientConnection | None:
        house = self.some_house()
        query = ""
        if self.follower is not None and self._rng.random() < 0.5:
            query = f"?epoch={self.follower.epoch}&version={self.follower.version}"
        else:
            self.follower = None
        try:
            return await open_socket(house, self.show, token=self.token, query=query)
        except (OSError, TimeoutError, WebSocketException):
            self.closes["not let in"] += 1
            return None

    async def _follow(self, socket: ClientConnection) -> None:
        follower = Follower(socket)
        if self.follower is not None:
            _resume(follower, self.follower)
        self.follower = follower
        wrong = await follower.until_ended()
        self.closes[str(socket.close_code)] += 1
        if wrong is not None:
            self.complaints.append(f"{self.name} at show {self.show}: {wrong}")
            self.follower = None
        if socket.close_code in FINAL_CLOSE_CODES:
            self.complaints.append(f"{self.name} at show {self.show} was sent away with {socket.close_code}")

    @property
    def live(self) -> bool:
        """Whether a map is there and a socket keeps it."""
        follower = self.follower
        return follower is not None and follower.states is not None and not follower.ended


async def open_socket(
    house_url: str, show: int, *, token: str | None = None, query: str = "", **options: Any
) -> ClientConnection:
    """A socket on a show. Raises OSError, TimeoutError, WebSocketException."""
    url = f"{house_url.replace('http', 'ws', 1)}/ws/shows/{show}/{query}"
    options |= {"subprotocols": [SUBPROTOCOL] + ([f"token.{token}"] if token else [])}
    if token is None:
        options["origin"] = house_url
    return await connect(url, max_size=2**22, open_timeout=OPEN_SECONDS_MAX, close_timeout=1, **options)


def _resume(now: Follower, before: Follower) -> None:
    # What the address says is known (epoch, version) must be known: the reply may be the difference only.
    now.epoch, now.version, now.mine = before.epoch, before.version, before.mine
    now.states = None if before.states is None else list(before.states)
    now.deadlines = dict(before.deadlines)
