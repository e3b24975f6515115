"""A socket of a client: how it connects and comes back, what it asks, and to whom each frame goes.

Little is done per frame: it is decoded once for all sockets of the process. What it does to the map: position.py.
"""

import asyncio
import time
from random import Random
from typing import Any, Final

import msgspec
from picows import WSCloseCode, WSError, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from realtime.loadtest.frames import STAY_AWAY_CODE, SUBPROTOCOL, TOKEN_PREFIX, TOO_SLOW_CODE, Frame, Mine
from realtime.loadtest.position import Position
from realtime.loadtest.seat_map import SeatMap
from realtime.loadtest.world import World

HANDSHAKE_SECONDS: Final = 30.0
# An answer that takes longer will not come.
ANSWER_SECONDS: Final = 30.0
# Clients come back after a moment of their own, longer each time (contract, section 3).
CATCH_UP_TRIES_MAX: Final = 5
RETURN_SECONDS_MIN: Final = 0.1
RETURN_SECONDS_MAX: Final = 5.0
# Who has tried for so long stays away, and is missed at the end; a restart takes seconds.
RETURN_WITHIN_SECONDS: Final = 30.0


class NoAnswer(Exception):
    """A question was not answered: the socket closed, or it took too long."""


# How connecting fails.
CANNOT_CONNECT: Final = (OSError, WSError, NoAnswer)


