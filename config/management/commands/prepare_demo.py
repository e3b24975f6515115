"""What the demo needs in its database before anybody comes: the tables and the demo cinema.

Two commands in one process, as starting Django twice is most of their time.
"""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrate, then load the demo cinema or add the days that have come into reach (`manage.py demo` calls it)."

    def handle(self, *_args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=options["verbosity"], stdout=self.stdout)
        call_command("seed_demo", stdout=self.stdout)
