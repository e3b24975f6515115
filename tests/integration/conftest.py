"""The box office of a test: opened in the test's own loop, closed after it. And a catalogue cache that is awake."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from bookings.api import BoxOffice
from bookings.selectors.cache import catalogue_cache
from tests.support.witness import another_office


@pytest_asyncio.fixture
async def box_office(database: str) -> AsyncIterator[BoxOffice]:
    """A box office on the test's PostgreSQL and Redis, connected to both."""
    async with another_office() as office:
        yield office


@pytest.fixture
def awake_cache() -> Iterator[None]:
    """A test that lost Redis must not put the next one's cache to sleep."""
    catalogue_cache.wake()
    yield
    catalogue_cache.wake()
