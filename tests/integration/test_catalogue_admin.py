"""The catalogue in the admin: shows planned, drawings imported, and why something is refused."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from bookings.models import Movie, Screen, Show
from tests.support.catalogue import TWO_CATEGORIES
from tests.support.cinema import make_movie, make_screen, make_show

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.usefixtures("database", "awake_cache")


@pytest.fixture
def manager(settings: Settings, tmp_path: Path) -> Client:
    """The browser of somebody who may do everything in the admin."""
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    user = get_user_model().objects.create_superuser(username="manager", password="anything")
    client = Client()
    client.force_login(user)
    return client


def show_form(screen: Screen, movie: Movie, **changes: str) -> dict[str, str]:
    return {
        "movie": str(movie.pk),
        "screen": str(screen.pk),
        "status": "open",
        "starts_at_0": "2099-11-21",
        "starts_at_1": "18:30",
        "ends_at_0": "",
        "ends_at_1": "",
        "sales_open_at_0": "",
        "sales_open_at_1": "",
        "sales_close_at_0": "",
        "sales_close_at_1": "",
        "prices": "standard: 1,250.50",
        **changes,
    }


class TestAdmin:
    def test_plans_a_show_on_the_theatres_clock(self, manager):
        screen, movie = make_screen(), make_movie()

        reply = manager.post("/admin/bookings/show/add/", show_form(screen, movie))

        assert reply.status_code == 302
        show = Show.objects.get(screen=screen)
        assert show.starts_at == datetime(2099, 11, 21, 13, 0, tzinfo=UTC)
        assert show.prices == {"standard": 125_050}
        page = manager.get(f"/admin/bookings/show/{show.pk}/change/").content.decode()
        assert 'value="18:30:00"' in page
        assert "standard: 1250.50" in page

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"prices": "gold: 100"}, "no price for standard"),
            ({"prices": "standard 100"}, "is not a category and its price"),
            ({"prices": "standard: 100\nStandard: 200"}, "is priced twice"),
            ({"prices": "standard: cheap"}, "is not an amount in rupees"),
            ({"starts_at_0": "2001-01-01"}, "cannot begin in the past"),
            ({"ends_at_0": "2099-11-20", "ends_at_1": "10:00"}, "ends after it begins"),
        ],
    )
    def test_shows_why_a_show_is_refused(self, manager, changes, said):
        reply = manager.post("/admin/bookings/show/add/", show_form(make_screen(), make_movie(), **changes))

        assert reply.status_code == 200
        assert said in reply.content.decode()
        assert not Show.objects.exists()

    def test_changes_a_show_but_not_its_screen(self, manager):
        show = make_show(starts_in=timedelta(days=3))
        form = show_form(make_screen(), show.movie, prices="standard: 300")

        reply = manager.post(f"/admin/bookings/show/{show.pk}/change/", form)

        assert reply.status_code == 302
        changed = Show.objects.get(pk=show.pk)
        assert (changed.screen_id, changed.prices) == (show.screen_id, {"standard": 30_000})

    def test_imports_a_drawing_and_points_at_what_is_wrong_in_one(self, manager):
        screen = make_screen()
        form = {
            "theatre": str(screen.theatre_id),
            "name": screen.name,
            "layouts-TOTAL_FORMS": "0",
            "layouts-INITIAL_FORMS": "0",
        }
        address = f"/admin/bookings/screen/{screen.pk}/change/"

        refused = manager.post(address, form | {"layout_text": "categories: gold\r\n[gold]\r\nA  SS SS"})
        accepted = manager.post(address, form | {"layout_text": TWO_CATEGORIES.replace("\n", "\r\n")})

        assert "Line 3, column 6: unknown character" in refused.content.decode()
        assert accepted.status_code == 302
        assert [layout.revision for layout in screen.layouts.all()] == [2, 1]
        assert TWO_CATEGORIES in manager.get(address).content.decode()

    def test_opens_every_list_and_page(self, manager):
        show = make_show(movie=make_movie(poster='<svg xmlns="http://www.w3.org/2000/svg"/>'))
        rows = {
            "theatre": show.screen.theatre,
            "screen": show.screen,
            "layout": show.layout,
            "movie": show.movie,
            "show": show,
        }

        for name, row in rows.items():
            assert manager.get(f"/admin/bookings/{name}/?q=e").status_code == 200
            assert manager.get(f"/admin/bookings/{name}/{row.pk}/change/").status_code == 200
            if name != "layout":
                assert manager.get(f"/admin/bookings/{name}/add/").status_code == 200
        assert "data:image/svg+xml;base64," in manager.get("/admin/bookings/movie/").content.decode()
        assert manager.get("/admin/bookings/layout/add/").status_code == 403
