"""The catalogue against real PostgreSQL and Redis: layouts, planned shows, cached reads and the admin."""

import json
import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import redis
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from bookings.errors import BookingError, NotFound
from bookings.models import Layout, Movie, Screen, SeatClaim, Show
from bookings.selectors import catalogue
from bookings.selectors.cache import MOVIES, catalogue_cache
from bookings.selectors.catalogue_queries import load_movie
from bookings.services.catalogue import (
    AROUND_THE_FILM,
    LATE_SALES,
    TURNAROUND,
    LayoutMissing,
    LayoutRefused,
    PricesRefused,
    ScreenBusy,
    ShowDraft,
    ShowHasClaims,
    ShowTimesRefused,
    create_show,
    import_layout,
    update_show,
)
from tests.support.cinema import hall_text, make_movie, make_screen, make_show, make_theatre
from tests.support.processes import wait_until
from tests.support.servers import paused_redis

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

T = TypeVar("T")

pytestmark = pytest.mark.usefixtures("database")

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "caching.md"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)
TWO_CATEGORIES = "categories: silver, gold\n[silver]\nA SSSS\n[gold]\nB WCSS"


@pytest.fixture(autouse=True)
def _awake_cache() -> Iterator[None]:
    """A test that lost Redis must not put the next one's cache to sleep."""
    catalogue_cache.wake()
    yield
    catalogue_cache.wake()


@pytest.fixture
def cache_client(running_servers: "EmbeddedServers") -> Iterator[redis.Redis]:
    """A bare client of the cache's database."""
    with redis.Redis.from_url(running_servers.redis_url.removesuffix("/0") + "/3") as client:
        yield client


def a_draft(**changes: Any) -> ShowDraft:
    values: dict[str, Any] = {"starts_at": TOMORROW, "prices": {"standard": 25_000}, "sales_open_at": NOW} | changes
    return ShowDraft(
        movie=values.pop("movie", None) or make_movie(duration_minutes=120),
        screen=values.pop("screen", None) or make_screen(),
        **values,
    )


def while_another_commits(act: Callable[[], T]) -> tuple[T, T | BookingError]:
    """`act` by this session, and by another one that begins before this one commits."""

    def in_another_session() -> T | BookingError:
        try:
            return act()
        except BookingError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            first = act()
            second = thread.submit(in_another_session)
            wait_until(
                lambda: second.done() or sessions_waiting() == 1, seconds=5, what="the other session waits or is done"
            )
        return first, second.result(timeout=5)


def sessions_waiting() -> int:
    with connection.cursor() as cursor:
        # Not pg_stat_activity: within a transaction it goes on showing what it showed first.
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


class TestImportLayout:
    def test_makes_the_next_revision_and_keeps_source_and_seats(self):
        screen = make_screen()

        layout = import_layout(screen, TWO_CATEGORIES)

        assert (layout.revision, layout.source) == (2, TWO_CATEGORIES)
        assert layout.seats[4] == {
            "index": 4,
            "label": "B1",
            "row": "B",
            "number": 1,
            "x": 0,
            "y": 1,
            "kind": "wheelchair",
            "category": "gold",
        }

    def test_of_the_same_file_is_the_revision_that_exists_whatever_its_line_ends(self):
        screen = make_screen()
        first = import_layout(screen, TWO_CATEGORIES)

        assert import_layout(screen, TWO_CATEGORIES.replace("\n", "\r\n")) == first
        assert Layout.objects.filter(screen=screen).count() == 2

    def test_of_an_older_file_is_a_revision_again(self):
        screen = make_screen(layout=TWO_CATEGORIES)
        import_layout(screen, hall_text())

        assert import_layout(screen, TWO_CATEGORIES).revision == 3

    def test_refuses_a_bad_file_with_its_place_and_keeps_nothing(self):
        screen = make_screen()

        with pytest.raises(LayoutRefused) as refused:
            import_layout(screen, "categories: gold\n[gold]\nA S?S")

        assert refused.value.fields == {"line": 3, "column": 4}
        assert refused.value.code == "layout_invalid"
        assert Layout.objects.filter(screen=screen).count() == 1

    def test_twice_at_once_makes_one_revision(self):
        screen = make_screen()

        first, second = while_another_commits(lambda: import_layout(screen, TWO_CATEGORIES))

        assert first == second
        assert Layout.objects.filter(screen=screen).count() == 2

    def test_by_command_names_file_line_and_column(self, tmp_path):
        screen = make_screen()
        file = tmp_path / "audi.txt"
        file.write_text(TWO_CATEGORIES, encoding="utf-8")
        bad = tmp_path / "bad.txt"
        bad.write_text("categories: gold\n[gold]\nA S(S", encoding="utf-8")
        said = StringIO()

        call_command("import_layout", screen.theatre.slug, screen.name, str(file), stdout=said)

        assert "revision 2, 8 seats" in said.getvalue()
        with pytest.raises(CommandError, match=r"bad\.txt: Line 3, column 4: half a sofa"):
            call_command("import_layout", screen.theatre.slug, screen.name, str(bad))
        with pytest.raises(CommandError, match="There is no screen 'Audi 9'"):
            call_command("import_layout", screen.theatre.slug, "Audi 9", str(file))
        with pytest.raises(CommandError, match="No such file"):
            call_command("import_layout", screen.theatre.slug, screen.name, str(tmp_path / "none.txt"))


