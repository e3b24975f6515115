"""Reports made at once, without a worker."""

from datetime import date
from typing import Any

from bookings.api import Scope
from bookings.services.reports.sections import all_sections
from bookings.services.reports.snapshot import snapshot


def collect(scope: Scope) -> dict[str, Any]:
    """A whole report."""
    result: dict[str, Any] = {}
    with snapshot() as moment, moment.cursor() as cursor:
        for section in all_sections():
            result.update(section.collect(cursor, scope))
    return result


def report_of(day: date, theatre: str | None = None) -> dict[str, Any]:
    """The report of one day."""
    return collect(Scope(day, day, theatre))
