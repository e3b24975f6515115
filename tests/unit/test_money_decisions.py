"""What the facts about a booking's payments decide: the table of cases, and what must hold for all of them."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.domain.decide import BookingState, Decision, Unpaid, Why, decide
from payments.domain.facts import Payment, Rank, Resolution

ORDER, PRICE = "order_1", 25_000


def booking(status: str, reason: str = "", *, late: bool = True) -> BookingState:
    return BookingState(status=status, cancel_reason=reason, amount_paise=PRICE, may_be_late_paid=late)


def payment(name: str = "pay_1", **facts: object) -> Payment:
    captured = Payment(
        payment=name,
        order=ORDER,
        rank=Rank.CAPTURED,
        amount_paise=PRICE,
        currency="INR",
        amount_refunded_paise=0,
        resolution=Resolution.NONE,
        created_s=100,
    )
    return replace(captured, **facts)  # type: ignore[arg-type]  # names of the fields


def decided(state: BookingState, *payments: Payment, ours: bool | None = None) -> Decision:
    return decide(state, payments, amounts_paise={ORDER: PRICE}, seats_are_ours=ours)


APPLIED = payment("pay_0", resolution=Resolution.APPLIED)


class TestAPendingBooking:
    def test_is_paid_by_good_money(self) -> None:
        assert decided(booking("pending"), payment()) == Decision(apply="pay_1")

    def test_is_paid_by_authorised_money_too(self) -> None:
        assert decided(booking("pending"), payment(rank=Rank.AUTHORIZED)) == Decision(apply="pay_1")

    @pytest.mark.parametrize("rank", [Rank.CREATED, Rank.FAILED, Rank.REFUNDED])
    def test_is_not_paid_by_a_payment_without_money(self, rank: Rank) -> None:
        assert decided(booking("pending"), payment(rank=rank)).is_nothing

    @pytest.mark.parametrize("wrong", [{"amount_paise": PRICE - 1}, {"amount_paise": PRICE + 1}, {"currency": "USD"}])
    def test_is_not_paid_by_wrong_money(self, wrong: dict[str, Any]) -> None:
        assert decided(booking("pending"), payment(**wrong)) == Decision(refund=(("pay_1", Why.WRONG_AMOUNT),))

    def test_is_not_paid_by_what_an_order_asks_if_its_seats_cost_more(self) -> None:
        dearer = replace(booking("pending"), amount_paise=3 * PRICE)

        assert decided(dearer, payment()) == Decision(refund=(("pay_1", Why.WRONG_AMOUNT),))
        assert decided(replace(dearer, status="expired"), payment()) == Decision(
            refund=(("pay_1", Why.WRONG_AMOUNT),)
        )

    def test_is_not_paid_by_money_for_another_order(self) -> None:
        assert decided(booking("pending"), payment(order="order_2")).apply is None

    def test_is_not_paid_by_what_was_left_of_a_payment(self) -> None:
        part = payment(amount_refunded_paise=100)

        assert decided(booking("pending"), part) == Decision(refund=(("pay_1", Why.PART_LEFT),))

    def test_of_two_payments_keeps_the_captured_one(self) -> None:
        first, second = payment("pay_1", rank=Rank.AUTHORIZED, created_s=1), payment("pay_2", created_s=2)

        assert decided(booking("pending"), first, second) == Decision(apply="pay_2", refund=(("pay_1", Why.DOUBLE),))

    def test_of_two_captured_ones_keeps_the_older(self) -> None:
        first, second = payment("pay_2", created_s=1), payment("pay_1", created_s=2)

        assert decided(booking("pending"), first, second) == Decision(apply="pay_2", refund=(("pay_1", Why.DOUBLE),))


class TestAConfirmedBooking:
    def test_gives_a_second_payment_back(self) -> None:
        assert decided(booking("confirmed"), APPLIED, payment()) == Decision(refund=(("pay_1", Why.DOUBLE),))

    def test_ends_when_its_money_went_back_elsewhere(self) -> None:
        gone = replace(APPLIED, rank=Rank.REFUNDED, amount_refunded_paise=PRICE)

        assert decided(booking("confirmed"), gone) == Decision(cancel=Unpaid.OUTSIDE)

    def test_ends_when_its_money_was_never_enough(self) -> None:
        little = replace(APPLIED, amount_paise=100)

        assert decided(booking("confirmed"), little) == Decision(
            refund=(("pay_0", Why.WRONG_AMOUNT),), cancel=Unpaid.WRONG_AMOUNT
        )

    def test_stays_when_a_part_was_given_back_in_the_dashboard(self) -> None:
        assert decided(booking("confirmed"), replace(APPLIED, amount_refunded_paise=100)).is_nothing


class TestAnEndedBooking:
    @pytest.mark.parametrize("reason", ["", "refresh", "dismiss", "timer", "user", "released"])
    def test_asks_for_its_seats_again(self, reason: str) -> None:
        assert decided(booking("cancelled", reason), payment()) == Decision(needs_seats=True)

    def test_is_paid_with_its_seats(self) -> None:
        assert decided(booking("expired"), payment(), ours=True) == Decision(apply="pay_1")

    def test_without_its_seats_gives_the_money_back(self) -> None:
        assert decided(booking("expired"), payment(), ours=False) == Decision(refund=(("pay_1", Why.LATE),))

    def test_gives_the_money_back_when_it_may_not_be_paid_any_more(self) -> None:
        assert decided(booking("expired", late=False), payment()) == Decision(refund=(("pay_1", Why.LATE),))

    @pytest.mark.parametrize("reason", ["show cancelled", "returned", "changed", "refunded outside", "wrong amount"])
    def test_is_not_revived_when_it_was_ended_for_good(self, reason: str) -> None:
        assert decided(booking("cancelled", reason), payment(), ours=True) == Decision(
            refund=(("pay_1", Why.CANCELLED),)
        )

    def test_gives_back_what_it_was_paid_with(self) -> None:
        assert decided(booking("cancelled", "show cancelled"), APPLIED) == Decision(
            refund=(("pay_0", Why.CANCELLED),)
        )


states = st.builds(
    booking,
    st.sampled_from(("pending", "confirmed", "expired", "cancelled")),
    st.sampled_from(("", "dismiss", "timer", "show cancelled", "returned")),
    late=st.booleans(),
)
payments = st.lists(
    st.builds(
        payment,
        st.sampled_from([f"pay_{number}" for number in range(4)]),
        rank=st.sampled_from(Rank),
        amount_paise=st.sampled_from((PRICE, 100)),
        amount_refunded_paise=st.sampled_from((0, 50, PRICE)),
        resolution=st.sampled_from(Resolution),
        created_s=st.one_of(st.none(), st.integers(0, 3)),
    ),
    unique_by=lambda one: one.payment,
    max_size=4,
)


class TestWhateverIsKnown:
    @given(states, payments, st.sampled_from((None, True, False)), st.randoms())
    def test_is_decided_alike_in_any_order(
        self, state: BookingState, known: list[Payment], ours: bool | None, random: Random
    ) -> None:
        shuffled = list(known)
        random.shuffle(shuffled)

        assert decided(state, *known, ours=ours) == decided(state, *shuffled, ours=ours)

    @given(states, payments, st.sampled_from((None, True, False)))
    def test_is_either_applied_or_given_back_once(
        self, state: BookingState, known: list[Payment], ours: bool | None
    ) -> None:
        decision = decided(state, *known, ours=ours)

        names = [name for name, _ in decision.refund] + [decision.apply] * (decision.apply is not None)
        assert len(names) == len(set(names))
        assert decision.apply is None or state.status != "confirmed"
        if not decision.needs_seats:
            undecided = {p.payment for p in known if p.resolution is Resolution.NONE and p.is_good}
            assert undecided <= set(names), "money that nobody decides about"

    @given(states, payments)
    def test_is_not_decided_again_once_it_is(self, state: BookingState, known: list[Payment]) -> None:
        told = [p for p in known if p.resolution not in {Resolution.NONE, Resolution.APPLIED}]

        assert decided(state, *told).is_nothing