class TestCreateShow:
    def test_pins_the_newest_layout_and_keeps_it_when_another_comes(self):
        screen = make_screen()
        newest = import_layout(screen, TWO_CATEGORIES)

        show = create_show(a_draft(screen=screen, prices={"silver": 20_000, "gold": 35_000}), now=NOW)
        import_layout(screen, hall_text())

        show.refresh_from_db()
        assert show.layout == newest
        assert len(catalogue.get_show(show.pk).seats) == 8

    def test_fills_in_the_times_that_follow_from_the_movie(self):
        show = create_show(a_draft(), now=NOW)

        assert show.ends_at == TOMORROW + timedelta(minutes=120) + AROUND_THE_FILM
        assert show.sales_close_at == TOMORROW + LATE_SALES

    def test_refuses_a_screen_without_a_layout(self):
        screen = Screen.objects.create(theatre=make_theatre(), name="Audi 9")

        with pytest.raises(LayoutMissing):
            create_show(a_draft(screen=screen), now=NOW)

    @pytest.mark.parametrize(
        "prices", [{}, {"gold": 25_000}, {"standard": 25_000, "gold": 1}, {"standard": 0}, {"standard": "25000"}]
    )
    def test_refuses_prices_that_do_not_fit_the_layout(self, prices):
        with pytest.raises(PricesRefused):
            create_show(a_draft(prices=prices), now=NOW)

    @pytest.mark.parametrize(
        "times",
        [
            {"starts_at": NOW},
            {"starts_at": NOW - timedelta(minutes=1), "sales_open_at": NOW - timedelta(days=1)},
            {"ends_at": TOMORROW},
            {"sales_open_at": TOMORROW + LATE_SALES},
            {"sales_close_at": TOMORROW + timedelta(days=1)},
        ],
        ids=["begins now", "begun", "ends at its start", "sales close before they open", "sales after the end"],
    )
    def test_refuses_times_that_do_not_follow_each_other(self, times):
        with pytest.raises(ShowTimesRefused):
            create_show(a_draft(**times), now=NOW)

        assert not Show.objects.exists()

    @pytest.mark.parametrize(
        ("shift", "free"),
        [
            (timedelta(0), False),
            (timedelta(minutes=120) + AROUND_THE_FILM + TURNAROUND - timedelta(minutes=1), False),
            (timedelta(minutes=120) + AROUND_THE_FILM + TURNAROUND, True),
            (-timedelta(minutes=120) - AROUND_THE_FILM - TURNAROUND + timedelta(minutes=1), False),
            (-timedelta(minutes=120) - AROUND_THE_FILM - TURNAROUND, True),
        ],
    )
    def test_books_a_screen_once_with_time_to_clean_it(self, shift, free):
        first = create_show(a_draft(), now=NOW)
        draft = a_draft(screen=first.screen, movie=first.movie, starts_at=first.starts_at + shift)

        if free:
            create_show(draft, now=NOW)
        else:
            with pytest.raises(ScreenBusy) as refused:
                create_show(draft, now=NOW)
            assert refused.value.fields == {"show": first.pk}

    def test_takes_the_time_of_a_cancelled_show(self):
        first = create_show(a_draft(status=Show.Status.CANCELLED), now=NOW)

        create_show(a_draft(screen=first.screen), now=NOW)

    def test_twice_at_once_on_one_screen_makes_one_show(self):
        draft = a_draft()

        first, second = while_another_commits(lambda: create_show(draft, now=NOW))

        assert isinstance(first, Show)
        assert isinstance(second, ScreenBusy)
        assert Show.objects.count() == 1


