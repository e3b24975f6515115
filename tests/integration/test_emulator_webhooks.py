"""Webhooks of the emulated Razorpay, as a real receiver gets them: signed, repeated, reordered, held, given up."""

from collections.abc import Iterator

import pytest
import razorpay

from tests.support.processes import wait_until
from tests.support.razorpay import Razorpay, running_emulator
from tests.support.razorpay_keys import KEY_SECRET, PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET
from tests.support.webhook_receiver import WebhookReceiver, webhook_receiver

CAPTURED = ["payment.authorized", "payment.captured", "order.paid"]


@pytest.fixture(scope="module")
def _pair() -> Iterator[tuple[Razorpay, WebhookReceiver]]:
    with webhook_receiver() as receiver, running_emulator(webhook_url=receiver.url) as emulator:
        yield emulator, receiver


@pytest.fixture
def gateway(_pair: tuple[Razorpay, WebhookReceiver]) -> Razorpay:
    _pair[0].reset()
    _pair[0].webhooks_settled()
    _pair[1].forget()
    return _pair[0]


@pytest.fixture
def receiver(gateway: Razorpay, _pair: tuple[Razorpay, WebhookReceiver]) -> WebhookReceiver:
    return _pair[1]


def states(gateway: Razorpay) -> list[str]:
    return [item["state"] for item in gateway.webhooks()]


class TestDelivery:
    def test_tells_a_capture_with_three_signed_events(self, gateway: Razorpay, receiver: WebhookReceiver) -> None:
        paid = gateway.pay(gateway.create_order(), "capture")
        gateway.webhooks_settled()
        utility = razorpay.Client(auth=("", "")).utility

        assert sorted(receiver.names()) == sorted(CAPTURED)
        assert len({one.event_id for one in receiver.received}) == 3
        for one in receiver.received:
            assert one.told["payload"]["payment"]["entity"]["id"] == paid.payment_id
            assert one.headers["content-type"] == "application/json"
            given = one.headers["x-razorpay-signature"]
            assert utility.verify_webhook_signature(one.body.decode(), given, WEBHOOK_SECRET)

    def test_is_in_the_ledger_with_its_answer(self, gateway: Razorpay, receiver: WebhookReceiver) -> None:
        gateway.pay(gateway.create_order(), "fail")
        gateway.webhooks_settled()
        kinds = [event["kind"] for event in gateway.ledger("webhook.")]

        assert kinds == ["webhook.queued", "webhook.sent", "webhook.acknowledged"]
        assert gateway.ledger("webhook.acknowledged")[0]["status"] == 200

    def test_that_is_refused_is_tried_again_later_and_later(
        self, gateway: Razorpay, receiver: WebhookReceiver
    ) -> None:
        receiver.answer_with(503, 500, 302)
        gateway.pay(gateway.create_order(), "fail")
        gateway.webhooks_settled()
        waits = []
        for seconds in (5, 10, 20):
            waits.append(len(receiver.received))
            gateway.advance(seconds)
            gateway.webhooks_settled()

        assert waits == [1, 2, 3]
        assert len(receiver.received) == 4
        assert len({one.event_id for one in receiver.received}) == 1
        assert len({one.body for one in receiver.received}) == 1
        assert states(gateway) == ["acknowledged"]

    def test_without_an_answer_for_a_day_is_given_up_and_webhooks_are_disabled(
        self, gateway: Razorpay, receiver: WebhookReceiver
    ) -> None:
        receiver.answer_with(then=500)
        gateway.pay(gateway.create_order(), "fail")
        gateway.advance(26 * 3600)
        wait_until(lambda: "given up" in states(gateway), what="the event is given up")
        tried = len(receiver.received)
        receiver.answer_with()
        gateway.pay(gateway.create_order(), "fail")
        gateway.webhooks_settled()

        assert 10 < tried < 30
        assert len(receiver.received) == tried
        assert gateway.ledger("webhook.disabled")[0]["why"] == "no answer for 24 hours"
        gateway.enable_webhooks()
        gateway.pay(gateway.create_order(), "fail")
        gateway.webhooks_settled()
        assert len(receiver.received) == tried + 1


