"""The line to paired screens, on virtual time: what staff changed reaches them, and nobody else."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from django.db import OperationalError
from redis.exceptions import RedisError

from realtime.boards import line
from realtime.boards.devices import Screen, ScreenSettings
from realtime.boards.line import LOOK_SECONDS, DeviceLine
from realtime.boards.socket import MESSAGES_BURST, BoardSocket
from realtime.limits import FLOOD_REFUSALS_MAX
from realtime.protocol import CloseCode
from tests.support.boards import SLUG, AScreen, FakeTheatre, a_listing, fake_theatre
from tests.support.guards import unless, with_and_without_guard
from tests.support.viewers import RecordingWriter
from tests.support.virtual_time import virtual_ms, virtually


class SlowLayer:
    """A channel layer in memory, which may be away."""

    def __init__(self) -> None:
        self.away = False
        self.groups: set[str] = set()
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def new_channel(self) -> str:
        return "channel"

    async def group_add(self, group: str, channel: str) -> None:
        if self.away:
            raise RedisError("gone")
        self.groups.add(group)

    async def receive(self, channel: str) -> dict[str, Any]:
        return await self._messages.get()

    def nudge(self, *ids: int) -> None:
        if "devices" in self.groups:
            self._messages.put_nowait({"type": "devices.changed", "devices": list(ids)})


class Register:
    """The rows that staff changes."""

    def __init__(self, *ids: int) -> None:
        self.rows = {device_id: a_screen(device_id) for device_id in ids}
        self.looks: list[list[int]] = []
        self.away = False

    async def look(self, ids: Iterable[int]) -> dict[int, Screen]:
        self.looks.append(sorted(ids))
        if self.away:
            raise OperationalError("gone")
        return {device_id: self.rows[device_id] for device_id in ids if device_id in self.rows}


def a_screen(device_id: int) -> Screen:
    return Screen(
        id=device_id,
        name=f"Screen {device_id}",
        kind="board",
        theatre_slug=SLUG,
        screen_name="",
        settings=ScreenSettings(),
        reloads=0,
        revoked=False,
    )


class House:
    def __init__(self, *ids: int) -> None:
        self.register, self.layer = Register(*ids), SlowLayer()
        self.line = DeviceLine(layer=self.layer, look=self.register.look, now_ms=virtual_ms)  # type: ignore[arg-type]

    def connect(self, device_id: int) -> AScreen:
        socket = AScreen()
        self.line.join(self.register.rows[device_id], socket)
        return socket

    def change(self, device_id: int, **fields: Any) -> None:
        self.register.rows[device_id] = replace(self.register.rows[device_id], **fields)


@asynccontextmanager
async def house(*ids: int) -> AsyncIterator[House]:
    here = House(*ids)
    try:
        yield here
    finally:
        await here.line.close()


class TestAChange:
    @virtually
    async def test_reaches_its_screen_and_no_other_within_a_look(self) -> None:
        async with house(1, 2) as here:
            mine, other = here.connect(1), here.connect(2)
            here.change(1, settings=ScreenSettings(language="hi"))
            await asyncio.sleep(LOOK_SECONDS + 0.1)

            assert [told["language"] for told in mine.of("device")] == ["en", "hi"]
            assert len(other.messages) == 1

    @virtually
    async def test_is_told_at_once_when_there_is_a_nudge(self) -> None:
        async with house(1) as here:
            screen = here.connect(1)
            await asyncio.sleep(0.01)
            here.change(1, reloads=1)
            here.layer.nudge(1, 99)
            await asyncio.sleep(0.01)

            assert [told["reloads"] for told in screen.of("device")] == [0, 1]
            assert here.register.looks == [[1]]

    @virtually
    async def test_costs_one_look_for_all_screens(self) -> None:
        async with house(*range(50)) as here:
            for device_id in range(50):
                here.connect(device_id)
            await asyncio.sleep(3 * LOOK_SECONDS + 0.1)

            assert here.register.looks == [list(range(50))] * 3


class TestRevoking:
    @with_and_without_guard
    @virtually
    async def test_closes_every_socket_of_the_screen_within_five_seconds(self, guarded: bool) -> None:
        with unless(guarded, patch.object(line, "LOOK_SECONDS", 3600.0)):
            async with house(1, 2) as here:
                tabs, other = [here.connect(1), here.connect(1)], here.connect(2)
                await asyncio.sleep(0.5)
                here.change(1, revoked=True)
                await asyncio.sleep(5)

            assert [tab.writer.closed_with for tab in tabs] == [CloseCode.REVOKED if guarded else None] * 2
            assert other.writer.closed_with is None

    @virtually
    async def test_is_what_deleting_comes_to(self) -> None:
        async with house(1) as here:
            screen = here.connect(1)
            del here.register.rows[1]
            await asyncio.sleep(5)

            assert screen.writer.closed_with == CloseCode.REVOKED

    @virtually
    async def test_waits_for_a_postgresql_that_is_away(self) -> None:
        async with house(1) as here:
            screen = here.connect(1)
            here.register.away = True
            here.change(1, revoked=True)
            await asyncio.sleep(20)
            assert screen.writer.closed_with is None
            here.register.away = False
            await asyncio.sleep(5)

            assert screen.writer.closed_with == CloseCode.REVOKED


class TestTheLine:
    @virtually
    async def test_hears_nudges_once_redis_is_back(self) -> None:
        async with house(1) as here:
            here.layer.away = True
            screen = here.connect(1)
            await asyncio.sleep(1)
            here.layer.away = False
            await asyncio.sleep(LOOK_SECONDS)
            here.change(1, reloads=1)
            here.layer.nudge(1)
            await asyncio.sleep(0.01)

            assert [told["reloads"] for told in screen.of("device")] == [0, 1]

    @virtually
    async def test_forgets_screens_that_are_gone(self) -> None:
        async with house(1) as here:
            screen = here.connect(1)
            here.line.leave(1, screen)
            here.change(1, revoked=True)
            await asyncio.sleep(10)

            assert here.register.looks == []
            assert screen.writer.closed_with is None


class TestWhatAScreenMaySay:
    @virtually
    async def test_is_ping(self) -> None:
        async with fake_theatre(a_listing(1, starts_ms=virtual_ms() + 60_000)) as theatre:
            writer, socket = self.open(theatre)
            await socket.enter()
            socket.take(b'{"type":"ping","id":"7","client_ms":5}')
            for nonsense in (b"{}", b"\xff", b'{"type":"hold","id":"1","seats":["A1"]}', b"x" * 9000):
                socket.take(nonsense)

            assert writer.of_type("pong") == [{"type": "pong", "id": "7", "client_ms": 5, "server_ms": virtual_ms()}]
            assert [error["code"] for error in writer.of_type("error")] == ["bad_request"] * 4
            socket.leave()
            assert socket.board is None

    @virtually
    async def test_is_limited_and_a_flood_is_closed(self) -> None:
        async with fake_theatre() as theatre:
            writer, socket = self.open(theatre)
            for number in range(int(MESSAGES_BURST) + FLOOD_REFUSALS_MAX + 1):
                socket.take(b'{"type":"ping","id":"%d","client_ms":5}' % number)

            assert len(writer.of_type("pong")) == MESSAGES_BURST
            assert {error["code"] for error in writer.of_type("error")} == {"rate_limited"}
            assert writer.closed_with == CloseCode.TOO_MANY_MESSAGES

    @staticmethod
    def open(theatre: FakeTheatre) -> tuple[RecordingWriter, BoardSocket]:
        writer = RecordingWriter()
        return writer, BoardSocket(slug=SLUG, writer=writer, boards=theatre.boards)
