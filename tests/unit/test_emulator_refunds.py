"""The emulated Razorpay's refunds: how much, how often, with which key, and what becomes of them."""

import pytest

from payments.emulator import errors, refunds
from payments.emulator.book import Payment
from payments.emulator.entities import payment_json
from payments.emulator.errors import Refused
from tests.support.gateway_desk import GatewayDesk

KEY = "refund-of-HF-1"


@pytest.fixture
def world() -> GatewayDesk:
    return GatewayDesk()


@pytest.fixture
def payment(world: GatewayDesk) -> Payment:
    return world.pay(world.order(), (0, "capture"))


class TestAmount:
    def test_without_one_is_all_that_is_left(self, world: GatewayDesk, payment: Payment) -> None:
        world.refund(payment, amount=25_000)
        partly = payment_json(world.book, payment)
        rest = world.refund(payment)

        assert (partly["refund_status"], partly["status"]) == ("partial", "captured")
        assert (rest.amount, payment.status) == (100_000, "refunded")
        assert payment_json(world.book, payment)["refund_status"] == "full"

    def test_never_exceeds_the_payment(self, world: GatewayDesk, payment: Payment) -> None:
        world.refund(payment, amount=100_000)

        with pytest.raises(Refused) as refused:
            world.refund(payment, amount=25_001)
        assert refused.value.description == errors.REFUND_TOO_LARGE

    def test_is_refused_once_all_is_back(self, world: GatewayDesk, payment: Payment) -> None:
        world.refund(payment)

        with pytest.raises(Refused) as refused:
            world.refund(payment, amount=100)
        assert refused.value.description == errors.REFUNDED_FULLY

    def test_of_a_payment_that_was_not_captured_is_refused(self, world: GatewayDesk) -> None:
        authorized = world.pay(world.order(), (0, "authorize"))

        with pytest.raises(Refused) as refused:
            world.refund(authorized)
        assert refused.value.description == errors.REFUND_ONLY_CAPTURED

    def test_of_an_unknown_field_is_refused(self, world: GatewayDesk, payment: Payment) -> None:
        with pytest.raises(Refused) as refused:
            world.refund(payment, reason="cold feet")
        assert refused.value.description == "reason is/are not required and should not be sent"


class TestKey:
    def test_with_the_same_body_gives_the_same_refund(self, world: GatewayDesk, payment: Payment) -> None:
        first = world.refund(payment, key=KEY, amount=10_000)
        again = world.refund(payment, key=KEY, amount=10_000)

        assert again is first
        assert payment.amount_refunded == 10_000

    def test_with_another_body_is_a_conflict(self, world: GatewayDesk, payment: Payment) -> None:
        world.refund(payment, key=KEY, amount=10_000)

        with pytest.raises(Refused) as refused:
            world.refund(payment, key=KEY, amount=10_001)
        assert (refused.value.status, refused.value.description) == (409, errors.KEY_SAME_BUT_OTHER_BODY)

    def test_on_another_payment_is_a_conflict(self, world: GatewayDesk, payment: Payment) -> None:
        world.refund(payment, key=KEY)

        with pytest.raises(Refused) as refused:
            world.refund(world.pay(world.order(), (0, "capture")), key=KEY)
        assert refused.value.status == 409

    @pytest.mark.parametrize("key", ["short", "nine-char", "has a space in it", "ümläut-ümläut", "slash/slash/"])
    def test_of_another_form_is_refused(self, world: GatewayDesk, payment: Payment, key: str) -> None:
        with pytest.raises(Refused) as refused:
            world.refund(payment, key=key)
        assert refused.value.status == 400

    def test_is_forgotten_after_its_lifetime(self, world: GatewayDesk, payment: Payment) -> None:
        world.switch(idempotency_seconds=3600)
        first = world.refund(payment, key=KEY, amount=10_000)
        world.desk.advance(3601)

        assert world.refund(payment, key=KEY, amount=10_000) is not first

    def test_survives_a_restart(self, world: GatewayDesk, payment: Payment) -> None:
        first = world.refund(payment, key=KEY)
        reborn = GatewayDesk(world.desk.ledger)

        assert reborn.refund(reborn.book.payments[payment.id], key=KEY).id == first.id


class TestFate:
    def plan(self, world: GatewayDesk, outcome: str, count: int = 1) -> None:
        world.desk.record([{"kind": "control.refunds_planned", "outcome": outcome, "count": count}])

    def test_is_processed_and_told_twice_by_default(self, world: GatewayDesk, payment: Payment) -> None:
        refund = world.refund(payment)

        assert refund.status == "processed"
        assert world.events_told()[-2:] == ["refund.created", "refund.processed"]

    def test_pending_waits_until_it_is_told(self, world: GatewayDesk, payment: Payment) -> None:
        self.plan(world, "pending")
        refund = world.refund(payment)
        world.desk.advance(30 * 86_400)

        assert refund.status == "pending"
        assert world.events_told()[-1] == "refund.created"

    def test_first_pending_is_processed_later_where_switched_so(self, world: GatewayDesk, payment: Payment) -> None:
        world.switch(first_refund_status="pending", refund_seconds=60)
        refund = world.refund(payment)
        before = refund.status
        world.desk.advance(60)

        assert (before, refund.status) == ("pending", "processed")

    def test_sent_at_once_may_become_a_normal_one(self, world: GatewayDesk, payment: Payment) -> None:
        self.plan(world, "pending")
        refund = world.refund(payment, speed="optimum")
        before = refund.speed_processed
        world.desk.record(refunds.move(refund, "processed", speed="normal"))

        assert (before, refund.speed_processed, refund.status) == ("instant", "normal", "processed")
        assert world.events_told()[-2:] == ["refund.speed_changed", "refund.processed"]

    def test_failed_gives_the_money_back_to_the_merchant(self, world: GatewayDesk, payment: Payment) -> None:
        self.plan(world, "failed")
        refund = world.refund(payment)

        assert (refund.status, payment.amount_refunded, payment.status) == ("failed", 0, "captured")
        assert world.events_told()[-2:] == ["refund.created", "refund.failed"]
        assert world.refund(payment).status == "processed"

    def test_failed_goes_on_to_count_where_switched_so(self, world: GatewayDesk, payment: Payment) -> None:
        world.switch(failed_refunds_count=True)
        self.plan(world, "failed")
        world.refund(payment)
        counted = payment_json(world.book, payment)

        assert (counted["status"], counted["amount_refunded"]) == ("refunded", payment.amount)
        assert world.refund(payment).status == "processed"

    def test_low_balance_refuses_and_uses_no_key(self, world: GatewayDesk, payment: Payment) -> None:
        self.plan(world, "low_balance")
        with pytest.raises(Refused) as refused:
            world.refund(payment, key=KEY)

        assert refused.value.description == errors.LOW_BALANCE
        assert world.ledger[-1]["kind"] == "refund.refused"
        assert world.refund(payment, key=KEY).status == "processed"

    def test_of_a_payment_older_than_six_months_fails(self, world: GatewayDesk, payment: Payment) -> None:
        world.desk.advance(181 * 86_400)

        assert world.refund(payment).status == "failed"
