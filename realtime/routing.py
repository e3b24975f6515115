"""Which consumer serves which WebSocket path."""

from typing import Any, cast

from channels.routing import URLRouter
from django.urls import path, re_path

from realtime.boards.consumer import BoardConsumer
from realtime.consumers import SeatConsumer, refuse_path
from realtime.door_consumer import DoorConsumer

websockets = URLRouter(
    [
        path("ws/shows/<int:show_id>/", SeatConsumer.as_asgi()),
        path("ws/shows/<int:show_id>/door/", DoorConsumer.as_asgi()),
        path("ws/theatres/<slug:slug>/board/", BoardConsumer.as_asgi()),
        re_path("", cast(Any, refuse_path)),  # the stubs of Django think of views only
    ]
)
