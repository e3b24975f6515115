"""The demo cinema's data: drawings, programme, audience and posters, without a database."""

import itertools
import re
from collections import Counter
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from bookings.domain.layout import ParsedLayout, SeatKind, parse_layout
from bookings.domain.pricing import check_prices
from bookings.services.catalogue import TURNAROUND
from bookings.services.demo_cinema.audience import seat_audience
from bookings.services.demo_cinema.movies import MOVIES
from bookings.services.demo_cinema.posters import SCENES, draw_poster
from bookings.services.demo_cinema.programme import dice, plan_day
from bookings.services.demo_cinema.theatres import THEATRES, DemoScreen, DemoTheatre

SCREENS = [(theatre, screen) for theatre in THEATRES for screen in theatre.screens]
SCREEN_NAMES = [screen.layout for _, screen in SCREENS]
WEEK = [date(2026, 11, 20) + timedelta(days=n) for n in range(7)]
SVG = "{http://www.w3.org/2000/svg}"

each_screen = pytest.mark.parametrize(("theatre", "screen"), SCREENS, ids=SCREEN_NAMES)
each_movie = pytest.mark.parametrize("slug", [movie.slug for movie in MOVIES])


def parsed(screen: DemoScreen) -> ParsedLayout:
    return parse_layout(screen.drawing())


class TestScreens:
    def test_are_eight_in_three_theatres_of_two_cities_from_60_to_1000_seats(self):
        sizes = [len(parsed(screen).seats) for _, screen in SCREENS]

        assert len(SCREENS) == 8
        assert len(THEATRES) == 3
        assert len({theatre.city for theatre in THEATRES}) == 2
        assert (min(sizes), max(sizes)) == (60, 1000)

    def test_together_have_every_kind_of_seat(self):
        kinds = {seat.kind for _, screen in SCREENS for seat in parsed(screen).seats}

        assert kinds == set(SeatKind)

    @each_screen
    def test_have_a_price_for_each_category_and_the_name_in_their_drawing(
        self, theatre: DemoTheatre, screen: DemoScreen
    ):
        layout = parsed(screen)

        assert set(screen.rupees) == set(layout.categories)
        assert layout.name == screen.name

    @each_screen
    def test_have_room_for_wheelchairs_with_company(self, theatre: DemoTheatre, screen: DemoScreen):
        kinds = Counter(seat.kind for seat in parsed(screen).seats)

        assert kinds[SeatKind.WHEELCHAIR] >= 1
        assert kinds[SeatKind.COMPANION] >= 1


class TestProgramme:
    @each_screen
    def test_of_a_day_fits_on_its_screen_and_is_priced(self, theatre: DemoTheatre, screen: DemoScreen):
        for day in WEEK:
            shows = plan_day(theatre, screen, day)

            assert len(shows) >= 4
            for before, after in itertools.pairwise(shows):
                assert after.starts_at - before.ends_at >= TURNAROUND
                assert after.movie is not before.movie
            for show in shows:
                assert show.starts_at.date() == day
                assert show.starts_at.minute % 5 == 0
                check_prices(show.prices_paise, parsed(screen).categories)

    @each_screen
    def test_leaves_the_first_show_of_the_next_day_its_time(self, theatre: DemoTheatre, screen: DemoScreen):
        for day in WEEK:
            last = plan_day(theatre, screen, day)[-1]
            first = plan_day(theatre, screen, day + timedelta(days=1))[0]

            assert first.starts_at - last.ends_at >= TURNAROUND

    def test_is_the_same_on_every_run_and_another_on_another_day(self):
        theatre, screen = SCREENS[2]

        assert plan_day(theatre, screen, WEEK[0]) == plan_day(theatre, screen, WEEK[0])
        assert [show.movie for show in plan_day(theatre, screen, WEEK[0])] != [
            show.movie for show in plan_day(theatre, screen, WEEK[1])
        ]

    def test_shows_every_movie_within_a_week(self):
        shown = {show.movie for theatre, screen in SCREENS for day in WEEK for show in plan_day(theatre, screen, day)}

        assert shown == set(MOVIES)

    @pytest.mark.parametrize("day", WEEK, ids=str)
    def test_has_one_sold_out_and_one_nearly_sold_out_show_a_day(self, day):
        left = [show.left for theatre, screen in SCREENS for show in plan_day(theatre, screen, day)]

        assert sorted(n for n in left if n is not None) == [0, 3]


