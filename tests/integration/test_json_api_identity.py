"""Who may hold seats over HTTP: a token, or a cookie with proof; nobody too often."""

import secrets
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from django.http import HttpRequest
from django.middleware.csrf import get_token
from pytest_django import Settings

from bookings.api import BoxOffice, issue_holder
from bookings.models import Show
from tests.support.api import (
    ApiClient,
    api_client,
    assert_nothing_changed,
    assert_refused,
)

JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture(params=["calls apart", "calls among pages"])
async def stranger(office: BoxOffice, request: pytest.FixtureRequest) -> AsyncIterator[ApiClient]:
    async with api_client(apart=request.param == "calls apart") as stranger:
        yield stranger


class TestIdentity:
    @pytest.mark.parametrize(
        "authorization",
        ["Bearer", "Bearer ", "Bearer forged~signature", "Bearer " + "x" * 5000, "Bearer \xe9", "bearer nobody"],
    )
    async def test_is_required_and_not_forged(self, stranger: ApiClient, show: Show, authorization: str) -> None:
        stranger.http.cookies.set("holder", issue_holder())
        headers = {"Authorization": authorization.encode("latin-1")}

        reply = await stranger.ask(
            "POST",
            f"shows/{show.pk}/holds",
            json={"seats": ["A1"]},
            headers=headers,
        )

        assert_refused(reply, 401, "identity_required")
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
        await assert_nothing_changed(show)

    async def test_is_required_of_everything_that_is_personal(self, stranger: ApiClient, show: Show) -> None:
        for reply in (
            await stranger.hold(show.pk, "A1"),
            await stranger.ask("POST", f"shows/{show.pk}/holds/best", json={"count": 1}),
            await stranger.ask("DELETE", f"shows/{show.pk}/holds"),
            await stranger.ask("GET", "bookings/019aa7c1-5f3a-7c21-9d64-2b1c8e90f7aa"),
        ):
            assert_refused(reply, 401, "identity_required")

    async def test_by_a_forged_cookie_is_none(self, stranger: ApiClient, show: Show) -> None:
        token = issue_holder()
        stranger.http.cookies.set("holder", token[:-1] + ("A" if token[-1] != "A" else "B"))

        assert_refused(await stranger.hold(show.pk, "A1"), 401, "identity_required")


class TestACookie:
    @pytest_asyncio.fixture
    async def browser(self, stranger: ApiClient) -> ApiClient:
        """A browser that has opened one of our pages."""
        request = HttpRequest()
        self.proof = get_token(request)
        stranger.http.cookies.set("holder", issue_holder())
        stranger.http.cookies.set("csrftoken", request.META["CSRF_COOKIE"])
        return stranger

    async def test_with_the_proof_of_a_page_holds_seats(self, browser: ApiClient, show: Show) -> None:
        held = await browser.hold(show.pk, "A1", **{"X-CSRFToken": self.proof, "Origin": "http://testserver"})

        assert held.status_code == 201
        booking = await browser.get(f"bookings/{held.json()['booking']}")
        assert booking["status"] == "pending"

    @pytest.mark.parametrize("origin", [None, "http://testserver"])
    async def test_without_the_proof_is_refused(self, browser: ApiClient, show: Show, origin: str | None) -> None:
        reply = await browser.hold(show.pk, "A1", **({"Origin": origin} if origin else {}))

        assert_refused(reply, 403, "csrf_failed")
        await assert_nothing_changed(show)

    async def test_from_a_foreign_page_is_refused(self, browser: ApiClient, show: Show) -> None:
        reply = await browser.hold(
            show.pk, "A1", **{"X-CSRFToken": self.proof, "Origin": "https://elsewhere.example"}
        )

        assert_refused(reply, 403, "csrf_failed")
        await assert_nothing_changed(show)

    async def test_needs_no_proof_beside_a_token(self, browser: ApiClient, show: Show) -> None:
        await browser.become_guest()

        assert (await browser.hold(show.pk, "A1")).status_code == 201


def fresh_address() -> str:
    """An address that this process has not counted yet, of the range for benchmarks."""
    return f"198.18.{secrets.randbelow(256)}.{secrets.randbelow(256)}"


class TestTooMany:
    async def test_guests_of_one_address_must_wait(self, office: BoxOffice, settings: Settings) -> None:
        settings.LIMIT_GUESTS_PER_MINUTE = 3
        async with api_client(address=fresh_address()) as crowd, api_client(address=fresh_address()) as neighbour:
            replies = [
                await crowd.ask("POST", "guests", headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(4)
            ]
            elsewhere = await neighbour.ask("POST", "guests")

        refused = assert_refused(replies[-1], 429, "rate_limited")
        assert [reply.status_code for reply in replies[:3]] == [201, 201, 201]
        assert 0 < refused["retry_after_ms"] <= 20_000
        assert int(replies[-1].headers["Retry-After"]) * 1000 >= refused["retry_after_ms"]
        assert refused["retryable"] is True
        assert elsewhere.status_code == 201

    async def test_guests_behind_a_trusted_proxy_are_told_apart(self, office: BoxOffice, settings: Settings) -> None:
        settings.LIMIT_GUESTS_PER_MINUTE = 2
        proxy_address = fresh_address()
        settings.TRUSTED_PROXIES = [proxy_address]
        async with api_client(address=proxy_address) as proxy:
            replies = [
                await proxy.ask("POST", "guests", headers={"X-Forwarded-For": fresh_address()}) for _ in range(4)
            ]

        assert [reply.status_code for reply in replies] == [201] * 4
