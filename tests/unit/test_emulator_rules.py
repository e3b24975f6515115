"""The emulated Razorpay's payments: states, captures, late answers, and what the virtual clock brings about."""

import pytest

from payments.emulator import errors
from payments.emulator.book import PAYMENT_MOVES
from payments.emulator.errors import Refused
from tests.support.gateway_desk import AUTOMATIC, MANUAL, GatewayDesk

MINUTE = 60


@pytest.fixture
def world() -> GatewayDesk:
    return GatewayDesk()


class TestOrder:
    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"amount": 99}, errors.AMOUNT_TOO_SMALL),
            ({"amount": -100}, errors.AMOUNT_TOO_SMALL),
            ({"amount": 100.5}, errors.AMOUNT_NOT_INTEGER),
            ({"amount": "100"}, errors.AMOUNT_NOT_INTEGER),
            ({"amount": True}, errors.AMOUNT_NOT_INTEGER),
            ({"amount": None}, errors.AMOUNT_REQUIRED),
            ({"receipt": "r" * 41}, "The receipt may not be greater than 40 characters."),
            ({"colour": "red"}, "colour is/are not required and should not be sent"),
            ({"currency": "XXX"}, "Currency is not supported"),
            (
                {"notes": {str(n): "x" for n in range(16)}},
                "Number of fields in notes should be less than or equal to 15",
            ),
            ({"notes": {"a": "x" * 257}}, "Note may not be greater than 256 characters"),
            (
                {"payment": {"capture": "automatic", "capture_options": {"automatic_expiry_period": 11}}},
                "The automatic_expiry_period must be at least 12.",
            ),
            (
                {"payment": {"capture": "manual", "capture_options": {"manual_expiry_period": 7201}}},
                "The manual_expiry_period must be from automatic_expiry_period to 7200.",
            ),
        ],
    )
    def test_is_refused_outside_the_documented_limits(
        self, world: GatewayDesk, body: dict[str, object], text: str
    ) -> None:
        with pytest.raises(Refused) as refused:
            world.order(**{"amount": 100, **body})  # type: ignore[arg-type]

        assert refused.value.description == text
        assert world.book.orders == {}

    def test_receipts_may_repeat_unless_switched(self, world: GatewayDesk) -> None:
        world.order(receipt="HF-1")
        world.order(receipt="HF-1")
        world.switch(unique_receipts=True)

        with pytest.raises(Refused):
            world.order(receipt="HF-1")
        assert len(world.book.receipts["HF-1"]) == 2

    def test_goes_from_created_over_attempted_to_paid_and_stays_paid_after_a_refund(self, world: GatewayDesk) -> None:
        order = world.order(payment=AUTOMATIC)
        seen = [order.status]
        world.pay(order, (0, "fail"))
        seen.append(order.status)
        payment = world.pay(order, (0, "success"))
        seen.append(order.status)
        world.refund(payment)
        seen.append(order.status)

        assert seen == ["created", "attempted", "paid", "paid"]
        assert (order.attempts, order.amount_paid) == (2, 125_000)

    @pytest.mark.parametrize("verdict", ["capture", "authorize"])
    def test_takes_no_payment_once_paid_or_authorized(self, world: GatewayDesk, verdict: str) -> None:
        order = world.order()
        world.pay(order, (0, verdict))

        with pytest.raises(Refused, match="already paid"):
            world.pay(order, (0, "success"))


