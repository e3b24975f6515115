"""Cached reads of the catalogue: what they cost, when they are forgotten, and how they do without Redis."""

import json
import shlex
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
import redis
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from bookings.errors import NotFound
from bookings.models import Movie, Show
from bookings.selectors import catalogue
from bookings.selectors.cache import MOVIES, catalogue_cache
from bookings.selectors.catalogue_queries import load_movie
from tests.support.catalogue import NOW, TOMORROW
from tests.support.cinema import make_movie, make_show
from tests.support.servers import paused_redis

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

T = TypeVar("T")

pytestmark = pytest.mark.usefixtures("database", "awake_cache")

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "caching.md"


@pytest.fixture
def cache_client(running_servers: "EmbeddedServers") -> Iterator[redis.Redis]:
    """A bare client of the cache's database."""
    with redis.Redis.from_url(running_servers.redis_url.removesuffix("/0") + "/3") as client:
        yield client


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
