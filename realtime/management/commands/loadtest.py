"""`manage.py loadtest`: simulate concurrent grabs from outside, over HTTP and WebSocket."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Simulate concurrent grabs against any Housefull, from outside, and check what it promises. "
        "Exit status: 0 all was kept, 1 a promise was broken, 2 it could not be run. See docs/load-testing.md."
    )
    # The house under test may be another one: this one's database and checks do not matter.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        # Its clients (picows, aiohttp) come with the demo; a production machine need not have them.
        try:
            from realtime.loadtest.command import add_arguments
        except ModuleNotFoundError as error:
            raise CommandError(
                f"The load tester needs {error.name}: pip install -r requirements/demo.lock", returncode=2
            ) from error
        add_arguments(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        from realtime.loadtest.command import execute, say

        if status := execute(options, say):
            raise SystemExit(status)
