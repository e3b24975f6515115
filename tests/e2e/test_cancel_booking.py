"""Cancelling on purpose (the brief's cancel booking): before paying nothing is owed, afterwards the theatre's policy
says what comes back.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bookings.models import Booking, Show
from tests.e2e.pages import SeatPage
from tests.e2e.paying import BookingPage, PayPage, answer
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


@pytest.fixture
def worker(_long_holds: RunningHouse) -> Iterator[None]:
    """Somebody who pays refunds."""
    _long_holds.start_worker()
    yield
    _long_holds.stop("worker")


def begins_in(show: Show, hours: float) -> None:
    """Move the show, so that the policy's hours are met."""
    by = timedelta(hours=hours - 2)
    Show.objects.filter(pk=show.pk).update(
        starts_at=show.starts_at + by, ends_at=show.ends_at + by, sales_close_at=show.sales_close_at + by
    )


class TestBeforePaying:
    def test_frees_the_seats_for_everybody_and_charges_nothing(self, mine, theirs):
        pay = PayPage.of(mine)
        first, second = pay.seats

        ended = pay.cancel()

        ended.expect_ended("Booking cancelled").expect_money("Nothing was charged.")
        theirs.expect_state(first, "available")
        theirs.expect_state(second, "available")
        assert Booking.objects.get().cancel_reason == "user"

    def test_can_be_thought_better_of(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        mine.page.get_by_role("button", name="Cancel booking").click()

        answer(mine.page, "Keep my seats")

        pay.pay().pay_by_card()
        BookingPage(mine.page).expect_confirmed(seat)

    def test_does_not_throw_away_what_was_paid_a_moment_ago(self, mine, theirs, razorpay: Razorpay):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        deaf = mine.page.context.new_page()
        deaf.route_web_socket("**/ws/shows/**", lambda socket: None)
        deaf.route("**/api/v1/bookings/*", lambda route: route.abort())
        deaf.goto(mine.page.url)
        PayPage(deaf).wait_until_held()
        pay.pay().pay_by_card()
        BookingPage(mine.page).expect_confirmed(seat)

        PayPage(deaf).cancel()

        BookingPage(deaf).expect_confirmed(seat)
        theirs.expect_state(seat, "booked")
        assert Booking.objects.get().status == "confirmed"


class TestAfterPaying:
    @pytest.mark.parametrize(
        ("hours", "promise", "outcome"),
        [
            (48, "You get back ₹250, all that you paid.", "₹250 goes back to you"),
            (10, "You get back ₹125 of the ₹250 that you paid.", "₹125 goes back to you"),
            (1, "This close to the show, nothing is paid back.", "So close to the show, nothing is paid back."),
        ],
        ids=["whole", "half", "nothing"],
    )
    def test_says_first_what_comes_back_and_then_where_it_is(
        self,
        open_seats: OpenSeats,
        live_house: RunningHouse,
        a_show_on_sale: Show,
        hours: float,
        promise: str,
        outcome: str,
    ):
        begins_in(a_show_on_sale, hours)
        mine = open_seats(live_house)
        theirs = open_seats(live_house)
        mine.hold("A1")
        PayPage.proceed(mine).pay().pay_by_card()
        ticket = BookingPage(mine.page).expect_confirmed("A1")
        mine.page.get_by_role("button", name="Cancel booking").click()
        expect(mine.page.get_by_role("dialog")).to_contain_text(promise)

        answer(mine.page, "Cancel booking")

        ticket.expect_ended("Booking cancelled").expect_money(outcome)
        theirs.expect_state("A1", "available")

    def test_follows_the_money_until_it_is_back(
        self,
        worker: None,
        open_seats: OpenSeats,
        live_house: RunningHouse,
        a_show_on_sale: Show,
        razorpay: Razorpay,
    ):
        begins_in(a_show_on_sale, 48)
        mine = open_seats(live_house)
        PayPage.of(mine, 1).pay().pay_by_card()
        ticket = BookingPage(mine.page).expect_confirmed()

        ticket.cancel()

        ticket.expect_money("was paid back")
        (refund,) = razorpay.ledger("refund.created")
        assert refund["payment_id"]

    def test_can_be_thought_better_of(self, mine, theirs):
        pay = PayPage.of(mine, 1)
        (seat,) = pay.seats
        pay.pay().pay_by_card()
        ticket = BookingPage(mine.page).expect_confirmed(seat)
        mine.page.get_by_role("button", name="Cancel booking").click()

        answer(mine.page, "Keep my seats")

        mine.page.reload()
        ticket.expect_confirmed(seat)
        theirs.expect_state(seat, "booked")

    def test_is_seen_in_another_tab_at_once(self, mine):
        pay = PayPage.of(mine, 1)
        pay.pay().pay_by_card()
        ticket = BookingPage(mine.page).expect_confirmed()
        tab: Page = mine.page.context.new_page()
        with tab.expect_websocket():
            tab.goto(mine.page.url)
        other: Any = BookingPage(tab).expect_confirmed()

        ticket.cancel()

        other.expect_ended("Booking cancelled")
