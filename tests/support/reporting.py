"""Reports made at once, without a worker; and reports that no worker gets to the end of."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg

from bookings.api import Scope
from bookings.services.reports.sections import all_sections
from bookings.services.reports.snapshot import snapshot
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import wait_until

# A worker must start first, on a busy machine.
SECONDS_MAX = 2 * PATIENCE_SECONDS


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


@contextmanager
def no_report_ends(database: str) -> Iterator[None]:
    """Whoever makes a report waits in the middle of it: for a table that nothing else reads."""
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE bookings_pasthold IN ACCESS EXCLUSIVE MODE")
        waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'bookings_pasthold'::regclass"
        try:
            wait_until(
                lambda: other.execute(waiting).fetchone() is not None,
                seconds=SECONDS_MAX,
                what="somebody is in the middle of a report",
            )
            yield
        finally:
            other.rollback()
