"""What a report says of money: the ledger's days, and whether every paisa captured is accounted for. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from payments.domain.facts import Resolution

# In words, for a report; in this order.
FATE_WORDS: Final = {
    Resolution.APPLIED: "Pays for a booking that stands",
    Resolution.RETAINED: "Kept, by the refund policy",
    Resolution.REFUNDED: "Given back",
    Resolution.REFUND_DUE: "On its way back",
    Resolution.MANUAL: "Waits for a person",
    Resolution.NONE: "Not decided yet",
}


class BookedRow(NamedTuple):
    """What the ledger has of a day, or of payments of which the same was decided, in paise.

    `unknown_fees` captures have told no fee yet. `worth` is of the whole period: the price of the seats that its
    applied payments pay for.
    """

    day: date | None
    resolution: str | None
    captures: int
    captured: int
    fees: int
    unknown_fees: int
    refunds: int
    refunded: int
    worth: int


class RefundRow(NamedTuple):
    """Refunds by where they are and why."""

    status: str
    reason: str
    refunds: int
    paise: int


def settlement_section(booked: Sequence[BookedRow]) -> dict[str, Any]:
    """What came, what went, what it cost, and what is left to settle; and what does not add up (0: all does)."""
    days = [(row.day, row) for row in booked if row.day is not None]
    fates = {Resolution(row.resolution): row for row in booked if row.resolution is not None}
    captured, refunded = sum(row.captured for _, row in days), sum(row.refunded for _, row in days)
    fees = sum(row.fees for _, row in days)
    applied = fates.get(Resolution.APPLIED)
    return {
        "total": {
            "captures": sum(row.captures for _, row in days),
            "captured_paise": captured,
            "fees_paise": fees,
            "unknown_fees": sum(row.unknown_fees for _, row in days),
            "refunds": sum(row.refunds for _, row in days),
            "refunded_paise": refunded,
            "net_paise": captured - refunded - fees,
        },
        # Money that pays for bookings that stand, against the price of the seats that these bookings have.
        "unearned_paise": applied.captured - applied.worth if applied else 0,
        "days": {
            "columns": ["day", "captures", "captured_paise", "fees_paise", "refunds", "refunded_paise", "net_paise"],
            "rows": [
                [
                    day.isoformat(),
                    row.captures,
                    row.captured,
                    row.fees,
                    row.refunds,
                    row.refunded,
                    row.captured - row.fees - row.refunded,
                ]
                for day, row in days
            ],
        },
        "fates": {
            "columns": ["fate", "payments", "captured_paise", "refunded_paise"],
            "rows": [
                [words, fates[fate].captures, fates[fate].captured, fates[fate].refunded]
                for fate, words in FATE_WORDS.items()
                if fate in fates
            ],
        },
    }


def refunds_section(refunds: Iterable[RefundRow]) -> dict[str, Any]:
    """Refunds by status and reason, with their sum."""
    rows = list(refunds)
    return {
        "total": {"refunds": sum(row.refunds for row in rows), "paise": sum(row.paise for row in rows)},
        "table": {"columns": ["status", "reason", "refunds", "paise"], "rows": [list(row) for row in rows]},
    }
