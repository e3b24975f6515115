"""The emulator's own pages: the overview, the phone that approves UPI payments, and the files of the modal."""

from pathlib import Path
from typing import Final

from aiohttp import web

from payments.emulator.desk import Desk
from payments.emulator.webhooks import Webhooks

STATIC: Final = Path(__file__).parent / "static"
TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}
MODAL_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors http://127.0.0.1:* http://localhost:*"
)


class Pages:
    """The handlers."""

    def __init__(self, desk: Desk, webhooks: Webhooks) -> None:
        self._desk = desk
        self._webhooks = webhooks

    def routes(self) -> list[web.RouteDef]:
        """For the application."""
        return [
            web.get("/v1/checkout.js", lambda _: _file("checkout.js")),
            web.get("/checkout/modal", lambda _: _file("modal.html")),
            web.get("/static/{name}", lambda request: _file(request.match_info["name"])),
        ]


async def _file(name: str) -> web.Response:
    path = STATIC / name
    if path.parent != STATIC or path.suffix not in TYPES or not path.is_file():
        raise web.HTTPNotFound
    headers = {
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Security-Policy": MODAL_POLICY,
    }
    return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8", headers=headers)
