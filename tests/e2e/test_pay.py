"""Buying seats in real Chromium, from the map to the ticket: by card, by UPI, after a failure, in two tabs."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from bookings.models import Booking
from payments.models import Order
from tests.e2e.pages import SeatPage
from tests.e2e.paying import BAD_CARD, BookingPage, PayPage, refused
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


class TestPayingByCard:
    def test_leads_from_the_map_to_the_ticket_and_everybody_sees_it(self, mine, theirs):
        first, second = mine.free_seats(2)
        mine.hold(first, second)

        pay = PayPage.proceed(mine)
        theirs.expect_state(first, "held")
        pay.pay().pay_by_card()

        BookingPage(mine.page).expect_confirmed(first, second)
        theirs.expect_state(first, "booked")
        theirs.expect_state(second, "booked")

    def test_needs_no_webhook(self, mine, theirs, razorpay: Razorpay):
        razorpay.webhooks_to(None)
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats

        pay.pay().pay_by_card()

        BookingPage(mine.page).expect_confirmed(seat)
        theirs.expect_state(seat, "booked")

    def test_needs_no_word_of_the_page(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        mine.page.route("**/verify_payment/", refused)

        pay.pay().pay_by_card()

        BookingPage(mine.page).expect_confirmed(seat)
        theirs.expect_state(seat, "booked")


class TestPayingByUpi:
    def test_leads_to_the_ticket_and_everybody_sees_it(self, mine, theirs):
        pay = PayPage.of(mine)
        seats = pay.seats

        pay.pay().send_upi("success@razorpay")

        BookingPage(mine.page).expect_confirmed(*seats)
        for seat in seats:
            theirs.expect_state(seat, "booked")

    def test_waits_for_the_phone(self, mine, razorpay: Razorpay):
        pay = PayPage.of(mine, 1)
        seats = pay.seats
        pay.pay().send_upi("asha@somebank")
        (attempt,) = razorpay.ledger("payment.created")

        razorpay.answer(attempt["payment_id"], "success")

        BookingPage(mine.page).expect_confirmed(*seats)


class TestAFailedPayment:
    def test_may_be_tried_again_in_the_window(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        window = pay.pay()
        window.pay_by_card(BAD_CARD)
        window.expect_failed()
        theirs.expect_state(seat, "held")

        window.try_again()
        window.pay_by_card()

        BookingPage(mine.page).expect_confirmed(seat)
        theirs.expect_state(seat, "booked")

    def test_keeps_the_hold_when_the_window_is_closed_and_may_be_tried_again(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        window = pay.pay()
        window.pay_by_card(BAD_CARD)
        window.expect_failed()

        window.close()

        pay.wait_until_held()
        pay.expect_complaint("Your seats stay held")
        theirs.expect_state(seat, "held")
        pay.press_pay()
        window.wait_until_open().pay_by_card()
        BookingPage(mine.page).expect_confirmed(seat)
        theirs.expect_state(seat, "booked")

    def test_by_upi_keeps_the_hold_too(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        window = pay.pay()

        window.send_upi("failure@razorpay")
        window.expect_failed()

        theirs.expect_state(seat, "held")
        window.try_again()
        window.send_upi("success@razorpay")
        BookingPage(mine.page).expect_confirmed(seat)


class TestAnOrderTheHouseHasLost:
    def test_is_known_again_by_what_the_window_was_told(self, mine, razorpay: Razorpay):
        razorpay.plan_webhooks(hold=True)
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        mine.page.route("**/verify_payment/", refused)
        window = pay.pay()
        # As if the answer to its making had never come.
        Order.objects.update(razorpay_id=None, state="creating")

        window.pay_by_card()
        pay.expect_busy("We are checking your payment")
        (told,) = razorpay.webhooks("payment.captured")
        razorpay.release_webhooks(told["event_id"])

        BookingPage(mine.page).expect_confirmed(seat)


class TestWhatIsNotKnown:
    def test_is_checked_and_nobody_is_asked_for_money_again(self, mine, razorpay: Razorpay):
        razorpay.webhooks_to(None)
        pay = PayPage.of(mine, 1)
        mine.page.route("**/verify_payment/", refused)

        pay.pay().pay_by_card()

        pay.expect_busy("We are checking your payment")
        expect(mine.page.get_by_role("button", name="Pay ₹")).to_have_count(0)
        mine.page.unroute("**/verify_payment/")
        BookingPage(mine.page).expect_confirmed()
        assert len(razorpay.ledger("payment.created")) == 1

    def test_survives_a_reload_as_a_proof_of_payment_is_never_thrown_away(self, mine, razorpay: Razorpay):
        razorpay.webhooks_to(None)
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        mine.page.route("**/verify_payment/", refused)
        pay.pay().pay_by_card()
        pay.expect_busy("We are checking your payment")
        mine.page.unroute("**/verify_payment/")

        mine.page.reload()

        BookingPage(mine.page).expect_confirmed(seat)
        assert Booking.objects.get().cancel_reason == ""


class TestTheWayToTheWindow:
    def test_says_when_payments_cannot_be_taken_and_keeps_the_seats(self, mine):
        pay = PayPage.of(mine, 1)
        mine.page.route("**/checkout", refused)

        pay.fill()
        pay.press_pay()

        pay.expect_complaint("Payments cannot be taken for a moment. Nothing was charged. Your seats stay held")
        pay.wait_until_held()
        mine.page.unroute("**/checkout")
        pay.press_pay()
        expect(mine.page.locator("iframe.razorpay-checkout-frame")).to_be_visible()

    def test_says_when_the_window_cannot_be_loaded_and_loads_it_again(self, mine):
        pay = PayPage.of(mine, 1)
        mine.page.route("**/checkout.js", lambda route: route.abort())

        pay.fill()
        pay.press_pay()

        pay.expect_complaint("payment window could not be loaded")
        mine.page.unroute("**/checkout.js")
        pay.pay().pay_by_card()
        BookingPage(mine.page).expect_confirmed()

    def test_waits_through_a_moment_without_an_answer(self, mine):
        pay = PayPage.of(mine, 1)
        lost: list[str] = []

        def lose_the_first(route):
            if lost:
                route.continue_()
            else:
                lost.append(route.request.url)
                route.abort()

        mine.page.route("**/checkout", lose_the_first)

        pay.pay().pay_by_card()

        BookingPage(mine.page).expect_confirmed()
        assert lost


class TestPayingInTwoTabs:
    def test_the_tab_that_did_not_pay_shows_the_ticket_too(self, mine, theirs, razorpay: Razorpay):
        first = PayPage.of(mine, 1)
        (seat,) = first.seats
        window = first.pay()
        tab = mine.page.context.new_page()
        tab.goto(mine.page.url)
        second = PayPage(tab).wait_until_held()

        second.pay().pay_by_card()

        BookingPage(tab).expect_confirmed(seat)
        BookingPage(mine.page).expect_confirmed(seat)
        window.expect_closed()
        theirs.expect_state(seat, "booked")
        assert len(razorpay.ledger("order.created")) == 1


class TestChangingSeats:
    def test_leads_back_to_the_map_with_the_seats_still_held(self, mine, theirs):
        first, second = mine.free_seats(2)
        mine.hold(first)
        pay = PayPage.proceed(mine)

        seats = pay.change_seats()

        seats.expect_hold(first)
        theirs.expect_state(first, "held")
        seats.hold(second)
        pay = PayPage.proceed(seats)
        assert pay.seats == [first, second]
        pay.pay().pay_by_card()
        BookingPage(mine.page).expect_confirmed(first, second)
        theirs.expect_state(second, "booked")

    def test_after_a_failed_payment_opens_the_frozen_seats_again(self, mine):
        first, second = mine.free_seats(2)
        mine.hold(first)
        pay = PayPage.proceed(mine)
        window = pay.pay()
        window.pay_by_card(BAD_CARD)
        window.expect_failed()
        window.close()
        pay.wait_until_held()

        seats = pay.change_seats()

        seats.seat(first).click()
        seats.expect_no_hold()
        seats.hold(second)
        assert PayPage.proceed(seats).seats == [second]

    def test_tells_another_tab_where_they_went(self, mine):
        pay = PayPage.of(mine, 1)
        tab = mine.page.context.new_page()
        tab.goto(mine.page.url)
        other = PayPage(tab).wait_until_held()

        pay.change_seats()

        expect(other.page.get_by_role("heading", name="You went back to the seats")).to_be_visible()
        other.page.get_by_role("link", name="Back to the seat map").click()
        SeatPage(other.page).wait_until_live()
