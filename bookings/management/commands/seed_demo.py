"""manage.py seed_demo: the demo cinema, and where asked for logins to its admin, one for each role."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand
from django.utils import timezone

from bookings.services import roles
from bookings.services.demo_cinema import Seeded, seed_demo

# One for each role (services/roles.py).
DEMO_LOGINS = {
    "manager": roles.MANAGER,
    "boxoffice": roles.BOX_OFFICE,
    "accountant": roles.ACCOUNTANT,
    "usher": roles.USHER,
    "programmer": roles.PROGRAMMER,
}
# Known to everyone, so it is made only for development or on request.
DEMO_PASSWORD = "housefull-demo"  # noqa: S105


class Command(BaseCommand):
    help = "Load the demo cinema, or add the days that have come into reach since the last run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-demo-logins",
            action="store_true",
            help="make a login for each role of staff, with its public password, even with DEBUG off",
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
            self._make_demo_logins()

    def _make_demo_logins(self) -> None:
        """A login that exists is left alone: its password and its role may have been changed."""
        users = get_user_model().objects
        there = set(users.filter(username__in=DEMO_LOGINS).values_list("username", flat=True))
        made = [name for name in DEMO_LOGINS if name not in there]
        if not made:
            return
        roles.set_up_roles()
        # Slow on purpose, so once for all of them: the password is the same, and known to everyone.
        password = make_password(DEMO_PASSWORD)
        for name in made:
            user = users.create(username=name, password=password, is_staff=True)
            user.groups.add(Group.objects.get(name=DEMO_LOGINS[name]))
        self.stdout.write(f"Admin logins: {', '.join(made)} / {DEMO_PASSWORD}")