class TestPayment:
    def test_moves_only_as_the_table_says(self) -> None:
        assert {(before, after) for (before, _), after in PAYMENT_MOVES.items()} == {
            ("created", "authorized"),
            ("created", "failed"),
            ("failed", "authorized"),
            ("authorized", "captured"),
        }

    def test_without_an_answer_fails_after_ten_minutes(self, world: GatewayDesk) -> None:
        payment = world.pay(world.order())
        world.desk.advance(10 * MINUTE - 0.001)
        before = payment.status
        world.desk.advance(0.001)

        assert (before, payment.status) == ("created", "failed")
        assert payment.error is not None
        assert payment.error["reason"] == "payment_timed_out"

    def test_that_failed_may_succeed_late_under_the_same_id(self, world: GatewayDesk) -> None:
        payment = world.pay(world.order(payment=AUTOMATIC), (11 * MINUTE, "success"))
        world.desk.advance(11 * MINUTE)

        assert payment.status == "captured"
        assert payment.error is None
        assert world.events_told() == ["payment.failed", "payment.authorized", "payment.captured", "order.paid"]

    @pytest.mark.parametrize(("minutes", "status"), [(12, "captured"), (12.1, "authorized")])
    def test_is_captured_by_itself_only_within_the_automatic_period(
        self, world: GatewayDesk, minutes: float, status: str
    ) -> None:
        payment = world.pay(world.order(payment=AUTOMATIC), (minutes * MINUTE, "success"))
        world.desk.advance(minutes * MINUTE)

        assert payment.status == status

    def test_that_nobody_captures_flows_back_after_the_manual_period(self, world: GatewayDesk) -> None:
        payment = world.pay(world.order(payment=MANUAL), (0, "success"))
        world.desk.advance(30 * MINUTE - 1)
        before = payment.status
        world.desk.advance(1)

        assert (before, payment.status) == ("authorized", "refunded")
        assert not payment.captured
        assert world.book.refunds[payment.refund_ids[0]].automatic
        assert world.events_told() == ["payment.authorized", "refund.created", "refund.processed"]

    def test_that_comes_after_the_manual_period_flows_back_at_once(self, world: GatewayDesk) -> None:
        payment = world.pay(world.order(payment=AUTOMATIC), (31 * MINUTE, "success"))
        world.desk.advance(31 * MINUTE)

        assert payment.status == "refunded"

    @pytest.mark.parametrize(("days", "status"), [(2.9, "captured"), (3.1, "refunded")])
    def test_without_options_is_captured_within_three_days(
        self, world: GatewayDesk, days: float, status: str
    ) -> None:
        payment = world.pay(world.order(), (days * 86_400, "success"))
        world.desk.advance(days * 86_400)

        assert payment.status == status

    def test_without_an_order_is_never_captured_and_flows_back(self, world: GatewayDesk) -> None:
        payment = world.pay(None, (0, "success"), amount=5_000)
        with pytest.raises(Refused):
            world.capture(payment)
        world.desk.advance(3 * 86_400)

        assert payment.status == "refunded"

    def test_that_is_second_on_a_paid_order_flows_back_at_once(self, world: GatewayDesk) -> None:
        order = world.order(payment=AUTOMATIC)
        late = world.pay(order, (60, "success"))
        first = world.pay(order, (0, "success"))
        world.desk.advance(60)

        assert (first.status, late.status, late.captured) == ("captured", "refunded", False)

    def test_that_is_second_is_captured_too_where_switched_so(self, world: GatewayDesk) -> None:
        world.switch(second_success="capture")
        order = world.order(payment=AUTOMATIC)
        late = world.pay(order, (60, "success"))
        world.pay(order, (0, "success"))
        world.desk.advance(60)

        assert late.status == "captured"
        assert order.amount_paid == 2 * order.amount
        assert world.events_told().count("order.paid") == 1

    def test_two_that_race_are_both_captured_where_switched_so(self, world: GatewayDesk) -> None:
        world.switch(second_success="capture")
        order = world.order(payment=MANUAL)
        both = [world.pay(order, (0, "success"), forced=True) for _ in range(2)]
        for payment in both:
            world.capture(payment)

        assert [payment.status for payment in both] == ["captured", "captured"]

    def test_of_two_that_race_one_is_captured(self, world: GatewayDesk) -> None:
        order = world.order(payment=MANUAL)
        first, second = (world.pay(order, (0, "success"), forced=True) for _ in range(2))
        world.capture(first)

        with pytest.raises(Refused, match="already paid"):
            world.capture(second)
        world.desk.advance(30 * MINUTE)
        assert (first.status, second.status) == ("captured", "refunded")

    def test_that_fails_in_the_upi_app_may_be_retried_there(self, world: GatewayDesk) -> None:
        world.pay(world.order(payment=AUTOMATIC), (0, "fail"), (0, "capture"))

        assert world.events_told() == ["payment.failed", "payment.authorized", "payment.captured", "order.paid"]

    def test_failing_is_not_told_where_switched_so(self, world: GatewayDesk) -> None:
        world.switch(omit_payment_failed=True)
        world.pay(world.order(), (0, "fail"))

        assert world.events_told() == []


class TestCapture:
    def test_of_an_authorized_payment_pays_the_order(self, world: GatewayDesk) -> None:
        order = world.order(payment=MANUAL)
        payment = world.pay(order, (0, "success"))
        world.capture(payment)

        assert (payment.status, payment.captured, order.status) == ("captured", True, "paid")
        # 2 % and 18 % GST on that; unknown before.
        assert (payment.fee, payment.tax) == (2_950, 450)

    @pytest.mark.parametrize(
        ("wish", "text"),
        [
            ({"amount": 124_999}, errors.CAPTURE_AMOUNT),
            ({"amount": {"amount": 125_000}}, errors.AMOUNT_NOT_INTEGER),
            ({"currency": "USD"}, errors.CAPTURE_CURRENCY),
        ],
    )
    def test_of_something_else_is_refused(self, world: GatewayDesk, wish: dict[str, object], text: str) -> None:
        payment = world.pay(world.order(payment=MANUAL), (0, "success"))

        with pytest.raises(Refused) as refused:
            world.capture(payment, **wish)
        assert (refused.value.description, payment.status) == (text, "authorized")

    @pytest.mark.parametrize(("verdict", "text"), [("capture", errors.ALREADY_PAID), ("fail", errors.CAPTURE_ONCE)])
    def test_in_another_state_is_refused(self, world: GatewayDesk, verdict: str, text: str) -> None:
        payment = world.pay(world.order(), (0, verdict))

        with pytest.raises(Refused) as refused:
            world.capture(payment)
        assert refused.value.description == text


class TestClock:
    def test_lets_each_thing_happen_at_its_own_moment(self, world: GatewayDesk) -> None:
        began = world.desk.now_ms
        world.pay(world.order(payment=MANUAL), (60, "success"))
        world.desk.advance(86_400)

        at = {event["kind"]: (event["at_ms"] - began) // 1000 for event in world.ledger}
        assert (at["payment.authorized"], at["refund.created"]) == (60, 30 * MINUTE)

    def test_keeps_real_time_beside_the_virtual_one(self, world: GatewayDesk) -> None:
        world.desk.advance(3600)
        world.order()
        last = world.ledger[-1]

        assert last["at_ms"] - last["real_ms"] == 3_600_000
