"""The pages as Django answers them, without a browser: wrong addresses, empty filters, what lists say of a show."""

import re
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver
from pytest_django import Settings

from bookings.models import Booking, SeatClaim, Show
from frontend.not_found import unknown_address
from tests.support.cinema import make_show

pytestmark = pytest.mark.usefixtures("database")

NOT_HERE = "Not on the programme"


@pytest.fixture(autouse=True)
def _collected(settings: Settings, tmp_path: Path) -> None:
    """A folder of static files, without which WhiteNoise warns outside DEBUG."""
    settings.STATIC_ROOT = tmp_path


@pytest.fixture(params=[True, False], ids=["demo", "production"])
def visitor(request: pytest.FixtureRequest, settings: Settings) -> Client:
    """Somebody without cookies, in the demo (DEBUG) and in production."""
    settings.DEBUG = request.param
    settings.ALLOWED_HOSTS = ["testserver"]
    return Client(enforce_csrf_checks=True)


class TestAWrongAddress:
    @pytest.mark.parametrize(
        "path",
        ["/nope", "/nope/", "/shows/", "/shows/abc/", "/shows/999999999/", f"/shows/{10**30}/", "/movies/nope/",
         "/movies/nope/poster.svg", "/bookings/00000000-0000-0000-0000-000000000000/pay/", "/favicon.ico"],
    )  # fmt: skip
    def test_is_answered_with_our_own_page(self, visitor: Client, path: str) -> None:
        reply = visitor.get(path)

        assert reply.status_code == 404
        assert NOT_HERE in reply.content.decode()
        assert "URLconf" not in reply.content.decode()

    def test_is_no_better_with_a_form(self, visitor: Client) -> None:
        reply = visitor.post("/nope/", {"a": "b"})

        assert reply.status_code == 404
        assert NOT_HERE in reply.content.decode()

    @pytest.mark.parametrize("path", ["/api/", "/api/nope", "/api/v2/shows", "/api/v1/nope"])
    def test_of_the_api_is_an_error_of_the_api(self, visitor: Client, path: str) -> None:
        reply = visitor.get(path)

        assert reply.status_code == 404
        assert reply.json()["code"] == "not_found"
        assert set(reply.json()) == {"code", "detail", "retryable"}

    def test_that_lacks_only_its_slash_is_led_on(self, visitor: Client) -> None:
        show = make_show()

        reply = visitor.get(f"/shows/{show.pk}?city=pune")

        assert reply.status_code == 301
        assert reply["Location"] == f"/shows/{show.pk}/?city=pune"

    def test_is_looked_for_after_every_right_one(self) -> None:
        last = get_resolver().url_patterns[-1]

        assert isinstance(last, URLResolver)
        assert last.url_patterns[-1].callback is unknown_address, "nothing can be included after the pages"


class TestEmptyFilters:
    def test_are_no_filters(self, visitor: Client) -> None:
        show = make_show()

        for path in ("/?date=&city=", f"/movies/{show.movie.slug}/?date=&city="):
            reply = visitor.get(path)
            assert reply.status_code == 200
            assert f"/shows/{show.pk}/" in reply.content.decode()


class TestHowFullAShowIs:
    """Said in lists of times: a hall of 40 seats, so half gone is 20 and few are 10."""

    @pytest.fixture(params=["/", "/movies/{slug}/"], ids=["now-showing", "movie"])
    def words(self, request: pytest.FixtureRequest) -> Callable[[Show], list[str]]:
        """What the list says of the show, in the page as anybody gets it."""

        def said(show: Show) -> list[str]:
            html = Client().get(request.param.format(slug=show.movie.slug)).content.decode()
            chip = html.split(f'href="/shows/{show.pk}/"')[1].split("</a>")[0]
            return re.findall(r'class="fill" data-fill="\w+">([^<]*)<', chip)

        return said

    @pytest.mark.parametrize(
        ("booked", "held", "said"),
        [
            (0, 0, []),
            (19, 0, []),
            (20, 0, ["Filling fast"]),
            (29, 0, ["Filling fast"]),
            (30, 0, ["Last few"]),
            (38, 2, ["Last few"]),
            (40, 0, ["Housefull"]),
        ],
    )
    def test_is_said_in_a_word(
        self, words: Callable[[Show], list[str]], booked: int, held: int, said: list[str]
    ) -> None:
        show = make_show(seats=40)
        claim(show, range(booked), status="confirmed")
        claim(show, range(booked, booked + held), status="pending")

        assert words(show) == said

    def test_counts_no_seat_that_came_back(self, words: Callable[[Show], list[str]]) -> None:
        show = make_show(seats=40)
        claim(show, range(40), status="expired", released_at=datetime.now(UTC))  # noqa: TID251  (as PostgreSQL does)

        assert words(show) == []

    def test_is_not_said_before_booking_opens(self, words: Callable[[Show], list[str]]) -> None:
        opens = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251  (a test stands where an interface does)
        show = make_show(seats=8, sales_open_at=opens)

        assert words(show) == []

    def test_is_counted_once_for_a_whole_list_and_kept_for_seconds(self) -> None:
        for _ in range(5):
            make_show(seats=40)

        with CaptureQueriesContext(connection) as first:
            Client().get("/")
        with CaptureQueriesContext(connection) as second:
            Client().get("/")

        assert sum("seatclaim" in query["sql"] for query in first) == 1
        assert len(second) == 0


def claim(show: Show, seats: Iterable[int], *, status: str, released_at: datetime | None = None) -> None:
    """Seats of one booking in that status."""
    booking = Booking.objects.create(show=show, holder=uuid.uuid4().hex, status=status, expires_at=show.starts_at)
    SeatClaim.objects.bulk_create(
        SeatClaim(show=show, seat_index=seat, booking=booking, released_at=released_at) for seat in seats
    )
