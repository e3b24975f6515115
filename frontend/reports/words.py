"""How reports write money, shares, days and the names of columns."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import starmap
from typing import Any, Final, NamedTuple

from bookings.api import Scope, format_inr

RUPEE: Final = 100
# In words of India: a crore is a hundred lakhs, a lakh a hundred thousands.
_UNITS: Final = ((10**7, " Cr"), (10**5, " L"), (10**3, "k"))

COLUMN_WORDS: Final = {
    "day": "Day",
    "show": "Show",
    "starts": "Starts",
    "movie": "Movie",
    "theatre": "Theatre",
    "screen": "Screen",
    "category": "Category",
    "weekday": "Weekday",
    "hour": "Hour",
    "capacity": "Seats there",
    "shows": "Shows",
    "bookings": "Bookings",
    "seats": "Seats",
    "paise": "Sold",
    "back_bookings": "Bookings back",
    "back_seats": "Seats back",
    "back_paise": "Worth of them",
    "booked": "Booked now",
    "blocked": "Blocked",
    "captures": "Captures",
    "captured_paise": "Captured",
    "fees_paise": "Fees",
    "refunds": "Refunds",
    "refunded_paise": "Refunded",
    "net_paise": "Net",
    "fate": "What became of it",
    "payments": "Payments",
    "status": "Where it is",
    "reason": "Why",
}
REFUND_STATUS_WORDS: Final = {
    "due": "Not asked for yet",
    "pending": "On its way",
    "processed": "With the buyer",
    "failed": "Failed",
    "manual": "Waits for a person",
}
REFUND_REASON_WORDS: Final = {
    "returned": "Given back by its buyer",
    "staff": "By staff",
    "cancelled": "The show or the booking was cancelled",
    "double": "Paid twice",
    "late": "Came when the seats were gone",
    "wrong_amount": "Not what the seats cost",
    "part_left": "A part was given back before",
    "unknown_order": "Nobody's money",
    "outside": "Made outside the house",
}


class Cell(NamedTuple):
    """A text in a table; numbers stand under each other."""

    text: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class TableView:
    """A table as it is read: heads, whether each is of numbers, and lines of text."""

    heads: tuple[str, ...]
    are_numbers: tuple[bool, ...]
    lines: tuple[tuple[str, ...], ...]

    @property
    def head(self) -> list[Cell]:
        """The heads as cells."""
        return list(starmap(Cell, zip(self.heads, self.are_numbers, strict=True)))

    @property
    def rows(self) -> list[list[Cell]]:
        """The lines as cells."""
        return [list(starmap(Cell, zip(line, self.are_numbers, strict=True))) for line in self.lines]


def is_money(column: str) -> bool:
    """Whether a column's integers are paise."""
    return column == "paise" or column.endswith("_paise")


def cell_words(column: str, value: Any) -> str:
    """One cell for people."""
    if value is None:
        return "–"
    if is_money(column):
        return format_inr(value)
    if column == "day":
        return day_words(date.fromisoformat(value))
    if column == "starts":
        return f"{day_words(date.fromisoformat(value[:10]))}, {value[11:]}"
    return f"{value:,}" if isinstance(value, int) and column != "show" else str(value)


def table_view(table: Mapping[str, Any], *, most: int | None = None) -> TableView:
    """A table of a report, its first `most` lines."""
    columns, rows = table["columns"], table["rows"]
    shown = rows if most is None else rows[:most]
    return TableView(
        heads=tuple(COLUMN_WORDS[column] for column in columns),
        are_numbers=tuple(
            column != "show" and bool(rows) and isinstance(rows[0][place], int)
            for place, column in enumerate(columns)
        ),
        lines=tuple(tuple(cell_words(*cell) for cell in zip(columns, row, strict=True)) for row in shown),
    )


def short_inr(paise: int) -> str:
    """Money where there is little room: ₹850, ₹12k, ₹3.4 L, ₹1.2 Cr."""
    rupees = paise / RUPEE
    for size, unit in _UNITS:
        if abs(rupees) >= size:
            count = rupees / size
            return f"₹{count:.0f}{unit}" if abs(count) >= 10 or count == int(count) else f"₹{count:.1f}{unit}"
    return f"₹{rupees:.0f}"


def share_words(part: int, whole: int) -> str:
    """A percentage without decimals; a dash of nothing."""
    return f"{part * 100 / whole:.0f} %" if whole else "–"


def day_words(on: date) -> str:
    """A date with its year: Sat 21 Nov 2026."""
    return f"{on:%a} {on.day} {on:%b} {on.year}"


def period_words(scope: Scope) -> str:
    """The days of a report: one day, or from and to."""
    if scope.from_day == scope.to_day:
        return day_words(scope.from_day)
    first, last = scope.from_day, scope.to_day
    begin = f"{first.day} {first:%b}" if first.year == last.year else f"{first.day} {first:%b} {first.year}"
    return f"{begin} to {last.day} {last:%b} {last.year}"
