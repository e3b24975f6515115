"""What the emulated Razorpay says: entities of the documented shape, webhooks, signatures, forgeries, faults."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from payments.emulator import forgery
from payments.emulator.entities import order_json, payment_json, refund_json, webhook_text
from payments.emulator.faults import BadFault, Faults
from payments.emulator.forgery import Genuine
from payments.emulator.ids import ID_FORM, checkout_signature, nth_id, signature
from payments.emulator.outcomes import BAD_CARDS, GOOD_CARDS, card_verdict, upi_verdict
from payments.emulator.plans import BadPlan, WebhookPlan
from payments.emulator.switches import NotASwitch, checked
from payments.emulator.views import rupees
from tests.support.gateway_desk import AUTOMATIC, GatewayDesk

# As Razorpay's pages list them.
ORDER_FIELDS = {
    *("id", "entity", "amount", "amount_paid", "amount_due", "currency", "receipt", "offer_id"),
    *("status", "attempts", "notes", "created_at"),
}
PAYMENT_FIELDS = {
    *("id", "entity", "amount", "currency", "status", "order_id", "invoice_id", "international", "method"),
    *("amount_refunded", "refund_status", "captured", "description", "card_id", "bank", "wallet", "vpa"),
    *("email", "contact", "notes", "fee", "tax", "error_code", "error_description", "error_source"),
    *("error_step", "error_reason", "acquirer_data", "created_at", "upi"),
}
REFUND_FIELDS = {
    *("id", "entity", "amount", "currency", "payment_id", "notes", "receipt", "acquirer_data", "created_at"),
    *("batch_id", "status", "speed_requested", "speed_processed"),
}


@pytest.fixture
def world() -> GatewayDesk:
    return GatewayDesk()


class TestEntities:
    def test_an_order_has_the_documented_fields(self, world: GatewayDesk) -> None:
        order = order_json(world.order(receipt="HF-1"))

        assert set(order) == ORDER_FIELDS
        assert (order["amount_due"], order["notes"]) == (125_000, [])

    def test_a_payment_has_the_documented_fields(self, world: GatewayDesk) -> None:
        payment = world.pay(world.order(), detail={"vpa": "a@upi"})
        fields = payment_json(world.book, payment)

        assert set(fields) == PAYMENT_FIELDS
        assert fields["fee"] is None
        assert fields["upi"]["flow"] == "collect"

    def test_a_refund_has_the_documented_fields(self, world: GatewayDesk) -> None:
        refund = world.refund(world.pay(world.order(), (0, "capture")), notes={"why": "show cancelled"})

        assert set(refund_json(world.book, refund)) == REFUND_FIELDS
        assert refund_json(world.book, refund)["notes"] == {"why": "show cancelled"}


class TestWebhooks:
    def test_are_snapshots_of_their_moment(self, world: GatewayDesk) -> None:
        world.pay(world.order(payment=AUTOMATIC), (0, "success"))
        statuses = [told["payload"]["payment"]["entity"]["status"] for told in world.told]

        assert world.events_told() == ["payment.authorized", "payment.captured", "order.paid"]
        assert statuses == ["authorized", "captured", "captured"]
        assert world.told[2]["contains"] == ["payment", "order"]
        assert world.told[2]["payload"]["order"]["entity"]["status"] == "paid"

    def test_escape_slashes_and_all_that_is_not_ascii(self) -> None:
        text = webhook_text({"url": "a/b", "name": "₹ शोले"})

        assert text == '{"url":"a\\/b","name":"\\u20b9 \\u0936\\u094b\\u0932\\u0947"}'
        assert json.loads(text) == {"url": "a/b", "name": "₹ शोले"}

    def test_of_an_automatic_refund_say_that_nothing_was_captured(self, world: GatewayDesk) -> None:
        world.pay(None, (0, "success"), amount=500)
        world.desk.advance(4 * 86_400)

        assert world.told[-1]["event"] == "refund.processed"
        assert world.told[-1]["payload"]["payment"]["entity"]["captured"] is False


class TestIds:
    def test_have_the_documented_form_and_come_from_the_seed(self) -> None:
        ids = [nth_id("seed", "pay", number) for number in range(1000)]

        assert all(ID_FORM.match(one) for one in ids)
        assert len(set(ids)) == 1000
        assert ids[7] == nth_id("seed", "pay", 7) != nth_id("other", "pay", 7)

    def test_checkout_signs_order_and_payment(self) -> None:
        expected = hmac.new(b"secret", b"order_1|pay_1", hashlib.sha256).hexdigest()

        assert checkout_signature("secret", "order_1", "pay_1") == expected


class TestForgeries:
    genuine = Genuine(b'{"event":"payment.captured"}', "abcdefghij1234", "now", "before", "api", "seed")
    RIGHTLY_SIGNED = {
        "new_event_id",
        "huge",
        "not_json",
        "not_an_object",
        "empty_body",
        "gzip",
        "unknown_event",
    }

    @pytest.mark.parametrize("kind", forgery.KINDS)
    def test_are_signed_as_they_say(self, kind: str) -> None:
        forged = forgery.forge(kind, self.genuine)
        given = forged.headers.get("X-Razorpay-Signature")

        assert (given == signature("now", forged.body)) == (kind in self.RIGHTLY_SIGNED)
        assert (given == signature("before", forged.body)) == (kind == "old_secret")

    def test_new_event_id_changes_nothing_else(self) -> None:
        forged = forgery.forge("new_event_id", self.genuine)

        assert forged.body == self.genuine.body
        assert forged.headers["x-razorpay-event-id"] != self.genuine.event_id

    def test_huge_is_about_a_megabyte(self) -> None:
        assert len(forgery.forge("huge", self.genuine).body) > 1_000_000


class TestFaults:
    def test_meet_the_calls_they_are_for_as_often_as_asked(self) -> None:
        faults = Faults("seed")
        faults.add({"kind": "reset", "call": "orders.create", "count": 2})
        faults.add({"kind": "error_500", "call": "payments.*", "count": None})
        calls = [
            "orders.create",
            "orders.list",
            "orders.create",
            "orders.create",
            "payments.fetch",
            "payments.capture",
        ]

        met = [fault.kind if (fault := faults.take(call)) else None for call in calls]
        assert met == ["reset", None, "reset", None, "error_500", "error_500"]

    def test_by_chance_come_from_the_seed(self) -> None:
        def drawn(seed: str) -> list[bool]:
            faults = Faults(seed)
            faults.add({"kind": "reset", "probability": 0.3, "count": None})
            return [faults.take("orders.create") is not None for _ in range(200)]

        assert drawn("a") == drawn("a") != drawn("b")
        assert 30 < sum(drawn("a")) < 90

    @pytest.mark.parametrize("wish", [{"kind": "earthquake"}, {}, {"kind": "reset", "colour": "red"}])
    def test_that_cannot_be_are_refused(self, wish: dict[str, Any]) -> None:
        with pytest.raises(BadFault):
            Faults("seed").add(wish)


class TestWishes:
    @pytest.mark.parametrize("wishes", [{"dup": -1}, {"dup": 1.5}, {"drop": "all"}, {"hold": 1}, {"colour": "red"}])
    def test_of_a_webhook_plan_that_cannot_be_are_refused(self, wishes: dict[str, Any]) -> None:
        with pytest.raises(BadPlan):
            WebhookPlan.asked(wishes)

    @pytest.mark.parametrize(
        "switches", [{"bad_key_status": 500}, {"unique_receipts": 1}, {"refund_seconds": -1}, {"colour": "red"}]
    )
    def test_of_switches_that_cannot_be_are_refused(self, switches: dict[str, Any]) -> None:
        with pytest.raises(NotASwitch):
            checked(switches)


class TestOutcomes:
    @pytest.mark.parametrize(
        ("otp", "verdict"), [("123", "fail"), ("1234", "success"), ("1234567890", "success"), ("12345678901", "fail")]
    )
    def test_an_otp_of_four_to_ten_digits_succeeds(self, otp: str, verdict: str) -> None:
        assert card_verdict(None, otp)[0] == verdict

    def test_an_error_card_fails_whatever_the_otp(self) -> None:
        assert {card_verdict(reason, "1234") for reason in BAD_CARDS.values()} == {
            ("fail", reason) for reason in BAD_CARDS.values()
        }
        assert (len(GOOD_CARDS), len(BAD_CARDS)) == (3, 6)

    def test_the_two_test_vpas_answer_by_themselves(self) -> None:
        assert upi_verdict("success@razorpay") == ("success", "")
        assert upi_verdict("failure@razorpay") == ("fail", "payment_failed")
        assert upi_verdict("priya@okbank") is None

    @pytest.mark.parametrize(
        ("paise", "text"),
        [
            (0, "₹0"),
            (125_000, "₹1,250"),
            (9_950, "₹99.50"),
            (12_500_000, "₹1,25,000"),
            (1_234_567_800, "₹1,23,45,678"),
        ],
    )
    def test_amounts_are_written_as_india_does(self, paise: int, text: str) -> None:
        assert rupees(paise) == text
