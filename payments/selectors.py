"""What pages may know of money: what was paid for a booking, what goes back, and what would.

Read-only, by the ORM. Deciding is services/, the rules are domain/refunds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from payments.domain.facts import Resolution
from payments.domain.refunds import DEFAULT_POLICY, KnownRefund, Policy, RefundStatus, returned_paise, share_paise
from payments.models import Payment, RefundPolicy

# Payments whose money is, or was, the cinema's to decide about.
_GOING_BACK: Final = (Resolution.REFUND_DUE, Resolution.REFUNDED, Resolution.MANUAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundTerms:
    """What comes back of a confirmed booking that its buyer cancels now; `until`: when that changes, None: never."""

    paise: int
    until: datetime | None


def get_returned_paise(booking: str) -> int:
    """What went, goes or is to go back to the buyer of a booking, in paise."""
    payments = Payment.objects.filter(booking=UUID(booking), resolution__in=_GOING_BACK).prefetch_related("refunds")
    return sum(_returned_paise(payment) for payment in payments)


def get_refund_terms(*, theatre_slug: str, amount_paise: int, starts_at: datetime, now: datetime) -> RefundTerms:
    """What the theatre's policy gives back of `amount_paise` (paise) for a show at `starts_at`."""
    policy = get_refund_policy(theatre_slug)
    changes = (starts_at - timedelta(hours=hours) for hours in (policy.full_until_hours, policy.share_until_hours))
    return RefundTerms(
        paise=share_paise(policy, amount_paise=amount_paise, now_ms=_ms(now), starts_ms=_ms(starts_at)),
        until=min((change for change in changes if change > now), default=None),
    )


def get_refund_policy(theatre_slug: str) -> Policy:
    """What the theatre gives back of a booking that its buyer cancels, by the hours left before the show."""
    row = RefundPolicy.objects.filter(theatre__slug=theatre_slug).first()
    if row is None:
        return DEFAULT_POLICY
    return Policy(row.full_until_hours, row.share_until_hours, row.share_percent)


def _returned_paise(payment: Payment) -> int:
    refunds = [
        KnownRefund(
            refund.pk,
            payment.pk,
            refund.attempt,
            refund.idempotency_key,
            refund.amount_paise,
            RefundStatus(refund.status),
            refund.razorpay_id,
        )
        for refund in payment.refunds.all()
    ]
    return returned_paise(refunds, paid_paise=payment.amount_paise)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
