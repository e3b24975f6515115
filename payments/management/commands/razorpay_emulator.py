"""`manage.py razorpay_emulator`: Razorpay on this machine, for development and tests (payments/emulator)."""

import asyncio
import contextlib
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from payments.emulator.api import Keys
from payments.emulator.ledger import LedgerDamaged
from payments.emulator.server import NotStarted, Options, serve

PORT = 8460


class Command(BaseCommand):
    """Run until SIGTERM or SIGINT."""

    help = "Run an emulated Razorpay on this machine. It is not a bank and no money moves."
    # It needs neither database nor Redis.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="a loopback address (127.0.0.1)")
        parser.add_argument("--port", type=int, help=f"default: of RAZORPAY_BASE_URL where that is here, else {PORT}")
        parser.add_argument("--webhook-url", help="where webhooks are sent; without it none are")
        parser.add_argument("--state", type=Path, help="folder of the ledger, such as .housefull/razorpay")
        parser.add_argument("--seed", help="the same seed gives the same ids and the same chance")
        parser.add_argument("--quiet", action="store_true", help="no line for each request")

    def handle(self, *_args: Any, **given: Any) -> None:
        """Serve, and end in order."""
        key_id, key_secret, webhook_secrets = keys()
        options = Options(
            keys=Keys(key_id, key_secret),
            webhook_secrets=webhook_secrets,
            host=given["host"],
            port=given["port"] or default_port(settings.RAZORPAY_BASE_URL),
            webhook_url=given["webhook_url"],
            state_folder=given["state"],
            seed=given["seed"],
            debug=settings.DEBUG,
            quiet=given["quiet"],
        )
        try:
            asyncio.run(run(options))
        except (NotStarted, LedgerDamaged) as reason:
            raise CommandError(str(reason)) from reason


async def run(options: Options) -> None:
    """Serve until a signal ends it. Raises NotStarted and LedgerDamaged."""
    task = asyncio.create_task(serve(options, announce=lambda address: announce(address, options)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def announce(address: str, options: Options) -> None:
    """Say where it is."""
    lines = [
        f"Emulated Razorpay at {address}/ (not a bank, no money moves)",
        f"  key id   {options.keys.id}",
        f"  webhooks {options.webhook_url or 'not sent: no --webhook-url'}",
        f"  ledger   {options.state_folder or 'in memory: no --state'}",
        f"  use it   RAZORPAY_BASE_URL={address}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def keys() -> tuple[str, str, list[str]]:
    """The house's keys; where it has none at all, ones that only this emulator knows."""
    known = (settings.RAZORPAY_KEY_ID, settings.RAZORPAY_KEY_SECRET, list(settings.RAZORPAY_WEBHOOK_SECRETS))
    key_id, key_secret, webhook_secret = settings.EMULATOR_KEYS
    return known if any(known) else (key_id, key_secret, [webhook_secret])


def default_port(base_url: str) -> int:
    """The port of this address where it is on this machine."""
    parts = urlsplit(base_url)
    here = parts.hostname in ("127.0.0.1", "localhost", "::1")
    return parts.port if here and parts.port else PORT
