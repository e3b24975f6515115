"""What is known of money past the product: raw rows of PostgreSQL, keys of Redis, and the emulator's ledger.

Owns the reading only; what these may never say together is money.py. No line of the product decides anything here.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import redis
from psycopg import sql
from psycopg.rows import dict_row

Row = dict[str, Any]

_BOOKINGS: Final = """
SELECT id::text, show_id, holder, status, cancel_reason, refund, checkout_at IS NOT NULL AS frozen,
       extract(epoch FROM expires_at)::float8 AS expires_s, extract(epoch FROM ended_at)::float8 AS ended_s,
       extract(epoch FROM confirmed_at)::float8 AS confirmed_s
FROM bookings_booking ORDER BY id
"""
_CLAIMS: Final = """
SELECT show_id, seat_index AS seat, kind, booking_id::text AS booking, price_paise, released_at IS NULL AS live
FROM bookings_seatclaim ORDER BY show_id, seat_index, id
"""
_ORDERS: Final = """
SELECT razorpay_id AS order, booking_id::text AS booking, amount_paise, currency, state
FROM payments_order ORDER BY id
"""
_PAYMENTS: Final = """
SELECT id AS payment, order_id AS order, booking_id::text AS booking, amount_paise, currency, rank,
       amount_refunded_paise, resolution, reason, booking_note, method, error_code, error_detail, fee_paise,
       razorpay_created_at IS NOT NULL AS dated
FROM payments_payment ORDER BY id
"""
_REFUNDS: Final = """
SELECT payment_id AS payment, attempt, idempotency_key AS key, razorpay_id AS refund, amount_paise, status, reason
FROM payments_refund ORDER BY id
"""
_ENTRIES: Final = """
SELECT key, kind, payment_id AS payment, booking_id::text AS booking, amount_paise
FROM payments_ledgerentry ORDER BY key
"""
_OUTBOX: Final = "SELECT kind, key, payload, done_at IS NOT NULL AS done FROM bookings_outboxevent ORDER BY key"
_INBOX: Final = """
SELECT event, processed_at IS NOT NULL AS processed, error FROM payments_webhookevent ORDER BY event, body_sha256
"""
_AUDITED: Final = "SELECT DISTINCT booking_id::text FROM payments_auditentry WHERE booking_id IS NOT NULL"
_FENCE: Final = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM bookings_fence"
_AMOUNT_TYPES: Final = """
SELECT table_name || '.' || column_name, data_type FROM information_schema.columns
WHERE column_name LIKE '%paise%' AND table_schema = 'public'
"""


@dataclass(slots=True)
class TakenMoney:
    """A payment as the emulator's ledger tells it. `captured`: the money is with the cinema's account."""

    order: str | None
    amount_paise: int
    currency: str
    authorized: bool = False
    captured: bool = False


@dataclass(slots=True)
class ReturnedMoney:
    """A refund as the emulator's ledger tells it. `ours`: the house asked for it, by this key."""

    payment: str
    amount_paise: int
    status: str
    ours: str | None

    @property
    def goes(self) -> bool:
        """Whether the money is gone, or on its way."""
        return self.status in {"processed", "pending"}


@dataclass(slots=True)
class ShownShow:
    """What Redis shows of a show: its letters, the token of each reserved seat, the ms its locks have left."""

    states: str
    tokens: dict[str, str]
    lock_tokens: dict[str, str]
    lock_left_ms: dict[str, int]
    fences: dict[str, int]
    labels: list[str]


@dataclass(slots=True)
class Evidence:
    """Everything at one moment."""

    now_s: float = 0.0
    bookings: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    orders: list[Row] = field(default_factory=list)
    payments: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    inbox: list[Row] = field(default_factory=list)
    # Bookings whose money a member of staff touched.
    audited: frozenset[str] = frozenset()
    fence: int = 0
    amount_types: dict[str, str] = field(default_factory=dict)
    taken: dict[str, TakenMoney] = field(default_factory=dict)
    returned: dict[str, ReturnedMoney] = field(default_factory=dict)
    shown: dict[int, ShownShow] = field(default_factory=dict)

    def live_claims(self, booking: str) -> list[Row]:
        """The seats that a booking has."""
        return [claim for claim in self.claims if claim["booking"] == booking and claim["live"]]

    def payments_of(self, booking: str) -> list[Row]:
        """The payments of a booking."""
        return [payment for payment in self.payments if payment["booking"] == booking]

    def refunds_of(self, payment: str) -> list[Row]:
        """The refunds of a payment, as our rows have them."""
        return [refund for refund in self.refunds if refund["payment"] == payment]

    def returned_of(self, payment: str) -> list[ReturnedMoney]:
        """The refunds of a payment that were not in vain, as the gateway has them."""
        return [refund for refund in self.returned.values() if refund.payment == payment and refund.goes]


