"""The peers as one ASGI application: `/ws/tutorial/<show>/`, `/ws/plain/<show>/<holder>/`, `/grab/<show>/`."""

import django

django.setup()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.urls import path  # noqa: E402

from tests.bench.peers.plain_consumer import PlainConsumer  # noqa: E402
from tests.bench.peers.tutorial_consumer import TutorialConsumer  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": get_asgi_application(),
        "websocket": URLRouter(
            [
                path("ws/tutorial/<int:show_id>/", TutorialConsumer.as_asgi()),
                path("ws/plain/<int:show_id>/<slug:holder>/", PlainConsumer.as_asgi()),
            ]
        ),
    }
)
