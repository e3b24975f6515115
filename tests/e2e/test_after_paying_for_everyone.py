"""Tickets, doors and reports for ears, weak eyes and narrow windows, as the pages before the payment are."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from bookings.api import SeatTicket, issue_holder, issue_tickets, read_holder
from bookings.models import Booking, Report, Show, Ticket
from bookings.tasks import generate_report
from frontend.tickets.links import ticket_path
from tests.e2e.test_accessibility import (
    WIDTHS,
    assert_every_control_is_named,
    assert_one_heading_is_above_all_others,
    assert_readable_in_both_schemes,
    window,
)
from tests.support.cinema import make_show
from tests.support.house import RunningHouse
from tests.support.sales import sell
from tests.support.tickets import SOON, make_booking, make_usher, session_of

pytestmark = pytest.mark.e2e

Visitor = Callable[..., Page]
PAGES = [
    "ticket",
    "ticket-used",
    "ticket-link",
    "doors",
    "door",
    "door-let-in",
    "door-refused",
    "reports",
    "report",
    "report-tables",
]


@pytest.fixture
def house(_long_holds: RunningHouse, _django_beside_a_browser: None, database: str) -> RunningHouse:
    return _long_holds.awake()


@pytest.fixture
def show(database: str) -> Show:
    return make_show(starts_in=SOON)


@pytest.fixture
def holder() -> str:
    """The token of whoever has booked."""
    return issue_holder()


@pytest.fixture
def booking(show: Show, holder: str) -> Booking:
    return make_booking(show, (0, 1, 2), holder=read_holder(holder) or "")


@pytest.fixture
def tickets(booking: Booking) -> list[SeatTicket]:
    return issue_tickets(booking.pk)


@pytest.fixture
def go_to(house: RunningHouse, show: Show, booking: Booking, tickets: list[SeatTicket], holder: str) -> "GoTo":
    return GoTo(house.url, show, booking, tickets, holder)


class GoTo:
    """Takes a browser's page to one of ours, as the person for whom it is made; `state` is what to do there."""

    def __init__(self, url: str, show: Show, booking: Booking, tickets: list[SeatTicket], holder: str) -> None:
        self._url = url
        self._show = show
        self._booking = booking
        self._tickets = tickets
        self._holder = holder

    def ticket(self, page: Page, state: str) -> None:
        if state == "link":
            page.goto(self._url + ticket_path(str(self._booking.pk)))
            return
        if state == "used":
            Ticket.objects.filter(seat_index=0).update(admitted_at=self._show.starts_at, gate="2")
        self._come_with(page, "holder", self._holder)
        page.goto(f"{self._url}/bookings/{self._booking.pk}/")

    def doors(self, page: Page, state: str) -> None:
        self._come_with(page, "sessionid", session_of(make_usher()))
        page.goto(f"{self._url}/checkin/")

    def door(self, page: Page, state: str) -> None:
        self.doors(page, state)
        page.goto(f"{self._url}/checkin/{self._show.pk}/")
        expect(page.locator("#door[data-line=live]")).to_be_visible()
        if state:
            page.get_by_label("Gate").fill("2")
            code = self._tickets[0].code if state == "let-in" else "ABCDEFGH"
            page.get_by_label("Code under the QR code").fill(code)
            page.get_by_role("button", name="Let in").click()
            expect(page.locator("#verdict[data-verdict]")).to_be_visible()

    def reports(self, page: Page, state: str) -> None:
        chief = get_user_model().objects.create_superuser(username="priya", password="anything")
        self._come_with(page, "sessionid", session_of(chief))
        page.goto(f"{self._url}/staff/reports/")

    def report(self, page: Page, state: str) -> None:
        sell(self._show, at=datetime.now(UTC), seats=[5, 6])  # noqa: TID251
        self.reports(page, state)
        page.get_by_role("button", name="This month").click()
        expect(page.get_by_role("status")).to_be_visible()
        generate_report(report=str(Report.objects.get().pk))
        # The page follows it, and opens it by itself.
        expect(page.get_by_role("heading", name="Sales by day")).to_be_visible()
        if state == "tables":
            page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")

    def _come_with(self, page: Page, cookie: str, value: str) -> None:
        page.context.add_cookies([{"name": cookie, "value": value, "url": self._url}])


class TestEveryPageAfterThePayment:
    @pytest.mark.parametrize("wanted", PAGES)
    def test_has_names_for_ears_and_can_be_read_in_both_schemes_and_in_every_window(
        self, visitor: Visitor, go_to: GoTo, wanted: str
    ) -> None:
        page = visitor(reduced_motion="reduce", viewport=window(WIDTHS[0]))
        kind, _, state = wanted.partition("-")
        getattr(go_to, kind)(page, state)
        page.wait_for_load_state()  # With its styles.

        for width in WIDTHS:
            page.set_viewport_size(window(width))
            assert_every_control_is_named(page, controls_min=2)
            assert_one_heading_is_above_all_others(page, among="main :is(h1, h2, h3)")
            assert_readable_in_both_schemes(page)
            assert page.evaluate("document.documentElement.scrollWidth") == width
