"""`manage.py cleanup`: remove what is of no use any more, now, and say what went."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from bookings.services.cleanup.rules import all_rules
from bookings.services.cleanup.run import Cleaned, clean_up, would_clean_up


class Command(BaseCommand):
    help = (
        "Remove what is of no use any more, by the RETENTION_… settings, and say what went. Never money. "
        "Works while the house runs; may be interrupted, and run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and remove nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            if options["dry_run"]:
                cleaned = would_clean_up()
            else:
                cleaned = clean_up(asked_by="command", monotonic=time.monotonic, seconds_max=float("inf"))
        except OperationalError as error:
            raise CommandError(
                f"Clean-up did not come to its end: {error}. What it removed stays removed."
            ) from error
        self.stdout.write(as_table(cleaned, would=options["dry_run"]))


def as_table(cleaned: Cleaned, *, would: bool) -> str:
    """One line a rule, with how long its things are kept."""
    verb = "would be removed" if would else "removed"
    return "\n".join(
        f"{cleaned.removed[rule.name]:>9,} {verb}, kept {_told(rule.kept().total_seconds())}: {rule.words}"
        for rule in all_rules()
    )


def _told(seconds: float) -> str:
    hours = int(seconds // 3600)
    return f"{hours} h" if hours <= 24 else f"{hours // 24} days"
