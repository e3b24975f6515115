"""What a buyer gets back who cancels: the table of a policy, and what holds of every policy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.domain.refunds import (
    DEFAULT_POLICY,
    HOUR_MS,
    REFUND_PAISE_MIN,
    KnownRefund,
    Policy,
    RefundStatus,
    merged,
    returned_paise,
    share_paise,
)

STARTS_MS = 1_763_800_000_000
POLICIES = st.builds(
    lambda later, earlier, percent: Policy(later + earlier, later, percent),
    st.integers(0, 500),
    st.integers(0, 500),
    st.integers(0, 100),
)
AMOUNTS = st.integers(100, 10_000_000)
MOMENTS = st.integers(STARTS_MS - 1100 * HOUR_MS, STARTS_MS + 10 * HOUR_MS)


def share(policy: Policy, amount_paise: int, before_ms: int) -> int:
    return share_paise(policy, amount_paise=amount_paise, now_ms=STARTS_MS - before_ms, starts_ms=STARTS_MS)


class TestTheHousesPolicy:
    @pytest.mark.parametrize(
        ("hours_before", "ms_more", "paise"),
        [
            (1000, 0, 50_001),
            (24, 0, 50_001),
            (24, -1, 25_001),
            (2, 0, 25_001),
            (2, -1, 0),
            (0, 1, 0),
            (0, 0, 0),
            (-5, 0, 0),
        ],
    )
    def test_is_whole_then_half_then_nothing(self, hours_before: int, ms_more: int, paise: int) -> None:
        assert share(DEFAULT_POLICY, 50_001, hours_before * HOUR_MS + ms_more) == paise

    @pytest.mark.parametrize(("paid_paise", "paise"), [(100, 100), (150, 100), (199, 100), (200, 100), (202, 101)])
    def test_gives_a_rupee_where_half_is_less(self, paid_paise: int, paise: int) -> None:
        assert share(DEFAULT_POLICY, paid_paise, 3 * HOUR_MS) == paise


class TestEveryPolicy:
    @given(policy=POLICIES, amount=AMOUNTS, moment=MOMENTS)
    def test_never_gives_back_more_than_was_paid(self, policy: Policy, amount: int, moment: int) -> None:
        assert 0 <= share_paise(policy, amount_paise=amount, now_ms=moment, starts_ms=STARTS_MS) <= amount

    @given(policy=POLICIES, amount=AMOUNTS, one=MOMENTS, other=MOMENTS)
    def test_never_gives_more_to_who_waits(self, policy: Policy, amount: int, one: int, other: int) -> None:
        sooner, later = (
            share_paise(policy, amount_paise=amount, now_ms=moment, starts_ms=STARTS_MS)
            for moment in sorted((one, other))
        )
        assert sooner >= later

    @given(policy=POLICIES, one=AMOUNTS, other=AMOUNTS, moment=MOMENTS)
    def test_never_gives_less_to_who_paid_more(self, policy: Policy, one: int, other: int, moment: int) -> None:
        less, more = (
            share_paise(policy, amount_paise=amount, now_ms=moment, starts_ms=STARTS_MS)
            for amount in sorted((one, other))
        )
        assert less <= more

    @given(percent=st.integers(0, 100), amount=AMOUNTS)
    def test_rounds_in_the_buyers_favour_by_less_than_a_paisa(self, percent: int, amount: int) -> None:
        given_back = share(Policy(24, 2, percent), amount, 3 * HOUR_MS)

        assert 0 <= 100 * given_back - percent * amount < 100 or given_back == REFUND_PAISE_MIN

    @given(policy=POLICIES, amount=AMOUNTS, moment=MOMENTS)
    def test_gives_nothing_or_what_can_be_sent(self, policy: Policy, amount: int, moment: int) -> None:
        given_back = share_paise(policy, amount_paise=amount, now_ms=moment, starts_ms=STARTS_MS)
        assert given_back == 0 or given_back >= REFUND_PAISE_MIN

    @given(policy=POLICIES, amount=AMOUNTS, after_ms=st.integers(0, 10 * HOUR_MS))
    def test_gives_nothing_once_the_show_has_begun(self, policy: Policy, amount: int, after_ms: int) -> None:
        assert share(policy, amount, -after_ms) == 0


class TestWhatIsSaidOfARefund:
    @given(said=st.lists(st.sampled_from(RefundStatus), min_size=1), seed=st.randoms())
    def test_ends_the_same_in_any_order(self, said: list[RefundStatus], seed: object) -> None:
        shuffled = sorted(said, key=lambda _: seed.random())  # type: ignore[attr-defined]

        assert _all_of(said) == _all_of(shuffled) == _all_of([*said, *shuffled])

    def test_counts_as_given_back_once_it_was(self) -> None:
        for other in RefundStatus:
            assert merged(RefundStatus.PROCESSED, other) is merged(other, RefundStatus.PROCESSED)
            assert merged(RefundStatus.PROCESSED, other) is RefundStatus.PROCESSED


def _all_of(said: list[RefundStatus]) -> RefundStatus:
    status = said[0]
    for one in said[1:]:
        status = merged(status, one)
    return status


def ours(status: str, paise: int = 25_000, *, attempt: int = 1, is_named: bool | None = None) -> KnownRefund:
    named = status in {"pending", "processed", "failed"} if is_named is None else is_named
    name = f"rfnd_{attempt}" if named else None
    return KnownRefund(attempt, "pay_1", attempt, f"refund-pay_1-{attempt}", paise, RefundStatus(status), name)


def outside(status: str, paise: int) -> KnownRefund:
    return KnownRefund(9, "pay_1", None, "rfnd_theirs", paise, RefundStatus(status), "rfnd_theirs")


class TestWhatABuyerIsToldThatHeGets:
    """Of ₹500 that he paid and that go back, by the policy half of it."""

    @pytest.mark.parametrize(
        ("refunds", "paise"),
        [
            ([], 50_000),
            ([ours("due")], 25_000),
            ([ours("failed"), ours("pending", attempt=2)], 25_000),
            ([ours("failed"), ours("failed", attempt=2), ours("failed", attempt=3)], 25_000),
            ([ours("manual"), ours("processed", attempt=2)], 25_000),
            ([ours("processed"), ours("processed", attempt=2)], 50_000),
            ([ours("processed", 50_000, is_named=False), outside("processed", 50_000)], 50_000),
            ([ours("processed", 50_000, is_named=False)], 50_000),
            ([ours("processed", is_named=False), outside("failed", 25_000), ours("due", attempt=2)], 25_000),
            ([outside("processed", 10_000), ours("due")], 35_000),
            ([outside("processed", 10_000), ours("manual", 50_000), ours("due", 40_000, attempt=2)], 50_000),
            ([outside("processed", 10_000), ours("manual", 50_000)], 50_000),
        ],
        ids=[
            "before anything is asked for",
            "asked for",
            "asked for anew",
            "failed for good: owed",
            "by staff after all",
            "a failed one went through as well",
            "somebody was faster",
            "Razorpay gave back what nobody captured",
            "somebody was faster, and failed",
            "a part from the dashboard before",
            "a part from the dashboard, the rest by staff",
            "a part from the dashboard, the rest owed",
        ],
    )
    def test_counts_each_rupee_once(self, refunds: list[KnownRefund], paise: int) -> None:
        assert returned_paise(refunds, paid_paise=50_000) == paise