class TestUpdateShow:
    def test_changes_prices_and_sales_of_a_show_that_has_begun(self):
        show = create_show(a_draft(), now=NOW)
        draft = a_draft(movie=show.movie, screen=show.screen, prices={"standard": 30_000}, status=Show.Status.CLOSED)

        update_show(show, draft, now=show.starts_at + timedelta(minutes=5))

        show.refresh_from_db()
        assert (show.prices, show.status) == ({"standard": 30_000}, "closed")

    def test_does_not_meet_itself_on_its_screen(self):
        show = create_show(a_draft(), now=NOW)
        later = TOMORROW + timedelta(minutes=30)

        update_show(show, a_draft(movie=show.movie, screen=show.screen, starts_at=later), now=NOW)

        assert Show.objects.get(pk=show.pk).starts_at == later

    def test_keeps_film_and_time_once_a_seat_is_claimed(self):
        show = create_show(a_draft(), now=NOW)
        SeatClaim.objects.create(show=show, seat_index=0, kind=SeatClaim.Kind.BLOCK, reason="camera")
        moved = a_draft(movie=show.movie, screen=show.screen, starts_at=TOMORROW + timedelta(hours=1))

        with pytest.raises(ShowHasClaims):
            update_show(show, moved, now=NOW)
        with pytest.raises(ShowHasClaims):
            update_show(show, a_draft(screen=show.screen), now=NOW)

        unmoved = Show.objects.get(pk=show.pk)
        assert (unmoved.starts_at, unmoved.movie_id) == (TOMORROW, show.movie_id)


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


READS: dict[str, tuple[Callable[[Show], object], int]] = {
    "theatres": (lambda show: catalogue.list_theatres(), 1),
    "now showing": (lambda show: catalogue.list_movies_now_showing(now=NOW), 2),
    "coming shows": (lambda show: catalogue.list_shows(now=NOW), 1),
    "shows of a date": (lambda show: catalogue.list_shows(now=NOW, date=TOMORROW.date()), 2),
    "movie page": (lambda show: catalogue.get_movie_page(show.movie.slug, now=NOW), 3),
    "poster": (lambda show: catalogue.get_poster(show.movie.slug), 1),
    "show": (lambda show: catalogue.get_show(show.pk), 1),
}


def some_shows() -> Show:
    """Three shows of three movies on three screens, all tomorrow; one of them."""
    for _ in range(3):
        show = make_show(
            movie=make_movie(poster="<svg/>"),
            starts_at=TOMORROW,
            ends_at=TOMORROW + timedelta(hours=2),
            sales_open_at=NOW,
            sales_close_at=TOMORROW,
        )
    return show


def value_and_queries(read: Callable[[], T]) -> tuple[T, int]:
    with CaptureQueriesContext(connection) as queries:
        value = read()
    return value, len(queries)


