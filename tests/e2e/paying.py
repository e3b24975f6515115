"""Paying as people do it: the payment page, Razorpay's window (the emulator's), and the page of a booking."""

import re

from playwright.sync_api import Page, Route, expect

from tests.e2e.pages import SeatPage

BUYER = {"Name": "Asha Rao", "Email": "asha@example.org", "Phone": "+91 98765 43210"}
GOOD_CARD = "Visa, succeeds"
BAD_CARD = "card declined"
RIGHT_OTP = "1234"
BOOKING_PATH = re.compile(r"/bookings/[0-9a-f-]{36}/$")
PAY_PATH = re.compile(r"/bookings/[0-9a-f-]{36}/pay/$")


class PayPage:
    """One open payment page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def of(cls, seats: SeatPage, count: int = 2) -> "PayPage":
        """Hold seats that stand together and proceed to payment."""
        seats.hold(*seats.free_seats(count))
        return cls.proceed(seats)

    @classmethod
    def proceed(cls, seats: SeatPage) -> "PayPage":
        seats.page.get_by_role("link", name="Proceed to payment").click()
        return cls(seats.page).wait_until_held()

    def wait_until_held(self) -> "PayPage":
        expect(self.page).to_have_url(PAY_PATH)
        expect(self.page.locator("#pay-page[data-phase=held]")).to_be_visible()
        return self

    @property
    def booking(self) -> str:
        """The id of its booking."""
        return self.page.url.rstrip("/").split("/")[-2]

    @property
    def seats(self) -> list[str]:
        return re.split(", | and ", self.page.locator(".order-seats b").inner_text())

    def fill(self, **other: str) -> None:
        """Say who pays."""
        for label, value in {**BUYER, **other}.items():
            self.page.get_by_label(label).fill(value)

    def pay(self) -> "Window":
        """Say who pays, press Pay, and wait for Razorpay's window."""
        self.fill()
        self.press_pay()
        return Window(self.page).wait_until_open()

    def press_pay(self) -> None:
        self.page.get_by_role("button", name=re.compile("^Pay ₹")).click()

    def change_seats(self) -> SeatPage:
        self.page.get_by_role("button", name="Change seats").click()
        return SeatPage(self.page).wait_until_live()

    def cancel(self) -> "BookingPage":
        """Cancel the booking, and mean it."""
        self.page.get_by_role("button", name="Cancel booking").click()
        answer(self.page, "Cancel booking")
        return BookingPage(self.page)

    def expect_complaint(self, words: str) -> None:
        expect(self.page.locator("#pay-wrong")).to_contain_text(words)

    def expect_busy(self, title: str) -> None:
        expect(self.page.get_by_role("heading", name=title)).to_be_visible()


class Window:
    """Razorpay's window over a payment page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frame = page.frame_locator("iframe.razorpay-checkout-frame")

    def wait_until_open(self) -> "Window":
        expect(self.frame.get_by_role("button", name=re.compile("^Pay ₹"))).to_be_visible()
        return self

    def expect_closed(self) -> None:
        expect(self.page.locator("iframe.razorpay-checkout-frame")).to_have_count(0)

    def send_card(self, card: str = GOOD_CARD) -> None:
        """Choose a test card and go on to the OTP."""
        self.frame.get_by_role("radio", name=re.compile("^Card")).check()
        self.frame.get_by_role("button", name=card).click()
        self.frame.get_by_role("button", name=re.compile("^Pay ₹")).click()

    def send_otp(self, otp: str = RIGHT_OTP) -> None:
        self.frame.get_by_label("One-time password").fill(otp)
        self.frame.get_by_role("button", name="Confirm payment").click()

    def pay_by_card(self, card: str = GOOD_CARD) -> None:
        """Card and OTP."""
        self.send_card(card)
        self.send_otp()

    def send_upi(self, vpa: str) -> None:
        """Send a request to a UPI app."""
        self.frame.get_by_role("radio", name=re.compile("^UPI")).check()
        self.frame.get_by_label("UPI ID").fill(vpa)
        self.frame.get_by_role("button", name=re.compile("^Pay ₹")).click()
        expect(self.frame.get_by_role("heading", name="Approve on your phone")).to_be_visible()

    def expect_failed(self) -> None:
        expect(self.frame.get_by_role("heading", name="Payment failed")).to_be_visible()

    def try_again(self) -> None:
        self.frame.get_by_role("button", name="Try again").click()

    def close(self) -> None:
        """Close it and mean it."""
        self.frame.get_by_role("button", name="Close checkout").click()
        self.frame.get_by_role("button", name="Yes, leave").click()


class BookingPage:
    """The page of one booking."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def expect_confirmed(self, *seats: str) -> "BookingPage":
        expect(self.page).to_have_url(BOOKING_PATH)
        expect(self.page.locator("[data-booking=confirmed]")).to_be_visible()
        if seats:
            expect(self.page.locator(".seat-ticket h2 b")).to_have_text(list(seats))
        return self

    def expect_ended(self, title: str) -> "BookingPage":
        """Over, said so, with a way to begin anew."""
        expect(self.page).to_have_url(BOOKING_PATH)
        expect(self.page.get_by_role("heading", name=title)).to_be_visible()
        expect(self.page.get_by_role("link", name="Start new booking")).to_be_visible()
        return self

    def expect_money(self, words: str) -> None:
        expect(self.page.locator("[data-refund]")).to_contain_text(words)

    def start_new(self) -> SeatPage:
        self.page.get_by_role("link", name="Start new booking").click()
        return SeatPage(self.page).wait_until_live()

    def cancel(self) -> None:
        """Cancel, and mean it."""
        self.page.get_by_role("button", name="Cancel booking").click()
        answer(self.page, "Cancel booking")


def answer(page: Page, words: str) -> None:
    """Answer the open question."""
    page.get_by_role("dialog").get_by_role("button", name=words).click()


def refused(route: Route, *, status: int = 503) -> None:
    """Answer a call as a house that is not ready does."""
    body = {"code": "not_ready", "detail": "Not now.", "retryable": True}
    route.fulfill(status=status, json=body)
