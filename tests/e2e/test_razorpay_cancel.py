"""Closing Razorpay's window (the brief's Razorpay cancel): the booking ends, and money that comes all the same is
not lost.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from bookings.models import Booking
from tests.e2e.pages import SeatPage
from tests.e2e.paying import BookingPage, PayPage
from tests.support.house import RunningHouse
from tests.support.razorpay import Razorpay

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


class TestClosingTheWindow:
    def test_cancels_and_frees_the_seats_for_everybody(self, mine, theirs):
        pay = PayPage.of(mine)
        first, second = pay.seats
        window = pay.pay()
        theirs.expect_state(first, "held")

        window.close()

        ended = BookingPage(mine.page).expect_ended("Booking cancelled")
        ended.expect_money("Nothing was charged, as far as we know")
        theirs.expect_state(first, "available")
        theirs.expect_state(second, "available")
        assert Booking.objects.get().cancel_reason == "dismiss"

    def test_leads_on_to_a_new_booking(self, mine):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        pay.pay().close()

        seats = BookingPage(mine.page).expect_ended("Booking cancelled").start_new()

        seats.expect_no_hold()
        seats.hold(seat)
        assert PayPage.proceed(seats).seats == [seat]

    def test_is_asked_about_first(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        window = pay.pay()

        window.frame.get_by_role("button", name="Close checkout").click()
        window.frame.get_by_role("button", name="Continue paying").click()

        window.wait_until_open().pay_by_card()
        BookingPage(mine.page).expect_confirmed(seat)

    def test_is_said_again_until_the_house_has_heard_it(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        window = pay.pay()
        lost: list[str] = []

        def lose_the_first(route):
            if lost:
                route.continue_()
            else:
                lost.append(route.request.url)
                route.abort()

        mine.page.route("**/api/cancel_booking/", lose_the_first)

        window.close()

        BookingPage(mine.page).expect_ended("Booking cancelled")
        theirs.expect_state(seat, "available")


class TestMoneyThatComesAllTheSame:
    def test_gets_the_seats_while_they_are_free_and_the_page_shows_it(self, mine, theirs, razorpay: Razorpay):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        window = pay.pay()
        window.send_upi("asha@somebank")
        (attempt,) = razorpay.ledger("payment.created")
        window.close()
        ended = BookingPage(mine.page).expect_ended("Booking cancelled")
        ended.expect_money("If money was taken all the same")
        theirs.expect_state(seat, "available")

        razorpay.answer(attempt["payment_id"], "success")

        ended.expect_confirmed(seat)
        theirs.expect_state(seat, "booked")

    def test_goes_back_when_they_are_taken_and_the_page_says_so(self, mine, theirs, razorpay: Razorpay):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        window = pay.pay()
        window.send_upi("asha@somebank")
        (attempt,) = razorpay.ledger("payment.created")
        window.close()
        ended = BookingPage(mine.page).expect_ended("Booking cancelled")
        theirs.hold(seat)

        razorpay.answer(attempt["payment_id"], "success")

        ended.expect_money("Your payment came when the seats were gone already")
        expect(mine.page.locator("[data-refund=due]")).to_contain_text("goes back to you")
        theirs.expect_state(seat, "mine")
