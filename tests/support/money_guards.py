"""Switch one guard of the money core off; see tests/support/guards.py for how and why."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from unittest.mock import patch

from psycopg import sql

from bookings.claim_store import settling
from payments import orders_store, store
from payments.domain import decide
from payments.services import settle


@contextmanager
def money_sql_without(name: str, cut: str, instead: str = "") -> Iterator[None]:
    """A statement of payments/sql without this text."""
    before = vars(store)["sql_file"]
    changed = sql.SQL(_replaced(before("payments", name).as_string(), cut, instead, where=f"{name}.sql"))

    def sql_file(package: str, asked: str) -> sql.SQL:
        return changed if asked == name else before(package, asked)

    with patch.object(store, "sql_file", sql_file), patch.object(orders_store, "sql_file", sql_file):
        yield


def every_fact_is_recorded() -> AbstractContextManager[object]:
    """Facts that say nothing new are recorded as well, so that the statement's own merging is all there is."""
    return patch.object(settle, "knows", lambda *_: False)


def second_payments_are_kept() -> AbstractContextManager[object]:
    """Who pays twice has paid twice."""
    each = vars(decide)["_each"]
    return patch.object(decide, "_each", lambda paid, why: () if why is decide.Why.DOUBLE else each(paid, why))


@contextmanager
def settling_without(name: str, cut: str, instead: str = "") -> Iterator[None]:
    """A statement of the claim store without this text, where money uses it."""
    before = vars(settling)["statement"]
    changed = sql.SQL(_replaced(before(name).as_string(), cut, instead, where=f"{name}.sql"))
    with patch.object(settling, "statement", lambda asked: changed if asked == name else before(asked)):
        yield


def _replaced(text: str, cut: str, instead: str, *, where: str) -> str:
    assert text.count(cut) == 1, f"{where} has {text.count(cut)} times: {cut}"
    return text.replace(cut, instead)
