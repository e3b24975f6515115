"""Money that is not at rest: what is open, since when, for how long that is normal, and what is next.

At rest there is none. The admin's page, the doctor and /metrics read it; each brings its own connection. Closing
what is open is services/staff.py and staff_inbox.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql

from bookings.api import sql_file
from payments.services.inbox import TRIES_MAX

PAGE_MAX: Final = 500
MINUTE_SECONDS: Final = 60
DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Kind:
    """A way in which money is open. Older than `normal_seconds` it needs a person; 0: always."""

    title: str
    normal_seconds: float
    next_step: str


# The looks at a capture come within 25 minutes; what is not captured by then flows back soon.
KINDS: Final = {
    "misapplied": Kind(
        "Paid, but not confirmed any more",
        5 * MINUTE_SECONDS,
        "The worker sends it back within seconds. Start worker and beat if this stays.",
    ),
    "undecided": Kind(
        "Paid and not decided",
        2 * MINUTE_SECONDS,
        "The worker settles it within 15 s. Start worker and beat if this stays.",
    ),
    "parked": Kind(
        "For an order that nobody knows",
        15 * MINUTE_SECONDS,
        "Match it to the booking it was meant for, or give it back. After 10 minutes it goes back by itself.",
    ),
    "refund_due": Kind(
        "To be given back, not yet asked for",
        60 * MINUTE_SECONDS,
        "The worker asks again and again with the same key. Look whether Razorpay answers and whether the account has"
        " money for refunds.",
    ),
    "refund_pending": Kind(
        "Given back, on its way through the banks",
        10 * DAY_SECONDS,
        "Nothing: banks take 5 to 7 working days. Ask Razorpay's support about an older one.",
    ),
    "manual": Kind(
        "A refund that needs a person",
        0,
        "Read why it was refused, put that right in Razorpay's dashboard, then try again with a new key.",
    ),
    "webhook": Kind(
        "Told by Razorpay and not taken in",
        5 * MINUTE_SECONDS,
        "The worker takes it in within 15 s. Start worker and beat if this stays.",
    ),
    "webhook_failed": Kind(
        "Told by Razorpay and not understood",
        0,
        "Read the error. Put right what is wrong and try the event again; or close it, and let"
        " `manage.py ledger check --repair` ask Razorpay for the same facts.",
    ),
    "order": Kind(
        "A buyer waits for his order",
        5 * MINUTE_SECONDS,
        "The next try finds or makes it. Look whether Razorpay answers.",
    ),
    "uncaptured": Kind(
        "Confirmed and not captured",
        25 * MINUTE_SECONDS,
        "The worker captures it. What is not captured by the end of the manual period flows back: capture it in"
        " Razorpay's dashboard.",
    ),
}


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One thing that is open. `told` is what is known about it; `event` is set for an event of Razorpay's."""

    kind: str
    what: str
    payment: str | None
    booking: str | None
    amount_paise: int | None
    age_seconds: float
    told: str
    event: int | None

    @property
    def is_overdue(self) -> bool:
        """Whether it has been open for longer than is normal."""
        return self.age_seconds > KINDS[self.kind].normal_seconds


@dataclass(frozen=True, slots=True)
class Query:
    """The statement, and what it is asked with."""

    statement: sql.SQL
    arguments: dict[str, Any]


def open_money_query() -> Query:
    """For whatever connection there is; `open_items` reads its rows."""
    return Query(sql_file("payments", "open_money"), {"tries_max": TRIES_MAX, "page_max": PAGE_MAX})


def open_items(rows: Iterable[Sequence[Any]]) -> list[OpenItem]:
    """What the query's rows say, the oldest first."""
    return [OpenItem(*row) for row in rows]


def counts(items: Sequence[OpenItem]) -> dict[str, int]:
    """How many of each kind there are; every kind is named."""
    found = dict.fromkeys(KINDS, 0)
    for item in items:
        found[item.kind] += 1
    return found
