"""Composition root of the web process: Django for pages, the API beside it, the rooms for WebSockets.

No session or authentication middleware stands on the socket's path: who asks is read from signed headers.
"""

import os
from typing import Any

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before the imports below: they need Django's apps.
pages = get_asgi_application()

from bookings.api import BoxOffice  # noqa: E402
from config.api_handler import calls_apart  # noqa: E402
from config.checks import refuse_unsafe_settings  # noqa: E402
from realtime.routing import websockets  # noqa: E402

# No server runs Django's checks; this one does not start where they fail.
refuse_unsafe_settings()

_protocols = ProtocolTypeRouter({"http": calls_apart(pages), "websocket": websockets})


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Serve one connection. The box office is open before the first, so that sync pages find it in this loop."""
    await BoxOffice.current()
    await _protocols(scope, receive, send)
