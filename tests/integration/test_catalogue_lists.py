"""The catalogue is read: lists by date, city and movie, and what a show or a movie is made of."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bookings.errors import NotFound
from bookings.models import Show
from bookings.selectors import catalogue
from bookings.services.catalogue import (
    LATE_SALES,
)
from tests.support.catalogue import NOW, TWO_CATEGORIES
from tests.support.cinema import make_movie, make_screen, make_show, make_theatre

if TYPE_CHECKING:
    pass

pytestmark = pytest.mark.usefixtures("database", "awake_cache")


class TestShowLists:
    def test_find_a_show_under_the_date_of_its_own_theatre(self):
        late_night_in_pune = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
        pune = make_show(starts_at=late_night_in_pune, ends_at=late_night_in_pune + timedelta(hours=2))
        new_york = make_theatre(city="New York", time_zone="America/New_York")
        there = make_show(
            screen=make_screen(theatre=new_york),
            starts_at=late_night_in_pune,
            ends_at=late_night_in_pune + timedelta(hours=2),
        )

        on_the_20th = catalogue.list_shows(now=NOW, date=date(2026, 11, 20))
        on_the_21st = catalogue.list_shows(now=NOW, date=date(2026, 11, 21))

        assert [(show.id, show.local_date) for show in on_the_20th] == [(there.pk, date(2026, 11, 20))]
        assert [(show.id, show.local_date) for show in on_the_21st] == [(pune.pk, date(2026, 11, 21))]

    def test_filter_by_city_and_movie_and_leave_out_cancelled_shows(self):
        movie = make_movie()
        in_mumbai = make_screen(theatre=make_theatre(city="Mumbai"))
        wanted = make_show(movie=movie, screen=in_mumbai)
        make_show(movie=movie)
        make_show(screen=in_mumbai)
        make_show(movie=movie, screen=in_mumbai, status=Show.Status.CANCELLED)
        now = wanted.starts_at - timedelta(hours=1)

        shows = catalogue.list_shows(now=now, city="mumbai", movie_slug=movie.slug)

        assert [show.id for show in shows] == [wanted.pk]
        assert catalogue.list_shows(now=now, movie_slug="no-such-movie") == []
        assert catalogue.list_shows(now=now, movie_slug="no slug at all\n") == []

    def test_are_empty_on_dates_nobody_plays(self):
        make_show()

        for day in (date.min, date.max, date(2031, 1, 1)):
            assert catalogue.list_shows(now=NOW, date=day) == []

    def test_keep_a_show_while_it_still_sells_and_drop_it_the_moment_it_does_not(self):
        show = make_show()
        Show.objects.filter(pk=show.pk).update(sales_close_at=show.starts_at + LATE_SALES)
        just_before_close = show.starts_at + LATE_SALES - timedelta(seconds=1)

        assert [s.id for s in catalogue.list_shows(now=just_before_close)] == [show.pk]
        assert catalogue.list_shows(now=show.starts_at + LATE_SALES) == []

    def test_say_whether_seats_are_on_sale(self):
        show = make_show(sales_open_at=NOW, sales_close_at=NOW + timedelta(hours=1))
        cancelled = make_show(status=Show.Status.CANCELLED)

        summary = catalogue.get_show(show.pk).show

        assert summary.sales_state(NOW - timedelta(seconds=1)) == "not_yet"
        assert summary.sales_state(NOW) == "open"
        assert summary.sales_state(NOW + timedelta(hours=1)) == "closed"
        assert catalogue.get_show(cancelled.pk).show.sales_state(NOW) == "cancelled"

    def test_group_a_movies_shows_by_date_and_theatre(self):
        movie = make_movie()
        first = make_theatre(name="Alpha")
        second = make_theatre(name="Beta")
        noon = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
        times: dict[str, Any] = {
            "ends_at": noon + timedelta(days=3),
            "sales_close_at": noon + timedelta(days=3),
            "movie": movie,
        }
        late = make_show(screen=make_screen(theatre=second), starts_at=noon + timedelta(hours=3), **times)
        early = make_show(screen=make_screen(theatre=second), starts_at=noon, **times)
        next_day = make_show(screen=make_screen(theatre=first), starts_at=noon + timedelta(days=1), **times)
        also = make_show(screen=make_screen(theatre=first), starts_at=noon + timedelta(hours=4), **times)

        page = catalogue.get_movie_page(movie.slug, now=NOW)

        assert [
            (str(day.date), [(entry.theatre.name, [show.id for show in entry.shows]) for entry in day.theatres])
            for day in page.days
        ] == [
            ("2026-11-21", [("Alpha", [also.pk]), ("Beta", [early.pk, late.pk])]),
            ("2026-11-22", [("Alpha", [next_day.pk])]),
        ]

    def test_name_what_is_now_showing_in_a_city_and_everywhere(self):
        both, only_pune = make_movie(title="Both"), make_movie(title="Only Pune")
        in_mumbai = make_screen(theatre=make_theatre(city="Mumbai"))
        make_show(movie=both, screen=in_mumbai, starts_in=timedelta(hours=5))
        soonest = make_show(movie=both, starts_in=timedelta(hours=3))
        make_show(movie=only_pune, starts_in=timedelta(hours=4))
        make_show(movie=make_movie(title="Over"), starts_in=-timedelta(hours=1))
        now = soonest.starts_at - timedelta(hours=3)

        everywhere = catalogue.list_movies_now_showing(now=now)
        mumbai = catalogue.list_movies_now_showing(now=now, city="Mumbai")

        assert [(entry.movie.title, entry.shows_count, entry.cities) for entry in everywhere] == [
            ("Both", 2, ["Mumbai", "Pune"]),
            ("Only Pune", 1, ["Pune"]),
        ]
        assert everywhere[0].next_show_at == soonest.starts_at
        assert [(entry.movie.title, entry.shows_count, entry.cities) for entry in mumbai] == [("Both", 1, ["Mumbai"])]
        assert catalogue.list_cities() == ["Mumbai", "Pune"]


class TestShowDetail:
    def test_lists_every_seat_in_index_order_with_its_price(self):
        show = make_show(layout=TWO_CATEGORIES, prices={"silver": 20_000, "gold": 35_000})

        detail = catalogue.get_show(show.pk)

        assert [seat.index for seat in detail.seats] == list(range(8))
        assert [seat.price_paise for seat in detail.seats] == [20_000] * 4 + [35_000] * 4
        assert (detail.seats[5].label, detail.seats[5].kind) == ("B2", "companion")
        assert detail.show.seats_count == 8

    def test_of_a_movie_has_a_poster_stamp_that_changes_with_the_drawing(self):
        movie = make_movie()
        assert catalogue.get_movie(movie.slug).poster_stamp == ""

        stamps = set()
        for drawing in ("<svg/>", "<svg><g/></svg>"):
            movie.poster = drawing
            movie.save()
            stamps.add(catalogue.get_movie(movie.slug).poster_stamp)
            assert catalogue.get_poster(movie.slug) == drawing

        assert len(stamps) == 2
        assert "" not in stamps

    @pytest.mark.parametrize("show_id", [0, -1, 10**30])
    def test_of_a_show_that_does_not_exist_is_not_found(self, show_id):
        with pytest.raises(NotFound):
            catalogue.get_show(show_id)

    @pytest.mark.parametrize("slug", ["no-such-movie", "with space", "a" * 51, "चाँद"])
    def test_of_a_movie_that_does_not_exist_is_not_found(self, slug):
        for read in (catalogue.get_movie, catalogue.get_poster):
            with pytest.raises(NotFound):
                read(slug)
