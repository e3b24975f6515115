"""`manage.py reconcile`: compare Redis with PostgreSQL, repair, and report each difference."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from bookings.claim_store.pool import ClaimsUnavailable
from bookings.seat_store.connection import StoreUnavailable
from bookings.selectors.active_shows import get_active_shows
from bookings.services.box_office import BoxOffice, with_box_office
from bookings.services.upkeep import ShowReport, reconcile_show, reconcile_shows

EXIT_REPAIRED = 1
EXIT_UNKNOWN = 2


class Command(BaseCommand):
    help = (
        "Compare what Redis shows with what PostgreSQL has, repair Redis, and report each difference. "
        "Works while the house runs. "
        "Exit status: 0 everything agreed, 1 something was repaired or rebuilt, 2 something could not be compared."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--show", type=int, metavar="ID", help="only this show (default: every active one)")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            reports = self._reconcile(options["show"])
        except (StoreUnavailable, ClaimsUnavailable, OperationalError) as error:
            raise CommandError(
                f"Nothing was compared: {error}. `manage.py doctor` says what is missing.", returncode=EXIT_UNKNOWN
            ) from error
        self.stdout.write(as_json(reports) if options["json"] else as_table(reports))
        if status := exit_status(reports):
            raise SystemExit(status)

    @staticmethod
    def _reconcile(show_id: int | None) -> list[ShowReport]:
        if show_id is None:
            shows = get_active_shows()
            return with_box_office(lambda office: reconcile_shows(office, shows))

        async def only_one(office: BoxOffice) -> list[ShowReport]:
            return [await reconcile_show(office, show_id)]

        return with_box_office(only_one)


def exit_status(reports: list[ShowReport]) -> int:
    """0, EXIT_REPAIRED or EXIT_UNKNOWN, the worst of all shows."""
    outcomes = {report.outcome for report in reports}
    if "unknown" in outcomes:
        return EXIT_UNKNOWN
    return EXIT_REPAIRED if outcomes & {"repaired", "rebuilt"} else 0


def as_json(reports: list[ShowReport]) -> str:
    """{shows: [{show_id, outcome, drift, detail}], differences} on one line."""
    return json.dumps(
        {"shows": [asdict(report) for report in reports], "differences": sum(len(r.drift) for r in reports)}
    )


def as_table(reports: list[ShowReport]) -> str:
    """One line a difference, and one that sums up."""
    lines = []
    for report in reports:
        if report.outcome == "rebuilt":
            lines.append(f"show {report.show_id}: was not in Redis, rebuilt from PostgreSQL")
        elif report.outcome == "unknown":
            lines.append(f"show {report.show_id}: could not be compared: {report.detail}")
        lines += [
            f"show {report.show_id}  seat {drift.seat:<5} {drift.what:<12} "
            f"Redis showed {_seat(drift.shown, drift.shown_booking)}, "
            f"PostgreSQL has {_seat(drift.true, drift.true_booking)}"
            for drift in report.drift
        ]
    differences = sum(len(report.drift) for report in reports)
    lines.append(f"{len(reports)} shows compared, {differences} differences repaired")
    return "\n".join(lines)


def _seat(state: str, booking: str) -> str:
    return f"{state} ({booking})" if booking else state
