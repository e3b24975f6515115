"""Connections of this process's event loop to PostgreSQL, apart from Django's own.

Django's ORM blocks a thread per query; the box office may not. Same database, same fault settings.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib import resources
from typing import Any, Final, TypeAlias

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import errors, sql
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

AsyncConnection: TypeAlias = psycopg.AsyncConnection[tuple[Any, ...]]

# A request that gets no connection for so long is told that the house is not ready, instead of piling up.
CONNECTION_WAIT_SECONDS: Final = 2.0
CONNECT_SECONDS: Final = 2
# The server ends what takes longer than 5 s (POSTGRES_OPTIONS); a server that hangs ends nothing.
WORK_SECONDS_MAX: Final = 7.0
# In OPTIONS, but meant for Django and not for libpq.
DJANGOS_OWN_OPTIONS: Final = frozenset({"assume_role", "isolation_level", "pool", "server_side_binding"})
# Every statement here finds its rows by key. A plan that reads whole tables was made while they were small; a kept
# one would still be used when they are not. So: no such plans, and none is kept unless a statement is made for it.
PLANNING: Final = sql.SQL("SET enable_seqscan = off; SET jit = off")
PREPARE_THRESHOLD: Final = 2**31


class ClaimsUnavailable(Exception):
    """PostgreSQL did not answer, or refused for a passing reason: nothing is known to have changed."""


@cache
def statement(name: str) -> sql.SQL:
    """A statement from its file in sql/."""
    text = (resources.files("bookings.claim_store") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    # Comments stay in the file: they would only travel with every call.
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("--")]
    return sql.SQL("\n".join(lines))


def _connection_options() -> dict[str, Any]:
    # Read late: a test run replaces the database name after settings are loaded.
    configured = connections["default"].settings_dict
    asked = {name: value for name, value in configured["OPTIONS"].items() if name not in DJANGOS_OWN_OPTIONS}
    options = {
        "connect_timeout": CONNECT_SECONDS,
        "options": settings.POSTGRES_OPTIONS,
        "application_name": "housefull",
        **asked,
        "dbname": configured["NAME"],
        "user": configured["USER"] or None,
        "password": configured["PASSWORD"] or None,
        "host": configured["HOST"] or None,
        "port": configured["PORT"] or None,
    }
    return {name: value for name, value in options.items() if value is not None}


class ClaimsContended(ClaimsUnavailable):
    """A lock was not to be had in time, or a deadlock was broken: the transaction was rolled back."""


class ClaimPool:
    """A small pool of autocommit connections; a transaction is opened where one is meant."""

    def __init__(self) -> None:
        self._checking: asyncio.Task[None] | None = None
        self._pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(
            kwargs={**_connection_options(), "autocommit": True, "prepare_threshold": PREPARE_THRESHOLD},
            configure=_configure,
            min_size=2,
            max_size=settings.POSTGRES_POOL_MAX,
            timeout=CONNECTION_WAIT_SECONDS,
            open=False,
            check=None,
            name="housefull",
        )

    async def open(self) -> None:
        """Begin connecting in the background; a database that is down does not stop the process."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close every connection."""
        if self._checking is not None:
            await asyncio.gather(self._checking, return_exceptions=True)
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[AsyncConnection]:
        """A connection for one unit of work. Raises ClaimsUnavailable when there is none, or when it breaks."""
        try:
            async with self._pool.connection() as connection:
                hangs = asyncio.get_running_loop().call_later(WORK_SECONDS_MAX, _break, connection)
                try:
                    yield connection
                finally:
                    hangs.cancel()
        except (PoolTimeout, PoolClosed, TooManyRequests) as error:
            raise ClaimsUnavailable(f"no connection to PostgreSQL: {error}") from error
        except (errors.DeadlockDetected, errors.LockNotAvailable, errors.SerializationFailure) as error:
            raise ClaimsContended(f"PostgreSQL: {error}") from error
        except (psycopg.OperationalError, psycopg.InterfaceError, errors.IdleInTransactionSessionTimeout) as error:
            self._look_at_the_others()
            raise ClaimsUnavailable(f"PostgreSQL: {error}") from error

    def _look_at_the_others(self) -> None:
        """One connection broke; replace those that broke with it before they fail a request each."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.get_running_loop().create_task(self._pool.check())


async def _configure(connection: AsyncConnection) -> None:
    await connection.execute(PLANNING)


def _break(connection: AsyncConnection) -> None:
    """Wake whoever waits for a server that hangs: to him the connection is lost. Only the socket can be trusted."""
    if not connection.closed:
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as copy:
            copy.shutdown(socket.SHUT_RDWR)
