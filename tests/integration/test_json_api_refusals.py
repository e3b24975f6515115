"""Whatever is sent to the API: a coded error, nothing changed, no traceback."""

import logging
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Show
from tests.support.api import (
    ApiClient,
    api_client,
    assert_nothing_changed,
    assert_refused,
)

JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture
async def stranger(office: BoxOffice) -> AsyncIterator[ApiClient]:
    async with api_client() as stranger:
        yield stranger


class TestABadBody:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "seats"),
            ({"seats": "A1"}, "seats"),
            ({"seats": None}, "seats"),
            ({"seats": [1]}, "seats[0]"),
            ({"seats": ["A1", None]}, "seats[1]"),
            ({"seats": ["A1"], "surprise": 1}, "surprise"),
            ([], "body"),
            ("A1", "body"),
            (None, "body"),
        ],
    )
    async def test_of_a_hold_is_refused_by_field(
        self, guest: ApiClient, show: Show, body: object, field: str
    ) -> None:
        reply = await guest.ask("POST", f"shows/{show.pk}/holds", json=body)

        refused = assert_refused(reply, 400, "bad_request")
        assert [problem["field"] for problem in refused["problems"]] == [field]
        assert refused["detail"].startswith(field)
        await assert_nothing_changed(show)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"count": True}, "count"),
            ({"count": 2.0}, "count"),
            ({"count": "2"}, "count"),
            ({"count": 0}, "count"),
            ({"count": -1}, "count"),
            ({"count": 1, "category": 7}, "category"),
            ({"count": 1, "accessible": 1}, "accessible"),
            ({"seats": ["A1"], "count": 1}, "seats"),
        ],
    )
    async def test_of_best_seats_is_refused_by_field(
        self, guest: ApiClient, show: Show, body: object, field: str
    ) -> None:
        reply = await guest.ask("POST", f"shows/{show.pk}/holds/best", json=body)

        refused = assert_refused(reply, 400, "bad_request")
        assert [problem["field"] for problem in refused["problems"]] == [field]
        await assert_nothing_changed(show)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'{"seats": ["A1"]} and more',
            b'{"seats": ["A\xff"]}',
            b'{"seats": ["\\ud800"]}',
            b'{"seats": NaN}',
            b"\xef\xbb\xbf{}",
            '{"seats": ["A1"]}'.encode("utf-16"),
            b"[" * 8_000,
            b'{"seats": ["A1"], "seats": [1]}',
        ],
    )
    async def test_that_is_no_json_object_is_refused(self, guest: ApiClient, show: Show, body: bytes) -> None:
        reply = await guest.ask("POST", f"shows/{show.pk}/holds", content=body, headers=JSON)

        assert_refused(reply, 400, "bad_request")
        await assert_nothing_changed(show)

    @pytest.mark.parametrize(
        "content_type",
        [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "",
        ],
    )
    async def test_that_is_not_declared_as_json_is_refused(
        self, guest: ApiClient, show: Show, content_type: str
    ) -> None:
        reply = await guest.ask(
            "POST", f"shows/{show.pk}/holds", content=b'{"seats": ["A1"]}', headers={"Content-Type": content_type}
        )

        assert_refused(reply, 415, "bad_request")
        await assert_nothing_changed(show)

    @pytest.mark.parametrize("size", [8 * 1024 + 1, 3_000_000])
    async def test_that_is_huge_is_refused_whether_it_says_its_length_or_not(
        self, guest: ApiClient, show: Show, size: int
    ) -> None:
        body = b'{"seats": ["' + b"A" * size + b'"]}'

        async def in_pieces() -> AsyncIterator[bytes]:
            yield body

        told = await guest.ask("POST", f"shows/{show.pk}/holds", content=body, headers=JSON)
        untold = await guest.ask("POST", f"shows/{show.pk}/holds", content=in_pieces(), headers=JSON)

        assert_refused(told, 413, "bad_request")
        assert_refused(untold, 413, "bad_request")
        await assert_nothing_changed(show)

    async def test_on_an_unknown_seat_or_twice_the_same_or_eleven_changes_nothing(
        self, guest: ApiClient, show: Show
    ) -> None:
        unknown = await guest.hold(show.pk, "A1", "Z99", "\x00")
        twice = await guest.hold(show.pk, "A1", "A1")
        eleven = await guest.hold(show.pk, *(f"A{number}" for number in range(1, 12)))
        none = await guest.hold(show.pk)

        assert assert_refused(unknown, 422, "unknown_seat")["seats"] == ["Z99", "\x00"]
        assert assert_refused(twice, 422, "duplicate_seats")["seats"] == ["A1"]
        assert assert_refused(eleven, 422, "too_many_seats")["seats_max"] == 10
        assert_refused(none, 400, "bad_request")
        await assert_nothing_changed(show)

    @pytest.mark.parametrize("key", ["", "k" * 256])
    async def test_key_is_refused(self, guest: ApiClient, show: Show, key: str) -> None:
        reply = await guest.hold(show.pk, "A1", **{"Idempotency-Key": key})

        assert_refused(reply, 400, "bad_request")
        await assert_nothing_changed(show)


