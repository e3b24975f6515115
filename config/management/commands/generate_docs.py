"""Writes the documents that are made of code: the OpenAPI document and the lifecycle of a booking.

With --check it writes nothing and fails when one of them is stale, so that `make check` keeps them true.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.domain.lifecycle import TRANSITIONS, Status, Trigger
from config.api import api

_WHY: Final[dict[Trigger, str]] = {
    Trigger.EXPIRE: "Its deadline passed.",
    Trigger.RELEASE: "Its holder gave the last seat back.",
    Trigger.CONFIRM: "It was paid in time.",
    Trigger.CONFIRM_LATE: "Its money arrived after the end, and its seats were still free.",
    Trigger.CANCEL: "Its buyer, the cinema or the payment page gave it up.",
}


class Command(BaseCommand):
    help = "Write the generated documents in docs/, or with --check say which are stale."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a document is stale")
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "docs", help="where the documents are")

    def handle(self, *args: Any, check: bool, folder: Path, **options: Any) -> None:
        stale = [name for name, made in DOCUMENTS.items() if _text(folder / name) != made()]
        if check and stale:
            raise CommandError(f"stale in {folder.name}/: {', '.join(stale)}; run manage.py generate_docs")
        for name in stale:
            (folder / name).write_text(DOCUMENTS[name](), encoding="utf-8")
            self.stdout.write(f"wrote {folder.name}/{name}")
        if not stale:
            self.stdout.write("every generated document is up to date")


def openapi_text() -> str:
    """The OpenAPI document, as /api/v1/openapi.json sends it, laid out for reading."""
    return json.dumps(api.get_openapi_schema(), indent=2, ensure_ascii=False) + "\n"


def lifecycle_text() -> str:
    """The states of a booking as a diagram and a table, from the one table that decides."""
    moves = sorted(TRANSITIONS.items(), key=lambda move: (list(Status).index(move[0][0]), move[0][1]))
    arrows = [f"    {status} --> {after} : {trigger}" for (status, trigger), after in moves]
    rows = [f"| {status} | {trigger} | {after} | {_WHY[trigger]} |" for (status, trigger), after in moves]
    return "\n".join(
        [
            "# The life of a booking",
            "",
            "Made by `manage.py generate_docs` from `bookings/domain/lifecycle.py`; edit that file, not this one.",
            "A move that is not listed here is refused.",
            "",
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {Status.PENDING} : hold",
            *arrows,
            "```",
            "",
            "| from | trigger | to | because |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


DOCUMENTS: Final[dict[str, Callable[[], str]]] = {"openapi.json": openapi_text, "lifecycle.md": lifecycle_text}


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
