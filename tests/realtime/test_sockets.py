"""Sockets of a running house, as a client meets them: returning, parting, and both kinds of server."""

import asyncio
import json
import signal
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

from bookings.api import HOLDER_COOKIE
from bookings.models import Show
from tests.support.cinema import make_show
from tests.support.house import RunningHouse, running_house
from tests.support.viewer import SUBPROTOCOL, Viewer, guest_token, viewing


class TestReturning:
    async def test_with_a_position_brings_the_missed_changes_first(self, house: RunningHouse, show: Show) -> None:
        token = guest_token(house.url)
        async with viewing(house.url, show.pk) as gone:
            await gone.frame_of_type("snapshot")
        async with viewing(house.url, show.pk, token=token) as holder:
            await holder.hold("A1")
            await holder.until_seat(0, "H")
            position = f"?epoch={gone.epoch}&version={gone.version}"

            async with viewing(house.url, show.pk, token=token, query=position) as back:
                # The hold is announced once PostgreSQL's word is noted in Redis, a moment after `held`.
                await back.until(lambda: back.mine is not None)

        first, second = back.frames[:2]
        assert (first["type"], first["from"], [change[:2] for change in first["changes"]]) == (
            "seats",
            gone.version,
            [[0, "H"]],
        )
        assert second["type"] == "mine"
        assert back.mine is not None
        assert back.mine["seats"] == ["A1"]

    async def test_with_a_position_of_another_time_brings_a_snapshot(self, house: RunningHouse, show: Show) -> None:
        async with viewing(house.url, show.pk, query="?epoch=long-ago&version=7") as viewer:
            await viewer.until(lambda: bool(viewer.frames))

            assert viewer.frames[0]["type"] == "snapshot"

    async def test_a_question_is_answered_from_where_one_is(self, house: RunningHouse, show: Show) -> None:
        async with viewing(house.url, show.pk, token=guest_token(house.url)) as holder:
            await holder.frame_of_type("snapshot")
            before = holder.version
            await holder.hold("A1")
            await holder.until_seat(0, "H")

            await holder.send({"type": "sync", "epoch": holder.epoch, "version": before})

            await holder.until(
                lambda: sum(frame["type"] == "seats" and frame["from"] == before for frame in holder.frames) == 2
            )


class TestIdentity:
    async def test_may_come_as_the_cookie_of_a_page(self, house: RunningHouse, show: Show) -> None:
        token = guest_token(house.url)

        async with viewing(
            house.url, show.pk, origin=house.url, additional_headers={"Cookie": f"{HOLDER_COOKIE}={token}"}
        ) as page:
            held = await page.hold("A1")

        assert held["type"] == "held"


class TestFrames:
    async def test_in_fragments_are_put_together(self, house: RunningHouse, show: Show) -> None:
        async with viewing(house.url, show.pk) as viewer:
            await viewer.frame_of_type("snapshot")
            await viewer._socket.send(['{"type":"ping",', '"id":"p",', '"client_ms":1}'])

            assert (await viewer.frame_of_type("pong"))["id"] == "p"

    async def test_of_more_than_64_kib_are_not_read(self, house: RunningHouse, show: Show) -> None:
        async with viewing(house.url, show.pk) as viewer:
            await viewer.raw(json.dumps({"type": "ping", "id": "x" * 70_000, "client_ms": 1}))

            assert await viewer.until_closed() == 1009


