"""The page of a booking may be read again and again (the brief's summary refresh): that changes nothing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bookings.models import Booking
from payments.models import Payment
from tests.e2e.pages import SeatPage
from tests.e2e.paying import BookingPage, PayPage
from tests.support.house import RunningHouse

pytestmark = pytest.mark.e2e

OpenSeats = Callable[..., SeatPage]


@pytest.fixture
def mine(open_seats: OpenSeats, live_house: RunningHouse) -> SeatPage:
    """My page of a show."""
    return open_seats(live_house)


@pytest.fixture
def theirs(open_seats: OpenSeats, live_house: RunningHouse, mine: SeatPage) -> SeatPage:
    """Somebody else's page of the same show."""
    return open_seats(live_house)


def calls_that_change(page: Page) -> list[str]:
    """The calls of this page, from now on, that could change something."""
    calls: list[str] = []
    page.on("request", lambda request: calls.append(request.url) if request.method == "POST" else None)
    return calls


def reload_and_look(page: Page) -> None:
    """Reload, and wait until the page has come alive and looked at its booking."""
    with page.expect_response("**/api/v1/bookings/*"):
        page.reload()


class TestASummaryRefreshed:
    def test_still_shows_the_ticket(self, mine, theirs):
        pay = PayPage.of(mine)
        first, second = pay.seats
        pay.pay().pay_by_card()
        ticket = BookingPage(mine.page).expect_confirmed(first, second)
        calls = calls_that_change(mine.page)

        for _ in range(2):
            reload_and_look(mine.page)
            ticket.expect_confirmed(first, second)

        assert calls == []
        theirs.expect_state(first, "booked")
        assert Booking.objects.get().status == "confirmed"
        assert Payment.objects.get().resolution == "applied"

    def test_of_an_ended_booking_still_says_how_it_ended(self, mine):
        ended = PayPage.of(mine, 1).cancel().expect_ended("Booking cancelled")
        before = Booking.objects.get()
        calls = calls_that_change(mine.page)

        reload_and_look(mine.page)

        ended.expect_ended("Booking cancelled")
        assert calls == []
        assert Booking.objects.get().ended_at == before.ended_at

    def test_before_it_is_paid_keeps_the_hold(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        mine.page.goto(mine.page.url.removesuffix("pay/"))
        calls = calls_that_change(mine.page)

        reload_and_look(mine.page)

        expect(mine.page.get_by_role("heading", name="Not paid yet")).to_be_visible()
        assert calls == []
        theirs.expect_state(seat, "held")
        mine.page.get_by_role("link", name="Continue to payment").click()
        PayPage(mine.page).wait_until_held()
