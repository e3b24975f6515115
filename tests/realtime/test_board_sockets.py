"""Boards of a running house, as screens and strangers meet them: over two processes, real Redis and PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from pytest_django import Settings

from bookings.models import Show
from realtime.boards import devices
from realtime.boards.line import nudge
from realtime.models import Device
from tests.support.api import serving_office
from tests.support.board_viewer import watching
from tests.support.buyer import new_buyer
from tests.support.cinema import make_show, make_theatre
from tests.support.house import RunningHouse
from tests.support.razorpay import Razorpay
from tests.support.viewer import guest_token, viewing

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

# Of a hall of twenty: a row of twelve, and eight.
SEATS = [f"A{number}" for number in range(1, 13)] + [f"B{number}" for number in range(1, 9)]


def slug_of(show: Show) -> str:
    return show.screen.theatre.slug


def pair_here(slug: str, *, name: str = "Lobby") -> str:
    """A screen that was paired; returns its token."""
    now = datetime.now(UTC)  # noqa: TID251  (tests stand where interfaces do)
    pairing = devices.begin_pairing(household="192.0.2.1", now=now)
    manager, _ = get_user_model().objects.get_or_create(username="manager")
    wishes = devices.Wishes(name=name, kind="board", theatre_slug=slug)
    devices.pair_screen(pairing.code, wishes, by=manager.pk, now=now)
    return pairing.secret


def change(slug: str, **settings: str) -> int:
    """Staff changes how the only screen looks; returns its id."""
    device = Device.objects.get()
    look = devices.ScreenSettings(**settings)  # type: ignore[arg-type]
    devices.change_screen(device.pk, devices.Wishes(name="Lobby", kind="board", theatre_slug=slug, settings=look))
    return device.pk


def revoke() -> None:
    devices.revoke_screens([Device.objects.get().pk], now=datetime.now(UTC))  # noqa: TID251


class TestABoard:
    async def test_is_the_same_in_both_processes_and_read_anew(self, house: RunningHouse, show: Show) -> None:
        slug = slug_of(show)
        first, second = house.url_of("first"), house.url_of("second")
        async with (
            watching(first, slug) as here,
            watching(second, slug) as there,
            viewing(second, show.pk, token=guest_token(second)) as holder,
        ):
            await here.until_show(show.pk, available=120, held=0, total=120, status="open")
            await there.until_show(show.pk, available=120)
            await holder.hold("A1", "A2", "A3")
            await here.until_show(show.pk, available=117, held=3)
            await there.until_show(show.pk, available=117, held=3)
            await holder.release("A1")
            await here.until_show(show.pk, available=118, held=2)
            async with watching(first, slug) as anew:
                await anew.until_show(show.pk, held=2)

                assert anew.shows == here.shows

        entry = here.shows[show.pk]
        assert (entry["movie"], entry["screen"]) == (show.movie.title, show.screen.name)
        assert entry["starts_at"] == show.starts_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    async def test_sees_a_show_sell_out(
        self, house: RunningHouse, razorpay: Razorpay, settings: Settings, tmp_path: Path
    ) -> None:
        show = await sync_to_async(make_show)(seats=20)
        async with (
            watching(house.url_of("second"), slug_of(show)) as board,
            serving_office(settings, tmp_path),
            new_buyer(razorpay) as one,
            new_buyer(razorpay) as two,
        ):
            await board.until_show(show.pk, status="open")
            for buyer, place in ((one, 0), (two, 10)):
                await buyer.begin(show, *SEATS[place : place + 10])
                assert (await buyer.verify(buyer.pay())).json()["status"] == "confirmed"
            await board.until_show(show.pk, status="housefull", available=0, held=0)

        seen = [entry["status"] for frame in board.frames for entry in frame.get("shows", ())]
        assert seen[0] == "open"
        assert seen.index("last_few") < seen.index("housefull")

    async def test_follows_the_catalogue(self, house: RunningHouse, show: Show) -> None:
        async with watching(house.url, slug_of(show)) as board:
            await board.until_show(show.pk, status="open")
            other = await sync_to_async(make_show)(screen=show.screen, starts_in=timedelta(hours=6))
            show.movie.title = "Another name"
            await sync_to_async(show.movie.save)()

            await board.until(lambda: {show.pk, other.pk} <= board.shows.keys())
            await board.until_show(show.pk, movie="Another name")


class TestTheDoor:
    async def test_is_open_to_everybody_who_comes_as_the_contract_says(self, house: RunningHouse, show: Show) -> None:
        slug = slug_of(show)
        for options in ({"token": guest_token(house.url)}, {}):
            async with watching(house.url, slug, **options) as board:
                await board.until_show(show.pk)
                await board.send(json.dumps({"type": "ping", "id": "7", "client_ms": 1}))
                await board.until_pong()
                assert board.of("device") == []

    async def test_turns_away_who_has_no_business_here(self, house: RunningHouse, show: Show) -> None:
        slug = slug_of(show)
        foreign = await sync_to_async(pair_here)((await sync_to_async(make_theatre)()).slug)
        for path, options, code in (
            (slug, {"token": "forged" * 8}, 4501),
            (slug, {"token": foreign}, 4501),
            ("nowhere", {}, 4504),
            (slug, {"subprotocols": ["another.v1"]}, 4500),
        ):
            async with watching(house.url, path, **options) as board:
                assert await board.until_closed() == code
                assert board.frames == []

        await sync_to_async(revoke)()
        async with watching(house.url, slug, token=foreign) as board:
            assert await board.until_closed() == 4508


class TestAPairedScreen:
    async def test_is_told_what_it_is_and_what_staff_changes(self, house: RunningHouse, show: Show) -> None:
        slug = slug_of(show)
        token = await sync_to_async(pair_here)(slug)
        async with watching(house.url_of("second"), slug, token=token, query="?client=f00d") as board:
            await board.until_show(show.pk)
            await board.until(lambda: bool(board.of("device")))
            device_id = await sync_to_async(change)(slug, language="hi", night_from="23:00", night_to="06:00")
            await nudge([device_id])
            await board.until(lambda: len(board.of("device")) == 2)
            await sync_to_async(devices.reload_screens)([device_id])
            await nudge([device_id])
            await board.until(lambda: len(board.of("device")) == 3)

        first, second, third = board.of("device")
        assert (first["kind"], first["place"], first["night"]) == ("board", {"theatre": slug, "screen": ""}, None)
        assert (second["language"], second["night"]) == ("hi", {"from": "23:00", "to": "06:00"})
        assert (second["reloads"], third["reloads"]) == (0, 1)
        device = await sync_to_async(Device.objects.get)()
        assert device.version == "f00d"
        assert device.last_seen_at is not None

    async def test_is_closed_once_it_is_revoked_in_every_process(self, house: RunningHouse, show: Show) -> None:
        slug = slug_of(show)
        token = await sync_to_async(pair_here)(slug)
        async with (
            watching(house.url_of("first"), slug, token=token) as one,
            watching(house.url_of("second"), slug, token=token) as two,
            watching(house.url_of("first"), slug) as public,
        ):
            for board in (one, two, public):
                await board.until_show(show.pk)
            await sync_to_async(revoke)()  # and no nudge: looks alone do it (how soon: test_device_line.py)
            codes = [await board.until_closed() for board in (one, two)]

            assert codes == [4508, 4508]
            assert public.close_code is None


class TestWithoutRedis:
    async def test_a_board_says_that_it_is_behind_and_comes_back_by_itself(
        self, servers: "EmbeddedServers", own_house: RunningHouse, show: Show
    ) -> None:
        url = own_house.start_web()
        slug = slug_of(show)
        async with watching(url, slug) as board, viewing(url, show.pk, token=guest_token(url)) as holder:
            await board.until_show(show.pk, held=0)
            servers.kill_redis()
            await board.until(lambda: [n["code"] for n in board.of("notice")] == ["updates_delayed"])
            held = await holder.hold("A1", "A2")
            await board.until_show(show.pk, held=2)
            servers.start_redis()
            await board.until(lambda: [n["code"] for n in board.of("notice")][-1] == "updates_live")
            await holder.release("A1")
            await board.until_show(show.pk, held=1)

        assert held["type"] == "held"
