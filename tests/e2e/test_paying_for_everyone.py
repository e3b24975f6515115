"""The pages of a booking for ears, keyboards, weak eyes and narrow windows; and what the form keeps."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import MovableClock, SeatPage
from tests.e2e.paying import BUYER, BookingPage, PayPage
from tests.e2e.test_accessibility import (
    WIDTHS,
    assert_every_control_is_named,
    assert_one_heading_is_above_all_others,
    assert_readable_in_both_schemes,
    window,
)
from tests.support.house import RunningHouse

pytestmark = pytest.mark.e2e

OpenSeats = Callable[..., SeatPage]
Go = Callable[..., Page]
SHIFTS = (
    "window.shifts = 0; new PerformanceObserver((list) => list.getEntries().forEach("
    "(entry) => { window.shifts += entry.value; })).observe({ type: 'layout-shift', buffered: true });"
)


@pytest.fixture(params=["pay", "pay-wrong", "question", "ticket", "ended", "not-paid", "my-bookings"])
def go(request: pytest.FixtureRequest, open_seats: OpenSeats, live_house: RunningHouse) -> Go:
    """Call it for the page of somebody new."""

    def take(**options: object) -> Page:
        seats = open_seats(live_house, **options)
        pay = PayPage.of(seats)
        page = pay.page
        match request.param:
            case "pay-wrong":
                pay.press_pay()
            case "question":
                page.get_by_role("button", name="Cancel booking").click()
            case "ticket":
                pay.pay().pay_by_card()
                BookingPage(page).expect_confirmed()
            case "ended":
                pay.pay().close()
                BookingPage(page).expect_ended("Booking cancelled")
            case "not-paid":
                page.goto(page.url.removesuffix("pay/"))
            case "my-bookings":
                page.goto(f"{live_house.url}/my/bookings/")
        page.wait_for_load_state()  # With its styles.
        return page

    return take


class TestEveryPageOfABooking:
    def test_has_names_for_ears_and_can_be_read_in_both_schemes_and_in_every_window(self, go: Go) -> None:
        page = go(reduced_motion="reduce", viewport=window(WIDTHS[0]))

        for width in WIDTHS:
            page.set_viewport_size(window(width))
            assert_every_control_is_named(page, controls_min=2)
            assert_one_heading_is_above_all_others(page, among="main :is(h1, h2, h3)")
            assert_readable_in_both_schemes(page)
            assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.fixture
def mine(open_seats: OpenSeats, live_house: RunningHouse) -> SeatPage:
    """My page of a show."""
    return open_seats(live_house)


class TestThePaymentForm:
    def test_says_what_is_missing_where_it_is_missing(self, mine):
        pay = PayPage.of(mine, 1)
        pay.fill(Email="asha@")

        pay.press_pay()

        email = mine.page.get_by_label("Email")
        expect(email).to_be_focused()
        expect(email).to_have_attribute("aria-invalid", "true")
        expect(email).to_have_accessible_description("Enter an address like asha@example.org.")
        email.fill("asha@example.org")
        expect(email).not_to_have_attribute("aria-invalid", "true")
        expect(email).to_have_accessible_description("")

    def test_asks_the_browser_for_what_it_knows(self, mine):
        PayPage.of(mine, 1)

        asked = mine.page.locator("#buyer input[autocomplete]").evaluate_all("all => all.map((i) => i.autocomplete)")

        assert asked == ["name", "email", "tel"]

    def test_is_sent_by_the_enter_key(self, mine):
        pay = PayPage.of(mine, 1)
        pay.fill()

        mine.page.get_by_label("Name").press("Enter")

        expect(mine.page.locator("iframe.razorpay-checkout-frame")).to_be_visible()

    def test_keeps_nothing_unless_asked(self, mine):
        PayPage.of(mine, 1).pay().pay_by_card()
        BookingPage(mine.page).expect_confirmed()

        kept = mine.page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")

        for told in BUYER.values():
            assert told not in kept

    def test_keeps_the_buyer_for_the_next_booking_if_asked(self, mine):
        show_url = mine.url
        pay = PayPage.of(mine, 1)
        mine.page.get_by_label("Remember these on this device").check()
        pay.pay().pay_by_card()
        BookingPage(mine.page).expect_confirmed()

        PayPage.of(SeatPage.open(mine.page, show_url), 1)

        for label, told in BUYER.items():
            expect(mine.page.get_by_label(label)).to_have_value(told)
        expect(mine.page.get_by_label("Remember these on this device")).to_be_checked()


class TestThePaymentPage:
    def test_moves_nothing_while_it_comes_alive(self, mine):
        mine.page.add_init_script(SHIFTS)

        PayPage.of(mine)

        assert mine.page.evaluate("window.shifts") < 0.02

    def test_is_walked_by_the_tab_key_in_the_order_it_is_read(self, mine):
        PayPage.of(mine, 1)

        walked = []
        for _ in range(10):
            mine.page.keyboard.press("Tab")
            walked.append(
                mine.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
            )

        assert walked == [
            "Skip to the content", "HOUSEFULL", "My bookings", "Sign in", "change-seats", "name", "email", "phone",
            "keep", "pay",
        ]  # fmt: skip

    def test_says_the_time_left_to_ears_at_milestones_only(self, open_seats: OpenSeats, live_house: RunningHouse):
        mine = open_seats(live_house)
        clock = MovableClock(mine.page)
        PayPage.of(mine, 1)
        expect(mine.page.locator("#clock-left")).to_have_attribute("aria-live", "off")

        clock.move_on(seconds=9 * 60)

        expect(mine.page.locator("#says")).to_have_text("1 minute left to pay.")
        expect(mine.page.locator("#pay-page[data-urgent]")).to_be_visible()
