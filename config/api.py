"""The JSON API: one NinjaAPI made of the apps' routers, under /api/v1/.

What is true of every call is in bookings.http.boundary and bookings.http.errors; this file only composes.
"""

import tomllib
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver, re_path
from ninja import NinjaAPI
from ninja.renderers import BaseRenderer

from bookings.http import guests, holds
from bookings.http.boundary import bounded, unknown_address
from bookings.http.errors import install_error_replies

ROOT = "/api/v1/"


class JsonRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return msgspec.json.encode(data)


class HousefullApi(NinjaAPI):
    """NinjaAPI inside the boundary."""

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses, and after them one that refuses every other."""
        patterns, app_name, namespace = super().urls
        inside: list[URLResolver | URLPattern] = []
        for pattern in [*patterns, re_path("", unknown_address)]:
            assert isinstance(pattern, URLPattern)
            inside.append(bounded(pattern))
        return inside, app_name, namespace


def make_api() -> HousefullApi:
    """The API with everything that calls can be made of."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    api = HousefullApi(
        title="Housefull",
        version=project["version"],
        description=project["description"],
        urls_namespace="api",
        renderer=JsonRenderer(),
    )
    install_error_replies(api)
    for router in (guests.router, holds.router):
        api.add_router("", router)
    return api


api = make_api()