class TestDoor:
    @pytest.mark.parametrize("path", ["/ws/shows/one/", "/ws/shows/", "/elsewhere/"])
    async def test_leads_nowhere_on_other_paths(self, house: RunningHouse, path: str) -> None:
        url = house.url.replace("http", "ws", 1)
        async with connect(
            f"{url}{path}", subprotocols=[Subprotocol(SUBPROTOCOL)], origin=Origin(house.url)
        ) as socket:
            await socket.wait_closed()

        assert socket.close_code == 4504

    async def test_lets_one_holder_have_so_many_sockets(self, database: str, show: Show) -> None:
        with running_house(LIMIT_SOCKETS_PER_HOLDER="2") as house:
            url = house.start_web()
            token = guest_token(url)
            async with viewing(url, show.pk, token=token) as one, viewing(url, show.pk, token=token) as two:
                await one.frame_of_type("snapshot")
                await two.frame_of_type("snapshot")
                async with viewing(url, show.pk, token=token) as three:
                    assert await three.until_closed() == 4002
                    assert three.frames[0]["code"] == "rate_limited"
                async with viewing(url, show.pk, token=guest_token(url)) as other:
                    await other.frame_of_type("snapshot")
            async with viewing(url, show.pk, token=token) as again:
                await again.frame_of_type("snapshot")

    async def test_counts_the_addresses_of_one_household_together(self, database: str, show: Show) -> None:
        def through_the_proxy(address: str) -> AbstractAsyncContextManager[Viewer]:
            return viewing(url, show.pk, additional_headers={"X-Forwarded-For": address})

        with running_house(LIMIT_SOCKETS_PER_IP="1", TRUSTED_PROXIES="127.0.0.1") as house:
            url = house.start_web()
            async with through_the_proxy("2001:db8:1:2::1") as one:
                await one.frame_of_type("snapshot")
                async with through_the_proxy("2001:db8:1:2::2") as another_of_the_same_line:
                    assert await another_of_the_same_line.until_closed() == 4002
                async with through_the_proxy("2001:db8:1:3::1") as neighbour:
                    await neighbour.frame_of_type("snapshot")


class TestStopping:
    @pytest.mark.parametrize("server", ["daphne", "uvicorn"])
    async def test_sends_sockets_away_with_a_code_and_ends_well(
        self, own_house: RunningHouse, show: Show, server: str
    ) -> None:
        url = own_house.start_web(server=server)
        async with viewing(url, show.pk) as viewer:
            await viewer.frame_of_type("snapshot")
            own_house.kill("web", signal.SIGTERM)

            assert await viewer.until_closed() == 4000

        await asyncio.to_thread(own_house.stop, "web")
        assert "Traceback" not in own_house.log()


@pytest.fixture(params=["daphne", "uvicorn", "plain uvicorn"])
def any_server(request: pytest.FixtureRequest, database: str) -> Any:
    """A house under each server that the documentation names."""
    with running_house() as house:
        house.start_web(server=request.param)
        yield house


class TestAnyServer:
    async def test_shows_one_persons_clicks_to_another(self, any_server: RunningHouse, show: Show) -> None:
        url = any_server.url
        token = guest_token(url)
        async with viewing(url, show.pk, token=token) as holder, viewing(url, show.pk) as viewer:
            held = await holder.hold("A1", "A2")
            await viewer.until_seat(1, "H")
            refused = await holder.hold("A1", "Z9")
            released = await holder.release("A1")
            await viewer.until_seat(0, "A")

            assert (held["type"], held["seats"]) == ("held", ["A1", "A2"])
            assert (refused["code"], refused["seats"]) == ("unknown_seat", ["Z9"])
            assert released["seats"] == ["A1"]
            assert viewer.text[:3] == "AHA"

    async def test_serves_many_viewers_of_a_large_hall(self, any_server: RunningHouse, database: str) -> None:
        show = await sync_to_async(make_show)(seats=600)
        url = any_server.url
        async with asyncio.TaskGroup() as tasks, viewing(url, show.pk, token=guest_token(url)) as holder:

            async def watch() -> None:
                async with viewing(url, show.pk) as viewer:
                    await viewer.until_seat(0, "H")

            watchers = [tasks.create_task(watch()) for _ in range(40)]
            await holder.frame_of_type("snapshot")
            await holder.hold("A1")
            await asyncio.wait(watchers)
