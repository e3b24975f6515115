"""The JSON API: one NinjaAPI made of the apps' routers, under /api/v1/, and what it says of itself.

What is true of every call is in bookings.http.boundary and bookings.http.errors; this file only composes.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, re_path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser
from ninja.renderers import BaseRenderer

from bookings.errors import BadRequest
from bookings.http import bookings, catalogue, check_in, guests, holds, pictures
from bookings.http.boundary import bounded, unknown_address
from bookings.http.errors import install_error_replies
from config.api_page import ApiPage
from payments.http import calls as payments

_DESCRIPTION = """\
Every seat lock, release, countdown and sale of a cinema, as JSON. Changes arrive live over the WebSocket
`/ws/shows/<id>/`; this API is for everything that asks first.

Become a guest once, then send the token with every call. Money is integer paise. Times are UTC: ISO 8601 in `…_at`,
Unix milliseconds in `…_ms`. Every error is `{code, detail, retryable, …}`; programs read the code.
A request that carries an `Idempotency-Key` may be sent again without being done twice."""

_TAGS = [
    {"name": guests.TAG, "description": "Who calls."},
    {"name": catalogue.TAG, "description": "Movies, shows and the seats of a show."},
    {"name": pictures.TAG, "description": "Who sits where, now."},
    {"name": holds.TAG, "description": "Seats that are yours for a while."},
    {"name": bookings.TAG, "description": "What became of a hold."},
    {"name": payments.TAG, "description": "Paying for a hold, and giving it up."},
    {"name": check_in.TAG, "description": "Letting people in, for staff."},
]


class JsonRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return msgspec.json.encode(data)


class JsonParser(Parser):
    """JSON as its standard has it: UTF-8, no NaN, no half of a surrogate pair, all of which Python would take."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return msgspec.json.decode(request.body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadRequest(f"The body is not JSON: {error}.") from error


class CallsApi(NinjaAPI):
    """NinjaAPI inside the boundary."""

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses."""
        patterns, app_name, namespace = super().urls
        return [_inside(pattern) for pattern in patterns], app_name, namespace


class RootCalls(CallsApi):
    """Calls that lie at the root of the house, where the empty address is a page's."""

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses but ninja's root, which has no call, only the name by which an API finds its place."""
        patterns, app_name, namespace = super().urls
        return [pattern for pattern in patterns if str(pattern.pattern)], app_name, namespace


class HousefullApi(CallsApi):
    """All that lies under one root, with its description; `beside` are calls that lie elsewhere."""

    beside: NinjaAPI | None = None

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses, and after them one that refuses every other."""
        patterns, app_name, namespace = super().urls
        return [*patterns, _inside(re_path("", unknown_address))], app_name, namespace

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The OpenAPI 3.1 document, as it is sent."""
        schema = super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        if self.beside is not None:
            others = self.beside.get_openapi_schema(path_prefix="/")
            schema["paths"].update(others["paths"])
            schema["components"]["schemas"].update(others["components"]["schemas"])
        codes: set[str] = set()
        for path in schema["paths"].values():
            for operation in path.values():
                operation["responses"] = dict(sorted(operation["responses"].items()))
                codes.update(code for status, code in _examples(operation) if status >= 400)
                for parameter in operation["parameters"]:
                    _require_no_null(parameter["schema"])
        schema["components"]["schemas"]["ErrorReply"]["properties"]["code"]["enum"] = sorted(codes)
        return schema


def _inside(pattern: URLResolver | URLPattern) -> URLPattern:
    assert isinstance(pattern, URLPattern)
    return bounded(pattern)


def make_root_calls() -> RootCalls:
    """The calls that the brief named, which lie outside /api/v1/."""
    api = RootCalls(
        title="Housefull",
        docs_url=None,
        openapi_url=None,
        urls_namespace="root_calls",
        renderer=JsonRenderer(),
        parser=JsonParser(),
    )
    install_error_replies(api)
    api.add_router("", payments.root_router)
    return api


def make_api(beside: RootCalls) -> HousefullApi:
    """The API with everything that calls can be made of."""
    api = HousefullApi(
        title="Housefull",
        version=project_version(),
        description=_DESCRIPTION,
        docs=ApiPage(),
        urls_namespace="api",
        renderer=JsonRenderer(),
        parser=JsonParser(),
        openapi_extra={"tags": _TAGS},
    )
    install_error_replies(api)
    for part in (guests, catalogue, pictures, holds, bookings, payments, check_in):
        api.add_router("", part.router)
    api.beside = beside
    return api


@cache
def project_version() -> str:
    """The version that pyproject.toml names."""
    version: str = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
    return version


def _examples(operation: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """(status, name) of every example reply; an error's is named by its code."""
    for status, response in operation["responses"].items():
        for media in response["content"].values():
            yield from ((status, name) for name in media["examples"])


def _require_no_null(schema: dict[str, Any]) -> None:
    """An optional parameter is left out; nobody can send null in an address."""
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    if kinds:
        (kind,) = kinds
        schema.update(kind)


root_calls = make_root_calls()
api = make_api(root_calls)
