"""Which consumer serves which WebSocket path."""

from typing import Any, cast

from channels.routing import URLRouter
from django.urls import path, re_path

from realtime.consumers import SeatConsumer, refuse_path

websockets = URLRouter(
    [
        path("ws/shows/<int:show_id>/", SeatConsumer.as_asgi()),
        re_path("", cast(Any, refuse_path)),  # the stubs of Django think of views only
    ]
)
