"""The history of seats with one of its guards off, for tests that show the harm."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql


@contextmanager
def without_trigger(database: str, name: str, table: str) -> Iterator[None]:
    """The table without a trigger, which must be there."""
    switch = sql.SQL("ALTER TABLE {} {} TRIGGER {}")
    with psycopg.connect(database, autocommit=True) as connection:
        off, on = (
            switch.format(sql.Identifier(table), sql.SQL(word), sql.Identifier(name)) for word in ("DISABLE", "ENABLE")
        )
        connection.execute(off)
        try:
            yield
        finally:
            connection.execute(on)
