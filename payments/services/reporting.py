"""The parts of a report that are about money: what the ledger booked, what became of it, what was given back.

Reads one snapshot with bookings' own sections; comparing with the gateway is ledger.py's business.
"""

from typing import Any, Final

from django.db.backends.utils import CursorWrapper

from bookings.api import ReportSection, Scope, add_report_section, report_arguments, sql_file
from payments.domain.settlement import BookedRow, RefundRow, refunds_section, settlement_section

SECTIONS_WEIGHT: Final = 3


def register() -> None:
    """Add money to every report."""
    add_report_section(ReportSection("Settling with the ledger", SECTIONS_WEIGHT, _collect))


def _collect(cursor: CursorWrapper, scope: Scope) -> dict[str, Any]:
    arguments = report_arguments(scope)

    def rows_of(name: str) -> list[tuple[Any, ...]]:
        cursor.execute(sql_file("payments", name).as_string(), arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    booked = [BookedRow(*row) for row in rows_of("report_settlement")]
    refunds = [RefundRow(*row) for row in rows_of("report_refunds")]
    return {"settlement": settlement_section(booked), "refunds": refunds_section(refunds)}
