"""manage.py seed_demo: the demo cinema, and where asked for a login to its admin."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand
from django.utils import timezone

from bookings.services.demo_cinema import Seeded, seed_demo

DEMO_LOGIN = "manager"
# Known to everyone, so it is made only for development or on request.
DEMO_PASSWORD = "housefull-demo"  # noqa: S105


class Command(BaseCommand):
    help = "Load the demo cinema, or add the days that have come into reach since the last run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-demo-logins",
            action="store_true",
            help=f"make the superuser '{DEMO_LOGIN}' with its public password even with DEBUG off",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        seeded = seed_demo(now=timezone.now())  # noqa: TID251  (commands read the clock)
        if seeded == Seeded():
            self.stdout.write("The demo cinema is complete; nothing to add.")
        else:
            self.stdout.write(
                f"Added {seeded.theatres} theatres, {seeded.movies} movies, {seeded.shows} shows and "
                f"{seeded.bookings} bookings of {seeded.seats_sold} seats."
            )
        if settings.DEBUG or options["with_demo_logins"]:
            self._make_demo_login()

    def _make_demo_login(self) -> None:
        """A login that exists is left alone: its password may have been changed."""
        users = get_user_model().objects
        if not users.filter(username=DEMO_LOGIN).exists():
            users.create_superuser(username=DEMO_LOGIN, password=DEMO_PASSWORD)
            self.stdout.write(f"Admin login: {DEMO_LOGIN} / {DEMO_PASSWORD}")
