"""Switch one guard of the product off, from a test: the harm it prevents must then be seen.

A guard is named by its exact text in a Lua or SQL file or in a function, or by its index. When the text is no longer
there, the test fails instead of proving nothing. The product has no switch for any of this.
"""

import hashlib
import inspect
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from textwrap import dedent, indent
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from psycopg import sql

from bookings.claim_store import endings
from bookings.claim_store import store as claims
from bookings.seat_store.scripts import VERBS, Script, load_scripts

# A test with this mark runs twice; with the guard off it asserts the harm.
with_and_without_guard = pytest.mark.parametrize("guarded", [True, False], ids=["guard on", "guard off"])


def unless(guarded: bool, off: AbstractContextManager[object]) -> AbstractContextManager[object]:
    """Enter `off` in the half of the test that runs without the guard."""
    return nullcontext() if guarded else off


@contextmanager
def lua_without(verb: str, cut: str, instead: str = "") -> Iterator[None]:
    """A script of the seat store without this text, for every connection of this process.

    Its digest changes with it, so Redis does not know it and is sent the source.
    """
    scripts = load_scripts()
    whole = scripts[verb]
    source = _replaced(whole.source.decode(), cut, instead, where=f"{verb}.lua").encode()
    digest = hashlib.sha1(source, usedforsecurity=False).hexdigest()
    scripts[verb] = Script(verb=verb, source=source, sha1=digest.encode())
    try:
        yield
    finally:
        scripts[verb] = whole


@contextmanager
def redis_clock_ahead(ms: int) -> Iterator[None]:
    """Every script reads a Redis clock that is ahead by so much (less than 0: behind)."""
    told = "local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)"
    with ExitStack() as stack:
        for verb in VERBS:
            stack.enter_context(lua_without(verb, told, f"{told} + {ms}"))
        yield


@contextmanager
def sql_without(name: str, cut: str, instead: str = "") -> Iterator[None]:
    """A statement of the claim store without this text."""
    before = vars(endings)["statement"]  # Another guard may be off already.
    changed = sql.SQL(_replaced(before(name).as_string(), cut, instead, where=f"{name}.sql"))

    def statement(asked: str) -> sql.SQL:
        return changed if asked == name else before(asked)

    with patch.object(claims, "statement", statement), patch.object(endings, "statement", statement):
        yield


@contextmanager
def python_without(owner: Any, name: str, cut: str, instead: str = "") -> Iterator[None]:
    """A function of a module, or a method of a class, without this text. It may not close over anything else."""
    function = vars(owner)[name]
    source = _replaced(dedent(inspect.getsource(function)), cut, instead, where=function.__qualname__)
    # A method's super() finds its class in a variable that it closes over.
    maker = f"def make(__class__):\n{indent(source, '    ')}\n    return {name}\n"
    made: dict[str, Any] = {}
    exec(compile(maker, f"<{function.__qualname__} without a guard>", "exec"), function.__globals__, made)
    with patch.object(owner, name, made["make"](owner)):
        yield


@contextmanager
def without_index(database: str, name: str) -> Iterator[None]:
    """The database without a unique index. Restoring it empties the claims and bookings it would not fit."""
    with psycopg.connect(database, autocommit=True) as connection:
        found = connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", (name,)).fetchone()
        assert found is not None, f"there is no index {name} any more"
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    try:
        yield
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("TRUNCATE bookings_seatclaim, bookings_booking CASCADE")
            connection.execute(found[0])


@contextmanager
def claims_without_unique(database: str) -> Iterator[None]:
    """Seats without PostgreSQL's proof: neither the unique index nor the clause that leans on it."""
    clause = "ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING"
    with without_index(database, "one_live_claim_per_seat"), sql_without("hold_batch", clause):
        yield


def _replaced(text: str, cut: str, instead: str, *, where: str) -> str:
    assert text.count(cut) == 1, f"{where} has {text.count(cut)} times: {cut}"
    return text.replace(cut, instead)
