"""Composition root of the web process: Django for HTTP, the rooms for WebSockets.

No session or authentication middleware stands on the socket's path: who asks is read from signed headers.
"""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Before the import below: it needs Django's apps.
http = get_asgi_application()

from config.checks import refuse_unsafe_settings  # noqa: E402
from realtime.routing import websockets  # noqa: E402

# No server runs Django's checks; this one does not start where they fail.
refuse_unsafe_settings()

application = ProtocolTypeRouter({"http": http, "websocket": websockets})