class Socket(WSListener):
    """One client's connection to the show. `on_mine` is told of each `mine` frame."""

    def __init__(self, world: World, client: str, token: str | None = None) -> None:
        self.world = world
        self.client = client
        self.token = token
        self.position = Position(world, client, ask=self._ask_for_position)
        self.transport: WSTransport | None = None
        self.close_code = 0
        # Whether it comes back by itself when it is cut off.
        self.returns = True
        # While it reads nothing on purpose, and until it has caught up, it says nothing about the house's speed.
        self.slow = False
        self.mine: tuple[Mine | None, str] | None = None
        self._mine_told: asyncio.Future[None] | None = None
        self._asked: dict[str, asyncio.Future[tuple[Frame, bytes]]] = {}
        self._questions = 0
        self._connecting = False
        self._returning: asyncio.Task[None] | None = None
        self._gone: asyncio.Future[None] | None = None

    @property
    def map(self) -> SeatMap | None:
        """The map it has."""
        return self.position.map

    # --- connecting

    async def connect(self) -> None:
        """Open it, resuming from the map it has, and wait for its position. Raises OSError, WSError, TimeoutError."""
        headers = {"Sec-WebSocket-Protocol": SUBPROTOCOL}
        if self.token is not None:
            headers["Sec-WebSocket-Protocol"] += f", {TOKEN_PREFIX}{self.token}"
        position = f"?epoch={self.map.epoch}&version={self.map.version}" if self.map is not None else ""
        loop = asyncio.get_running_loop()
        self.mine = None
        positioned = self.position.begin()
        self._mine_told, self._gone = loop.create_future(), loop.create_future()
        await ws_connect(
            lambda: self,
            self.world.sockets_url + position,
            extra_headers=headers,
            websocket_handshake_timeout=HANDSHAKE_SECONDS,
            # Whoever is loaded was named by the user: nobody else is, on a house's word.
            max_redirects=0,
        )
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            await positioned

    async def connect_patiently(self, random: Random, *, within_seconds: float = RETURN_WITHIN_SECONDS) -> bool:
        """Connect, trying again with jitter; False: he gave up, was told not to come back, or the run was stopped."""
        gives_up_at = time.monotonic() + within_seconds
        wait_seconds = RETURN_SECONDS_MIN
        self._connecting = True
        try:
            while self.close_code < STAY_AWAY_CODE:
                try:
                    await self.connect()
                    return True
                except CANNOT_CONNECT as error:
                    self.world.tally.error("not_connected", f"{type(error).__name__}: {error}")
                    self.drop()
                pause_seconds = wait_seconds * (0.5 + random.random())
                wait_seconds = min(2 * wait_seconds, RETURN_SECONDS_MAX)
                if time.monotonic() + pause_seconds > gives_up_at or await self.world.stops_within(pause_seconds):
                    break
            self.returns = False
            return False
        finally:
            self._connecting = False

    def drop(self) -> None:
        """Vanish without a goodbye."""
        if self.transport is not None:
            self.transport.underlying_transport.abort()

    async def leave(self) -> None:
        """Close for good, politely, and wait until it is closed."""
        self.returns = False
        if self._returning is not None:
            self._returning.cancel()
        if self.transport is not None and self._gone is not None:
            self.transport.send_close(WSCloseCode.OK)
            try:
                async with asyncio.timeout(1.0):
                    await self._gone
            except TimeoutError:
                self.drop()

    @property
    def open(self) -> bool:
        """Whether it is connected and knows where it is."""
        return self.transport is not None and self.position.is_known

    async def gone(self) -> None:
        """Wait until the connection has ended, if there is one."""
        if self.transport is not None and self._gone is not None:
            await self._gone

    async def back(self) -> bool:
        """Wait until a return that is under way has succeeded or been given up; whether it is connected."""
        if self._returning is not None and not self._returning.done():
            await asyncio.wait([self._returning])
        return self.open

    def pause(self) -> None:
        """Read nothing, as a phone in a tunnel."""
        if self.transport is not None:
            self.slow = True
            self.transport.underlying_transport.pause_reading()

    def resume(self) -> None:
        """Read on; `caught_up` says when it is current again."""
        if self.slow and self.transport is not None:
            self.transport.underlying_transport.resume_reading()

    # --- asking

    async def ask(self, kind: str, **fields: Any) -> tuple[Frame, bytes]:
        """Ask and wait: the answer, be it a yes or a no, and its bytes. Raises NoAnswer."""
        self._questions += 1
        name = str(self._questions)
        answer: asyncio.Future[tuple[Frame, bytes]] = asyncio.get_running_loop().create_future()
        self._asked[name] = answer
        self.send({"type": kind, "id": name, **fields})
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            self._asked.pop(name, None)
            raise NoAnswer(f"{kind} was not answered within {ANSWER_SECONDS:.0f} s") from None

    async def sync(self) -> None:
        """Ask where the map is now, and wait until it is there. Raises NoAnswer."""
        if self.map is None or not self.open:
            raise NoAnswer("not connected")
        positioned = self.position.ask_anew()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await positioned
        except TimeoutError:
            raise NoAnswer(f"sync was not answered within {ANSWER_SECONDS:.0f} s") from None

    async def caught_up(self) -> None:
        """Be current again after a pause, also if the house has cut it off meanwhile. Raises NoAnswer."""
        for _ in range(CATCH_UP_TRIES_MAX):
            try:
                await self.sync()
                self.slow = False
                return
            except NoAnswer:
                if not await self.back():
                    break
        raise NoAnswer("did not catch up")

    async def told_mine(self) -> tuple[Mine | None, str]:
        """What the server says is mine, once it has said it since the connect. Raises NoAnswer."""
        if self.mine is None and self._mine_told is not None:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._mine_told
            except TimeoutError:
                raise NoAnswer("a resume was not followed by `mine`") from None
        if self.mine is None:
            raise NoAnswer("not connected")
        return self.mine

    def _ask_for_position(self, seat_map: SeatMap) -> None:
        self.send({"type": "sync", "epoch": seat_map.epoch, "version": seat_map.version})

    def send(self, message: dict[str, Any]) -> None:
        """Send a text frame. Raises NoAnswer when there is no connection."""
        if self.transport is None:
            raise NoAnswer("not connected")
        self.transport.send(WSMsgType.TEXT, msgspec.json.encode(message))

    # --- picows

    def on_ws_connected(self, transport: WSTransport) -> None:
        """picows: the handshake is done."""
        self.transport = transport
        self.close_code = 0
        self.world.tally.sockets += 1

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """picows: a frame arrived."""
        if frame.msg_type is not WSMsgType.TEXT:
            if frame.msg_type is WSMsgType.CLOSE:
                self.close_code = frame.get_close_code().value
                transport.send_close(WSCloseCode.OK)
                transport.disconnect()
            return
        payload = frame.get_payload_as_bytes()
        world = self.world
        world.tally.counters["frames"] += 1
        try:
            read = world.read(payload)
        except msgspec.DecodeError as error:
            world.tally.error("not_a_frame", f"{error}: {payload[:200]!r}")
            return
        if read.frame.type == "seats":
            self.position.take_change(read, slow=self.slow)
        else:
            self._take(read.frame, payload)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """picows: the connection is gone; whoever waits will not get an answer."""
        world = self.world
        world.tally.sockets -= 1
        self.transport = None
        cut_off = NoAnswer(f"the connection ended ({self.close_code or 'no goodbye'})")
        for waiting in (*self._asked.values(), self.position.awaited, self._mine_told):
            if waiting is not None and not waiting.done():
                waiting.set_exception(cut_off)
                waiting.exception()
        self._asked.clear()
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
        if self.close_code:
            world.tally.counters[f"closed {self.close_code}"] += 1
        if self.close_code >= STAY_AWAY_CODE:
            world.tally.error(f"close_{self.close_code}", "the house says not to come back")
        elif self.returns and not self._connecting:
            world.tally.counters["too slow" if self.close_code == TOO_SLOW_CODE else "cut off"] += 1
            random = world.random(f"{self.client}/return/{self._questions}")
            self._returning = asyncio.create_task(self._return(random))

    async def _return(self, random: Random) -> None:
        await asyncio.sleep(RETURN_SECONDS_MIN * random.random())
        if self.returns and await self.connect_patiently(random):
            self.world.tally.counters["came back"] += 1

    # --- what it is told

    def _take(self, frame: Frame, payload: bytes) -> None:
        """Anything but a change."""
        kind = frame.type
        if kind == "snapshot":
            self.position.take_snapshot(frame)
            if b'"mine"' in payload:
                self._take_mine(frame, payload)
        elif kind == "mine":
            self._take_mine(frame, payload)
        elif kind == "check":
            self.position.take_check(frame, payload)
        elif kind == "notice":
            self.world.tally.counters[f"notice {frame.code}"] += 1
        elif frame.id is not None:
            self._take_answer(frame, payload)
        elif kind == "error":
            self.world.tally.error(frame.code or "error", frame.detail)
        else:
            self.world.tally.counters[kind] += 1

    def _take_answer(self, frame: Frame, payload: bytes) -> None:
        """The answer to a question; one that came too late for its asker is no longer expected."""
        asked = self._asked.pop(frame.id or "", None)
        if asked is not None and not asked.done():
            asked.set_result((frame, payload))

    def _take_mine(self, frame: Frame, payload: bytes) -> None:
        self.mine = (frame.mine, payload.decode())
        if self._mine_told is not None and not self._mine_told.done():
            self._mine_told.set_result(None)
