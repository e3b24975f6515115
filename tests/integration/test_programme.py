"""A week's programme, copied to another: the same times by the theatre's clock, and nothing twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from pytest_django import Settings

from bookings.models import Movie, Screen, Show, StaffAct
from bookings.services.programme import copy_shows, foresee_copy, shows_between
from tests.support.cinema import make_layout, make_movie, make_screen, make_show, make_theatre
from tests.support.roles import browser_of, somebody

pytestmark = pytest.mark.usefixtures("database", "awake_cache")

LONDON = ZoneInfo("Europe/London")
# A week before the clocks go back.
EVENING = datetime(2099, 10, 23, 18, 30, tzinfo=LONDON).astimezone(UTC)
NOW = EVENING - timedelta(days=2)


@pytest.fixture
def screen() -> Screen:
    return make_screen(theatre=make_theatre(time_zone="Europe/London"))


@pytest.fixture
def movie() -> Movie:
    return make_movie()


@pytest.fixture
def evening(screen: Screen, movie: Movie) -> Show:
    return planned(screen, movie, EVENING)


def planned(screen: Screen, movie: Movie, starts_at: datetime, **fields: Any) -> Show:
    return make_show(
        screen=screen,
        movie=movie,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=145),
        sales_open_at=starts_at - timedelta(days=7),
        sales_close_at=starts_at + timedelta(minutes=15),
        **fields,
    )


class TestACopy:
    def test_is_at_the_same_time_by_the_theatres_clock(self, evening: Show) -> None:
        copied = copy_shows([evening], days=7, now=NOW)

        assert (len(copied.made), copied.there, copied.refused) == (1, [], [])
        copy = Show.objects.exclude(pk=evening.pk).get()
        local = copy.starts_at.astimezone(LONDON)
        assert (local.day, local.hour, local.minute) == (30, 18, 30)
        # The clocks went back meanwhile: a week and an hour.
        assert copy.starts_at - evening.starts_at == timedelta(days=7, hours=1)
        assert copy.ends_at - copy.starts_at == evening.ends_at - evening.starts_at
        assert copy.sales_close_at - copy.starts_at == evening.sales_close_at - evening.starts_at
        assert (copy.movie, copy.prices, copy.status) == (evening.movie, evening.prices, "open")

    def test_is_made_once(self, evening: Show) -> None:
        copy_shows([evening], days=7, now=NOW)

        again = copy_shows([evening], days=7, now=NOW)

        assert (again.made, len(again.there), again.refused) == ([], 1, [])
        assert Show.objects.count() == 2

    def test_that_is_foreseen_is_not_made(self, evening: Show) -> None:
        assert len(foresee_copy([evening], days=7, now=NOW).made) == 1
        assert Show.objects.count() == 1

    def test_stops_no_other_where_it_is_refused(self, screen: Screen, movie: Movie, evening: Show) -> None:
        planned(screen, make_movie(title="Another Film"), EVENING + timedelta(days=7, hours=2))
        matinee = planned(screen, movie, EVENING - timedelta(hours=5))

        copied = copy_shows([matinee, evening], days=7, now=NOW)

        assert [one.show for one in copied.made] == [matinee]
        assert [one.why[:20] for one in copied.refused] == ["“Another Film” is on"]

    def test_wants_prices_for_a_screen_that_was_drawn_anew(self, screen: Screen, evening: Show) -> None:
        make_layout(screen, text="categories: sofa\n[sofa]\nA ()()")

        (refused,) = copy_shows([evening], days=7, now=NOW).refused

        assert "no price for sofa" in refused.why
        assert evening.layout.revision == 1

    def test_lies_in_the_future(self, evening: Show) -> None:
        (refused,) = copy_shows([evening], days=7, now=EVENING + timedelta(days=9)).refused

        assert refused.why == "A show cannot begin in the past."


class TestTheDaysOfAProgramme:
    def test_are_the_theatres_own(self, screen: Screen, movie: Movie) -> None:
        late = planned(screen, movie, datetime(2099, 10, 23, 22, 45, tzinfo=UTC))
        planned(screen, movie, datetime(2099, 10, 24, 2, 0, tzinfo=UTC))
        day = datetime(2099, 10, 23, tzinfo=UTC).date()

        assert shows_between(day, day, theatre=screen.theatre) == [late]

    def test_have_no_cancelled_shows(self, screen: Screen, movie: Movie) -> None:
        planned(screen, movie, EVENING, status="cancelled")
        day = EVENING.date()

        assert shows_between(day, day, theatre=None) == []


class TestThePage:
    @pytest.fixture
    def programmer(self, settings: Settings, tmp_path: Path) -> Client:
        settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
        return browser_of(somebody("Programmer", name="programmer"))

    def test_foresees_then_copies_and_is_written_down(self, programmer: Client, evening: Show) -> None:
        form = {"theatre": "", "first": "2099-10-20", "last": "2099-10-26", "weeks": "1"}

        foreseen = programmer.post("/admin/bookings/show/copy/", form).content.decode()
        assert "Will be made (1)" in foreseen
        assert "Fri 30 Oct, 18:30" in foreseen
        assert Show.objects.count() == 1
        reply = programmer.post("/admin/bookings/show/copy/", form | {"confirmed": "yes"})

        assert reply.status_code == 302
        assert Show.objects.count() == 2
        act = StaffAct.objects.get()
        assert (act.user.username, act.action, act.subject) == (
            "programmer",
            "copy shows",
            "1 show to 30 Oct 2099 – 30 Oct 2099",
        )

    def test_copies_what_was_ticked_in_the_list(self, programmer: Client, evening: Show) -> None:
        ticked = {"action": "copy_selected", "_selected_action": [str(evening.pk)]}

        to = programmer.post("/admin/bookings/show/?when=all", ticked)["Location"]
        assert "1 show chosen in the list" in programmer.get(to).content.decode()
        programmer.post("/admin/bookings/show/copy/", {"show": [str(evening.pk)], "weeks": "2", "confirmed": "yes"})

        assert Show.objects.latest("pk").starts_at == EVENING + timedelta(days=14, hours=1)

    def test_says_what_it_cannot_copy(self, programmer: Client, evening: Show) -> None:
        form = {"theatre": "", "first": "2099-10-20", "last": "2099-10-26", "weeks": "1", "confirmed": "yes"}
        wrong: list[tuple[dict[str, str], str]] = [
            ({"first": "2099-01-01", "last": "2099-01-02"}, "There is no show to copy."),
            ({"last": "2099-10-19"}, "the first before the last"),
            ({"last": "2099-12-26"}, "Choose one day to 14 days"),
            ({"weeks": "0"}, "greater than or equal to 1"),
            ({"weeks": "9"}, "less than or equal to 8"),
            ({"first": "soon"}, "Enter a valid date"),
        ]
        for changes, said in wrong:
            reply = programmer.post("/admin/bookings/show/copy/", form | changes)
            assert said in reply.content.decode(), said

        assert Show.objects.count() == 1