class TestPlan:
    def test_repeats_each_event(self, gateway: Razorpay, receiver: WebhookReceiver) -> None:
        gateway.plan_webhooks(dup=2)
        gateway.pay(gateway.create_order(), "capture")
        gateway.webhooks_settled()

        assert sorted(receiver.names()) == sorted(3 * CAPTURED)
        assert len({one.event_id for one in receiver.received}) == 3

    def test_loses_every_event(self, gateway: Razorpay, receiver: WebhookReceiver) -> None:
        gateway.plan_webhooks(drop=1.0)
        gateway.pay(gateway.create_order(), "capture")
        gateway.advance(86_400)
        gateway.webhooks_settled()

        assert receiver.received == []
        assert states(gateway) == 3 * ["dropped"]

    def test_loses_some_by_the_seed(self, gateway: Razorpay) -> None:
        def lost() -> list[str]:
            gateway.reset(seed="chance")
            gateway.plan_webhooks(drop=0.5)
            for _ in range(6):
                gateway.pay(gateway.create_order(), "fail")
            return states(gateway)

        first = [state == "dropped" for state in lost()]
        assert first == [state == "dropped" for state in lost()]
        assert 0 < sum(first) < 6

    def test_holds_events_until_they_are_released_in_the_asked_order(
        self, gateway: Razorpay, receiver: WebhookReceiver
    ) -> None:
        gateway.plan_webhooks(hold=True)
        gateway.pay(gateway.create_order(), "capture")
        gateway.webhooks_settled()
        held = {item["event"]: item["event_id"] for item in gateway.webhooks()}
        before = list(receiver.received)
        for name in reversed(CAPTURED):
            gateway.release_webhooks(held[name])
            gateway.webhooks_settled()

        assert before == []
        assert receiver.names() == CAPTURED[::-1]

    def test_shuffles_by_its_seed(self, gateway: Razorpay, receiver: WebhookReceiver) -> None:
        gateway.plan_webhooks(hold=True)
        for _ in range(4):
            gateway.pay(gateway.create_order(), "capture")
        in_order = [item["event_id"] for item in gateway.webhooks()]
        shuffled = gateway.release_webhooks(shuffle="seven")

        assert sorted(shuffled) == sorted(in_order)
        assert shuffled != in_order

    def test_waits_for_its_delay_on_the_virtual_clock(self, gateway: Razorpay, receiver: WebhookReceiver) -> None:
        gateway.plan_webhooks(delay=3600)
        gateway.pay(gateway.create_order(), "fail")
        gateway.webhooks_settled()
        before = len(receiver.received)
        gateway.advance(3600)
        gateway.webhooks_settled()

        assert (before, len(receiver.received)) == (0, 1)

    def test_signs_with_the_previous_secret(self, gateway: Razorpay, receiver: WebhookReceiver) -> None:
        gateway.plan_webhooks(secret=1)
        gateway.pay(gateway.create_order(), "fail")
        gateway.webhooks_settled()
        one = receiver.received[0]
        utility = razorpay.Client(auth=("", "")).utility

        given = one.headers["x-razorpay-signature"]
        assert utility.verify_webhook_signature(one.body.decode(), given, PREVIOUS_WEBHOOK_SECRET)

    def test_delivers_an_event_again(self, gateway: Razorpay, receiver: WebhookReceiver) -> None:
        gateway.pay(gateway.create_order(), "fail")
        gateway.webhooks_settled()
        gateway.deliver_again(receiver.received[0].event_id)
        gateway.webhooks_settled()

        assert receiver.received[0].body == receiver.received[1].body
        assert receiver.received[0].event_id == receiver.received[1].event_id


class TestForgery:
    @pytest.mark.parametrize("kind", ["flipped_byte", "wrong_secret", "latin1_header", "huge", "not_json", "gzip"])
    def test_arrives_as_it_was_forged(self, gateway: Razorpay, receiver: WebhookReceiver, kind: str) -> None:
        gateway.pay(gateway.create_order(), "fail")
        gateway.webhooks_settled()
        forged = gateway.forge(kind)
        status = gateway.send_forged(kind)

        assert status == 200
        assert receiver.received[-1].body == forged.body

    def test_is_refused_before_anything_happened(self, gateway: Razorpay) -> None:
        with pytest.raises(AssertionError, match="no event yet"):
            gateway.forge("huge")

    def test_never_holds_a_secret(self, gateway: Razorpay) -> None:
        gateway.pay(gateway.create_order(), "fail")
        forged = gateway.forge("api_secret")

        assert KEY_SECRET.encode() not in forged.body
        assert KEY_SECRET not in str(forged.headers)
