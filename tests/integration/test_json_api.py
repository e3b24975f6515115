"""The JSON API as an outside client meets it. Replies are held to the OpenAPI document by the client itself."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import sync_to_async

from bookings.api import BoxOffice
from bookings.models import Show
from tests.support.api import ApiClient, api_client
from tests.support.cinema import PRICE_PAISE, make_movie, make_show

TWO_SEATS = "A1", "A2"


class TestGuests:
    async def test_get_a_token_of_the_promised_alphabet(self, office: BoxOffice) -> None:
        async with api_client() as stranger:
            reply = await stranger.ask("POST", "guests")

        assert reply.status_code == 201
        assert list(reply.json()) == ["token"]
        assert reply.headers["Cache-Control"] == "no-store"

    async def test_are_somebody_new_each_time(self, guest: ApiClient, rival: ApiClient, show: Show) -> None:
        mine = (await guest.hold(show.pk, "A1")).json()
        theirs = (await rival.hold(show.pk, "A2")).json()

        assert mine["booking"] != theirs["booking"]


class TestHolding:
    async def test_answers_with_the_whole_hold(self, guest: ApiClient, show: Show) -> None:
        before_ms = datetime.now(UTC).timestamp() * 1000  # noqa: TID251  (a client reads its own clock)
        first = await guest.hold(show.pk, "A2", "A1")
        second = await guest.hold(show.pk, "B1")

        held = second.json()
        assert (first.status_code, second.status_code) == (201, 201)
        assert held["seats"] == ["A1", "A2", "B1"]
        assert held["amount_paise"] == 3 * PRICE_PAISE
        assert held["currency"] == "INR"
        assert held["booking"] == first.json()["booking"]
        assert held["expires_ms"] == first.json()["expires_ms"]
        assert 590_000 < held["expires_ms"] - before_ms < 610_000
        said = datetime.fromisoformat(held["expires_at"])
        assert held["expires_at"].endswith("Z")
        assert round(said.timestamp() * 1000) == held["expires_ms"]

    async def test_shows_in_the_snapshot_at_the_version_it_named(self, guest: ApiClient, show: Show) -> None:
        held = (await guest.hold(show.pk, *TWO_SEATS)).json()

        picture = await guest.get(f"shows/{show.pk}/seats")
        assert picture["version"] >= held["version"]
        assert picture["states"][:3] == "HHA"
        assert picture["holds"] == {"0": held["expires_ms"], "1": held["expires_ms"]}

    async def test_refuses_all_and_names_every_taken_seat(
        self, guest: ApiClient, rival: ApiClient, show: Show
    ) -> None:
        await rival.hold(show.pk, *TWO_SEATS)
        before = await guest.get(f"shows/{show.pk}/seats")

        refused = await guest.hold(show.pk, "A1", "A2", "A3")

        after = await guest.get(f"shows/{show.pk}/seats")
        assert refused.status_code == 409
        assert refused.json()["code"] == "seats_unavailable"
        assert refused.json()["seats"] == ["A1", "A2"]
        assert refused.json()["retryable"] is False
        assert (after["version"], after["states"]) == (before["version"], before["states"])

    async def test_with_the_same_key_is_done_once(self, guest: ApiClient, show: Show) -> None:
        key = {"Idempotency-Key": "click-1"}
        first = await guest.hold(show.pk, "A1", **key)
        await guest.ask("DELETE", f"shows/{show.pk}/holds")

        again = await guest.hold(show.pk, "A1", **key)
        other = await guest.hold(show.pk, "A2", **key)

        assert (again.status_code, again.json()) == (201, first.json())
        assert "H" not in (await guest.get(f"shows/{show.pk}/seats"))["states"]
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")

    async def test_is_refused_once_the_show_has_begun(self, guest: ApiClient) -> None:
        past = await sync_to_async(make_show)(starts_in=timedelta(hours=-1))

        refused = await guest.hold(past.pk, "A1")

        assert (refused.status_code, refused.json()["code"]) == (409, "sales_closed")


class TestHoldingTheBest:
    async def test_answers_with_seats_together_and_why(self, guest: ApiClient, show: Show) -> None:
        reply = await guest.ask("POST", f"shows/{show.pk}/holds/best", json={"count": 3})

        held = reply.json()
        assert reply.status_code == 201
        rows = {label[0] for label in held["seats"]}
        numbers = [int(label[1:]) for label in held["seats"]]
        assert len(rows) == 1
        assert numbers == list(range(numbers[0], numbers[0] + 3))
        assert held["reason"]

    async def test_is_refused_when_not_enough_are_left(self, guest: ApiClient, rival: ApiClient) -> None:
        small = await sync_to_async(make_show)(seats=3)
        await rival.hold(small.pk, "A2")

        refused = await guest.ask("POST", f"shows/{small.pk}/holds/best", json={"count": 3})

        assert (refused.status_code, refused.json()["code"]) == (409, "seats_unavailable")

    async def test_knows_the_categories_of_the_show(self, guest: ApiClient, show: Show) -> None:
        refused = await guest.ask(
            "POST", f"shows/{show.pk}/holds/best", json={"count": 1, "category": "throne", "accessible": False}
        )

        assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")


class TestReleasing:
    async def test_gives_the_named_seats_back(self, guest: ApiClient, show: Show) -> None:
        await guest.hold(show.pk, "A1", "A2", "A3")

        reply = await guest.ask("DELETE", f"shows/{show.pk}/holds?seats=A1,A2")

        picture = await guest.get(f"shows/{show.pk}/seats")
        assert reply.json() == {"seats": ["A1", "A2"], "version": picture["version"]}
        assert picture["states"][:3] == "AAH"

    async def test_takes_a_repeated_parameter_as_one_list(self, guest: ApiClient, show: Show) -> None:
        await guest.hold(show.pk, "A1", "A2", "A3")

        reply = await guest.ask("DELETE", f"shows/{show.pk}/holds?seats=A1&seats=A2")

        assert reply.json()["seats"] == ["A1", "A2"]

    async def test_of_everything_may_be_asked_twice(self, guest: ApiClient, show: Show) -> None:
        await guest.hold(show.pk, *TWO_SEATS)

        first = await guest.ask("DELETE", f"shows/{show.pk}/holds")
        second = await guest.ask("DELETE", f"shows/{show.pk}/holds")

        assert first.json()["seats"] == ["A1", "A2"]
        assert (second.status_code, second.json()["seats"]) == (200, [])

    async def test_of_an_empty_list_is_not_everything(self, guest: ApiClient, show: Show) -> None:
        await guest.hold(show.pk, *TWO_SEATS)

        refused = await guest.ask("DELETE", f"shows/{show.pk}/holds?seats=")

        assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
        assert (await guest.get(f"shows/{show.pk}/seats"))["states"][:2] == "HH"

    async def test_leaves_the_seats_of_others(self, guest: ApiClient, rival: ApiClient, show: Show) -> None:
        await rival.hold(show.pk, *TWO_SEATS)

        reply = await guest.ask("DELETE", f"shows/{show.pk}/holds?seats=A1")

        assert reply.json()["seats"] == []
        assert (await guest.get(f"shows/{show.pk}/seats"))["states"][:2] == "HH"


class TestABooking:
    async def test_is_read_by_its_holder(self, guest: ApiClient, show: Show) -> None:
        held = (await guest.hold(show.pk, *TWO_SEATS)).json()

        booking = await guest.get(f"bookings/{held['booking']}")

        server_ms = booking.pop("server_ms")
        assert server_ms < held["expires_ms"]
        assert booking == {
            "booking": held["booking"],
            "show": show.pk,
            "status": "pending",
            "refund": None,
            "seats": ["A1", "A2"],
            "amount_paise": 2 * PRICE_PAISE,
            "currency": "INR",
            "expires_ms": held["expires_ms"],
        }

    async def test_says_how_it_ended(self, guest: ApiClient, show: Show) -> None:
        held = (await guest.hold(show.pk, "A1")).json()
        await guest.ask("DELETE", f"shows/{show.pk}/holds")

        assert (await guest.get(f"bookings/{held['booking']}"))["status"] == "cancelled"

    async def test_does_not_exist_for_anybody_else(self, guest: ApiClient, rival: ApiClient, show: Show) -> None:
        held = (await guest.hold(show.pk, "A1")).json()

        refused = await rival.ask("GET", f"bookings/{held['booking']}")

        nothing = await rival.ask("GET", "bookings/019aa7c1-5f3a-7c21-9d64-2b1c8e90f7aa")
        assert refused.status_code == 404
        assert refused.json() == nothing.json()


class TestTheCatalogue:
    async def test_lists_movies_with_a_show_to_come(self, guest: ApiClient, show: Show) -> None:
        await sync_to_async(make_movie)(title="Shown nowhere")

        listed = await guest.get("movies")

        assert listed["count"] == 1
        assert listed["items"][0]["slug"] == show.movie.slug
        assert listed["items"][0]["next_show_at"].endswith("Z")

    async def test_lists_shows_by_date_city_and_movie(self, guest: ApiClient, show: Show) -> None:
        other = await sync_to_async(make_show)(starts_in=timedelta(days=2))
        there = show.starts_at.astimezone(ZoneInfo("Asia/Kolkata")).date().isoformat()

        everything = await guest.get("shows")
        of_movie = await guest.get(f"shows?movie={other.movie.slug}&city=pune")
        of_date = await guest.get(f"shows?date={there}")
        elsewhere = await guest.get("shows?city=Nowhere")

        assert [item["id"] for item in everything["items"]] == [show.pk, other.pk]
        assert [item["id"] for item in of_movie["items"]] == [other.pk]
        assert [item["id"] for item in of_date["items"]] == [show.pk]
        assert elsewhere == {"items": [], "count": 0}

    @pytest.mark.parametrize("query", ["date=", "city=", "movie=", "date=&city=&movie="])
    async def test_takes_an_empty_filter_for_none(self, guest: ApiClient, show: Show, query: str) -> None:
        everything = await guest.get("shows")

        assert everything["count"] == 1
        assert await guest.get(f"shows?{query}") == everything

    async def test_lists_seats_in_index_order(self, guest: ApiClient, show: Show) -> None:
        detail = await guest.get(f"shows/{show.pk}")

        assert [seat["index"] for seat in detail["seats"]] == list(range(120))
        assert detail["seats"][12] == {
            "index": 12,
            "label": "B1",
            "row": "B",
            "number": 1,
            "x": 0,
            "y": 1,
            "kind": "standard",
            "category": "standard",
            "price_paise": PRICE_PAISE,
        }
        assert detail["sales"] == "open"

    @pytest.mark.parametrize("path", ["movies", "shows", "shows/{show}"])
    async def test_is_sent_once_to_a_client_that_keeps_it(self, guest: ApiClient, show: Show, path: str) -> None:
        path = path.format(show=show.pk)
        first = await guest.ask("GET", path)

        again = await guest.ask("GET", path, headers={"If-None-Match": first.headers["ETag"]})

        assert (again.status_code, again.content) == (304, b"")

    async def test_answers_head_as_well(self, guest: ApiClient, show: Show) -> None:
        reply = await guest.http.head(f"/api/v1/shows/{show.pk}")

        assert reply.status_code == 200

    async def test_keeps_no_snapshot(self, guest: ApiClient, show: Show) -> None:
        reply = await guest.ask("GET", f"shows/{show.pk}/seats")

        assert reply.headers["Cache-Control"] == "no-store"
