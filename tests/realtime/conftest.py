"""Houses that run beside the tests of sockets. Processes last for the run; each test has a show of its own."""

from collections.abc import Iterator

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async

from bookings.models import Show
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
