"""The door's socket: every usher of a show sees everybody who comes in, through two processes; nobody else does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from bookings.api import SeatTicket, issue_tickets
from bookings.models import Show, Ticket
from tests.support.asyncapi import validate
from tests.support.cinema import make_show
from tests.support.house import RunningHouse
from tests.support.tickets import SOON, make_booking, make_usher, session_of

CSRF = "a" * 32
PATIENCE_SECONDS = 8.0


@pytest.fixture
def show(database: str) -> Show:
    return make_show(starts_in=SOON)


@pytest.fixture
def tickets(show: Show) -> list[SeatTicket]:
    return issue_tickets(make_booking(show, range(6)).pk)


@pytest.fixture
def session(database: str) -> str:
    """The session of an usher."""
    return session_of(make_usher())


class DoorWatcher:
    """One usher's socket; every frame is held to the document."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            frame: dict[str, Any] = json.loads(await self._socket.recv())
        validate("server of a door", frame)
        return frame

    async def say(self, message: object) -> None:
        await self._socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def close_code(self) -> int:
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionClosed):
                async for _ in self._socket:
                    pass
            await self._socket.wait_closed()
        return self._socket.close_code or 0


@asynccontextmanager
async def watching(
    url: str, show: int, session: str | None, *, subprotocol: str = "housefull.v1", origin: str | None = None
) -> AsyncIterator[DoorWatcher]:
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"} if session else {}
    address = f"{url.replace('http', 'ws')}/ws/shows/{show}/door/"
    async with connect(
        address, additional_headers=headers, origin=Origin(origin or url), subprotocols=[Subprotocol(subprotocol)]
    ) as socket:
        yield DoorWatcher(socket)


async def check_in(url: str, session: str, show: Show, code: str, gate: str = "2") -> httpx.Response:
    cookies = {settings.SESSION_COOKIE_NAME: session, "csrftoken": CSRF}
    async with httpx.AsyncClient(cookies=cookies, headers={"X-CSRFToken": CSRF}, trust_env=False) as http:
        return await http.post(f"{url}/api/v1/checkin", json={"show": show.pk, "code": code, "gate": gate})


class TestWatching:
    async def test_everybody_sees_who_comes_in_through_any_process(
        self, house: RunningHouse, show: Show, tickets: list[SeatTicket], session: str
    ) -> None:
        first, second = house.url_of("first"), house.url_of("second")
        other = await sync_to_async(make_show)(starts_in=SOON)
        async with (
            watching(first, show.pk, session) as one,
            watching(second, show.pk, session) as two,
            watching(first, other.pk, session) as elsewhere,
        ):
            assert await one.hear() == {**await two.hear(), "as_of_ms": pytest.approx(0, abs=2**42)}
            await elsewhere.hear()

            reply = (await check_in(second, session, show, tickets[0].text)).json()

            told = await one.hear()
            assert told == await two.hear()
            assert (told["type"], told["seat"], told["gate"]) == ("admitted", "A1", "2")
            assert (told["admitted"], told["expected"], told["as_of_ms"]) == (1, 6, reply["as_of_ms"])
            await elsewhere.say({"type": "look"})
            assert (await elsewhere.hear())["admitted"] == 0

    async def test_first_tells_the_door_as_it_is(
        self, house: RunningHouse, show: Show, tickets: list[SeatTicket], session: str
    ) -> None:
        for ticket in tickets[:2]:
            await check_in(house.url, session, show, ticket.code)

        async with watching(house.url, show.pk, session) as door:
            frame = await door.hear()

        assert (frame["type"], frame["admitted"], frame["expected"]) == ("door", 2, 6)
        assert [entry["seat"] for entry in frame["recent"]] == ["A2", "A1"]

    async def test_answers_what_is_asked_and_refuses_what_is_not_a_question(
        self, house: RunningHouse, show: Show, tickets: list[SeatTicket], session: str
    ) -> None:
        async with watching(house.url, show.pk, session) as door:
            await door.hear()
            await door.say({"type": "ping", "id": "p1", "client_ms": 5})
            pong = await door.hear()
            assert (pong["type"], pong["id"], pong["client_ms"]) == ("pong", "p1", 5)
            for nonsense in ("{", b"\xff", {"type": "look", "more": 1}, {"type": "hold", "id": "1", "seats": ["A1"]}):
                await door.say(nonsense)
                assert (await door.hear())["code"] == "bad_request"

    async def test_ends_a_flood(
        self, house: RunningHouse, show: Show, tickets: list[SeatTicket], session: str
    ) -> None:
        async with watching(house.url, show.pk, session) as door:
            for _ in range(30):
                await door.say({"type": "look"})
            assert await door.close_code() == 4002

    async def test_looks_at_what_is_true_after_news_was_lost(
        self, house: RunningHouse, show: Show, tickets: list[SeatTicket], session: str
    ) -> None:
        async with watching(house.url, show.pk, session) as door:
            await door.hear()
            await Ticket.objects.filter(seat_index=3).aupdate(admitted_at=show.starts_at, gate="9")
            await door.say({"type": "look"})
            assert (await door.hear())["admitted"] == 1


class TestWhoMayWatch:
    async def test_only_who_may_let_people_in(
        self, house: RunningHouse, show: Show, tickets: list[SeatTicket], session: str
    ) -> None:
        clerk = await sync_to_async(make_usher)("clerk", may_check_in=False, is_staff=True)
        expected = {
            None: 4501,
            "nonsense": 4501,
            await sync_to_async(session_of)(clerk): 4508,
        }
        for key, code in expected.items():
            async with watching(house.url, show.pk, key) as door:
                assert await door.close_code() == code
        async with watching(house.url, 2**40, session) as door:
            assert await door.close_code() == 4504
        async with watching(house.url, show.pk, session, subprotocol="other.v1") as door:
            assert await door.close_code() == 4500

    async def test_no_page_of_another_site(self, house: RunningHouse, show: Show, session: str) -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with watching(house.url, show.pk, session, origin="https://evil.example"):
                pass
        assert refused.value.response.status_code == 403
