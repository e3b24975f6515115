"""Switch off a guard of a report's statement; see tests/support/guards.py for how and why."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from psycopg import sql

from bookings.services.reports import sections


@contextmanager
def report_sql_without(name: str, cut: str, instead: str = "") -> Iterator[None]:
    """A statement of services/reports/sql without this text."""
    before = vars(sections)["sql_file"]

    def sql_file(package: str, asked: str) -> sql.SQL:
        text = before(package, asked).as_string()
        if asked != name:
            return sql.SQL(text)
        assert text.count(cut) == 1, f"{name}.sql has {text.count(cut)} times: {cut}"
        return sql.SQL(text.replace(cut, instead))

    with patch.object(sections, "sql_file", sql_file):
        yield
