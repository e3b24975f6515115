"""Houses that run beside the tests of sockets. Processes last for the run; each test has a show of its own."""

from collections.abc import Iterator

import pytest
import pytest_asyncio
import redis
from asgiref.sync import sync_to_async

from bookings.models import Show
from config.embedded import EmbeddedServers
from tests.support.cinema import make_show
from tests.support.house import RunningHouse, running_house


@pytest.fixture(scope="session")
def _two_webs(django_db_setup: None) -> Iterator[RunningHouse]:
    with running_house() as house:
        house.start_web("first")
        house.start_web("second")
        yield house


@pytest.fixture(scope="session")
def _two_webs_with_short_holds(django_db_setup: None) -> Iterator[RunningHouse]:
    with running_house(HOLD_SECONDS="3") as house:
        house.start_web("first")
        house.start_web("second")
        yield house


@pytest.fixture
def house(_two_webs: RunningHouse, database: str) -> RunningHouse:
    """Two web processes, `first` and `second`, on one Redis."""
    return _two_webs.awake()


@pytest.fixture
def short_house(_two_webs_with_short_holds: RunningHouse, database: str) -> RunningHouse:
    """The same, but holds last three seconds."""
    return _two_webs_with_short_holds.awake()


@pytest.fixture
def own_house(database: str) -> Iterator[RunningHouse]:
    """A house of this test's own, without processes yet: for faults that outlive a test."""
    with running_house(HOLD_SECONDS="20") as house:
        yield house


@pytest_asyncio.fixture
async def show(database: str) -> Show:
    """A hall of 10 × 12 on sale."""
    return await sync_to_async(make_show)()


@pytest.fixture(scope="session")
def _lone_redis() -> Iterator[EmbeddedServers]:
    servers = EmbeddedServers.start(with_postgres=False)
    yield servers
    servers.stop()


@pytest.fixture
def lone_redis(_lone_redis: EmbeddedServers) -> Iterator[EmbeddedServers]:
    """A Redis that no house knows, empty and as it was started, to be killed and paused at will.

    On the Redis of the tests' houses nothing raw is safe: a web process that finds it restarted or emptied flushes it
    (consistency rule 18), half a second later. A lock with 10 ms to live was gone before it expired: no event ever.
    """
    yield _lone_redis
    if _lone_redis.redis_runs():
        _lone_redis.resume_redis()
    else:
        _lone_redis.start_redis()
    with redis.Redis.from_url(_lone_redis.redis_url) as client:
        client.config_set("notify-keyspace-events", "Ex")
        client.flushall()


@pytest.fixture
def lone_client(lone_redis: EmbeddedServers) -> Iterator[redis.Redis]:
    """A client of it, answering in text."""
    with redis.Redis.from_url(lone_redis.redis_url, decode_responses=True) as client:
        yield client
