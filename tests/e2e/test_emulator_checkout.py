"""The emulator's checkout.js in real Chromium, on a merchant's page of another origin."""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import FrameLocator, Page, expect

from tests.support.razorpay import Razorpay, running_emulator
from tests.support.razorpay_keys import KEY_ID

MERCHANT_PAGE = """<!doctype html><html lang="en"><title>Merchant</title>
<button id="pay">Pay</button><input id="other" aria-label="Other">
<script src="%(gateway)s/v1/checkout.js"></script>
<script>
  window.seen = [];
  document.getElementById("pay").addEventListener("click", () => {
    const { modal, ...options } = window.wish ?? {};
    window.rzp = new Razorpay({
      key: "%(key)s", name: "Housefull", description: "Sholay, E4 and E5",
      prefill: { name: "Priya", email: "priya@example.com", contact: "+919876543210" },
      handler: (response) => window.seen.push(["handler", response]),
      ...options,
      modal: { ondismiss: () => window.seen.push(["dismiss"]), ...modal },
    });
    rzp.on("payment.failed", (response) => window.seen.push(["failed", response.error]));
    rzp.open();
  });
</script></html>"""


@pytest.fixture(scope="module")
def _running() -> Iterator[Razorpay]:
    with running_emulator() as emulator:
        yield emulator


@pytest.fixture
def gateway(_running: Razorpay) -> Razorpay:
    _running.reset()
    _running.switch(upi_seconds=0.3)
    return _running


