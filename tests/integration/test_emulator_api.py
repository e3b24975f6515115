"""The real Razorpay SDK against the emulated Razorpay, over HTTP."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
from razorpay.errors import BadRequestError, ServerError

from tests.support.processes import wait_until
from tests.support.razorpay import Razorpay, running_emulator
from tests.support.razorpay_keys import KEY_ID, KEY_SECRET

UNKNOWN = "order_00000000000000"
AUTOMATIC = {"capture": "automatic", "capture_options": {"automatic_expiry_period": 12, "manual_expiry_period": 30}}


@pytest.fixture(scope="module")
def _running() -> Iterator[Razorpay]:
    with running_emulator() as emulator:
        yield emulator


@pytest.fixture
def gateway(_running: Razorpay) -> Razorpay:
    _running.reset()
    return _running


def call(gateway: Razorpay, method: str, path: str, **options: Any) -> httpx.Response:
    """A plain call, where the status or the whole error counts: the SDK loses both."""
    options = {"auth": (KEY_ID, KEY_SECRET), **options}
    return httpx.request(method, f"{gateway.url}/v1/{path}", trust_env=False, **options)


class TestOrders:
    def test_are_created_fetched_and_found_again_by_receipt(self, gateway: Razorpay) -> None:
        sdk = gateway.sdk()
        made = sdk.order.create(
            {"amount": 125_000, "currency": "INR", "receipt": "HF-1", "notes": {"booking": "1"}, "payment": AUTOMATIC}
        )
        sdk.order.create({"amount": 100, "currency": "INR", "receipt": "HF-2"})

        assert sdk.order.fetch(made["id"]) == made
        assert sdk.order.all({"receipt": "HF-1"}) == {"entity": "collection", "count": 1, "items": [made]}
        assert sdk.order.all({"receipt": "nobody's"})["items"] == []
        assert (made["status"], made["notes"], made["amount_due"]) == ("created", {"booking": "1"}, 125_000)

    def test_are_listed_newest_first_in_pages(self, gateway: Razorpay) -> None:
        made = [gateway.create_order(100 + number) for number in range(12)]
        sdk = gateway.sdk()

        assert [order["id"] for order in sdk.order.all()["items"]] == made[:1:-1]
        assert [order["id"] for order in sdk.order.all({"count": 3, "skip": 10})["items"]] == [made[1], made[0]]
        with pytest.raises(BadRequestError, match="count"):
            sdk.order.all({"count": 101})

    def test_show_their_answered_payments_where_asked(self, gateway: Razorpay) -> None:
        order = gateway.create_order()
        failed = gateway.pay(order, "fail")
        gateway.pay(order, "never")
        paid = gateway.pay(order, "capture")
        sdk = gateway.sdk()

        assert [p["id"] for p in sdk.order.payments(order)["items"]] == [paid.payment_id, failed.payment_id]
        expanded = sdk.order.all({"expand[]": "payments"})["items"][0]
        assert [p["status"] for p in expanded["payments"]["items"]] == ["captured", "failed"]
        assert "payments" not in sdk.order.all()["items"][0]

    def test_change_their_notes_and_nothing_else(self, gateway: Razorpay) -> None:
        order, sdk = gateway.create_order(), gateway.sdk()

        assert sdk.order.edit(order, {"notes": {"a": "b"}})["notes"] == {"a": "b"}
        with pytest.raises(BadRequestError, match="amount is/are not required"):
            sdk.order.edit(order, {"amount": 1})


class TestPayments:
    def test_verify_with_the_signature_that_checkout_hands_out(self, gateway: Razorpay) -> None:
        paid = gateway.pay(gateway.create_order(), "capture")

        assert gateway.sdk().utility.verify_payment_signature(paid.handed) is True

    def test_are_captured_once_for_the_whole_amount(self, gateway: Razorpay) -> None:
        paid, sdk = gateway.pay(gateway.create_order(), "authorize"), gateway.sdk()

        with pytest.raises(BadRequestError, match="must be equal to the amount authorized"):
            sdk.payment.capture(paid.payment_id, 124_999, {"currency": "INR"})
        captured = sdk.payment.capture(paid.payment_id, 125_000, {"currency": "INR"})
        with pytest.raises(BadRequestError, match="order is already paid"):
            sdk.payment.capture(paid.payment_id, 125_000, {"currency": "INR"})

        assert (captured["status"], captured["captured"]) == ("captured", True)
        assert sdk.order.fetch(paid.order_id)["status"] == "paid"

    def test_two_captures_at_once_make_one(self, gateway: Razorpay) -> None:
        paid = gateway.pay(gateway.create_order(), "authorize")
        statuses: list[int] = []

        def capture() -> None:
            body = {"amount": 125_000, "currency": "INR"}
            statuses.append(call(gateway, "POST", f"payments/{paid.payment_id}/capture", json=body).status_code)

        threads = [threading.Thread(target=capture) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(statuses) == [200] + 7 * [400]
        assert len(gateway.ledger("payment.captured")) == 1


class TestRefunds:
    def test_with_one_key_are_made_once(self, gateway: Razorpay) -> None:
        paid, sdk = gateway.pay(gateway.create_order(), "capture"), gateway.sdk()
        key = {"X-Refund-Idempotency": "refund-of-HF-1"}
        # Copies: the SDK writes its own headers into what it is given.
        first = sdk.payment.refund(paid.payment_id, {"amount": 25_000}, headers={**key})

        assert sdk.payment.refund(paid.payment_id, {"amount": 25_000}, headers={**key}) == first
        assert sdk.payment.fetch(paid.payment_id)["amount_refunded"] == 25_000
        reply = call(gateway, "POST", f"payments/{paid.payment_id}/refund", json={"amount": 1_000}, headers=key)
        assert reply.status_code == 409
        assert "same idempotency key" in reply.json()["error"]["description"]

    def test_with_a_key_that_is_still_in_work_conflict(self, gateway: Razorpay) -> None:
        paid = gateway.pay(gateway.create_order(), "capture")
        key = {"X-Refund-Idempotency": "refund-of-HF-1"}
        path = f"payments/{paid.payment_id}/refund"
        gateway.fault("latency", "payments.refund", seconds=1.0)
        replies: list[int] = []
        slow = threading.Thread(
            target=lambda: replies.append(call(gateway, "POST", path, json={}, headers=key).status_code)
        )
        slow.start()
        wait_until(lambda: bool(gateway.ledger("fault.fired")), what="the first is in work")

        assert call(gateway, "POST", path, json={}, headers=key).status_code == 409
        slow.join()
        assert replies == [200]
        assert call(gateway, "POST", path, json={}, headers=key).status_code == 200
        assert len(gateway.ledger("refund.created")) == 1

    def test_are_listed_by_payment_and_in_all(self, gateway: Razorpay) -> None:
        paid, sdk = gateway.pay(gateway.create_order(), "capture"), gateway.sdk()
        first = sdk.payment.refund(paid.payment_id, {"amount": 1_000})
        second = sdk.payment.refund(paid.payment_id, {"amount": 2_000})

        assert sdk.payment.fetch_multiple_refund(paid.payment_id)["items"] == [second, first]
        assert sdk.refund.all()["count"] == 2
        assert sdk.refund.fetch(first["id"]) == first
        assert call(gateway, "GET", f"payments/{paid.payment_id}/refunds/{second['id']}").json() == second

    def test_end_as_they_were_planned(self, gateway: Razorpay) -> None:
        sdk = gateway.sdk()
        gateway.refund_outcome("low_balance")
        gateway.refund_outcome("failed")
        gateway.refund_outcome("pending")
        paid = gateway.pay(gateway.create_order(), "capture")
        with pytest.raises(BadRequestError, match="enough balance"):
            sdk.payment.refund(paid.payment_id, {})
        failed, pending = sdk.payment.refund(paid.payment_id, {}), sdk.payment.refund(paid.payment_id, {})

        assert (failed["status"], sdk.refund.fetch(failed["id"])["status"]) == ("pending", "failed")
        assert pending["status"] == "pending"
        assert gateway.settle_refund(pending["id"], "processed") == "processed"


class TestErrors:
    @pytest.mark.parametrize(
        ("path", "text"),
        [
            (f"orders/{UNKNOWN}", "The id provided does not exist"),
            ("orders/7", "7 is not a valid id"),
            ("payments/pay_short", "pay_short is not a valid id"),
            ("elsewhere", "The requested URL was not found on the server."),
        ],
    )
    def test_are_bad_requests_of_the_documented_shape(self, gateway: Razorpay, path: str, text: str) -> None:
        reply = call(gateway, "GET", path)

        assert reply.status_code == 400
        assert reply.json()["error"] == {
            "code": "BAD_REQUEST_ERROR",
            "description": text,
            "source": "business",
            "step": "payment_initiation",
            "reason": "input_validation_failed",
            "metadata": {},
        }

    @pytest.mark.parametrize("status", [400, 401])
    def test_for_wrong_keys_have_the_status_that_was_chosen(self, gateway: Razorpay, status: int) -> None:
        gateway.switch(bad_key_status=status)
        wrong_id = call(gateway, "GET", "orders", auth=("rzp_test_nobody", KEY_SECRET))
        wrong_secret = call(gateway, "GET", "orders", auth=(KEY_ID, "wrong"))

        assert [wrong_id.status_code, wrong_secret.status_code] == [status, status]
        assert wrong_id.json()["error"]["description"] == "The api key provided is invalid"
        assert wrong_secret.json()["error"]["description"] == "Authentication failed"

    @pytest.mark.parametrize("header", ["basic", "BASIC", "Bearer"])
    def test_for_another_spelling_of_basic(self, gateway: Razorpay, header: str) -> None:
        good = httpx.BasicAuth(KEY_ID, KEY_SECRET)._auth_header
        wrong = call(gateway, "GET", "orders", auth=None, headers={"Authorization": good.replace("Basic", header)})

        assert wrong.status_code == 401

    def test_for_what_is_no_json(self, gateway: Razorpay) -> None:
        assert call(gateway, "POST", "orders", content=b"{").status_code == 400
        assert call(gateway, "POST", "orders", content=b"[]").status_code == 400


class TestFaults:
    """What the SDK makes of each; the ledger says whether the work was done."""

    @pytest.mark.parametrize(
        ("kind", "raised", "done"),
        [
            ("status_429", BadRequestError, 0),
            ("error_500", ServerError, 0),
            ("html_502", requests.exceptions.JSONDecodeError, 0),
            ("reset", requests.exceptions.ConnectionError, 0),
            ("dropped", requests.exceptions.ConnectionError, 1),
            ("hang", requests.exceptions.ReadTimeout, 0),
        ],
    )
    @pytest.mark.filterwarnings("ignore")
    def test_meet_one_call_and_then_no_more(
        self, gateway: Razorpay, kind: str, raised: type[Exception], done: int
    ) -> None:
        sdk = gateway.sdk()
        gateway.fault(kind, "orders.create")

        with pytest.raises(raised):
            sdk.order.create({"amount": 100, "currency": "INR", "receipt": "HF-1"}, timeout=0.5)
        assert sdk.order.all({"receipt": "HF-1"})["count"] == done
        assert [event["fault"] for event in gateway.ledger("fault.fired")] == [kind]
        sdk.order.create({"amount": 100, "currency": "INR", "receipt": "HF-1"})

    @pytest.mark.parametrize("kind", ["latency", "slow_body"])
    def test_that_only_delay_still_answer(self, gateway: Razorpay, kind: str) -> None:
        gateway.fault(kind, "orders.create", seconds=0.2)

        assert gateway.sdk().order.create({"amount": 100, "currency": "INR"}, timeout=5)["amount"] == 100

    def test_may_come_after_the_work(self, gateway: Razorpay) -> None:
        gateway.fault("error_500", "orders.create", after_work=True)

        with pytest.raises(ServerError):
            gateway.sdk().order.create({"amount": 100, "currency": "INR", "receipt": "HF-1"})
        assert gateway.sdk().order.all({"receipt": "HF-1"})["count"] == 1

    def test_can_be_taken_back(self, gateway: Razorpay) -> None:
        gateway.fault("error_500", count=None)
        gateway.clear_faults()

        assert gateway.sdk().order.all()["count"] == 0


class TestControl:
    @pytest.mark.parametrize("path", ["emulator/clock/advance", "checkout/payments", "phone/pay_1"])
    def test_refuses_a_form_of_another_page(self, gateway: Razorpay, path: str) -> None:
        plain = {"Content-Type": "text/plain"}
        reply = httpx.post(f"{gateway.url}/{path}", content=b'{"seconds":1}', headers=plain, trust_env=False)

        assert reply.status_code == 415

    @pytest.mark.parametrize("host", ["razorpay.evil.example", "127.0.0.1.evil.example", "a b"])
    def test_refuses_a_name_that_only_resolves_to_here(self, gateway: Razorpay, host: str) -> None:
        reply = httpx.get(f"{gateway.url}/", headers={"Host": host}, trust_env=False)

        assert reply.status_code in {400, 403}

    @pytest.mark.parametrize(
        ("path", "wish"),
        [
            ("pay", {"outcome": "luck"}),
            ("pay", {"outcome": "late"}),
            ("pay", {"colour": "red"}),
            ("clock/advance", {"seconds": -1}),
            ("forge", {"kind": "truth"}),
            ("faults", {"kind": "earthquake"}),
            ("switches", {"colour": "red"}),
            ("webhooks/plan", {"colour": "red"}),
            ("refund_outcome", {"outcome": "lost"}),
        ],
    )
    def test_says_what_cannot_be(self, gateway: Razorpay, path: str, wish: dict[str, Any]) -> None:
        reply = httpx.post(f"{gateway.url}/emulator/{path}", json=wish, trust_env=False)

        assert reply.status_code == 400
        assert reply.json()["detail"]
