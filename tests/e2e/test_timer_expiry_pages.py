"""The time to pay is over (the brief's timer expiry), on the pages: the booking ends and says so."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from bookings.models import Booking
from tests.e2e.pages import MovableClock, SeatPage
from tests.e2e.paying import BookingPage, PayPage
from tests.support.house import RunningHouse

pytestmark = pytest.mark.e2e

OpenSeats = Callable[..., SeatPage]
HOLD_SECONDS = 600


class TestTheTimerAtZero:
    def test_ends_the_booking_and_frees_the_seats_for_everybody(
        self, open_seats: OpenSeats, short_live_house: RunningHouse
    ):
        mine, theirs = open_seats(short_live_house), open_seats(short_live_house)
        (seat,) = mine.free_seats(1)
        mine.hold(seat)
        theirs.expect_state(seat, "held")

        mine.page.get_by_role("link", name="Proceed to payment").click()

        ended = BookingPage(mine.page).expect_ended("Your hold ended")
        ended.expect_money("Nothing was charged.")
        theirs.expect_state(seat, "available")
        booking = Booking.objects.get()
        assert (booking.status, booking.cancel_reason) in {("cancelled", "timer"), ("expired", "")}

    def test_leads_on_to_a_new_booking(self, open_seats: OpenSeats, short_live_house: RunningHouse):
        mine = open_seats(short_live_house)
        (seat,) = mine.free_seats(1)
        mine.hold(seat)
        mine.page.get_by_role("link", name="Proceed to payment").click()

        seats = BookingPage(mine.page).expect_ended("Your hold ended").start_new()

        seats.hold(seat)

    def test_begins_no_payment_that_could_not_end_in_time(self, open_seats: OpenSeats, live_house: RunningHouse):
        mine = open_seats(live_house)
        clock = MovableClock(mine.page)
        PayPage.of(mine, 1)
        expect(mine.page.locator("#pay:not([aria-disabled])")).to_be_visible()

        # Just within the 20 s that are too little (model/safely.js); then the page waits for the end, and leaves.
        clock.move_on(seconds=mine.left_seconds() - 19)

        expect(mine.page.locator("#pay[aria-disabled=true]")).to_be_visible()

    def test_opens_no_window_when_the_time_ran_out_meanwhile(self, open_seats: OpenSeats, live_house: RunningHouse):
        mine = open_seats(live_house)
        mine.page.clock.install()
        mine.hold(*mine.free_seats(1))
        # No word from the house, which would set the page's clock right again.
        mine.page.route_web_socket("**/ws/**", lambda socket: None)
        pay = PayPage.proceed(mine)
        pay.fill()
        lost: list[Route] = []
        mine.page.route("**/checkout", lambda route: route.continue_() if lost else lost.append(route))
        with mine.page.expect_request("**/checkout"):
            pay.press_pay()

        mine.page.clock.fast_forward((mine.left_seconds() - 15) * 1000)

        pay.expect_complaint("Too little time is left")
        expect(mine.page.locator("iframe.razorpay-checkout-frame")).to_have_count(0)

    def test_closes_razorpays_window(self, open_seats: OpenSeats, live_house: RunningHouse):
        mine, theirs = open_seats(live_house), open_seats(live_house)
        clock = MovableClock(mine.page)
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        window = pay.pay()

        clock.move_on(seconds=HOLD_SECONDS)

        BookingPage(mine.page).expect_ended("Your hold ended")
        window.expect_closed()
        theirs.expect_state(seat, "available")
        assert Booking.objects.get().cancel_reason == "timer"
