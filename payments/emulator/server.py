"""The emulator's process: one HTTP server on the loopback address, one event loop, until told to stop.

Composes desk, API, checkout, control and pages; owns the line in the log for each request.
"""

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from payments.emulator.api import Api, Keys
from payments.emulator.checkout import Checkout
from payments.emulator.control import Control
from payments.emulator.desk import Desk
from payments.emulator.faults import Faults
from payments.emulator.ledger import Ledger
from payments.emulator.pages import Pages
from payments.emulator.webhooks import Webhooks
from payments.emulator.wire import json_reply

logger = logging.getLogger(__name__)

LIVE_KEY: Final = "rzp_live_"
BODY_BYTES_MAX: Final = 1_000_000
NAMES_OF_HERE: Final = ("localhost", "localhost.localdomain")


class NotStarted(Exception):
    """The emulator must not or cannot run so; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """How it is run."""

    keys: Keys
    webhook_secrets: Sequence[str] = field(repr=False)
    port: int
    host: str = "127.0.0.1"
    webhook_url: str | None = None
    state_folder: Path | None = None
    seed: str | None = None
    debug: bool = True
    quiet: bool = False


def check(options: Options) -> None:
    """Raises NotStarted where it must not run: with live keys, outside development, where others could reach it."""
    if options.keys.id.startswith(LIVE_KEY):
        raise NotStarted(
            "RAZORPAY_KEY_ID is a live key. The emulator never runs with live keys: use the real Razorpay, or set"
            " test keys (rzp_test_…)."
        )
    if not options.debug:
        raise NotStarted("DEBUG is off. The emulator is for development and tests: set DEBUG=true, or use Razorpay.")
    if not _is_here(options.host):
        raise NotStarted(
            f"{options.host} is not a loopback address, so others could reach the emulator. Use --host 127.0.0.1."
        )
    secrets = options.webhook_secrets
    if not options.keys.id or not options.keys.secret or not secrets or not all(secrets):
        raise NotStarted("Keys are missing. Set RAZORPAY_KEY_ID, RAZORPAY_KEY_SECRET and RAZORPAY_WEBHOOK_SECRET.")


async def serve(options: Options, *, announce: Callable[[str], None]) -> None:
    """Serve until cancelled. Raises NotStarted, and LedgerDamaged where the state cannot be read."""
    check(options)
    ledger = Ledger(options.state_folder)
    desk = Desk(ledger, seed=options.seed)
    webhooks = Webhooks(desk, url=options.webhook_url, secrets=options.webhook_secrets)
    # When a client hangs up, a call that hangs on purpose ends; everything else does its work without a pause.
    runner = web.AppRunner(
        application(options, desk, webhooks), access_log=None, handler_cancellation=True, shutdown_timeout=1.0
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, options.host, options.port, reuse_address=True).start()
        except OSError as reason:
            raise NotStarted(
                f"Port {options.port} cannot be used ({reason.strerror}). Choose another: --port"
            ) from None
        announce(f"http://{_in_url(options.host)}:{options.port}")
        await webhooks.run()
    finally:
        await runner.cleanup()
        ledger.close()


def application(options: Options, desk: Desk, webhooks: Webhooks) -> web.Application:
    """Everything that answers."""
    faults = Faults(desk.book.seed)
    app = web.Application(middlewares=[_guard(options)], client_max_size=BODY_BYTES_MAX)
    checkout = Checkout(desk, keys=options.keys)
    # The API's own answer for unknown addresses comes last.
    app.add_routes(checkout.routes())
    app.add_routes(Control(desk, webhooks, faults, keys=options.keys).routes())
    app.add_routes(Pages(desk, webhooks).routes())
    app.add_routes(Api(desk, keys=options.keys, faults=faults).routes())
    return app


def _guard(options: Options) -> Middleware:
    loop_time = asyncio.get_running_loop().time

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        # A name that merely resolves to here is somebody's page trying to speak to this machine.
        if not _is_here(_host_of(request)):
            return json_reply({"detail": "This is only for this machine."}, status=403)
        began = loop_time()
        status = 0
        try:
            reply = await handler(request)
            status = reply.status
            return reply
        except web.HTTPException as reply:
            status = reply.status
            raise
        finally:
            if not options.quiet:
                _log(request, status, loop_time() - began)

    return guard


def _log(request: web.Request, status: int, seconds: float) -> None:
    fault = request.get("fault")
    logger.info(
        "%s %s -> %s in %.1f ms%s",
        request.method,
        request.rel_url.raw_path,
        status or "no answer",
        1000 * seconds,
        f" (fault: {fault})" if fault else "",
    )


def _is_here(host: str) -> bool:
    if host in NAMES_OF_HERE:
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _host_of(request: web.Request) -> str:
    try:
        return (request.url.host or "").strip("[]")
    except ValueError:
        return ""


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
