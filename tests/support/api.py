"""An outside client of the JSON API: real HTTP requests through the whole Django application.

Every reply it gets is held to the OpenAPI document.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from django.core.asgi import get_asgi_application
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Booking, Show
from config.api_handler import calls_apart
from tests.support.openapi import assert_matches_openapi
from tests.support.witness import connected

ROOT = "/api/v1/"


class ApiClient:
    """One client with its own cookies and, once it has become a guest, its own token."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """The reply to a call, held to the document."""
        reply = await self.http.request(method, ROOT + path, **request)
        if reply.status_code != 304:
            assert reply.headers["Content-Type"].startswith("application/json"), reply.text
            assert_matches_openapi(method, ROOT + path, reply.status_code, reply.json())
        return reply

    async def get(self, path: str, **request: Any) -> Any:
        """The body of a call that must succeed."""
        reply = await self.ask("GET", path, **request)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def become_guest(self) -> None:
        """Call with a new token from now on."""
        reply = await self.ask("POST", "guests")
        self.http.headers["Authorization"] = f"Bearer {reply.json()['token']}"

    async def hold(self, show_id: int, *seats: str, **headers: str) -> httpx.Response:
        return await self.ask("POST", f"shows/{show_id}/holds", json={"seats": seats}, headers=headers)


@asynccontextmanager
async def serving_office(settings: Settings, static_root: Path) -> AsyncIterator[BoxOffice]:
    """The box office that serves in this loop, and a folder of static files, which WhiteNoise wants."""
    settings.STATIC_ROOT = static_root
    office = await BoxOffice.current()
    try:
        await connected(office)
        yield office
    finally:
        await office.close()


@asynccontextmanager
async def api_client(*, address: str = "192.0.2.1", apart: bool = True) -> AsyncIterator[ApiClient]:
    """A client that calls from `address`; with `apart` off, calls go through the middleware of the pages."""
    application: Any = get_asgi_application()
    if apart:
        application = calls_apart(application)
    transport = httpx.ASGITransport(application, client=(address, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield ApiClient(http)


@asynccontextmanager
async def api_guest() -> AsyncIterator[ApiClient]:
    """A client that is a guest already."""
    async with api_client() as client:
        await client.become_guest()
        yield client


async def assert_nothing_changed(show: Show) -> None:
    assert await Booking.objects.filter(show=show).acount() == 0
    picture = await (await BoxOffice.current()).picture(show.pk)
    assert set(picture.states) == {"A"}


def assert_refused(reply: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = reply.json()
    assert (reply.status_code, body["code"]) == (status, code), reply.text
    assert body["detail"]
    assert isinstance(body["retryable"], bool)
    assert "Traceback" not in reply.text
    return body
