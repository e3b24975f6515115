"""Rows of a house that has run for a while: some that clean-up must take, and some like them that it must leave."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from bookings.models import Booking, IdempotencyRecord, OutboxEvent, Report, SeatEvent, Show
from payments.models import WebhookEvent
from tests.support.sales import hold

MONEY = ("payments_order", "payments_payment", "payments_refund", "payments_ledgerentry", "payments_auditentry")


def ago(**age: float) -> datetime:
    return datetime.now(UTC) - timedelta(**age)  # noqa: TID251


def expired(show: Show, *, days: float, seats: tuple[int, ...] = (0,), **fields: Any) -> Booking:
    """A hold that ran out so long ago."""
    at = ago(days=days)
    return hold(show, at=at - timedelta(minutes=10), seats=seats, status="expired", ended_at=at, **fields)


def tell(event: str, *, days: float, kind: str = "tested", is_done: bool = True) -> OutboxEvent:
    """An event of the outbox, so old."""
    at = ago(days=days)
    return OutboxEvent.objects.create(
        kind=kind, key=event, payload={}, created_at=at, next_at=at, done_at=at if is_done else None
    )


def receive(event: str, *, days: float, kind: str = "payment.captured", is_done: bool = True) -> WebhookEvent:
    """A webhook, so old."""
    at = ago(days=days)
    return WebhookEvent.objects.create(
        body_sha256=event.encode().ljust(32),
        event=kind,
        body=b"{}",
        received_at=at,
        processed_at=at if is_done else None,
    )


def keep_reply(key: str, *, hours: float) -> IdempotencyRecord:
    """A stored reply, so old."""
    return IdempotencyRecord.objects.create(
        holder="asha", operation="hold", key=key, request_sha256=b"0" * 32, reply={}, created_at=ago(hours=hours)
    )


def note(show: Show, *, days: float) -> SeatEvent:
    """A line of a seat's history, so old."""
    return SeatEvent.objects.create(show=show, seat_index=0, event="held", at=ago(days=days), holder="asha")


def ask(*, days: float) -> Report:
    """A report that was asked for so long ago."""
    return Report.objects.create(parameters={}, asked_at=ago(days=days))


def rows_of(*tables: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in these tables."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
            found[table] = cursor.fetchall()
    return found
