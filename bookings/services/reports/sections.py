"""The sections of a report: bookings' own, and those that other apps add. All read one snapshot."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django.db.backends.utils import CursorWrapper

from bookings.domain.reports import Funnel, SalesRow, Scope, ShowRow, Sums, occupancy_section, sales_section
from bookings.sql_files import sql_file

Collect: TypeAlias = Callable[[CursorWrapper, Scope], dict[str, Any]]

_PACKAGE: Final = "bookings.services.reports"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of every report. `words` say what is being done; `weight` is its share of the time, roughly."""

    words: str
    weight: int
    # Returns one or more parts of the result, by name.
    collect: Collect


def arguments_of(scope: Scope) -> dict[str, Any]:
    """What every statement of a report is given."""
    return {"from_day": scope.from_day, "to_day": scope.to_day, "theatre": scope.theatre}


def _collect_sales(cursor: CursorWrapper, scope: Scope) -> dict[str, Any]:
    cursor.execute(sql_file(_PACKAGE, "sales").as_string(), arguments_of(scope))
    rows = [
        SalesRow(day, show, movie, category, Sums(*sums)) for day, show, movie, category, *sums in cursor.fetchall()
    ]
    sold = [row.show for row in rows if row.show is not None]
    cursor.execute(sql_file(_PACKAGE, "shows").as_string(), {**arguments_of(scope), "shows": sold})
    shows = [ShowRow(*row) for row in cursor.fetchall()]
    return {"sales": sales_section(rows, shows, scope), "occupancy": occupancy_section(shows)}


def _collect_funnel(cursor: CursorWrapper, scope: Scope) -> dict[str, Any]:
    cursor.execute(sql_file(_PACKAGE, "funnel").as_string(), arguments_of(scope))
    return {"funnel": Funnel(*cursor.fetchone()).as_json()}


_sections: Final = [
    Section("Adding up sales and seats", 6, _collect_sales),
    Section("Following holds to their end", 1, _collect_funnel),
]


def add_report_section(section: Section) -> None:
    """Make a section of another app a part of every report from now on; called in its `AppConfig.ready`."""
    _sections.append(section)


def all_sections() -> tuple[Section, ...]:
    """In the order in which they are made."""
    return tuple(_sections)
