"""The catcher's process: SMTP and its page on the loopback address, one event loop, until told to stop."""

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from config.mail_catcher.faults import Faults
from config.mail_catcher.mailbox import Mail, Mailbox
from config.mail_catcher.pages import Pages
from config.mail_catcher.smtp import Catcher, Server

logger = logging.getLogger(__name__)

BODY_BYTES_MAX: Final = 10_000


class NotStarted(Exception):
    """The catcher must not or cannot run so; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """How it is run."""

    smtp_port: int
    http_port: int
    now_ms: Callable[[], int]
    host: str = "127.0.0.1"
    state_folder: Path | None = None
    debug: bool = True


def check(options: Options) -> None:
    """Raises NotStarted where it must not run: outside development, or where others could reach it."""
    if not options.debug:
        raise NotStarted("DEBUG is off. The mail catcher delivers nothing: set EMAIL_URL to a real mail server.")
    if not is_here(options.host):
        raise NotStarted(
            f"{options.host} is not a loopback address, so others could read the mail. Use --host 127.0.0.1."
        )


async def serve(options: Options, *, announce: Callable[[], None]) -> None:
    """Serve until cancelled. Raises NotStarted."""
    check(options)
    loop = asyncio.get_running_loop()
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells of every step.
    mailbox, faults = Mailbox(options.state_folder), Faults()
    catcher = Catcher(mailbox, faults, now_ms=options.now_ms, caught=_log)
    app = web.Application(middlewares=[_only_for_here], client_max_size=BODY_BYTES_MAX)
    app.add_routes(Pages(mailbox, faults).routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    async with contextlib.AsyncExitStack() as opened:
        opened.push_async_callback(runner.cleanup)
        try:
            smtp = await loop.create_server(
                lambda: Server(catcher, loop), options.host, options.smtp_port, reuse_address=True
            )
            opened.callback(smtp.close)
            await web.TCPSite(runner, options.host, options.http_port, reuse_address=True).start()
        except OSError as reason:
            raise NotStarted(
                f"Port {options.smtp_port} or {options.http_port} cannot be used ({reason.strerror})."
                " Choose others: --smtp-port, --http-port"
            ) from None
        announce()
        await loop.create_future()


def _log(mail: Mail) -> None:
    logger.info("mail %s for %s: %s", mail.id, ", ".join(mail.recipients), mail.subject)


@web.middleware
async def _only_for_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    # A name that merely resolves to here is somebody's page trying to read this machine's mail.
    if not is_here((request.url.host or "").strip("[]")):
        raise web.HTTPForbidden(text="This is only for this machine.")
    return await handler(request)


def is_here(host: str) -> bool:
    """Whether a name or an address is of this machine alone."""
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
