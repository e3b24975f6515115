"""The ledger reckoned up: every way in which house and gateway, or two rows of the house, may disagree."""

from dataclasses import replace
from typing import Any

import pytest

from payments.domain.facts import Fact, Rank
from payments.domain.reckoning import Balance, Here, RefundTold, differences, knows_refunds, reckon
from payments.domain.refunds import RefundStatus

PAID = 50_000
THERE = Fact(payment="pay_1", order="order_1", rank=Rank.CAPTURED, amount_paise=PAID, was_captured=True)
HERE = Here(
    payment="pay_1", booking="b", rank=Rank.CAPTURED, amount_paise=PAID, currency="INR", is_booked=True, created_s=1
)
BACK = RefundTold("rfnd_1", PAID, RefundStatus.PROCESSED)
THERE_BACK = replace(THERE, rank=Rank.REFUNDED, amount_refunded_paise=PAID)


def found(here: Here | None, there: Fact | None, *refunds: RefundTold) -> list[str]:
    return [difference.what for difference in differences(here, there, refunds)]


class TestHouseAndGateway:
    def test_agree(self) -> None:
        assert found(HERE, THERE) == []
        assert found(replace(HERE, refunds=(BACK,)), THERE_BACK, BACK) == []

    @pytest.mark.parametrize("rank", [Rank.AUTHORIZED, Rank.CAPTURED, Rank.REFUNDED])
    def test_miss_money_of_each_other(self, rank: Rank) -> None:
        assert found(None, replace(THERE, rank=rank)) == ["missing here"]
        assert found(replace(HERE, rank=rank), None) == ["missing there"]

    @pytest.mark.parametrize("rank", [Rank.CREATED, Rank.FAILED])
    def test_need_not_both_know_of_what_never_was_money(self, rank: Rank) -> None:
        assert found(None, replace(THERE, rank=rank)) == []
        assert found(replace(HERE, rank=rank), None) == []

    @pytest.mark.parametrize(
        ("told", "known"),
        [
            (BACK, True),
            (replace(BACK, status=RefundStatus.FAILED), False),
            (replace(BACK, amount_paise=1), False),
            (replace(BACK, name="rfnd_2"), False),
            (replace(BACK, name="rfnd_2", status=RefundStatus.FAILED), True),
            (replace(BACK, name="rfnd_2", amount_paise=0), True),
        ],
    )
    def test_have_the_same_refunds_of_an_old_payment(self, told: RefundTold, known: bool) -> None:
        assert knows_refunds(replace(HERE, refunds=(BACK,)), [BACK, told]) is known

    def test_must_name_the_same_amount(self) -> None:
        assert found(HERE, replace(THERE, amount_paise=PAID + 1)) == ["amount differs"]
        assert found(HERE, replace(THERE, currency="USD")) == ["amount differs"]

    @pytest.mark.parametrize(
        ("here", "there"),
        [
            (Rank.AUTHORIZED, Rank.CAPTURED),
            (Rank.CAPTURED, Rank.AUTHORIZED),
            (Rank.FAILED, Rank.CAPTURED),
            (Rank.AUTHORIZED, Rank.FAILED),
        ],
    )
    def test_must_have_seen_the_payment_come_as_far(self, here: Rank, there: Rank) -> None:
        assert "state differs" in found(
            replace(HERE, rank=here), replace(THERE, rank=there, was_captured=there is Rank.CAPTURED)
        )

    def test_need_not_both_say_that_a_payment_is_refunded_where_its_refunds_do(self) -> None:
        assert found(replace(HERE, rank=Rank.CAPTURED, refunds=(BACK,)), THERE_BACK, BACK) == []

    def test_must_have_the_capture_in_the_ledger(self) -> None:
        assert found(replace(HERE, is_booked=False), THERE) == ["capture not booked"]

    @pytest.mark.parametrize(
        ("here", "there", "what"),
        [
            ((), (BACK,), "refund rfnd_1 missing here"),
            ((BACK,), (), "refund rfnd_1 missing there"),
            ((replace(BACK, amount_paise=1),), (BACK,), "refund rfnd_1 differs"),
            ((replace(BACK, status=RefundStatus.PENDING),), (BACK,), "refund rfnd_1 differs"),
        ],
    )
    def test_must_have_the_same_refunds(
        self, here: tuple[RefundTold, ...], there: tuple[RefundTold, ...], what: str
    ) -> None:
        gone = sum(refund.amount_paise for refund in there)

        assert found(replace(HERE, refunds=here), replace(THERE, amount_refunded_paise=gone), *there) == [what]

    def test_need_not_both_know_of_a_refund_that_failed(self) -> None:
        assert found(HERE, THERE, replace(BACK, status=RefundStatus.FAILED)) == []

    def test_a_refund_that_has_no_name_yet_is_not_compared(self) -> None:
        due = RefundTold(None, PAID, RefundStatus.DUE)

        assert found(replace(HERE, refunds=(due,)), THERE) == []


