"""A report of a whole year of 1,000 shows a month, made as a worker makes it: sums, shaping, and the row's result.

The tables are PostgreSQL's own size; their pages are in its cache or in the system's, as after the first report of a
day. One connection, one core unless PostgreSQL takes more by itself.
"""

import asyncio
import time
from datetime import date, timedelta
from typing import Final

from tests.bench.figures import Outcome, at_most
from tests.bench.suite import Bench
from tests.bench.web_servers import pin_free

FIRST_DAY: Final = date(2025, 1, 1)
DAYS: Final = 365
SHOWS: Final = 12_000
REPORT_SECONDS: Final = at_most(5.0)


async def reports(bench: Bench, outcome: Outcome) -> None:
    """Seconds for the report of the year, and of one day in it."""
    days, shows = bench.sized(DAYS, quick=31), bench.sized(SHOWS, quick=1_000)
    await asyncio.to_thread(_fill, days, shows)
    pin_free(bench.house.servers.postgres_pid)
    year: list[float] = []
    day: list[float] = []
    for repeat in range(bench.repeats):
        with bench.measuring(outcome):
            seconds, seats = await asyncio.to_thread(_make, FIRST_DAY, FIRST_DAY + timedelta(days=days - 1))
        year.append(seconds)
        day.append((await asyncio.to_thread(_make, FIRST_DAY + timedelta(days=days // 2)))[0])
        bench.say(
            f"  {repeat + 1}: {year[-1]:.2f} s for {shows:,} shows and {seats:,} seats, {day[-1]:.2f} s for a day"
        )
    outcome.add(f"report of {days} days, {shows:,} shows", "s", year, floor=REPORT_SECONDS)
    outcome.add("report of one day of them", "s", day)
    outcome.details["rows"] = await asyncio.to_thread(_count)


def _fill(days: int, shows: int) -> None:
    from django.db import connection

    from tests.bench.year import fill_year

    fill_year(first_day=FIRST_DAY, days=days, shows=shows)
    connection.close()


def _make(first: date, last: date | None = None) -> tuple[float, int]:
    """How long it took, and how many seats it says were sold."""
    from django.db import connection

    from bookings.models import Report
    from bookings.services.reports.jobs import get_report, make_report

    parameters = {"from": first.isoformat(), "to": (last or first).isoformat(), "theatre": None}
    report = Report.objects.create(parameters=parameters)
    began = time.perf_counter()
    make_report(report.pk)
    took = time.perf_counter() - began
    result = get_report(report.pk).result
    assert result is not None, "the report was not made"
    connection.close()
    sold: int = result["sales"]["total"]["seats"]
    return took, sold


def _count() -> dict[str, int]:
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in ("bookings_show", "bookings_booking", "bookings_seatclaim", "payments_ledgerentry"):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = cursor.fetchone()[0]
    connection.close()
    return found
