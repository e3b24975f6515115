"""What is a refresh of the payment page and what is not (the brief's refresh detection): a reload is; a new tab,
back and forward, and a tab that the phone had put away are not.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bookings.models import Booking
from tests.e2e.pages import SeatPage
from tests.e2e.paying import BookingPage, PayPage
from tests.support.house import RunningHouse
from tests.support.razorpay import Razorpay

pytestmark = pytest.mark.e2e

OpenSeats = Callable[..., SeatPage]

DISCARDED = "Object.defineProperty(document, 'wasDiscarded', { get: () => true });"
# A tab that is put away hears no goodbye, and some browsers do not say afterwards that they had put it away.
NO_GOODBYE = """
const listen = window.addEventListener;
window.addEventListener = (kind, ...rest) => kind === "pagehide" || listen.call(window, kind, ...rest);
"""
HIDDEN = """() => {
  Object.defineProperty(document, "hidden", { get: () => true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def mine(open_seats: OpenSeats, live_house: RunningHouse) -> SeatPage:
    """My page of a show."""
    return open_seats(live_house)


@pytest.fixture
def theirs(open_seats: OpenSeats, live_house: RunningHouse, mine: SeatPage) -> SeatPage:
    """Somebody else's page of the same show."""
    return open_seats(live_house)


def come_back(page: Page, how: Callable[[], object]) -> PayPage:
    """Come to the payment page by `how` and wait until its script has decided what that means."""
    with page.expect_response(lambda reply: "/api/v1/bookings/" in reply.url and reply.request.method == "GET"):
        how()
    return PayPage(page).wait_until_held()


def expect_still_held(theirs: SeatPage, seat: str) -> None:
    theirs.expect_state(seat, "held")
    assert Booking.objects.get().status == "pending"


class TestARefresh:
    def test_cancels_and_frees_the_seats_for_everybody(self, mine, theirs):
        pay = PayPage.of(mine)
        first, second = pay.seats
        theirs.expect_state(first, "held")

        mine.page.reload()

        BookingPage(mine.page).expect_ended("Booking cancelled").expect_money("Nothing was charged.")
        theirs.expect_state(first, "available")
        theirs.expect_state(second, "available")
        assert Booking.objects.get().cancel_reason == "refresh"

    def test_cancels_while_razorpays_window_is_open_and_late_money_still_gets_the_seats(
        self, mine, theirs, razorpay: Razorpay
    ):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        pay.pay().send_upi("asha@somebank")
        (attempt,) = razorpay.ledger("payment.created")

        mine.page.reload()

        ended = BookingPage(mine.page).expect_ended("Booking cancelled")
        ended.expect_money("If money was taken all the same, it comes back by itself, or your seats are confirmed")
        theirs.expect_state(seat, "available")
        razorpay.answer(attempt["payment_id"], "success")
        ended.expect_confirmed(seat)
        theirs.expect_state(seat, "booked")

    def test_is_heard_even_when_the_first_word_is_lost(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        lost: list[str] = []

        def lose_the_first(route):
            if lost:
                route.continue_()
            else:
                lost.append(route.request.url)
                route.abort()

        mine.page.route("**/api/cancel_booking/", lose_the_first)

        mine.page.reload()

        BookingPage(mine.page).expect_ended("Booking cancelled")
        theirs.expect_state(seat, "available")

    def test_that_shall_resume_goes_on_where_it_was(self, open_seats: OpenSeats, resuming_house: RunningHouse):
        mine, theirs = open_seats(resuming_house), open_seats(resuming_house)
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats

        pay = come_back(mine.page, mine.page.reload)

        expect_still_held(theirs, seat)
        pay.pay().pay_by_card()
        BookingPage(mine.page).expect_confirmed(seat)
        theirs.expect_state(seat, "booked")

    def test_that_shall_resume_asks_for_no_money_while_an_attempt_of_before_may_succeed(
        self, open_seats: OpenSeats, resuming_house: RunningHouse, razorpay: Razorpay
    ):
        mine = open_seats(resuming_house)
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        pay.pay().send_upi("asha@somebank")
        (attempt,) = razorpay.ledger("payment.created")

        mine.page.reload()

        pay.expect_busy("We are checking your payment")
        expect(mine.page.get_by_role("button", name="Pay ₹")).to_have_count(0)
        razorpay.answer(attempt["payment_id"], "success")
        BookingPage(mine.page).expect_confirmed(seat)

    def test_that_shall_resume_lets_the_buyer_say_that_he_has_not_paid(
        self, open_seats: OpenSeats, resuming_house: RunningHouse
    ):
        mine = open_seats(resuming_house)
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        pay.pay()
        mine.page.reload()
        pay.expect_busy("We are checking your payment")

        mine.page.get_by_role("button", name="I have not paid yet").click()

        pay.pay().pay_by_card()
        BookingPage(mine.page).expect_confirmed(seat)


class TestANewTab:
    def test_cancels_nothing_and_goes_on(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        tab = mine.page.context.new_page()

        pay = come_back(tab, lambda: tab.goto(mine.page.url))

        expect_still_held(theirs, seat)
        pay.pay().pay_by_card()
        BookingPage(tab).expect_confirmed(seat)
        theirs.expect_state(seat, "booked")

    def test_does_not_count_as_seen_when_it_is_reloaded_before_it_was_shown(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        tab = mine.page.context.new_page()
        tab.route("**/js/pay/pay.js", lambda route: route.abort())
        tab.goto(mine.page.url)
        tab.unroute("**/js/pay/pay.js")

        come_back(tab, tab.reload)

        expect_still_held(theirs, seat)

    def test_that_is_refreshed_cancels_as_any_other(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        tab = mine.page.context.new_page()
        come_back(tab, lambda: tab.goto(mine.page.url))

        tab.reload()

        BookingPage(tab).expect_ended("Booking cancelled")
        BookingPage(mine.page).expect_ended("Booking cancelled")
        theirs.expect_state(seat, "available")

    def test_closed_again_leaves_the_hold_to_its_time(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        url = mine.page.url
        context = mine.page.context

        mine.page.close()

        expect_still_held(theirs, seat)
        tab = context.new_page()
        come_back(tab, lambda: tab.goto(url))
        expect_still_held(theirs, seat)


class TestBackAndForward:
    def test_cancel_nothing(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        mine.page.get_by_role("link", name="Housefull, now showing").click()
        expect(mine.page.get_by_role("heading", name="Now showing")).to_be_visible()

        come_back(mine.page, mine.page.go_back)

        expect_still_held(theirs, seat)

    def test_out_of_the_browsers_memory_look_at_the_booking_again(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats

        come_back(
            mine.page,
            lambda: mine.page.evaluate(
                "dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));"
                "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));"
            ),
        )

        expect_still_held(theirs, seat)

    def test_after_the_end_lead_to_what_became_of_it(self, mine):
        pay = PayPage.of(mine, 1)
        url = mine.page.url
        pay.cancel().expect_ended("Booking cancelled")

        mine.page.goto(url)

        BookingPage(mine.page).expect_ended("Booking cancelled")


class TestATabThatWasPutAway:
    def test_goes_on_where_the_browser_says_so(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        mine.page.add_init_script(DISCARDED)

        pay = come_back(mine.page, mine.page.reload)

        expect_still_held(theirs, seat)
        pay.pay().pay_by_card()
        BookingPage(mine.page).expect_confirmed(seat)

    def test_goes_on_where_the_browser_does_not_say_so(self, mine, theirs):
        mine.page.add_init_script(NO_GOODBYE)
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        mine.page.evaluate(HIDDEN)

        come_back(mine.page, mine.page.reload)

        expect_still_held(theirs, seat)

    def test_while_its_reader_paid_in_his_upi_app_shows_the_ticket(self, mine, theirs, razorpay: Razorpay):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        pay.pay().send_upi("asha@somebank")
        (attempt,) = razorpay.ledger("payment.created")
        mine.page.add_init_script(DISCARDED)

        mine.page.reload()
        pay.expect_busy("We are checking your payment")
        razorpay.answer(attempt["payment_id"], "success")

        BookingPage(mine.page).expect_confirmed(seat)
        theirs.expect_state(seat, "booked")
