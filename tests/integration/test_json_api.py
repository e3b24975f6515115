"""The JSON API as an outside client meets it: HTTP through the whole Django application."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Show
from tests.support.cinema import make_show


@pytest_asyncio.fixture
async def office(database: str) -> AsyncIterator[BoxOffice]:
    """The serving box office of this test's loop."""
    office = await BoxOffice.current()
    try:
        yield office
    finally:
        await office.close()


@pytest_asyncio.fixture
async def client(office: BoxOffice, settings: Settings, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an identity."""
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    transport = httpx.ASGITransport(get_asgi_application())
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver/api/v1/") as client:
        yield client


@pytest_asyncio.fixture
async def show(database: str) -> Show:
    return await sync_to_async(make_show)()


async def become_guest(client: httpx.AsyncClient) -> dict[str, str]:
    """The headers of a new guest."""
    reply = await client.post("guests")
    return {"Authorization": f"Bearer {reply.json()['token']}"}


class TestGuests:
    async def test_get_a_token_that_holds_seats(self, client: httpx.AsyncClient, show: Show) -> None:
        reply = await client.post("guests")

        assert reply.status_code == 201
        held = await client.post(
            f"shows/{show.pk}/holds",
            json={"seats": ["A1", "A2"]},
            headers={"Authorization": f"Bearer {reply.json()['token']}"},
        )
        print(held.text, held.headers)
        assert held.status_code == 201
