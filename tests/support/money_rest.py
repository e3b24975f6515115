"""Brings a house to rest as a worker and Beat would, without waiting: what is due later is made due now.

Runs the real tasks in the caller's thread (not on an event loop). The deadline of a hold is left alone.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from django.db import connection

from bookings.tasks import reconcile_seats, relay_outbox, release_expired_bookings
from payments.tasks import poll_payments
from tests.support.money_evidence import checksums

ROUNDS_MAX: Final = 12
# Enough for whatever waits a few seconds for its own process; a payment of nobody's waits ten minutes.
SOON: Final = "30 seconds"
LONG: Final = "1 hour"
_MADE_DUE: Final = (
    "UPDATE bookings_outboxevent SET next_at = clock_timestamp() WHERE done_at IS NULL",
    "UPDATE bookings_picturepending SET created_at = created_at - interval '30 seconds'",
    "UPDATE payments_webhookevent SET received_at = received_at - interval '30 seconds' WHERE processed_at IS NULL",
    "UPDATE payments_order SET lease_until = LEAST(lease_until, clock_timestamp())",
    "UPDATE payments_order SET poll_at = clock_timestamp() WHERE poll_at IS NOT NULL",
)
_PAYMENTS_AGED: Final = "UPDATE payments_payment SET first_seen_at = first_seen_at - %s::interval"
# What every round touches, though nothing has happened.
_RESTLESS: Final = frozenset(
    {
        "bookings_outboxevent",
        "payments_order",
        "payments_payment",
        "payments_refund",
        "payments_webhookevent",
    }
)


def bring_to_rest(database: str, *, parked_too: bool = False) -> None:
    """Run sweeps, polls and the relay until another round changes nothing. `parked_too`: ten minutes have passed."""
    before: object = None
    with _quick_connection():
        for _ in range(ROUNDS_MAX):
            make_due(database, age=LONG if parked_too else SOON)
            poll_payments()
            relay_outbox()
            release_expired_bookings()
            now = _state(database)
            if now == before:
                reconcile_seats()
                return
            before = now
    raise AssertionError(f"the house does not come to rest in {ROUNDS_MAX} rounds")


async def brought_to_rest(database: str, *, parked_too: bool = False) -> None:
    """The same from a test with a loop of its own."""
    await asyncio.to_thread(bring_to_rest, database, parked_too=parked_too)


def make_due(database: str, *, age: str = SOON) -> None:
    """Whatever the worker was to do later it may do now."""
    with psycopg.connect(database, autocommit=True) as books:
        for statement in _MADE_DUE:
            books.execute(statement.encode())
        books.execute(_PAYMENTS_AGED.encode(), (age,))


def _state(database: str) -> object:
    digests = {table: digest for table, digest in checksums(database).items() if table not in _RESTLESS}
    with psycopg.connect(database, autocommit=True) as books:
        rows = [
            books.execute(query).fetchall()
            for query in (
                "SELECT key, done_at IS NULL FROM bookings_outboxevent ORDER BY 1",
                "SELECT id, razorpay_id, state FROM payments_order ORDER BY 1",
                "SELECT id, razorpay_id, status FROM payments_refund ORDER BY 1",
                "SELECT id, processed_at IS NULL FROM payments_webhookevent ORDER BY 1",
                "SELECT id, booking_id, rank, amount_refunded_paise, resolution FROM payments_payment ORDER BY 1",
            )
        ]
    return digests, rows


@contextmanager
def _quick_connection() -> Iterator[None]:
    """Django's connection of this thread, closed in the end: nobody else closes it."""
    try:
        yield
    finally:
        connection.close()
