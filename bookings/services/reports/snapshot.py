"""One look at the whole database, by several connections at once, apart from the one on which progress is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

# Sums over years take seconds where requests have fractions of one; and memory, so that they need no disk.
STATEMENT_SECONDS_MAX: Final = 60
WORK_MEMORY_MB: Final = 64


class Snapshot:
    """The database as it was at one moment. Its cursors may be used in different threads."""

    def __init__(self, name: str) -> None:
        self._name = name

    @contextmanager
    def cursor(self) -> Iterator[CursorWrapper]:
        """A connection of its own that sees this moment, and can change nothing."""
        with _reading() as cursor:
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [self._name])
            cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS_MAX}s'")
            cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY_MB}MB'")
            cursor.execute("SET LOCAL jit = off")
            yield cursor


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Keep this moment for as long as the block lasts. It takes no lock that anybody waits for."""
    with _reading() as cursor:
        # This connection idles while others read; they end before it does.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        yield Snapshot(cursor.fetchone()[0])


@contextmanager
def _reading() -> Iterator[CursorWrapper]:
    """A transaction on a connection of its own: what is written meanwhile on Django's must be seen by others."""
    reader = connection.copy()
    # Opened in one thread and closed there; Django's own check knows only of whoever made the object.
    reader.inc_thread_sharing()
    try:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield cursor
            cursor.execute("ROLLBACK")
    finally:
        reader.close()
