"""manage.py import_layout: a screen's new layout revision from a text file (docs/layouts.md)."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bookings.models import Screen
from bookings.services.catalogue import LayoutRefused, import_layout


class Command(BaseCommand):
    help = "Import a layout file for a screen. Shows keep the revision they were made with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("theatre", help="the theatre's slug")
        parser.add_argument("screen", help="the screen's name")
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{options['file']}: this is not a text file in UTF-8") from error
        screen = Screen.objects.filter(theatre__slug=options["theatre"], name=options["screen"]).first()
        if screen is None:
            raise CommandError(f"There is no screen '{options['screen']}' in theatre '{options['theatre']}'.")
        try:
            layout = import_layout(screen, text)
        except LayoutRefused as refused:
            raise CommandError(f"{options['file']}: {refused.detail}") from refused
        self.stdout.write(f"{screen}: revision {layout.revision}, {len(layout.seats)} seats.")