@pytest.fixture(scope="module")
def merchant_url(_running: Razorpay) -> Iterator[str]:
    """A page of another port, which is another origin."""
    body = (MERCHANT_PAGE % {"gateway": _running.url, "key": KEY_ID}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


class Checkout:
    """The open modal, as a buyer uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frame: FrameLocator = page.frame_locator("iframe.razorpay-checkout-frame")
        expect(self.frame.get_by_role("dialog", name="Housefull")).to_be_visible()

    def press(self, name: str) -> None:
        self.frame.get_by_role("button", name=name, exact=True).click()

    def pay_by_upi(self, vpa: str) -> None:
        self.frame.get_by_label("UPI ID").fill(vpa)
        self.press("Pay ₹1,250")

    def pay_by_card(self, card: str, otp: str) -> None:
        self.frame.get_by_role("radio", name="Card").check()
        self.press(card)
        self.press("Pay ₹1,250")
        self.frame.get_by_label("One-time password").fill(otp)
        self.press("Confirm payment")

    def expect_heading(self, text: str) -> None:
        expect(self.frame.get_by_role("heading", name=text)).to_be_visible()

    def expect_gone(self) -> None:
        expect(self.page.locator("iframe.razorpay-checkout-frame")).to_have_count(0)

    def seen(self) -> list[Any]:
        """What the merchant's page was told."""
        self.expect_gone()
        found: list[Any] = self.page.evaluate("seen")
        return found


@pytest.fixture
def open_checkout(visitor: Callable[..., Any], merchant_url: str, gateway: Razorpay) -> Callable[..., Checkout]:
    """Open the checkout for a new order of ₹1,250, with more options of the constructor."""

    def opened(*, screen: dict[str, Any] | None = None, **options: Any) -> Checkout:
        page: Page = visitor(**(screen or {}))
        page.goto(merchant_url)
        page.evaluate("wish => { window.wish = wish }", {"order_id": gateway.create_order(), **options})
        page.get_by_role("button", name="Pay").click()
        return Checkout(page)

    return opened


Opener = Callable[..., Checkout]


class TestPaying:
    def test_by_card_with_an_otp_hands_over_exactly_three_values_that_verify(
        self, open_checkout: Opener, gateway: Razorpay
    ) -> None:
        checkout = open_checkout()
        checkout.pay_by_card("Visa, succeeds", "1234")
        checkout.expect_heading("Payment successful")
        [[kind, handed]] = checkout.seen()

        assert kind == "handler"
        assert set(handed) == {"razorpay_payment_id", "razorpay_order_id", "razorpay_signature"}
        assert gateway.sdk().utility.verify_payment_signature(handed) is True
        assert gateway.sdk().payment.fetch(handed["razorpay_payment_id"])["status"] == "captured"

    def test_by_upi_waits_for_the_bank(self, open_checkout: Opener) -> None:
        checkout = open_checkout()
        checkout.pay_by_upi("success@razorpay")
        checkout.expect_heading("Approve on your phone")
        checkout.expect_heading("Payment successful")

        assert [kind for kind, *_ in checkout.seen()] == ["handler"]

    def test_by_upi_is_approved_on_the_phone(self, open_checkout: Opener, visitor: Any, gateway: Razorpay) -> None:
        checkout = open_checkout()
        checkout.pay_by_upi("priya@okbank")
        checkout.expect_heading("Approve on your phone")
        phone = visitor()
        phone.goto(f"{gateway.url}/phone")
        phone.get_by_role("button", name="Approve").click()
        checkout.expect_heading("Payment successful")

        assert [kind for kind, *_ in checkout.seen()] == ["handler"]

    def test_by_netbanking_goes_over_the_bank_s_page(self, open_checkout: Opener) -> None:
        checkout = open_checkout()
        checkout.frame.get_by_role("radio", name="Netbanking").check()
        checkout.frame.get_by_label("Bank", exact=True).select_option("HDFC Bank")
        checkout.press("Pay ₹1,250")
        checkout.press("Success")
        checkout.expect_heading("Payment successful")

        assert [kind for kind, *_ in checkout.seen()] == ["handler"]

    def test_that_fails_may_be_tried_again(self, open_checkout: Opener, gateway: Razorpay) -> None:
        checkout = open_checkout()
        checkout.pay_by_card("insufficient funds", "1234")
        checkout.expect_heading("Payment failed")
        checkout.press("Try again")
        checkout.pay_by_card("Visa, succeeds", "1234")
        checkout.expect_heading("Payment successful")
        [[failed, error], [handler, handed]] = checkout.seen()

        assert (failed, handler) == ("failed", "handler")
        assert error["reason"] == "insufficient_funds"
        assert set(error) == {"code", "description", "source", "step", "reason", "metadata"}
        assert error["metadata"]["order_id"] == handed["razorpay_order_id"]
        assert error["metadata"]["payment_id"] != handed["razorpay_payment_id"]

    def test_with_an_otp_that_is_too_short_fails(self, open_checkout: Opener) -> None:
        checkout = open_checkout()
        checkout.pay_by_card("Visa, succeeds", "123")
        checkout.expect_heading("Payment failed")

        expect(checkout.frame.get_by_text("incorrect otp").first).to_be_visible()

    def test_without_retry_ends_after_the_first_failure(self, open_checkout: Opener) -> None:
        checkout = open_checkout(retry={"enabled": False})
        checkout.pay_by_upi("failure@razorpay")
        checkout.expect_heading("Payment failed")
        expect(checkout.frame.get_by_role("button", name="Try again")).to_have_count(0)

        assert [kind for kind, *_ in checkout.seen()] == ["failed", "dismiss"]

    def test_takes_no_card_that_is_not_a_test_card(self, open_checkout: Opener, gateway: Razorpay) -> None:
        checkout = open_checkout()
        checkout.frame.get_by_role("radio", name="Card").check()
        checkout.frame.get_by_label("Card number").fill("4111 1111 1111 1111")
        checkout.frame.get_by_label("Expires").fill("1234")
        checkout.frame.get_by_label("CVV").fill("123")
        checkout.press("Pay ₹1,250")

        expect(checkout.frame.get_by_text("never enter a real card")).to_be_visible()
        assert gateway.ledger("payment.created") == []

    def test_an_order_that_is_paid_is_refused(self, open_checkout: Opener, gateway: Razorpay) -> None:
        paid = gateway.pay(gateway.create_order(), "capture")
        checkout = open_checkout(order_id=paid.order_id)
        checkout.expect_heading("This cannot be paid")

        expect(checkout.frame.get_by_text("the order is already paid").first).to_be_visible()


class TestLeaving:
    def test_by_escape_dismisses_and_gives_the_focus_back(self, open_checkout: Opener) -> None:
        checkout = open_checkout()
        checkout.page.keyboard.press("Escape")

        assert checkout.seen() == [["dismiss"]]
        assert checkout.page.evaluate("document.activeElement.id") == "pay"

    def test_by_escape_only_where_it_is_allowed(self, open_checkout: Opener) -> None:
        checkout = open_checkout(modal={"escape": False})
        checkout.page.keyboard.press("Escape")
        checkout.frame.get_by_role("button", name="Close checkout").click()

        assert checkout.seen() == [["dismiss"]]

    def test_asks_first_where_the_merchant_wants_so(self, open_checkout: Opener) -> None:
        checkout = open_checkout(modal={"confirm_close": True})
        checkout.press("Close checkout")
        checkout.press("Continue paying")
        checkout.press("Close checkout")
        checkout.press("Yes, leave")

        assert checkout.seen() == [["dismiss"]]

    def test_does_not_take_back_a_request_on_the_phone(
        self, open_checkout: Opener, visitor: Any, gateway: Razorpay
    ) -> None:
        checkout = open_checkout()
        checkout.pay_by_upi("priya@okbank")
        checkout.expect_heading("Approve on your phone")
        checkout.press("Close checkout")
        checkout.press("Yes, leave")
        seen = checkout.seen()
        phone = visitor()
        phone.goto(f"{gateway.url}/phone")
        phone.get_by_role("button", name="Approve").click()
        expect(phone.get_by_text("captured")).to_be_visible()

        assert seen == [["dismiss"]]
        assert len(gateway.ledger("payment.captured")) == 1

    def test_in_the_middle_of_a_card_payment_ends_that_payment(
        self, open_checkout: Opener, gateway: Razorpay
    ) -> None:
        checkout = open_checkout()
        checkout.frame.get_by_role("radio", name="Card").check()
        checkout.press("Visa, succeeds")
        checkout.press("Pay ₹1,250")
        checkout.expect_heading("Enter the OTP")
        checkout.press("Close checkout")
        checkout.press("Yes, leave")

        assert checkout.seen() == [["dismiss"]]
        assert gateway.ledger("payment.failed")[0]["error"]["reason"] == "payment_cancelled"

    def test_at_the_end_of_the_time_that_the_merchant_gave(self, open_checkout: Opener) -> None:
        checkout = open_checkout(timeout=1)

        assert checkout.seen() == [["dismiss"]]

    def test_is_counted_down_to(self, open_checkout: Opener) -> None:
        checkout = open_checkout(timeout=600)

        expect(checkout.frame.locator("#clock")).to_have_text(re.compile(r"^9:\d\d$"))

    def test_is_done_by_the_merchant_too(self, open_checkout: Opener) -> None:
        checkout = open_checkout()
        checkout.page.evaluate("rzp.close()")
        checkout.expect_gone()
        checkout.page.get_by_role("button", name="Pay").click()

        Checkout(checkout.page)

    def test_by_the_cross_while_the_tick_is_shown_is_still_a_success(self, open_checkout: Opener) -> None:
        checkout = open_checkout()
        checkout.pay_by_card("Visa, succeeds", "1234")
        checkout.expect_heading("Payment successful")
        with contextlib.suppress(PlaywrightError):  # On a slow machine the modal may be gone by itself.
            checkout.frame.get_by_role("button", name="Close checkout").click(timeout=1000)

        assert [kind for kind, *_ in checkout.seen()] == ["handler"]


class TestSurroundings:
    def test_it_can_be_used_with_the_keyboard_and_keeps_the_focus(self, open_checkout: Opener) -> None:
        checkout = open_checkout()
        focused = set()
        for _ in range(25):
            checkout.page.keyboard.press("Tab")
            assert checkout.page.evaluate("document.activeElement.tagName") == "IFRAME"
            focused.add(checkout.frame.locator("*:focus").first.evaluate("one => one.tagName + one.id"))

        assert {"BUTTONclose", "INPUTvpa"} <= focused

    def test_it_says_on_the_sheet_that_it_is_no_bank(self, open_checkout: Opener) -> None:
        checkout = open_checkout(screen={"viewport": {"width": 360, "height": 740}})

        expect(checkout.frame.get_by_text("Not a bank. No money moves.")).to_be_visible()
        expect(checkout.frame.get_by_role("button", name="Pay ₹1,250")).to_be_in_viewport()
        assert checkout.frame.locator("html").evaluate("one => one.scrollWidth <= innerWidth")

    def test_it_believes_only_its_own_frame(self, open_checkout: Opener) -> None:
        checkout = open_checkout()
        checkout.page.evaluate(
            "window.postMessage({razorpay: 'success', response: {razorpay_payment_id: 'pay_forged'}}, '*')"
        )
        checkout.press("Close checkout")

        assert checkout.seen() == [["dismiss"]]

    def test_a_second_open_is_the_same_checkout(self, open_checkout: Opener) -> None:
        checkout = open_checkout()
        checkout.page.evaluate("rzp.open()")

        expect(checkout.page.locator("iframe.razorpay-checkout-frame")).to_have_count(1)


class TestOverview:
    def test_moves_the_clock_and_shows_what_came_of_it(self, visitor: Callable[..., Any], gateway: Razorpay) -> None:
        gateway.pay(gateway.create_order(receipt="HF-1"), "never")
        page = visitor()
        page.goto(f"{gateway.url}/")
        payments = page.get_by_role("region", name="Payments")
        expect(payments.get_by_text("created")).to_be_visible()
        page.get_by_role("button", name="Advance the clock by 10 min").click()

        expect(payments.get_by_text("failed", exact=True)).to_be_visible()
        expect(page.get_by_text("10 min ahead of real time")).to_be_visible()

    def test_shows_what_happens_meanwhile(self, visitor: Callable[..., Any], gateway: Razorpay) -> None:
        page = visitor()
        page.goto(f"{gateway.url}/")
        expect(page.get_by_text("Nobody has tried to pay yet.")).to_be_visible()
        gateway.pay(gateway.create_order(), "capture")

        expect(page.get_by_role("region", name="Payments").get_by_text("captured")).to_be_visible()

    def test_fits_a_phone(self, visitor: Callable[..., Any], gateway: Razorpay) -> None:
        gateway.pay(gateway.create_order(receipt="HF-1"), "capture")
        page = visitor(viewport={"width": 360, "height": 740})
        page.goto(f"{gateway.url}/")

        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
