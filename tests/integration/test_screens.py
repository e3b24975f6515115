"""Pairing screens and ruling them: codes, secrets, places, and what staff may and may not do."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.db.models import F
from django.test import Client
from pytest_django import Settings

from bookings.api import list_shows
from bookings.models import Theatre
from frontend import kiosk_page, kiosk_views
from realtime.boards import devices
from realtime.models import Device, Pairing
from tests.support.cinema import make_screen, make_show, make_theatre
from tests.support.guards import unless, with_and_without_guard
from tests.support.screens import BEGIN, PAIR, UnpairedScreen, form, pair, staff, state_of

pytestmark = pytest.mark.usefixtures("database", "awake_cache")


def now() -> datetime:
    """Tests stand where interfaces do. Not when this module is read: a run is longer than a code stands."""
    return datetime.now(UTC)  # noqa: TID251


@pytest.fixture(autouse=True)
def _static(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    kiosk_views._limit.cache_clear()


@pytest.fixture
def theatre() -> Theatre:
    return make_theatre(name="Cauvery")


class TestPairing:
    def test_starts_a_lobby_board_by_itself(self, theatre: Theatre) -> None:
        screen = UnpairedScreen()
        assert screen.look() == (200, {"status": "waiting", "expires_ms": screen.expires_ms})

        reply = staff("pair_screens").post(
            PAIR, form(screen.code, f"{theatre.slug}/", night_from="23:30", night_to="07:00")
        )

        assert reply.status_code == 302
        assert screen.look() == (
            200,
            {"status": "paired", "name": "Left of the stairs", "path": f"/kiosk/{theatre.slug}/"},
        )
        device = Device.objects.get()
        assert device.settings == {"theme": "dark", "language": "en", "night_from": "23:30", "night_to": "07:00"}
        assert device.paired_by is not None
        assert (device.paired_by.username, Pairing.objects.count()) == ("manager", 0)

    def test_takes_a_code_as_people_type_it(self, theatre: Theatre) -> None:
        screen = UnpairedScreen()
        typed = f" {screen.code[:3].lower()}-{screen.code[3:].lower()} "

        assert staff("pair_screens").post(PAIR, form(typed, f"{theatre.slug}/")).status_code == 302

    def test_leads_a_door_to_the_show_on_its_screen(self, theatre: Theatre) -> None:
        audi = make_screen(theatre=theatre)
        make_show(screen=audi, starts_in=timedelta(minutes=-30))
        soon = make_show(screen=audi, starts_in=timedelta(minutes=40))
        make_show(screen=make_screen(theatre=theatre), starts_in=timedelta(minutes=5))

        screen = pair(f"{theatre.slug}/{audi.name}")

        assert screen.look()[1]["path"] == f"/kiosk/shows/{soon.pk}/"

    def test_leads_a_door_without_shows_to_the_lobbys_board(self, theatre: Theatre) -> None:
        screen = pair(f"{theatre.slug}/{make_screen(theatre=theatre).name}")

        assert screen.look()[1]["path"] == f"/kiosk/{theatre.slug}/"

    def test_refuses_in_words_and_changes_nothing(self, theatre: Theatre) -> None:
        screen, manager = UnpairedScreen(), staff("pair_screens")
        wrong = {
            "No screen shows this code now": {"code": "ACDEFH"},
            "Type the letters": {"code": ""},
            "Give the screen a name": {"name": ""},
            "Select a valid choice": {"place": "nowhere/"},
            "Night hours are two times": {"night_from": "23:00"},
            "fr is not one of the available": {"language": "fr"},
        }

        for told, changes in wrong.items():
            reply = manager.post(PAIR, {**form(screen.code, f"{theatre.slug}/"), **changes})

            assert reply.status_code == 422
            assert told in reply.content.decode()
        assert screen.look()[1]["status"] == "waiting"
        assert Device.objects.count() == 0

    def test_ends_with_its_code(self, theatre: Theatre) -> None:
        screen = UnpairedScreen()
        Pairing.objects.update(expires_at=F("expires_at") - timedelta(seconds=devices.CODE_SECONDS + 1))

        reply = staff("pair_screens").post(PAIR, form(screen.code, f"{theatre.slug}/"))

        assert reply.status_code == 422
        assert screen.look()[0] == 404

    def test_takes_a_code_once(self, theatre: Theatre) -> None:
        screen = UnpairedScreen()
        manager = staff("pair_screens")
        manager.post(PAIR, form(screen.code, f"{theatre.slug}/"))

        assert manager.post(PAIR, form(screen.code, f"{theatre.slug}/")).status_code == 422
        assert Device.objects.count() == 1

    def test_is_for_staff_who_may(self, theatre: Theatre) -> None:
        screen = UnpairedScreen()
        stranger, clerk = Client(), staff("view_device", name="clerk")

        assert (
            stranger.post(PAIR, form(screen.code, f"{theatre.slug}/"))
            .headers["Location"]
            .startswith("/accounts/login/")
        )
        assert clerk.post(PAIR, form(screen.code, f"{theatre.slug}/")).status_code == 403
        assert Device.objects.count() == 0

    def test_shows_letters_that_are_not_taken_for_others(self) -> None:
        assert set(devices.CODE_LETTERS).isdisjoint("IOQBSZGUV0123456789")
        assert len(UnpairedScreen().code) == 6

    def test_finds_another_code_when_one_is_shown_already(self) -> None:
        first = UnpairedScreen()
        letters = iter([*first.code, *"ACDEFH"])

        with patch("secrets.choice", lambda _: next(letters)):
            second = devices.begin_pairing(household="192.0.2.1", now=now())

        assert second.code == "ACDEFH"

    @with_and_without_guard
    def test_is_kept_from_no_screen_by_one_address_that_asks_and_asks(
        self, theatre: Theatre, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        """Guard off: whose code it is does not count, and the oldest goes."""
        monkeypatch.setattr(devices, "PAIRINGS_MAX", 8)
        alone = patch("bookings.api.household", lambda _: "anybody")
        with unless(guarded, alone):
            lobby = [UnpairedScreen("192.0.2.1") for _ in range(3)]
            greedy = [UnpairedScreen("198.51.100.7") for _ in range(12)]
            latest = UnpairedScreen("192.0.2.2")

        assert Pairing.objects.count() == 8
        assert [screen.look()[0] for screen in lobby] == [200 if guarded else 404] * 3
        assert {screen.look()[0] for screen in greedy[:4]} == {404}
        reply = staff("pair_screens").post(PAIR, form(latest.code, f"{theatre.slug}/"))
        assert reply.status_code == 302

    def test_has_a_bound_for_one_address(self) -> None:
        replies = [Client().post(BEGIN).status_code for _ in range(kiosk_views.PAIRINGS_PER_MINUTE + 1)]

        assert replies == [201] * kiosk_views.PAIRINGS_PER_MINUTE + [429]


class TestADoorAtMidnight:
    @with_and_without_guard
    def test_stays_with_its_film_for_twenty_minutes(
        self, theatre: Theatre, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        def of_this_date(*, now: datetime, date: date, **where: Any) -> Any:
            is_over = date < now.astimezone(ZoneInfo(theatre.time_zone)).date()
            return [] if is_over else list_shows(now=now, date=date, **where)

        if not guarded:
            monkeypatch.setattr("bookings.api.list_shows", of_this_date)
        audi = make_screen(theatre=theatre)
        midnight = datetime.combine(
            now().date() + timedelta(days=3), datetime.min.time(), tzinfo=ZoneInfo(theatre.time_zone)
        )
        late = make_show(screen=audi, starts_in=midnight - timedelta(minutes=10) - now())
        following = make_show(screen=audi, starts_in=midnight + timedelta(hours=9) - now())
        screen = devices.Screen(
            id=1,
            name="Door",
            kind="door",
            theatre_slug=theatre.slug,
            screen_name=audi.name,
            settings=devices.ScreenSettings(),
            reloads=0,
            revoked=False,
        )

        def shown_at(minute: int) -> str:
            return kiosk_page.path_of(screen, now=midnight + timedelta(minutes=minute))

        assert shown_at(-1) == f"/kiosk/shows/{late.pk}/"
        assert shown_at(5) == f"/kiosk/shows/{late.pk if guarded else following.pk}/"
        assert shown_at(11) == f"/kiosk/shows/{following.pk}/"


class TestASecret:
    def test_is_kept_as_a_hash_only(self, theatre: Theatre) -> None:
        screen = pair(f"{theatre.slug}/")

        assert screen.secret not in str(list(Device.objects.values()))
        assert len(Device.objects.get().token_hash) == 64

    def test_that_nobody_was_given_is_not_known(self) -> None:
        for forged in ("", "x", "x" * 5000, "A" * 43):
            assert state_of(forged)[0] == 404

    def test_of_a_revoked_screen_is_worth_nothing(self, theatre: Theatre) -> None:
        screen = pair(f"{theatre.slug}/")
        assert devices.revoke_screens([Device.objects.get().pk], now=now()) == 1

        assert screen.look()[0] == 404
        assert devices.revoke_screens([Device.objects.get().pk], now=now()) == 0


class TestAdmin:
    LIST = "/admin/realtime/device/"

    @pytest.fixture
    def device(self, theatre: Theatre) -> Device:
        pair(f"{theatre.slug}/")
        return Device.objects.get()

    def change(self, device: Device, **changes: str) -> tuple[str, dict[str, str]]:
        fields = {
            "name": device.name,
            "kind": "board",
            "theatre_slug": device.theatre_slug,
            "screen_name": "",
            "theme": "dark",
            "language": "en",
            "night_from": "",
            "night_to": "",
        }
        return f"{self.LIST}{device.pk}/change/", {**fields, **changes}

    def test_shows_when_a_screen_was_seen_and_with_which_page(self, device: Device) -> None:
        devices.note_arrival(device.pk, version="f00d", now=now())

        page = staff("pair_screens", "view_device", name="looks").get(self.LIST).content.decode()

        for words in ("Left of the stairs", "connected", "f00d", device.theatre_slug):
            assert words in page

    def test_changes_place_and_look(self, device: Device) -> None:
        manager = staff("pair_screens", "view_device", name="changes")
        other = make_theatre(name="Lantern")

        reply = manager.post(
            *self.change(device, theatre_slug=other.slug, language="hi", night_from="23:00", night_to="06:00")
        )

        assert reply.status_code == 302
        device.refresh_from_db()
        assert (device.theatre_slug, device.settings["language"], device.settings["night_to"]) == (
            other.slug,
            "hi",
            "06:00",
        )

    def test_refuses_what_no_screen_can_be(self, device: Device) -> None:
        manager = staff("pair_screens", "view_device", name="errs")

        for wrong in (
            {"night_from": "25:00", "night_to": "06:00"},
            {"night_from": "23:00"},
            {"kind": "door", "screen_name": "Audi 9"},
            {"kind": "door"},
        ):
            reply = manager.post(*self.change(device, **wrong))

            assert reply.status_code == 200
            assert "errornote" in reply.content.decode()

    def test_reloads_and_revokes_for_those_who_may(self, device: Device) -> None:
        manager, clerk = staff("pair_screens", "view_device", name="may"), staff("view_device", name="may-not")
        chosen = {"_selected_action": str(device.pk)}

        clerk.post(self.LIST, {"action": "revoke", **chosen})
        manager.post(self.LIST, {"action": "reload_pages", **chosen})
        device.refresh_from_db()
        assert (device.reloads, device.revoked_at) == (1, None)

        manager.post(self.LIST, {"action": "revoke", **chosen})
        device.refresh_from_db()
        assert device.revoked_at is not None
        assert "revoked" in manager.get(self.LIST).content.decode()

    def test_adds_and_deletes_nothing(self, device: Device) -> None:
        manager = staff("pair_screens", "view_device", name="adds")

        assert manager.get(f"{self.LIST}add/").status_code == 403
        assert manager.post(f"{self.LIST}{device.pk}/delete/").status_code == 403


class TestPages:
    def test_of_a_lobby_need_no_pairing(self, theatre: Theatre) -> None:
        page = Client().get(f"/kiosk/{theatre.slug}/?theme=light&language=hi&night=23:00-07:00").content.decode()

        assert 'data-theme="light"' in page
        assert "Cauvery" in page
        assert '"night": {"from": "23:00", "to": "07:00"}' in page

    def test_of_a_door_have_the_map_and_nothing_to_press(self, theatre: Theatre) -> None:
        show = make_show(screen=make_screen(theatre=theatre))

        page = Client().get(f"/kiosk/shows/{show.pk}/").content.decode()

        assert page.count('class="seat ') == 120
        assert '<main class="door-map n' in page
        assert "inert" in page

    def test_that_there_are_not_are_404(self) -> None:
        for path in ("/kiosk/nowhere/", "/kiosk/shows/999999999/", "/kiosk/screen/fonts/comic.ttf"):
            assert Client().get(path).status_code == 404

    def test_ignore_a_look_that_there_is_not(self, theatre: Theatre) -> None:
        for query in ("theme=pink", "language=xx", "night=1-2", "night=25:00-26:00", "night=ab:cd-ef:gh"):
            page = Client().get(f"/kiosk/{theatre.slug}/?{query}").content.decode()

            assert '"look": {"theme": "dark", "language": "en", "night": null}' in page

    def test_bring_their_own_faces(self) -> None:
        for name in ("latin", "devanagari"):
            reply = Client().get(f"/kiosk/screen/fonts/{name}.ttf")

            assert reply.content[:4] == b"\x00\x01\x00\x00"
            assert "immutable" in reply.headers["Cache-Control"]
