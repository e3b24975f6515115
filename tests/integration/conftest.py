"""What most tests here begin with: a show on sale, a box office of the test's own loop, clients of the JSON API."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Show
from bookings.selectors.cache import catalogue_cache
from frontend import handlers
from frontend.letters import writing
from tests.support.api import ApiClient, api_guest, serving_office
from tests.support.cinema import make_show
from tests.support.house import send_everybody_home
from tests.support.mail import MailServer, running_mail_server
from tests.support.money_house import House
from tests.support.razorpay import Razorpay
from tests.support.witness import another_office


@pytest.fixture(autouse=True)
def _alone() -> None:
    """Nobody else sweeps and repairs on this test's servers: a house of tests/realtime would be first at times."""
    send_everybody_home()


@pytest.fixture
def show(database: str) -> Show:
    """A hall of 10 × 12 on sale."""
    return make_show()


@pytest_asyncio.fixture
async def box_office(database: str) -> AsyncIterator[BoxOffice]:
    """A box office on the test's PostgreSQL and Redis, connected to both."""
    async with another_office() as office:
        yield office


@pytest_asyncio.fixture
async def office(database: str, settings: Settings, tmp_path: Path) -> AsyncIterator[BoxOffice]:
    """The box office that serves the API in this loop."""
    async with serving_office(settings, tmp_path) as office:
        yield office


@pytest.fixture
def house(office: BoxOffice, razorpay: Razorpay) -> House:
    """The doors by which requests about money enter; what the gateway tells is held back."""
    house = House(razorpay)
    house.hold_webhooks_back()
    return house


@pytest_asyncio.fixture
async def guest(office: BoxOffice) -> AsyncIterator[ApiClient]:
    """A client of the API with a token."""
    async with api_guest() as guest:
        yield guest


@pytest_asyncio.fixture
async def rival(office: BoxOffice) -> AsyncIterator[ApiClient]:
    """Another one."""
    async with api_guest() as rival:
        yield rival


@pytest.fixture
def awake_cache() -> Iterator[None]:
    """A test that lost Redis must not put the next one's cache to sleep."""
    catalogue_cache.wake()
    yield
    catalogue_cache.wake()


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """A mail server of this test process; tests that send letters take `mail`."""
    with running_mail_server() as server:
        yield server


@pytest.fixture
def mail(mail_server: MailServer, database: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> MailServer:
    """The mail server of this house, which behaves well; Celery is not told of letters."""
    mail_server.reset()
    settings.EMAIL_URL = mail_server.url
    monkeypatch.setattr(handlers, "nudge", lambda *_, **__: None)
    return mail_server


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters without a drawn ticket, for tests that send many."""
    monkeypatch.setattr(writing, "ticket_pdf", lambda facts: b"%PDF-")
