"""The admin's page of a seat's history: who may look, what it says, and what it refuses in words."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import Settings

from bookings.api import with_box_office
from bookings.models import SeatEvent, Show
from tests.support.cinema import make_screen, make_show, make_theatre

PAGE = "/admin/bookings/seatevent/"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def static_files(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.


def browser(*permissions: str) -> Client:
    user = get_user_model().objects.create_user(username="staff", password="anything", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def clerk() -> Client:
    return browser("view_seatevent", "view_booking")


def ask(client: Client, show: Show, seat: str, **more: str) -> str:
    """What the page says of a seat."""
    reply = client.get(PAGE, {"show": str(show.pk), "seat": seat, **more})
    return str(reply.content.decode())


def tell(show: Show, event: str, at: datetime, *, seat: int = 66, reason: str = "") -> None:
    """Something happened to F7."""
    SeatEvent.objects.create(
        show=show, seat_index=seat, event=event, at=at, holder="asha", price_paise=25_000, reason=reason
    )


class TestThePage:
    def test_is_for_those_who_may_look(self) -> None:
        assert browser("view_booking").get(PAGE).status_code == 403
        assert Client().get(PAGE).status_code == 302

    def test_tells_what_happened_in_order(self, clerk: Client, show: Show) -> None:
        held = with_box_office(lambda office: office.hold(show_id=show.pk, holder="asha", labels=["F7"]))
        with_box_office(lambda office: office.release(show_id=show.pk, holder="asha"))

        page = ask(clerk, show, "f7 ")

        assert page.index("Held") < page.index("Given back")
        assert f"/admin/bookings/booking/{held.booking}/change/" in page
        assert "₹250" in page

    def test_says_who_had_it_at_a_moment_of_the_theatres_clock(self, clerk: Client, show: Show) -> None:
        tell(show, "held", datetime(2026, 11, 21, 13, 32, 31, tzinfo=UTC))
        tell(show, "expired", datetime(2026, 11, 21, 13, 42, 31, tzinfo=UTC))

        def answer(clock: str) -> str:
            return ask(clerk, show, "F7", at=f"2026-11-21T{clock}")

        assert "Nobody had it" in answer("19:02:30.999")
        assert "It was held" in answer("19:02:31")
        assert "Nobody had it" in answer("19:12:31")

    def test_gives_both_answers_for_a_time_that_is_twice(self, clerk: Client) -> None:
        london = make_show(screen=make_screen(theatre=make_theatre(time_zone="Europe/London")))
        tell(london, "blocked", datetime(2026, 10, 25, 1, 0, tzinfo=UTC), reason="a broken seat")

        page = ask(clerk, london, "F7", at="2026-10-25T01:30")

        assert page.index("Nobody had it") < page.index("It was blocked by the cinema: a broken seat")
        assert "BST" in page
        assert "GMT" in page

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ({"seat": "Z99"}, "This screen has no seat Z99."),
            ({"seat": ""}, "This field is required."),
            ({"seat": "F7", "show": "0"}, "Select a valid choice."),
            ({"seat": "F7", "at": "yesterday"}, "Enter a valid date/time."),
        ],
    )
    def test_refuses_in_words(self, clerk: Client, show: Show, asked: dict[str, str], words: str) -> None:
        assert words in clerk.get(PAGE, {"show": str(show.pk), **asked}).content.decode()

    def test_says_when_nothing_has_happened(self, clerk: Client, show: Show) -> None:
        assert "Nothing has happened" in ask(clerk, show, "F7")

    def test_links_no_booking_that_clean_up_has_removed(self, clerk: Client, show: Show) -> None:
        gone = "01a20098-8412-77ec-bab4-5ed36ee4c993"
        SeatEvent.objects.create(
            show=show,
            seat_index=66,
            event="held",
            booking_id=gone,
            at=datetime.now(UTC) - timedelta(days=90),  # noqa: TID251
        )

        page = ask(clerk, show, "F7")

        assert gone in page
        assert f"booking/{gone}" not in page
