"""The pages as Django answers them, without a browser: wrong addresses, empty filters, what lists say of a show."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver
from pytest_django import Settings

from frontend.not_found import unknown_address
from tests.support.cinema import make_show

pytestmark = pytest.mark.usefixtures("database")

NOT_HERE = "Not on the programme"


@pytest.fixture(params=[True, False], ids=["demo", "production"])
def visitor(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Client:
    """Somebody without cookies, in the demo (DEBUG) and in production."""
    settings.DEBUG = request.param
    settings.STATIC_ROOT = tmp_path
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