def balance(**changes: Any) -> Balance:
    """A confirmed booking whose money is captured; with changes."""
    usual: dict[str, Any] = {
        "payment": "pay_1",
        "booking": "b",
        "resolution": "applied",
        "booking_status": "confirmed",
        "rank": Rank.CAPTURED,
        "amount": PAID,
        "price": PAID,
        "captured": PAID,
        "refunded": 0,
        "refunds_moved": 0,
        "by_hand": 0,
        "goes_back": 0,
        "to_be_asked": 0,
    }
    return Balance(**usual | changes)


def gone(paise: int, **changes: Any) -> Balance:
    """A booking that ended, of whose money so much went back."""
    ended = {"resolution": "refunded", "booking_status": "cancelled", "price": 0}
    return balance(**ended | {"refunded": paise, "refunds_moved": paise, "goes_back": paise} | changes)


RIGHT = {
    "confirmed": balance(),
    "authorized only": balance(rank=Rank.AUTHORIZED, captured=0),
    "a part given back in the dashboard": balance(refunded=100, refunds_moved=100),
    "retained": balance(resolution="retained", booking_status="cancelled", price=0),
    "refunded": gone(PAID),
    "a share refunded": gone(PAID // 2),
    "to be refunded": gone(0, resolution="refund_due", goes_back=PAID // 2, to_be_asked=PAID // 2),
    "with a person": gone(0, resolution="manual", goes_back=PAID, to_be_asked=PAID),
    "given by hand": gone(0, by_hand=PAID, goes_back=PAID, to_be_asked=PAID),
    "flowed back by itself": gone(PAID, captured=0, rank=Rank.REFUNDED),
    "not decided yet": balance(resolution="none", booking_status="pending", price=0),
}
WRONG = {
    "applied to a booking that is not confirmed": balance(booking_status="cancelled"),
    "paid another amount than its seats cost": balance(price=PAID - 1),
    "captured otherwise than the ledger has it": balance(captured=PAID - 1),
    "given back otherwise than the ledger has it": gone(PAID, refunded=0),
    "more given back than was paid": gone(PAID, refunded=2 * PAID, refunds_moved=2 * PAID),
    "not conserved": gone(0, goes_back=PAID),
}


class TestTheHousesOwnBooks:
    @pytest.mark.parametrize("one", RIGHT.values(), ids=RIGHT.keys())
    def test_take_what_is_right(self, one: Balance) -> None:
        reckoning = reckon([one])

        assert reckoning.breaches == []
        assert reckoning.totals.is_conserved

    @pytest.mark.parametrize(("what", "one"), WRONG.items(), ids=WRONG.keys())
    def test_name_what_is_wrong(self, what: str, one: Balance) -> None:
        assert what in [breach.what for breach in reckon([one]).breaches]

    def test_add_up_over_all_payments(self) -> None:
        totals = reckon(RIGHT.values()).totals

        assert totals.is_conserved
        assert totals.confirmed == PAID + (PAID - 100)
        assert totals.retained == PAID + PAID // 2 + PAID // 2
        assert totals.on_its_way_back == PAID // 2 + PAID
        assert totals.undecided == PAID

    def test_do_not_let_one_loss_hide_behind_one_gain(self) -> None:
        lost, won = gone(0, goes_back=PAID), balance(captured=2 * PAID)

        reckoning = reckon([lost, won])

        assert {breach.subject for breach in reckoning.breaches} == {"pay_1"}
        assert len(reckoning.breaches) >= 2
