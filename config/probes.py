"""Short, bounded looks at PostgreSQL and Redis from outside the box office: for /readyz, /metrics and doctor.

Every connection is its own and is closed again, so a look tells what the next process would find, and an
exhausted pool does not hide a healthy server.
"""

from functools import cache
from typing import Any, Final

import psycopg
import redis
import redis.asyncio
from django.conf import settings
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from redis.backoff import NoBackoff
from redis.retry import Retry

# Libpq's own bound; it rounds anything smaller up to this.
CONNECT_SECONDS: Final = 2
REDIS_SECONDS: Final = 0.5

# Of connections that Django makes, not of PostgreSQL's.
_DJANGOS_OPTIONS: Final = frozenset(
    {"assume_role", "isolation_level", "pool", "server_side_binding", "prepare_threshold"}
)


def postgres_options() -> dict[str, Any]:
    """For psycopg.connect: the database of the house, with its fault settings."""
    configured = connections["default"].settings_dict
    named = {
        "dbname": configured["NAME"],
        "user": configured["USER"],
        "password": configured["PASSWORD"],
        "host": configured["HOST"],
        "port": configured["PORT"],
    }
    extra = {name: value for name, value in configured["OPTIONS"].items() if name not in _DJANGOS_OPTIONS}
    return {
        **extra,
        **{name: value for name, value in named.items() if value},
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "housefull-probe",
        "autocommit": True,
    }


def open_postgres() -> psycopg.Connection[tuple[Any, ...]]:
    """A connection of one's own; use it as a context. Raises psycopg.OperationalError."""
    return psycopg.connect(**postgres_options())


async def open_postgres_async() -> psycopg.AsyncConnection[tuple[Any, ...]]:
    """A connection of one's own for this loop. Raises psycopg.OperationalError."""
    return await psycopg.AsyncConnection.connect(**postgres_options())


def open_redis(url: str = "") -> redis.Redis:
    """A client that never waits long and never tries twice; REDIS_URL unless another is named."""
    return redis.Redis.from_url(url or settings.REDIS_URL, **_redis_options(Retry(NoBackoff(), 0)))


def open_redis_async(url: str = "") -> redis.asyncio.Redis:
    """The same for this loop."""
    retry = redis.asyncio.retry.Retry(NoBackoff(), 0)
    return redis.asyncio.Redis.from_url(url or settings.REDIS_URL, **_redis_options(retry))


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """(app, name) of every migration this code has. Reads files: call it in a thread."""
    return frozenset(MigrationLoader(None).disk_migrations)


APPLIED_MIGRATIONS: Final = "SELECT app, name FROM django_migrations"


def _redis_options(retry: Any) -> dict[str, Any]:
    return {
        "socket_timeout": REDIS_SECONDS,
        "socket_connect_timeout": REDIS_SECONDS,
        "retry": retry,
        "decode_responses": True,
    }
