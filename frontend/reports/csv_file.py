"""A table of a report as CSV, for spreadsheets: whole, in rupees, and harmless.

With a byte order mark: without it Excel reads UTF-8 as Windows-1252, and a Hindi title as noise; other programs skip
it. A text that a spreadsheet would take for a formula gets an apostrophe before it (OWASP: CSV injection).
"""

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Any, Final

from frontend.reports.page import told_refunds
from frontend.reports.words import COLUMN_WORDS, is_money

BOM: Final = "\ufeff"
FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_tables(result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Every table of a report by the name of its file."""
    sales, full, settlement = result["sales"], result["occupancy"], result["settlement"]
    funnel = {"columns": list(result["funnel"]), "rows": [list(result["funnel"].values())]}
    return {
        "days": sales["days"],
        "movies": sales["movies"],
        "categories": sales["categories"],
        "shows": sales["shows"],
        "funnel": funnel,
        "occupancy-movies": full["movies"],
        "occupancy-weekdays": full["weekdays"],
        "occupancy-hours": full["hours"],
        "occupancy-screens": full["screens"],
        "settlement": settlement["days"],
        "refunds": told_refunds(result["refunds"]["table"]),
    }


def as_csv(table: Mapping[str, Any]) -> bytes:
    """The file."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_head(column) for column in table["columns"]])
    for row in table["rows"]:
        writer.writerow([_cell(column, value) for column, value in zip(table["columns"], row, strict=True)])
    return (BOM + out.getvalue()).encode()


def _head(column: str) -> str:
    words = COLUMN_WORDS.get(column, column.replace("_", " ").capitalize())
    return f"{words} (₹)" if is_money(column) else words


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return _rupees(value) if is_money(column) else str(value)
    return f"'{value}" if str(value).startswith(FORMULA_BEGINS) else str(value)


def _rupees(paise: int) -> str:
    """Paise as rupees that a spreadsheet adds up: 1250.50."""
    rupees, rest = divmod(abs(paise), 100)
    return f"{'-' if paise < 0 else ''}{rupees}.{rest:02d}"
