"""Emptying the database after a test, which commits for real."""

from collections.abc import Sequence
from functools import cache

from django.db import IntegrityError, OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import DeadlockDetected

# More than a test fills by hand; the rows of thousands of grabs are truncated.
ROWS_DELETED_MAX = 500
# A session left open by a test is a failure, not a hang.
LOCK_SECONDS_MAX = 5


def empty(tables: Sequence[str]) -> None:
    """Empty these tables.

    A few rows are deleted, at a twentieth of the cost of TRUNCATE, which makes each table and its indexes anew. It
    waits for nobody's transaction, though: where one is open, in a house beside the test or in a session that the
    test left behind, TRUNCATE does the work, which waits for its end.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS_MAX}s'")
        rows, busy_sessions = _look(cursor, tables)
        filled = [table for table, count in rows.items() if count]
        if busy_sessions or max(rows.values()) > ROWS_DELETED_MAX:
            _truncate(cursor, tables)
        elif filled:
            try:
                # Foreign keys are checked when all is gone: Django's are deferred.
                with transaction.atomic():
                    cursor.execute(";".join(_emptied(table) for table in filled))
            except (IntegrityError, OperationalError):
                _truncate(cursor, tables)  # A house has written meanwhile.


def _look(cursor: CursorWrapper, tables: Sequence[str]) -> tuple[dict[str, int], int]:
    """How many rows each table has (counted up to one too many to delete), and how many sessions are at work."""
    counts = ", ".join(
        f'(SELECT count(*) FROM (SELECT FROM "{table}" LIMIT {ROWS_DELETED_MAX + 1}) AS few)' for table in tables
    )
    cursor.execute(
        f"SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        f" AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle'), {counts}"
    )
    found = cursor.fetchone()
    assert found is not None, "a SELECT without FROM has one row"
    return dict(zip(tables, found[1:], strict=True)), found[0]


def _emptied(table: str) -> str:
    # From a history or a ledger nothing is deleted: a trigger sees to it. Nothing points to them either.
    return f'TRUNCATE "{table}"' if table in _append_only() else f'DELETE FROM "{table}"'


@cache
def _append_only() -> frozenset[str]:
    """The tables with a trigger on DELETE (bit 3 of its type)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgtype & 8 <> 0")
        return frozenset(name for (name,) in cursor.fetchall())


def _truncate(cursor: CursorWrapper, tables: Sequence[str]) -> None:
    statement = "TRUNCATE " + ", ".join(f'"{table}"' for table in tables)
    try:
        cursor.execute(statement)
    except OperationalError as error:
        # A house that runs beside the test reads several tables; PostgreSQL ends one of the two.
        if not isinstance(error.__cause__, DeadlockDetected):
            raise
        cursor.execute(statement)
