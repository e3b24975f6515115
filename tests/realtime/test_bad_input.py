"""Whatever a client sends, the answer is a coded error of the contract, nothing changes, and nothing is traced."""

import json
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from websockets.exceptions import InvalidStatus

from bookings.models import Booking, Show
from tests.support.cinema import make_show
from tests.support.house import RunningHouse
from tests.support.viewer import Viewer, guest_token, viewing


@pytest.fixture(autouse=True)
def _no_traceback(house: RunningHouse) -> Any:
    before = len(house.log())
    yield
    assert "Traceback" not in house.log()[before:]


async def assert_nothing_changed(viewer: Viewer, show: Show) -> None:
    await viewer.frame_of_type("snapshot")
    viewer.frames.clear()
    await viewer.send({"type": "sync", "epoch": "another", "version": 0})
    await viewer.frame_of_type("snapshot")
    assert set(viewer.text) == {"A"}
    assert await Booking.objects.filter(show=show).acount() == 0


class TestRequests:
    @pytest.mark.parametrize(
        ("request_", "code"),
        [
            ({"type": "hold", "seats": ["Z99"]}, "unknown_seat"),
            ({"type": "hold", "seats": ["A1", "A1"]}, "duplicate_seats"),
            ({"type": "hold", "seats": [f"A{number}" for number in range(1, 12)]}, "too_many_seats"),
            ({"type": "hold", "seats": []}, "bad_request"),
            ({"type": "hold", "seats": "A1"}, "bad_request"),
            ({"type": "hold", "seats": [1]}, "bad_request"),
            ({"type": "hold"}, "bad_request"),
            ({"type": "hold", "seats": ["A1"], "price_paise": 1}, "bad_request"),
            ({"type": "hold.best", "count": 0}, "bad_request"),
            ({"type": "hold.best", "count": 11}, "too_many_seats"),
            ({"type": "hold.best", "count": 2, "category": "balcony"}, "bad_request"),
            ({"type": "release", "seats": ["Z99"]}, "unknown_seat"),
            ({"type": "buy", "seats": ["A1"]}, "bad_request"),
        ],
    )
    async def test_are_refused_by_code(
        self, house: RunningHouse, show: Show, request_: dict[str, Any], code: str
    ) -> None:
        async with viewing(house.url, show.pk, token=guest_token(house.url)) as viewer:
            await viewer.send({**request_, "id": "1"})
            reply = await viewer.frame(lambda frame: frame["type"] in ("refused", "error"))

            assert reply["code"] == code
            await assert_nothing_changed(viewer, show)

    async def test_for_a_show_that_has_begun_are_too_late(self, house: RunningHouse, database: str) -> None:
        past = await sync_to_async(make_show)(starts_in=timedelta(hours=-1))

        async with viewing(house.url, past.pk, token=guest_token(house.url)) as viewer:
            reply = await viewer.hold("A1")

            assert (reply["type"], reply["code"]) == ("refused", "sales_closed")
            await assert_nothing_changed(viewer, past)

    async def test_without_an_identity_may_watch_and_not_hold(self, house: RunningHouse, show: Show) -> None:
        async with viewing(house.url, show.pk) as viewer:
            reply = await viewer.hold("A1")

            assert (reply["type"], reply["code"]) == ("refused", "identity_required")
            await assert_nothing_changed(viewer, show)


class TestFrames:
    @pytest.mark.parametrize(
        "frame",
        [
            "not json",
            "[]",
            "null",
            '{"type":',
            '{"id":"1"}',
            "{" * 2000,
            '{"type":"ping","id":"1","client_ms":' + "[" * 4000 + "]" * 4000 + "}",
            b'{"type":"ping"}',
            "\x00",
            '{"type":"hold","id":"1","seats":["A1"]' + " " * 9 * 1024 + "}",
        ],
    )
    async def test_that_say_nothing_are_bad_requests(
        self, house: RunningHouse, show: Show, frame: str | bytes
    ) -> None:
        async with viewing(house.url, show.pk, token=guest_token(house.url)) as viewer:
            await viewer.raw(frame)
            reply = await viewer.frame_of_type("error")

            assert reply["code"] == "bad_request"
            await assert_nothing_changed(viewer, show)

    async def test_by_the_thousand_are_limited_and_then_closed(self, house: RunningHouse, show: Show) -> None:
        async with (
            viewing(house.url, show.pk, token=guest_token(house.url)) as flood,
            viewing(house.url, show.pk) as neighbour,
        ):
            for number in range(1000):
                if flood.close_code is not None:
                    break
                await flood.raw(json.dumps({"type": "ping", "id": str(number), "client_ms": 0}))

            limited = await flood.frame(lambda frame: frame["type"] == "error")
            assert limited["code"] == "rate_limited"
            assert await flood.until_closed() == 4002
            await assert_nothing_changed(neighbour, show)


class TestIdentity:
    @pytest.mark.parametrize("token", ["forged", "abc~def", "x" * 150])
    async def test_that_we_did_not_sign_is_closed(self, house: RunningHouse, show: Show, token: str) -> None:
        async with viewing(house.url, show.pk, token=token) as viewer:
            assert await viewer.until_closed() == 4501

    async def test_of_a_changed_token_is_closed(self, house: RunningHouse, show: Show) -> None:
        token = guest_token(house.url)
        foreign = ("A" if token[0] != "A" else "B") + token[1:]

        async with viewing(house.url, show.pk, token=foreign) as viewer:
            assert await viewer.until_closed() == 4501


class TestDoor:
    async def test_has_no_such_show(self, house: RunningHouse, show: Show) -> None:
        for number in (show.pk + 1_000_000, 0, 2**70):
            async with viewing(house.url, number, token=guest_token(house.url)) as viewer:
                assert await viewer.until_closed() == 4504

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            "http://127.0.0.1.evil.example",
            "http://localhost:1@evil.example",
            "http://127.0.0.1:1",
            "null",
            "ftp://x",
        ],
    )
    async def test_is_shut_to_other_origins(self, house: RunningHouse, show: Show, origin: str) -> None:
        with pytest.raises(InvalidStatus) as refusal:
            async with viewing(house.url, show.pk, token=guest_token(house.url), origin=origin):
                pass

        assert refusal.value.response.status_code == 403

    async def test_wants_an_origin_from_whoever_has_no_token(self, house: RunningHouse, show: Show) -> None:
        with pytest.raises(InvalidStatus):
            async with viewing(house.url, show.pk, origin=None):
                pass

    async def test_speaks_our_subprotocol_or_says_so(self, house: RunningHouse, show: Show) -> None:
        async with viewing(house.url, show.pk, token=None, subprotocols=["chat.v1"]) as viewer:
            assert await viewer.until_closed() == 4500
