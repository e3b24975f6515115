"""Buying seats in real Chromium, from the map to the ticket: by card, by UPI, after a failure, and not at all."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.pages import SeatPage
from tests.e2e.paying import BookingPage, PayPage
from tests.support.house import RunningHouse
from tests.support.razorpay import Razorpay

pytestmark = pytest.mark.e2e

Come = Callable[..., Page]


@pytest.fixture
def mine(visitor: Come, live_house: RunningHouse, razorpay: Razorpay) -> SeatPage:
    """My page of a show."""
    return SeatPage.open_any(visitor(), live_house.url)


@pytest.fixture
def theirs(visitor: Come, mine: SeatPage) -> SeatPage:
    """Somebody else's page of the same show."""
    return SeatPage.open(visitor(), mine.url)


class TestPayingByCard:
    def test_leads_from_the_map_to_the_ticket_and_everybody_sees_it(self, mine, theirs):
        first, second = mine.free_seats(2)
        mine.hold(first, second)

        pay = PayPage.proceed(mine)
        pay.pay().pay_by_card()

        BookingPage(mine.page).expect_confirmed(first, second)
        theirs.expect_state(first, "booked")
        theirs.expect_state(second, "booked")
