"""One look at the whole database, apart from the connection on which progress is written."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

# Sums over years take seconds where requests have fractions of one; and memory, so that they need no disk.
STATEMENT_SECONDS_MAX: Final = 60
WORK_MEMORY_MB: Final = 64


@contextmanager
def snapshot() -> Iterator[CursorWrapper]:
    """A cursor whose statements all see the database as it is now, and can change nothing.

    It takes no lock that anybody waits for. A connection of its own: what is written meanwhile must be seen.
    """
    reader = connection.copy()
    try:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS_MAX}s'")
            cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = '{STATEMENT_SECONDS_MAX}s'")
            cursor.execute(f"SET LOCAL work_mem = '{WORK_MEMORY_MB}MB'")
            cursor.execute("SET LOCAL jit = off")
            yield cursor
            cursor.execute("ROLLBACK")
    finally:
        reader.close()