class TestAudience:
    @each_screen
    @pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
    def test_sits_together_on_free_seats_and_shares_no_sofa_with_strangers(
        self, theatre: DemoTheatre, screen: DemoScreen, share: float
    ):
        seats = parsed(screen).seats

        groups = seat_audience(seats, share=share, left=None, chance=dice("test", share))

        taken = [index for group in groups for index in group]
        assert len(taken) == len(set(taken))
        assert len(taken) <= round(len(seats) * share)
        for group in groups:
            places = [seats[index] for index in group]
            assert [seat.x for seat in places] == list(range(places[0].x, places[0].x + len(places)))
            assert len({seat.y for seat in places}) == 1
            # Sofas are drawn in pairs, so a group has whole ones.
            assert sum(seat.kind is SeatKind.SOFA for seat in places) % 2 == 0
            assert not any(seat.kind in (SeatKind.HOUSE, SeatKind.WHEELCHAIR) for seat in places)

    @each_screen
    def test_leaves_nothing_but_house_seats_when_sold_out(self, theatre: DemoTheatre, screen: DemoScreen):
        seats = parsed(screen).seats

        groups = seat_audience(seats, share=0, left=0, chance=dice("test"))

        taken = {index for group in groups for index in group}
        assert {seat.kind for seat in seats if seat.index not in taken} <= {SeatKind.HOUSE}

    def test_is_the_same_on_every_run(self):
        seats = parsed(SCREENS[0][1]).seats

        first, again = (seat_audience(seats, share=0.4, left=None, chance=dice("same")) for _ in range(2))

        assert first == again


class TestPosters:
    def test_exist_for_every_movie_and_no_other(self):
        assert set(SCENES) == {movie.slug for movie in MOVIES}

    @each_movie
    def test_are_svg_of_two_by_three_that_loads_and_runs_nothing(self, slug):
        poster = ElementTree.fromstring(draw_poster(slug, "A <title> & more"))

        width, height = map(float, poster.attrib["viewBox"].split()[2:])
        assert (poster.tag, width / height) == (f"{SVG}svg", 2 / 3)
        assert poster.findtext(f"{SVG}title") == "A <title> & more"
        assert {element.tag.removeprefix(SVG) for element in poster.iter()}.isdisjoint(
            {"script", "image", "style", "a"}
        )
        assert not re.search(r"\bon\w+=|url\((?!#)|href=\"(?!#)", draw_poster(slug, "title"))

    def test_can_stand_in_one_page_because_no_id_is_used_twice(self):
        ids = [
            name for movie in MOVIES for name in re.findall(r' id="([^"]+)"', draw_poster(movie.slug, movie.title))
        ]

        assert len(ids) == len(set(ids))
        assert {reference for movie in MOVIES for reference in _references(draw_poster(movie.slug, ""))} <= set(ids)

    @each_movie
    def test_are_the_same_on_every_run_and_light(self, slug):
        assert draw_poster(slug, "title") == draw_poster(slug, "title")
        assert len(draw_poster(slug, "title").encode()) < 16_000


def _references(poster: str) -> list[str]:
    return re.findall(r'(?:url\(|href=")#([^")]+)', poster)


class TestMovies:
    def test_are_a_dozen_with_a_long_title_and_a_hindi_one(self):
        titles = [movie.title for movie in MOVIES]

        assert len(set(titles)) == 12
        assert max(map(len, titles)) > 70
        assert any("\u0900" <= character <= "\u097f" for title in titles for character in title)
