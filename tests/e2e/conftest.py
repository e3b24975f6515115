"""Real Chromium for tests that drive the pages. Without one they are skipped, loudly.

The web processes last for the whole run; each test has a show of its own in an empty database.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bookings.models import Show
from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_path
from tests.support.cinema import make_show
from tests.support.house import RunningHouse, running_house
from tests.support.patience import PATIENCE_SECONDS
from tests.support.razorpay import Razorpay

playwright_api = pytest.importorskip(
    "playwright.sync_api", reason="PLAYWRIGHT IS MISSING: no page is tested in a browser"
)

playwright_api.expect.set_options(timeout=1000 * PATIENCE_SECONDS)

# A hall with an aisle, two categories and an accessible corner.
HALL = """categories: front, recliner
[front]
A WCSS..SSSS
B SSSS..SSSS
C SSSS..SSSS
[recliner]
D RRRR..RRRR
E RRRR..RRRR
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for the tests of a module.

    Not for the whole run: Playwright's sync API keeps a loop running in this thread until it is stopped, and the
    asynchronous tests that come after in this process could not run theirs.
    """
    path = chromium_path()
    if path is None:
        pytest.skip("CHROMIUM IS MISSING: no page is tested in a browser. Install chromium, then run again.")
    with playwright_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Any) -> Iterator[Callable[..., Any]]:
    """Call it for a page of somebody new: own cookies, so another holder. Uncaught script errors fail the test."""
    contexts = []
    errors: list[str] = []

    def come(**options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        return context.new_page()

    yield come
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="session")
def _django_beside_a_browser() -> Iterator[None]:
    """Playwright's sync API runs a loop in this thread, in which Django would refuse to touch the database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="session")
def _long_holds(_django_beside_a_browser: None, django_db_setup: None) -> Iterator[RunningHouse]:
    with running_house() as house:
        house.start_web()
        yield house


@pytest.fixture(scope="session")
def _short_holds(_django_beside_a_browser: None, django_db_setup: None) -> Iterator[RunningHouse]:
    with running_house(HOLD_SECONDS="4") as house:
        house.start_web()
        yield house


@pytest.fixture(scope="session")
def _refreshes_resume(_django_beside_a_browser: None, django_db_setup: None) -> Iterator[RunningHouse]:
    with running_house(REFRESH_POLICY="resume") as house:
        house.start_web()
        yield house


@pytest.fixture
def a_show_on_sale(_django_beside_a_browser: None, database: str) -> Show:
    """A show in a hall with an aisle, two categories and an accessible corner."""
    return make_show(layout=HALL, prices={"front": 25_000, "recliner": 45_000})


@pytest.fixture
def live_house(_long_holds: RunningHouse, a_show_on_sale: Show) -> RunningHouse:
    """A running house whose only show is on sale."""
    return _long_holds.awake()


@pytest.fixture
def short_live_house(_short_holds: RunningHouse, a_show_on_sale: Show) -> RunningHouse:
    """The same, but holds last four seconds."""
    return _short_holds.awake()


@pytest.fixture
def resuming_house(_refreshes_resume: RunningHouse, a_show_on_sale: Show) -> RunningHouse:
    """The same, but a refresh of the payment page gives nothing up."""
    return _refreshes_resume.awake()


@pytest.fixture
def open_seats(visitor: Callable[..., Any], razorpay: Razorpay) -> Callable[..., Any]:
    """Call it with a house for a new visitor's seat page of its show; Razorpay's webhooks reach that house."""
    from tests.e2e.pages import SeatPage

    def come(house: RunningHouse, **options: Any) -> SeatPage:
        razorpay.webhooks_to(f"{house.url}/payments/webhook/")
        return SeatPage.open_any(visitor(**options), house.url)

    return come
