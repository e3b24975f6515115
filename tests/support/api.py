"""An outside client of the JSON API: real HTTP requests through the whole Django application.

Every reply it gets is held to the OpenAPI document.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from django.core.asgi import get_asgi_application

from tests.support.openapi import assert_matches_openapi

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
async def api_client(
    *, address: str = "192.0.2.1", headers: Mapping[str, str] | None = None
) -> AsyncIterator[ApiClient]:
    """A client that calls from `address`."""
    transport = httpx.ASGITransport(get_asgi_application(), client=(address, 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as http:
        yield ApiClient(http)


@asynccontextmanager
async def api_guest() -> AsyncIterator[ApiClient]:
    """A client that is a guest already."""
    async with api_client() as client:
        await client.become_guest()
        yield client