class TestCache:
    @pytest.mark.parametrize(("read", "queries_max"), READS.values(), ids=READS.keys())
    def test_costs_a_fixed_number_of_queries_once_and_none_after(self, read, queries_max):
        show = some_shows()

        first, queries = value_and_queries(lambda: read(show))
        again, queries_again = value_and_queries(lambda: read(show))

        assert queries == queries_max
        assert queries_again == 0
        assert again == first

    def test_shows_an_edit_of_anything_at_once(self):
        show = some_shows()

        def seen() -> tuple[str, str, str, int]:
            detail = catalogue.get_show(show.pk)
            listed = next(s for s in catalogue.list_shows(now=NOW) if s.id == show.pk)
            return detail.movie.title, listed.theatre_name, listed.screen_name, detail.seats[0].price_paise

        seen()
        show.movie.title = "Renamed"
        show.movie.save()
        renamed = seen()
        show.screen.theatre.name = "The New Regal"
        show.screen.theatre.save()
        moved = seen()
        show.screen.name = "Audi 7"
        show.screen.save()
        rebuilt = seen()
        show.prices = {"standard": 99_900}
        show.save()
        repriced = seen()

        assert renamed[0] == "Renamed"
        assert moved[1] == "The New Regal"
        assert rebuilt[2] == "Audi 7"
        assert repriced == ("Renamed", "The New Regal", "Audi 7", 99_900)

    def test_forgets_what_is_deleted(self):
        show = some_shows()
        assert len(catalogue.list_shows(now=NOW)) == 3
        catalogue.get_show(show.pk)

        show.delete()

        assert len(catalogue.list_shows(now=NOW)) == 2
        with pytest.raises(NotFound):
            catalogue.get_show(show.pk)

    def test_keeps_the_old_value_until_the_edit_is_committed(self):
        movie = make_movie(title="Before")
        catalogue.get_movie(movie.slug)

        with transaction.atomic():
            Movie.objects.filter(pk=movie.pk).update(title="After")
            Movie.objects.get(pk=movie.pk).save()
            _, queries = value_and_queries(lambda: catalogue.get_movie(movie.slug))

        assert queries == 0
        assert catalogue.get_movie(movie.slug).title == "After"

    def test_does_not_keep_a_value_read_before_the_edit_under_the_version_after_it(self):
        movie = make_movie(title="Before")
        read_before = load_movie(movie.slug)

        def edited_meanwhile() -> object:
            movie.title = "After"
            movie.save()
            return read_before

        catalogue_cache.read(f"movie:{movie.slug}", things=[MOVIES], shape=object, load=edited_meanwhile)

        assert catalogue.get_movie(movie.slug).title == "After"

    def test_keeps_nothing_for_what_does_not_exist(self, cache_client):
        make_show()
        with pytest.raises(NotFound):
            catalogue.get_show(10**9)
        catalogue.list_shows(now=NOW, date=date(2031, 1, 1))

        keys = [key.decode() for key in cache_client.keys("housefull:1:catalogue:1:*")]
        assert [key.split(":")[4] for key in keys] == ["theatres"]

    @pytest.mark.parametrize("foreign", [b'{"name":"another shape"}', b"\x80\x05 not JSON"])
    def test_reads_again_what_another_release_kept(self, cache_client, caplog, foreign):
        movie = make_movie()
        catalogue.get_movie(movie.slug)
        (key,) = cache_client.keys(f"*:movie:{movie.slug}:*")
        cache_client.set(key, foreign)

        assert catalogue.get_movie(movie.slug).title == movie.title
        assert "is not what is kept there now" in caplog.text
        assert catalogue.get_movie(movie.slug).title == movie.title
        assert cache_client.get(key) != foreign

    def test_is_json_that_people_can_read_and_redis_can_count(self, cache_client):
        movie = make_movie(title="चाँद का पता")

        catalogue.get_movie(movie.slug)

        version = int(cache_client.get("housefull:1:catalogue:version:movies"))
        kept = cache_client.get(f"housefull:1:catalogue:1:movie:{movie.slug}:{version}")
        assert json.loads(kept)["title"] == "चाँद का पता"


class TestGuide:
    def test_shows_commands_that_do_what_it_says(self, cache_client):
        """The commands of docs/caching.md, each given to the cache's database."""
        show = some_shows()
        catalogue.get_show(show.pk)
        block = GUIDE.read_text().partition("## Looking at it")[2].split("```")[1]
        listing, versions, forgetting = (shlex.split(line)[3:] for line in block.strip().splitlines())

        assert listing[:2] == ["--scan", "--pattern"]
        names = {key.decode().split(":")[4] for key in cache_client.scan_iter(listing[2])}
        assert names == {"movies", "theatres", "shows", "show"}
        before = [int(version) for version in cache_client.execute_command(*versions)]
        show.movie.save()
        after = [int(version) for version in cache_client.execute_command(*versions)]
        assert after == [before[0] + 1, before[1], before[2]]

        catalogue.get_show(show.pk)
        cache_client.execute_command(*forgetting)

        _, queries = value_and_queries(lambda: catalogue.get_show(show.pk))
        assert queries == 1


class TestWithoutRedis:
    def test_reads_postgresql_when_redis_is_gone(self, servers: "EmbeddedServers", caplog):
        show = some_shows()
        catalogue.get_show(show.pk)
        servers.kill_redis()

        detail, queries = value_and_queries(lambda: catalogue.get_show(show.pk))

        assert detail.show.id == show.pk
        assert queries == 1
        assert "catalogue cache unavailable" in caplog.text

    def test_waits_for_a_redis_that_hangs_once_and_not_for_each_read(self, servers: "EmbeddedServers", caplog):
        show = some_shows()
        catalogue.get_show(show.pk)

        with paused_redis(servers):
            for _ in range(5):
                assert catalogue.get_show(show.pk).show.id == show.pk

        assert caplog.text.count("catalogue cache unavailable") == 1

    def test_lets_an_edit_through_and_is_not_stale_when_redis_was_emptied(self, servers: "EmbeddedServers"):
        movie = make_movie(title="Before")
        catalogue.get_movie(movie.slug)
        servers.kill_redis()
        movie.title = "After"
        movie.save()
        servers.start_redis()
        catalogue_cache.wake()

        assert catalogue.get_movie(movie.slug).title == "After"


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
