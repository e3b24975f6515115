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


class DayRow(NamedTuple):
    """A day of the ledger, in paise. `unknown_fees` captures have told no fee yet."""

    day: date
    captures: int
    captured: int
    fees: int
    unknown_fees: int
    refunds: int
    refunded: int


class FateRow(NamedTuple):
    """Captured payments by what was decided; `worth` is the price of the seats that applied ones pay for."""

    resolution: str
    payments: int
    captured: int
    given_back: int
    worth: int


class RefundRow(NamedTuple):
    """Refunds by where they are and why."""

    status: str
    reason: str
    refunds: int
    paise: int


def settlement_section(days: Sequence[DayRow], fates: Sequence[FateRow]) -> dict[str, Any]:
    """What came, what went, what it cost, and what is left to settle; and what does not add up (0: all does)."""
    captured, refunded = sum(day.captured for day in days), sum(day.refunded for day in days)
    fees = sum(day.fees for day in days)
    applied = next((fate for fate in fates if fate.resolution == Resolution.APPLIED), None)
    return {
        "total": {
            "captures": sum(day.captures for day in days),
            "captured_paise": captured,
            "fees_paise": fees,
            "unknown_fees": sum(day.unknown_fees for day in days),
            "refunds": sum(day.refunds for day in days),
            "refunded_paise": refunded,
            "net_paise": captured - refunded - fees,
        },
        # Both ways of adding up what was captured, and money against the seats that it paid for.
        "unexplained_paise": captured - sum(fate.captured for fate in fates),
        "unearned_paise": applied.captured - applied.worth if applied else 0,
        "days": {
            "columns": ["day", "captures", "captured_paise", "fees_paise", "refunds", "refunded_paise", "net_paise"],
            "rows": [
                [
                    day.day.isoformat(),
                    day.captures,
                    day.captured,
                    day.fees,
                    day.refunds,
                    day.refunded,
                    day.captured - day.fees - day.refunded,
                ]
                for day in days
            ],
        },
        "fates": {
            "columns": ["fate", "payments", "captured_paise", "given_back_paise"],
            "rows": [
                [FATE_WORDS[Resolution(fate.resolution)], fate.payments, fate.captured, fate.given_back]
                for fate in sorted(fates, key=lambda fate: list(FATE_WORDS).index(Resolution(fate.resolution)))
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