def read_evidence(database: str, ledger: Iterable[Row] = (), keys: "redis.Redis | None" = None) -> Evidence:
    """Read it all: rows in one snapshot; the ledger as the emulator lists it; Redis only where a client is given."""
    found = Evidence()
    with psycopg.connect(database, row_factory=dict_row) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        found.now_s = _first(connection, "SELECT extract(epoch FROM clock_timestamp())::float8")
        found.bookings = connection.execute(_BOOKINGS).fetchall()
        found.claims = connection.execute(_CLAIMS).fetchall()
        found.orders = connection.execute(_ORDERS).fetchall()
        found.payments = connection.execute(_PAYMENTS).fetchall()
        found.refunds = connection.execute(_REFUNDS).fetchall()
        found.entries = connection.execute(_ENTRIES).fetchall()
        found.outbox = connection.execute(_OUTBOX).fetchall()
        found.inbox = connection.execute(_INBOX).fetchall()
        found.audited = frozenset(row["booking_id"] for row in connection.execute(_AUDITED).fetchall())
        found.fence = _first(connection, _FENCE)
        found.amount_types = {next(iter(r.values())): r["data_type"] for r in connection.execute(_AMOUNT_TYPES)}
        if keys is not None:
            found.shown = {show: _shown(connection, keys, show) for show in {b["show_id"] for b in found.bookings}}
    fold_ledger(found, ledger)
    return found


def fold_ledger(found: Evidence, ledger: Iterable[Row]) -> None:
    """What the emulator's events come to, folded by this suite itself."""
    for event in ledger:
        kind = event["kind"]
        if kind == "payment.created":
            found.taken[event["payment_id"]] = TakenMoney(event["order_id"], event["amount"], event["currency"])
        elif kind == "payment.authorized":
            found.taken[event["payment_id"]].authorized = True
        elif kind == "payment.captured":
            found.taken[event["payment_id"]].captured = True
        elif kind == "refund.created":
            ours = None if event.get("automatic") else event.get("key")
            found.returned[event["refund_id"]] = ReturnedMoney(
                event["payment_id"], event["amount"], event["status"], ours
            )
        elif kind in {"refund.processed", "refund.failed"}:
            found.returned[event["refund_id"]].status = kind.removeprefix("refund.")


def checksums(database: str) -> dict[str, str]:
    """A digest of every table: input that is refused leaves all of them as they are."""
    with psycopg.connect(database) as connection:
        names = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        ).fetchall()
        digests = {}
        for (name,) in names:
            query = sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(sql.Identifier(name))
            text = "\n".join(row[0] for row in connection.execute(query))
            digests[name] = hashlib.sha256(text.encode()).hexdigest()
        return digests


def _first(connection: "psycopg.Connection[Row]", query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return next(iter(row.values()))


def _shown(connection: "psycopg.Connection[Row]", keys: "redis.Redis", show: int) -> ShownShow:
    row = connection.execute(
        "SELECT l.seats FROM bookings_layout AS l JOIN bookings_show AS s ON s.layout_id = l.id WHERE s.id = %s",
        (show,),
    ).fetchone()
    assert row is not None, "a booking's show stays"
    client: Any = keys
    tag, prefix = f"{{{show}}}", f"seat_lock:{{{show}}}:"
    reserved = client.hgetall(f"reserved_seats:{tag}")
    locks = list(client.scan_iter(f"{prefix}*"))
    return ShownShow(
        states=client.get(f"seat_states:{tag}") or "",
        tokens={label: value.split(" ")[0] for label, value in reserved.items()},
        lock_tokens={key.removeprefix(prefix): client.get(key) for key in locks},
        lock_left_ms={key.removeprefix(prefix): client.pttl(key) for key in locks},
        fences={label: int(fence) for label, fence in client.hgetall(f"seat_fence:{tag}").items()},
        labels=[seat["label"] for seat in row["seats"]],
    )
