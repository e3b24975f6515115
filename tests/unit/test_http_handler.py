"""API calls stay on the event loop: what Django does around them is counted in thread hops."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from asgiref.sync import SyncToAsync

from config.api_handler import ApiHandler, calls_apart

# Django's own: its request_started receivers, and closing the response.
HOPS_MAX = 2


@pytest.fixture
def hops(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What was run in a thread, by name."""
    seen: Counter[str] = Counter()
    run = SyncToAsync.__call__

    async def counted(self: SyncToAsync[Any, Any], *args: Any, **kwargs: Any) -> Any:
        seen[getattr(self.func, "__qualname__", repr(self.func))] += 1
        return await run(self, *args, **kwargs)

    monkeypatch.setattr(SyncToAsync, "__call__", counted)
    return seen


async def call(application: Any, method: str, path: str, **request: Any) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://testserver") as client:
        return await client.request(method, path, **request)


class TestApiHandler:
    async def test_answers_without_leaving_the_loop(self, hops: Counter[str]) -> None:
        reply = await call(ApiHandler(), "POST", "/api/v1/guests")

        assert reply.status_code == 201
        assert hops.total() <= HOPS_MAX, dict(hops)

    async def test_names_the_request_and_forbids_guessing(self) -> None:
        reply = await call(ApiHandler(), "POST", "/api/v1/guests", headers={"X-Request-ID": "from-the-proxy"})

        assert reply.headers["X-Request-ID"] == "from-the-proxy"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize("debug", [True, False])
    async def test_refuses_a_foreign_host(self, settings: Any, debug: bool) -> None:
        settings.DEBUG = debug
        reply = await call(ApiHandler(), "POST", "/api/v1/guests", headers={"Host": "elsewhere.example"})

        assert (reply.status_code, reply.json()["code"]) == (400, "bad_request")

    async def test_refuses_an_address_that_is_not_text(self) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        sent: list[Mapping[str, Any]] = []

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/api/v1/shows",
            "query_string": b"city=\xff",
            "headers": [(b"host", b"testserver")],
        }
        await ApiHandler()(scope, receive, send)

        assert sent[0]["status"] == 400
        assert b"bad_request" in sent[1]["body"]


class TestCallsApart:
    async def test_leaves_pages_to_the_pages(self) -> None:
        asked: list[str] = []

        async def pages(scope: Any, receive: Any, send: Any) -> None:
            asked.append(scope["path"])
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        http = calls_apart(pages)
        for path in ("/", "/api/v1/docs", "/api/v2/guests", "/api/v1/nothing"):
            await call(http, "GET", path)

        assert asked == ["/", "/api/v1/docs", "/api/v2/guests"]
