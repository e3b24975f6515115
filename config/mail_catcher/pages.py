"""The catcher's page: the list, one mail, its parts; and the calls by which tests look and faults are planned."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web
from django.template import Context, Engine

from config.mail_catcher.faults import KINDS, BadFault, Faults
from config.mail_catcher.mailbox import Mail, Mailbox

HERE: Final = Path(__file__).parent
TYPES: Final[Mapping[str, str]] = {".css": "text/css", ".js": "text/javascript"}
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# What somebody sent must not act: no script, no form, nothing loaded, and an origin of its own. Its links may open.
MAIL_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups"
    " allow-popups-to-escape-sandbox; frame-ancestors 'self'"
)
# Shown in the browser; everything else is saved.
SHOWN_TYPES: Final = frozenset({"application/pdf", "text/calendar", "text/plain", "image/png", "image/jpeg"})


class Pages:
    """The handlers."""

    def __init__(self, mailbox: Mailbox, faults: Faults) -> None:
        self._mailbox = mailbox
        self._faults = faults
        self._engine = Engine(dirs=[str(HERE / "templates")])

    def routes(self) -> list[web.RouteDef]:
        """For the application."""
        return [
            web.get("/", self._list),
            web.get(r"/mails/{id:\d+}", self._mail),
            web.get(r"/mails/{id:\d+}/html", self._html),
            web.get(r"/mails/{id:\d+}/source", self._source),
            web.get(r"/mails/{id:\d+}/parts/{number:\d+}", self._part),
            web.get("/static/{name}", _static),
            web.get("/api/mails", self._api_list),
            web.delete("/api/mails", self._api_clear),
            web.get("/api/faults", self._api_faults),
            web.post("/api/faults", self._api_plan),
            web.delete("/api/faults", self._api_heal),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        asked = request.query.get("q", "")[:200]
        mails = [_row(mail) for mail in self._mailbox.find(asked)]
        planned = [{**fault, "words": KINDS[fault["kind"]][1]} for fault in self._faults.as_json()]
        kinds = [{"kind": kind, "words": words} for kind, (_, words) in KINDS.items()]
        context = {"mails": mails, "asked": asked, "count": len(self._mailbox), "planned": planned, "kinds": kinds}
        return self._page("list.html", context)

    async def _mail(self, request: web.Request) -> web.Response:
        mail = self._found(request)
        view = request.query.get("view") or ("html" if mail.html else "text")
        context = {
            "mail": _row(mail),
            "view": view,
            "views": [("html", "Letter"), ("text", "Plain text"), ("source", "Source")],
            "text": mail.text if view == "text" else mail.data.decode("utf-8", "replace"),
            "reply_to": str(mail.message.get("Reply-To", "")),
        }
        return self._page("mail.html", context)

    async def _html(self, request: web.Request) -> web.Response:
        # Its links open in a tab of their own: this frame may not lead anywhere.
        with_base = re.sub(r"(?i)<head[^>]*>", r'\g<0><base target="_blank">', self._found(request).html, count=1)
        headers = {"Content-Security-Policy": MAIL_POLICY, "X-Content-Type-Options": "nosniff"}
        return web.Response(text=with_base, content_type="text/html", headers=headers)

    async def _source(self, request: web.Request) -> web.Response:
        mail = self._found(request)
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": f'attachment; filename="mail-{mail.id}.eml"',
        }
        return web.Response(body=mail.data, content_type="message/rfc822", headers=headers)

    async def _part(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        part = next((one for one in self._found(request).attachments if one.number == number), None)
        if part is None:
            raise web.HTTPNotFound(text="There is no such attachment.")
        is_shown = part.content_type in SHOWN_TYPES
        how = "inline" if is_shown else "attachment"
        headers = {
            "X-Content-Type-Options": "nosniff",
            "Content-Disposition": f"{how}; filename*=UTF-8''{quote(part.name, safe='')}",
        }
        content_type = part.content_type if is_shown else "application/octet-stream"
        if content_type == "text/calendar":
            content_type = "text/plain"  # Read here, not handed to a calendar.
        charset = "utf-8" if content_type.startswith("text/") else None
        return web.Response(body=part.data, content_type=content_type, charset=charset, headers=headers)

    # For tests

    async def _api_list(self, request: web.Request) -> web.Response:
        return web.json_response(
            {"items": [_as_json(mail) for mail in self._mailbox.find(request.query.get("q", ""))]}
        )

    async def _api_clear(self, _request: web.Request) -> web.Response:
        self._mailbox.clear()
        return web.json_response({})

    async def _api_faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"items": self._faults.as_json()})

    async def _api_plan(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            # So that no other page's form can ask for it.
            return web.json_response({"detail": "Send application/json."}, status=415)
        try:
            wish = await request.json()
            self._faults.plan(wish if isinstance(wish, dict) else {})
        except (ValueError, BadFault) as refusal:
            return web.json_response({"detail": str(refusal)}, status=400)
        return await self._api_faults(request)

    async def _api_heal(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({"items": []})

    def _found(self, request: web.Request) -> Mail:
        mail = self._mailbox.get(int(request.match_info["id"]))
        if mail is None:
            raise web.HTTPNotFound(text="There is no such mail (any more).")
        return mail

    def _page(self, name: str, context: dict[str, Any]) -> web.Response:
        headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}
        text = self._engine.get_template(name).render(Context(context))
        return web.Response(text=text, content_type="text/html", headers=headers)


def _row(mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "to": str(mail.message.get("To", "")) or ", ".join(mail.recipients),
        "recipients": ", ".join(mail.recipients),
        "sender": str(mail.message.get("From", "")) or mail.sender,
        "subject": mail.subject or "(no subject)",
        "message_id": mail.message_id,
        "at": datetime.fromtimestamp(mail.at_ms // 1000, UTC),
        "at_ms": mail.at_ms,
        "has_html": bool(mail.html),
        "attachments": mail.attachments,
    }


def _as_json(mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id,
        "at_ms": mail.at_ms,
        "sender": mail.sender,
        "recipients": mail.recipients,
        "subject": mail.subject,
        "message_id": mail.message_id,
        "text": mail.text,
        "html": mail.html,
        "attachments": [{"name": one.name, "type": one.content_type} for one in mail.attachments],
    }


async def _static(request: web.Request) -> web.Response:
    path = HERE / "static" / request.match_info["name"]
    if path.parent != HERE / "static" or path.suffix not in TYPES or not path.is_file():
        raise web.HTTPNotFound
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8", headers=headers)
