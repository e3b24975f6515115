"""`manage.py mail_catcher`: a mail server that delivers nothing and shows what it got (config/mail_catcher)."""

import asyncio
import contextlib
import signal
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

SMTP_PORT, HTTP_PORT = 1025, 8025


class Command(BaseCommand):
    """Run until SIGTERM or SIGINT."""

    help = "Catch every mail on this machine and show it on a page. It is not a real mailbox."
    # It needs neither database nor Redis.
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="a loopback address (127.0.0.1)")
        parser.add_argument("--smtp-port", type=int, default=SMTP_PORT, help=f"where mail is taken ({SMTP_PORT})")
        parser.add_argument("--http-port", type=int, default=HTTP_PORT, help=f"where it is shown ({HTTP_PORT})")
        parser.add_argument("--state", type=Path, help="folder that keeps them, such as .housefull/mails")

    def handle(self, *_args: Any, **given: Any) -> None:
        """Serve, and end in order."""
        try:
            # aiosmtpd and aiohttp come with the demo only.
            from config.mail_catcher.server import NotStarted, Options
        except ImportError as reason:
            raise CommandError(f"{reason}. Install the demo's packages: requirements/demo.lock") from reason
        options = Options(
            smtp_port=given["smtp_port"],
            http_port=given["http_port"],
            now_ms=lambda: time.time_ns() // 1_000_000,
            host=given["host"],
            state_folder=given["state"],
            debug=settings.DEBUG,
        )
        try:
            asyncio.run(run(options))
        except NotStarted as reason:
            raise CommandError(str(reason)) from reason


async def run(options: Any) -> None:
    """Serve until a signal ends it. Raises NotStarted."""
    from config.mail_catcher.server import serve

    task = asyncio.create_task(serve(options, announce=lambda: announce(options)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def announce(options: Any) -> None:
    """Say where it is."""
    lines = [
        f"Mail catcher at http://{options.host}:{options.http_port}/ (not a real mailbox, nothing is delivered)",
        f"  kept in  {options.state_folder or 'memory: no --state'}",
        f"  use it   EMAIL_URL=smtp://{options.host}:{options.smtp_port}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
