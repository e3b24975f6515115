"""Servers, database and Redis of the tests. Every test process has its own; what a test commits is removed."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import django
import hypothesis
import pytest
import redis
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.db import connections

from tests.support.house import everybody_was_shaken
from tests.support.servers import TestServers, enter_environment

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker

    from config.embedded import EmbeddedServers
    from tests.support.razorpay import Razorpay

assert not settings.configured, "unset DJANGO_SETTINGS_MODULE: the tests first say where their servers are"
_SERVERS = TestServers()
enter_environment(_SERVERS)
django.setup()
# A busy machine makes no example wrong: how long one takes is not asserted (`settings` of a test begin from these).
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")
# Workers of pytest-xdist inherit this environment and must not load the settings before they get here.
del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of sockets and pages last: their houses run for the session, and others must be alone on the servers."""
    items.sort(key=lambda item: not {"realtime", "e2e"}.isdisjoint(item.path.parts))


@pytest.fixture(scope="session")
def running_servers() -> "Iterator[EmbeddedServers]":
    """PostgreSQL and Redis of this test process, as they are; fault tests take `servers`."""
    try:
        yield _SERVERS.running
    finally:
        _SERVERS.stop()


@pytest.fixture
def servers(running_servers: "EmbeddedServers") -> "Iterator[EmbeddedServers]":
    """The servers for a test that breaks them: what it stopped, paused or switched off is healed afterwards."""
    _SERVERS.may_be_broken = True
    yield running_servers
    _SERVERS.heal()
    everybody_was_shaken()
    # Where asynchronous tests run the ORM: its connection may have died with the server.
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(scope="session")
def _running_razorpay() -> "Iterator[Razorpay]":
    from tests.support.razorpay import running_emulator

    with running_emulator(port=_SERVERS.razorpay_port, quiet=True) as emulator:
        yield emulator


@pytest.fixture
def razorpay(_running_razorpay: "Razorpay") -> "Iterator[Razorpay]":
    """The emulated Razorpay that this test process is configured for, in a new world; webhooks go nowhere yet.

    For a test that did not ask for it, it is as far away as before it was started: no order of tests helps anybody.
    """
    _running_razorpay.reset()
    yield _running_razorpay
    _running_razorpay.webhooks_to(None)
    _running_razorpay.clear_faults()
    _running_razorpay.fault("reset", count=None)


@pytest.fixture(scope="session")
def django_db_setup(
    running_servers: "EmbeddedServers", django_test_environment: None, django_db_blocker: "DjangoDbBlocker"
) -> Iterator[None]:
    """Migrate the database of this process once. It has no `test_` name, so that processes a test starts see it."""
    from django.core.management import call_command

    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        yield
        connections.close_all()


@pytest.fixture(scope="session")
def _tables(django_db_setup: None, django_db_blocker: "DjangoDbBlocker") -> list[str]:
    """Every table a test may fill: all but those that the migrations themselves fill."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        names = [t.name for t in connection.introspection.get_table_list(cursor) if t.type == "t"]
        empty = []
        for name in sorted(names):
            cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{name}")')
            row = cursor.fetchone()
            if row is not None and not row[0]:
                empty.append(name)
        return empty


@pytest.fixture
def database(_tables: list[str], redis_client: redis.Redis, django_db_blocker: "DjangoDbBlocker") -> Iterator[str]:
    """A migrated, empty database with real commits; the value is its URL. Afterwards it and Redis are emptied.

    Ids go on counting from test to test, so nothing remembered in this process can be mistaken for a new row.
    """
    from django.db import connection

    from tests.support.emptying import empty

    with django_db_blocker.unblock():
        yield _SERVERS.running.database_url
        _SERVERS.heal()
        # A test that crashed PostgreSQL leaves a dead connection behind.
        connection.close_if_unusable_or_obsolete()
        empty(_tables)
        connection.close()


@pytest.fixture
def redis_client(running_servers: "EmbeddedServers") -> Iterator[redis.Redis]:
    """A client of the locks' database, answering in text; all databases are empty before and after."""
    with redis.Redis.from_url(running_servers.redis_url, decode_responses=True) as client:
        client.flushall()
        yield client
        _SERVERS.heal()
        client.flushall()
