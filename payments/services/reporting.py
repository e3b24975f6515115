"""The parts of a report that are about money: what the ledger booked, what became of it, what was given back.

Reads one snapshot with bookings' own sections; comparing with the gateway is ledger.py's business.
"""

from typing import Any

from django.db.backends.utils import CursorWrapper

from bookings.api import ReportSection, Scope, add_report_section, report_arguments, sql_file
from payments.domain.settlement import BookedRow, RefundRow, refunds_section, settlement_section


def register() -> None:
    """Add money to every report."""
    add_report_section(ReportSection("Settling with the ledger", 6, _collect_settlement))
    add_report_section(ReportSection("Looking at refunds", 1, _collect_refunds))


def _collect_settlement(cursor: CursorWrapper, scope: Scope) -> dict[str, Any]:
    booked = [BookedRow(*row) for row in _rows_of("report_settlement", cursor, scope)]
    return {"settlement": settlement_section(booked)}


def _collect_refunds(cursor: CursorWrapper, scope: Scope) -> dict[str, Any]:
    return {"refunds": refunds_section(RefundRow(*row) for row in _rows_of("report_refunds", cursor, scope))}


def _rows_of(name: str, cursor: CursorWrapper, scope: Scope) -> list[tuple[Any, ...]]:
    cursor.execute(sql_file("payments", name).as_string(), report_arguments(scope))
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
