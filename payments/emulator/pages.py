"""The emulator's own pages: the overview, the phone that approves UPI payments, and the files of the modal.

Reads the book and shows it; what the buttons do is the control API's, but for the phone's answer.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from django.template import Context, Engine

from payments.emulator import views
from payments.emulator.checkout import conclude
from payments.emulator.desk import Desk
from payments.emulator.webhooks import Webhooks
from payments.emulator.wire import json_reply, read_object

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
TYPES: Final[Mapping[str, str]] = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
_OWN: Final = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none';"
# Every page of this machine may embed the modal, whatever its port; nobody the other pages.
MODAL_POLICY: Final = f"{_OWN} img-src 'self' data:; frame-ancestors http://127.0.0.1:* http://localhost:*"
PAGE_POLICY: Final = f"{_OWN} form-action 'none'; frame-ancestors 'none'"


class Pages:
    """The handlers."""

    def __init__(self, desk: Desk, webhooks: Webhooks) -> None:
        self._desk = desk
        self._webhooks = webhooks
        self._engine = Engine(dirs=[str(HERE / "templates")])

    def routes(self) -> list[web.RouteDef]:
        """For the application."""
        return [
            web.get("/", self._page("overview", lambda: views.overview(self._desk, self._webhooks))),
            web.get("/phone", self._page("phone", lambda: views.phone(self._desk))),
            web.post("/phone/{id}", self._answer_on_phone),
            web.get("/v1/checkout.js", lambda _: _file("checkout.js")),
            web.get("/checkout/modal", lambda _: _file("modal.html")),
            web.get("/static/{name}", lambda request: _file(request.match_info["name"])),
        ]

    def _page(self, name: str, facts: Callable[[], dict[str, Any]]) -> Callable[[web.Request], Any]:
        async def show(_request: web.Request) -> web.Response:
            self._desk.catch_up()
            text = self._engine.get_template(f"{name}.html").render(Context({"here": name, **facts()}))
            return _html(text)

        return show

    async def _answer_on_phone(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            return json_reply({"detail": "Send application/json."}, status=415)
        self._desk.catch_up()
        payment = self._desk.book.payments.get(request.match_info["id"])
        if payment is None or payment.method != "upi":
            return json_reply({"detail": "There is no such request."}, status=404)
        approve = (await read_object(request)).get("approve") is True
        verdict = "success" if approve else "fail"
        self._desk.record(conclude(self._desk, payment, verdict, "payment_declined"))
        return json_reply({"status": payment.status})


def _html(text: str) -> web.Response:
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}
    return web.Response(text=text, content_type="text/html", headers=headers)


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