class TestABadAddress:
    @pytest.mark.parametrize("show_id", [0, 2**31, 2**63 - 1, 2**63, 10**400])
    async def test_of_a_show_that_cannot_be_is_not_found(self, guest: ApiClient, show_id: int) -> None:
        for reply in (
            await guest.ask("GET", f"shows/{show_id}"),
            await guest.ask("GET", f"shows/{show_id}/seats"),
            await guest.hold(show_id, "A1"),
            await guest.ask("DELETE", f"shows/{show_id}/holds"),
        ):
            assert_refused(reply, 404, "not_found")

    @pytest.mark.parametrize(
        "path",
        ["", "nothing", "shows/", "shows/abc", "shows/-1", "shows/1/seats/", "bookings/1", "docs/more", "%ff%00"],
    )
    async def test_is_not_found(self, stranger: ApiClient, path: str) -> None:
        reply = await stranger.http.get(f"/api/v1/{path}")

        assert_refused(reply, 404, "not_found")

    async def test_with_a_wrong_method_names_the_right_ones(self, stranger: ApiClient) -> None:
        refused = await stranger.http.put("/api/v1/shows/1/holds", json={})
        of_read = await stranger.http.delete("/api/v1/movies")

        assert assert_refused(refused, 405, "bad_request")["allowed"] == ["DELETE", "POST"]
        assert_refused(of_read, 405, "bad_request")
        assert of_read.headers["Allow"] == "GET, HEAD"

    @pytest.mark.parametrize(
        "date", [" ", "yesterday", "0", "2025-13-01", "2025-02-30", "20251121", "2025-W47-5", "2025-11-21T00:00:00"]
    )
    async def test_with_a_bad_date_names_the_field(self, stranger: ApiClient, date: str) -> None:
        reply = await stranger.ask("GET", f"shows?date={date}")

        assert assert_refused(reply, 400, "bad_request")["problems"][0]["field"] == "date"

    async def test_with_odd_filters_finds_nothing(self, stranger: ApiClient) -> None:
        for query in ("city=%00", "movie=a%20b", "movie=" + "x" * 2000, "date=0001-01-01", "date=9999-12-31"):
            assert await stranger.get(f"shows?{query}") == {"items": [], "count": 0}

    async def test_with_a_thousand_parameters_is_refused(self, stranger: ApiClient) -> None:
        reply = await stranger.ask("GET", "shows?" + "&".join(f"p{n}=1" for n in range(1001)))

        assert_refused(reply, 400, "bad_request")


class TestAFailureOfOurs:
    @pytest.mark.parametrize("debug", [True, False])
    async def test_is_logged_and_not_shown(
        self,
        stranger: ApiClient,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        debug: bool,
    ) -> None:
        def fail() -> str:
            raise RuntimeError("the secret of the house")

        settings.DEBUG = debug
        monkeypatch.setattr("bookings.http.guests.issue_holder", fail)

        with caplog.at_level(logging.ERROR):
            reply = await stranger.ask("POST", "guests")

        assert_refused(reply, 500, "internal")
        assert "secret" not in reply.text
        assert any(record.exc_info and "secret" in str(record.exc_info[1]) for record in caplog.records)
