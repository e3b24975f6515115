"""How money goes back: the states of a refund, the share of a policy, and what an answer of the gateway means."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HOUR_MS: Final = 3_600_000
# Then a person looks: a new key is a new refund, and more of them would not help.
ATTEMPTS_MAX: Final = 3
# Razorpay refunds no less (reference: 1.3, "at least INR 1.00").
REFUND_PAISE_MIN: Final = 100


class RefundStatus(StrEnum):
    """DUE: not asked for yet, or the answer is not known. PENDING: Razorpay has it. MANUAL: a person must act."""

    DUE = "due"
    PENDING = "pending"
    PROCESSED = "processed"
    FAILED = "failed"
    MANUAL = "manual"


# How far a refund has come. Processed is what counts, whatever was said before or is said after.
_ORDER: Final = {
    RefundStatus.DUE: 0,
    RefundStatus.PENDING: 1,
    RefundStatus.FAILED: 2,
    RefundStatus.MANUAL: 3,
    RefundStatus.PROCESSED: 4,
}


def merged(old: RefundStatus, new: RefundStatus) -> RefundStatus:
    """Of two things said about one refund, the one that holds."""
    return max(old, new, key=_ORDER.__getitem__)


@dataclass(frozen=True, slots=True)
class KnownRefund:
    """A refund as the house knows it. `attempt` None: made elsewhere. `name` None: Razorpay has not named it."""

    id: int
    payment: str
    attempt: int | None
    key: str
    amount_paise: int
    status: RefundStatus
    name: str | None

    @property
    def ended_without_us(self) -> bool:
        """Whether it was not made, as somebody else had given the money back."""
        return self.status is RefundStatus.PROCESSED and self.name is None


def returned_paise(refunds: Sequence[KnownRefund], *, paid_paise: int) -> int:
    """What went, goes or is owed to the buyer of a payment that goes back: never more than he paid.

    An attempt that failed is replaced by the next one; the last one is owed, however it ended. One that Razorpay
    never had, as somebody else had given the money back, stands for what was given back elsewhere.
    """
    outside = [r.amount_paise for r in refunds if r.attempt is None and r.status is not RefundStatus.FAILED]
    own = sorted((r for r in refunds if r.attempt is not None), key=lambda r: r.attempt or 0)
    moved = [r.amount_paise for r in own[:-1] if r.status is RefundStatus.PROCESSED and not r.ended_without_us]
    owed = [r.amount_paise for r in own[-1:] if not (r.ended_without_us and outside)]
    counted = [*outside, *moved, *owed]
    return min(sum(counted), paid_paise) if counted else paid_paise


@dataclass(frozen=True, slots=True)
class Policy:
    """Full until `full_until_hours` before the show, then `share_percent` until `share_until_hours`, then none."""

    full_until_hours: int
    share_until_hours: int
    share_percent: int


DEFAULT_POLICY: Final = Policy(full_until_hours=24, share_until_hours=2, share_percent=50)


def share_paise(policy: Policy, *, amount_paise: int, now_ms: int, starts_ms: int) -> int:
    """What a buyer gets back who cancels now; rounded up in his favour, to the paisa or to what can be sent."""
    left_ms = starts_ms - now_ms
    if left_ms >= policy.full_until_hours * HOUR_MS and left_ms > 0:
        return amount_paise
    if left_ms >= policy.share_until_hours * HOUR_MS and left_ms > 0:
        paise = -(-amount_paise * policy.share_percent // 100)
        return min(amount_paise, max(paise, REFUND_PAISE_MIN)) if paise else 0
    return 0
