"""The box office of a test: opened in the test's own loop, closed after it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bookings.api import BoxOffice
from tests.support.witness import another_office


@pytest_asyncio.fixture
async def box_office(database: str) -> AsyncIterator[BoxOffice]:
    """A box office on the test's PostgreSQL and Redis, connected to both."""
    async with another_office() as office:
        yield office
