"""The box office of a test: opened in the test's own loop, closed after it."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bookings.api import BoxOffice


@pytest_asyncio.fixture
async def box_office(database: str) -> AsyncIterator[BoxOffice]:
    """A box office on the test's PostgreSQL and Redis."""
    office = await BoxOffice.open()
    try:
        yield office
    finally:
        await office.close()
