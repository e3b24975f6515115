"""Pages of staff beside the acts: Today, the audit log, layouts drawn while typed, the files they are made of."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as house
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test import Client
from pytest_django import Settings

from bookings.admin.drawing import draw
from bookings.domain.layout import parse_layout
from bookings.models import Show, StaffAct
from bookings.selectors.staff_log import Wanted, get_staff_log
from bookings.selectors.today import get_today
from frontend.storage import ModuleStaticFilesStorage
from tests.support.catalogue import TWO_CATEGORIES
from tests.support.cinema import make_movie, make_screen, make_show, make_theatre
from tests.support.roles import browser_of, somebody
from tests.support.witness import insert_booking, rows

pytestmark = pytest.mark.usefixtures("database", "awake_cache")


@pytest.fixture
def manager(settings: Settings, tmp_path: Path) -> Client:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    return browser_of(somebody("Manager", name="manager"))


class TestARefusal:
    def test_is_one_line_in_the_log(self, manager: Client, caplog: pytest.LogCaptureFixture) -> None:
        nobody, show = browser_of(somebody(None, name="nobody")), make_show()
        page = f"/admin/bookings/show/{show.pk}/seats/"
        assert manager.get(page).status_code == 200
        caplog.clear()

        assert nobody.get(page).status_code == 403

        assert caplog.text.splitlines() == [caplog.text.rstrip()]
        assert f"Forbidden (Permission denied): {page}" in caplog.text
        assert [record.levelname for record in caplog.records] == ["WARNING"]

    def test_is_not_what_an_error_is(
        self, manager: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def break_down(*_: object, **__: object) -> None:
            raise RuntimeError("the page breaks")

        monkeypatch.setattr("frontend.staff_seats.bookings.get_seat_picture", break_down)
        manager.raise_request_exception = False

        assert manager.get(f"/admin/bookings/show/{make_show().pk}/seats/").status_code == 500

        assert "Traceback (most recent call last)" in caplog.text


class TestToday:
    NOON = datetime(2099, 11, 21, 6, 30, tzinfo=UTC)

    def test_counts_what_is_sold_held_off_sale_and_free(self, database: str) -> None:
        show = make_show(seats=10, starts_at=self.NOON, ends_at=self.NOON + timedelta(hours=2))
        insert_booking(database, show.pk, seats=[0, 1, 2], holder="a", status="confirmed")
        insert_booking(database, show.pk, seats=[3], holder="b")
        rows(database, "INSERT INTO bookings_seatclaim (show_id, seat_index, kind) VALUES (%s, 4, 'block')", show.pk)

        ((line,),) = [at.shows for at in get_today(now=self.NOON - timedelta(hours=1))]

        assert (line.sold, line.held, line.blocked, line.free, line.total) == (3, 1, 1, 5, 10)
        assert line.widths == (("sold", 30.0), ("held", 10.0), ("blocked", 10.0))
        assert (line.phase, f"{line.local_start:%H:%M}") == ("to come", "12:00")

    def test_is_each_theatres_own_day(self) -> None:
        """At 19:00 in London it is half past midnight in India: another day's shows."""
        screens = {
            zone: make_screen(theatre=make_theatre(time_zone=zone)) for zone in ("Europe/London", "Asia/Kolkata")
        }
        now = datetime(2099, 11, 21, 19, 0, tzinfo=UTC)
        early, late = now - timedelta(hours=6), now + timedelta(hours=3)
        wanted = set()
        for zone, screen in screens.items():
            for starts_at in (early, late):
                show = make_show(screen=screen, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
                if (zone, starts_at) != ("Asia/Kolkata", early):
                    wanted.add(show.pk)

        assert {line.show.pk for at in get_today(now=now) for line in at.shows} == wanted

    def test_asks_the_database_a_few_times_however_many_shows(
        self, manager: Client, django_assert_max_num_queries: Any
    ) -> None:
        screen, movie = make_screen(), make_movie()
        for hours in range(1, 6):
            make_show(screen=screen, movie=movie, starts_in=timedelta(minutes=hours))

        with django_assert_max_num_queries(12):
            page = manager.get("/admin/").content.decode()

        assert "Find a booking" in page
        assert "Open money" in page

    def test_names_the_demo_only_in_a_demo(self, manager: Client, settings: Settings) -> None:
        def badge() -> bool:
            return bool(re.search(r">\s*demo\s*</span>", manager.get("/admin/").content.decode()))

        settings.DEBUG = True
        assert badge()
        settings.DEBUG = False
        assert not badge()


class TestTheAuditLog:
    def test_has_the_acts_of_every_room(self, manager: Client, database: str) -> None:
        show = make_show(starts_in=timedelta(days=3))
        form = {
            "movie": str(show.movie_id),
            "status": "closed",
            "starts_at_0": "2099-11-21",
            "starts_at_1": "18:30",
            "prices": "standard: 300",
        }
        assert manager.post(f"/admin/bookings/show/{show.pk}/change/", form).status_code == 302
        user = rows(database, "SELECT id FROM auth_user")[0][0]
        StaffAct.objects.create(user_id=user, action="block", show=show, subject="A1, A2", reason="a broken armrest")
        booking = insert_booking(database, show.pk, seats=[0])
        rows(
            database,
            "INSERT INTO payments_auditentry (user_id, action, booking_id, amount_paise, reason) "
            "VALUES (%s, 'refund', %s, 50050, 'ill')",
            *(user, booking),
        )

        manager.get("/admin/")  # where it is told that the show was changed
        page = manager.get("/admin/bookings/staffact/").content.decode()

        for told in (
            "change show",
            "Changed Status, Starts at, Ends at, Sales open at, Sales close at and prices.",
            "block",
            "A1, A2",
            "a broken armrest",
            "money: refund",
            "₹500.50",
        ):
            assert told in page, told
        assert f"/admin/bookings/booking/{booking}/change/" in page
        assert page.count(f"/admin/bookings/show/{show.pk}/change/") == 2

    def test_is_searched_by_who_what_words_and_day(self, manager: Client) -> None:
        user, other = somebody("Usher", name="usher"), somebody("Accountant", name="books")
        for who, action, reason in (
            (user, "block", "armrest"),
            (other, "block", "camera"),
            (other, "copy shows", ""),
        ):
            StaffAct.objects.create(user=who, action=action, reason=reason)
        now = StaffAct.objects.latest("id").at

        def found(**wanted: Any) -> int:
            return len(get_staff_log(Wanted(**wanted))[0])

        assert found() == 3
        assert (found(user=other.pk), found(action="block"), found(text="CAMERA"), found(text="%")) == (2, 2, 1, 0)
        assert (found(since=now), found(until=now), found(since=now + timedelta(seconds=1))) == (1, 2, 0)
        page = manager.get("/admin/bookings/staffact/?action=block&text=arm&user=&since=2001-01-01&until=")
        assert page.content.decode().count('data-label="Who">usher') == 1
        assert manager.get("/admin/bookings/staffact/?page=x&since=never&user=many").status_code == 200

    def test_has_pages(self, manager: Client, database: str) -> None:
        user = somebody("Usher", name="usher")
        rows(
            database,
            "INSERT INTO bookings_staffact (user_id, action, at) "
            "SELECT %s, 'act ' || n, clock_timestamp() - n * interval '1 min' FROM generate_series(1, 60) AS n",
            user.pk,
        )

        first = manager.get("/admin/bookings/staffact/").content.decode()
        second = manager.get("/admin/bookings/staffact/?page=2").content.decode()

        assert ("page=2" in first, '"What">act 1<' in first, '"What">act 51<' in first) == (True, True, False)
        assert ("page=1" in second, '"What">act 51<' in second, "page=3" in second) == (True, True, False)

    def test_is_never_rewritten(self) -> None:
        user = somebody("Usher", name="usher")
        StaffAct.objects.create(user=user, action="block")
        LogEntry.objects.create(user=user, object_repr="a show", action_flag=2)

        for table in ("bookings_staffact", "django_admin_log"):
            for change in (f"UPDATE {table} SET id = id + 1", f"DELETE FROM {table}"):
                with connection.cursor() as cursor, pytest.raises(IntegrityError, match="append-only"):
                    cursor.execute(change)


class TestAScreen:
    PREVIEW = "/admin/bookings/screen/preview/"

    def test_is_drawn_while_it_is_typed(self, manager: Client) -> None:
        drawn = manager.post(self.PREVIEW, {"layout_text": TWO_CATEGORIES}).content.decode()

        seats = parse_layout(TWO_CATEGORIES).seats
        assert f"{len(seats)} seats" in drawn
        assert drawn.count("<title>") == len(seats)
        assert all(f"<title>{seat.label}, {seat.category}" in drawn for seat in seats)

    def test_says_where_it_is_wrong(self, manager: Client) -> None:
        said = manager.post(self.PREVIEW, {"layout_text": "categories: gold\r\n[gold]\r\nA  SS<SS"}).content.decode()

        assert "Line 3, column 6:" in said
        assert "A  SS&lt;SS\n<b>     ^</b>" in said

    def test_is_not_drawn_for_everybody(self, settings: Settings, tmp_path: Path) -> None:
        settings.STATIC_ROOT = tmp_path
        assert browser_of(somebody("Box office")).post(self.PREVIEW).status_code == 403

    def test_is_drawn_with_its_kinds_aisles_and_letters(self) -> None:
        text = "categories: a, b\n[a]\nA SS.WC\n---\n[b]\nBB ()RHV"
        seats = parse_layout(text).seats

        drawing = draw(seats)

        kinds = re.findall(r'class="seat-of t(\d) (\w+)"', drawing)
        assert kinds == [
            ("1", "standard"),
            ("1", "standard"),
            ("1", "wheelchair"),
            ("1", "companion"),
            ("2", "sofa"),
            ("2", "sofa"),
            ("2", "recliner"),
            ("2", "house"),
            ("2", "restricted"),
        ]
        columns = [int(x) for x in re.findall(r"translate\((\d+) ", drawing)]
        assert columns[2] - columns[1] == 20, "the aisle is a real gap"
        assert re.findall(r'class="drawing-letter"[^>]*>(\w+)<', drawing) == ["A", "A", "BB", "BB"]
        assert "9 seats in 2 rows" in drawing


class TestTheFiles:
    def test_are_collected_for_a_house_without_debug(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Every path that one of them names leads to another of them."""
        settings.STATIC_ROOT = tmp_path
        settings.STORAGES = {
            **settings.STORAGES,
            "staticfiles": {"BACKEND": "frontend.storage.ModuleStaticFilesStorage"},
        }
        # Whether they can be compressed is no question, and takes most of the time.
        monkeypatch.setattr(ModuleStaticFilesStorage, "post_process_with_compression", lambda _, files: files)

        call_command("collectstatic", interactive=False, verbosity=0)

        names = [path.name for path in tmp_path.rglob("*")]
        for name in ("palette", "seatDesk", "styles", "alpine"):
            assert any(re.fullmatch(rf"{name}\.[0-9a-f]{{12}}\.(css|js)", found) for found in names), name

    def test_have_the_palette_of_the_pages_for_buyers(self) -> None:
        def palettes(text: str, second: str) -> list[dict[str, str]]:
            light, dark = text.split(second, 1)
            return [dict(re.findall(r"(--[\w-]+): (#[0-9A-Fa-f]{3,8});", part)) for part in (light, dark)]

        base = Path(house.BASE_DIR)
        theirs = (base / "frontend/static/frontend/css/tokens.css").read_text()
        ours = (base / "bookings/static/bookings/admin/desk/palette.css").read_text()

        assert palettes(ours, "html.dark {") == palettes(theirs, "prefers-color-scheme: dark")


def test_a_show_is_listed_with_what_is_sold(manager: Client, database: str) -> None:
    show = make_show(seats=10)
    over = make_show(starts_in=timedelta(days=-2))
    insert_booking(database, show.pk, seats=[0, 1, 2], status="confirmed")

    page = manager.get("/admin/bookings/show/").content.decode()

    assert "3 of 10" in page
    assert f"/show/{over.pk}/change/" not in page
    assert f"/show/{over.pk}/change/" in manager.get("/admin/bookings/show/?when=past").content.decode()
    for when in ("today", "week", "all"):
        assert manager.get(f"/admin/bookings/show/?when={when}").status_code == 200
    assert Show.objects.count() == 2
