"""Every address of the house is asked to act by a browser that cannot show that one of our own pages sent it."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any, Final
from unittest.mock import patch

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from bookings.api import HOLDER_COOKIE, issue_holder
from config.api_handler import BESIDE, PAGE, ROOT
from tests.support.api import ApiClient, api_client
from tests.support.guards import with_and_without_guard

UNSAFE: Final = ("POST", "PUT", "PATCH", "DELETE")
# Who needs no token, and what he hears instead.
EXCUSED: Final = {
    # Signed by Razorpay; an empty body is not.
    ("POST", "/payments/webhook/"): 400,
    # A new guest is nobody yet, whatever cookies come along.
    ("POST", "/api/v1/guests"): 201,
    # A screen on a wall asks for a code to show, and has no cookies at all.
    ("POST", "/kiosk/screen/pairing/"): 201,
    # There is no such page and no such call, and the other two only tell of calls, whatever they are asked.
    ("POST", "/nowhere/"): 404,
    **{(method, ROOT): 404 for method in UNSAFE},
    **{(method, f"{ROOT}openapi.json"): 200 for method in UNSAFE},
    ("POST", PAGE): 200,
}
NOBODYS: Final = "00000000-0000-4000-8000-000000000000"
SAMPLES: Final = {"int": "1", "uuid": NOBODYS, "uuidstr": NOBODYS, "slug": "x", "str": "x", "path": "1"}


def addresses() -> list[str]:
    """An address for every route of the URLconf."""
    found = {f"/{_filled(route)}" for route in _routes(get_resolver().url_patterns)}
    return sorted((found - {"/"}) | {"/", "/nowhere/"})


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def _filled(route: str) -> str:
    route = re.sub(r"<(\w+):\w+>", lambda found: SAMPLES[found[1]], route)
    # The admin's own two regular expressions: one of some names, and anything.
    route = re.sub(r"\^?\(\?P<\w+>(?:(\w+)[^)]*|\.\*)\)", lambda found: found[1] or "nowhere", route)
    return route.removesuffix("$")


def is_call(path: str) -> bool:
    return (path.startswith(ROOT) and path != PAGE) or path in BESIDE


@asynccontextmanager
async def browsing() -> AsyncIterator[ApiClient]:
    """A browser of somebody who may do everything and holds seats; his pages' token is not sent along."""

    def signed_in() -> str:
        everything: Any = get_user_model().objects.create_superuser(username="root", password=None)
        client = Client()
        client.force_login(everything)
        return client.cookies[django_settings.SESSION_COOKIE_NAME].value

    async with api_client() as browser:
        browser.http.cookies.set(django_settings.SESSION_COOKIE_NAME, await sync_to_async(signed_in)())
        browser.http.cookies.set(HOLDER_COOKIE, issue_holder())
        yield browser


def is_refused(reply: httpx.Response) -> bool:
    """Refused for want of a token, and for nothing else."""
    if reply.headers["Content-Type"].startswith("application/json"):
        return reply.status_code == 403 and reply.json()["code"] == "csrf_failed"
    return reply.status_code == 403 and "Please send that again" in reply.text


async def not_refused(browser: ApiClient, paths: list[str]) -> dict[tuple[str, str], int]:
    """What was asked of these addresses without a token and not refused for that, with the status of the reply."""
    found = {}
    for path in paths:
        # A page is asked by forms only. A call that has not the method says so first.
        for method in UNSAFE if is_call(path) else ("POST",):
            reply = await browser.http.request(method, path)
            if not is_refused(reply) and reply.status_code != 405:
                found[method, path] = reply.status_code
    return found


@pytest.mark.usefixtures("office", "awake_cache")
class TestARequestWithoutACsrfToken:
    async def test_is_refused_at_every_address(self) -> None:
        paths = addresses()
        assert len(paths) > 150

        async with browsing() as browser:
            assert await not_refused(browser, paths) == EXCUSED

    async def test_is_refused_by_every_call_that_changes_something(self) -> None:
        async with browsing() as browser:
            told = (await browser.http.get(f"{ROOT}openapi.json")).json()["paths"]
            calls = {path.replace("{show_id}", "1").replace("{public_id}", NOBODYS): told[path] for path in told}
            acts = {(act.upper(), path) for path, item in calls.items() for act in item if act.upper() in UNSAFE}
            refused = {(act, path) for act, path in acts if is_refused(await browser.http.request(act, path))}

        assert len(acts) > 8
        assert refused == acts - set(EXCUSED)
        assert {path for _, path in acts} <= set(addresses())

    @with_and_without_guard
    async def test_is_refused_by_the_middleware_of_pages_and_by_the_calls_themselves(
        self, settings: Settings, guarded: bool
    ) -> None:
        paths = ["/staff/screens/pair/", "/api/v1/shows/1/holds", "/api/v1/checkin", "/api/cancel_booking/"]
        with ExitStack() as off:
            if not guarded:
                settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if not one.endswith("CsrfViewMiddleware")]
                for place in ("bookings.http.auth", "bookings.http.staff"):
                    off.enter_context(patch(f"{place}.check_csrf", lambda _: None))
            async with browsing() as browser:
                found = await not_refused(browser, paths)

        assert {path for _, path in found} == (set() if guarded else set(paths))
