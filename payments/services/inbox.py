"""Webhooks: kept before they are answered, then taken in; what could not be taken in is tried again.

A body is known again by its digest: the event's id is not signed, so anyone who saw an event could send it again
under another. Facts merge, so even that would change nothing.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import psycopg

from bookings.api import AsyncConnection, BookingWorks, ClaimsUnavailable, NotReady, pass_by
from payments.domain.refunds import RefundStatus
from payments.razorpay_entities import fact_of, receipt_of, refund_of
from payments.services.alerts import alert
from payments.services.refunds import take_refund
from payments.services.settle import take_in

logger = logging.getLogger(__name__)

LEFT_UNDONE_SECONDS: Final = 5
BATCH_MAX: Final = 200
# After so many failures an event waits for a person; it stays in the list of open money.
TRIES_MAX: Final = 20
_FACT_EVENTS: Final = ("payment.", "order.", "refund.")


class NotAnEvent(Exception):
    """A signed body that is not an event as Razorpay documents them."""


async def keep(works: BookingWorks, body: bytes, *, event_id: str) -> int | None:
    """Make an event durable. None: it is here already, and taken in. Raises ClaimsUnavailable."""
    async with works.connection() as connection:
        cursor = await connection.execute(
            "INSERT INTO payments_webhookevent AS w (body_sha256, event_id, event, body) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (body_sha256) DO UPDATE SET event_id = w.event_id RETURNING id, processed_at IS NOT NULL",
            (hashlib.sha256(body).digest(), event_id[:64], _name(body)[:60], body),
            prepare=True,
        )
        row = await cursor.fetchone()
    assert row is not None, "an upsert always returns its row"
    await pass_by("inbox.kept")
    return None if row[1] else row[0]


async def take_event(works: BookingWorks, event: int, body: bytes) -> None:
    """Take in a kept event and tick it off. What fails is written down with it and tried again.

    Raises ClaimsUnavailable where even that cannot be written.
    """
    try:
        await _take_in_facts(works, body)
    except (ClaimsUnavailable, NotReady) as failure:
        await _failed(works, event, str(failure))
        return
    except (NotAnEvent, KeyError, TypeError, ValueError, psycopg.DataError) as error:
        alert("a signed webhook cannot be understood", event=event, error=repr(error))
        await _failed(works, event, repr(error))
        return
    except Exception as error:
        # Whatever is wrong with one, Razorpay need not send it again and the others must not wait for it.
        logger.exception("webhook event %s cannot be taken in", event)
        await _failed(works, event, repr(error))
        return
    async with works.connection() as connection:
        await connection.execute(
            "UPDATE payments_webhookevent SET processed_at = clock_timestamp(), error = '' WHERE id = %s", (event,)
        )


async def take_leftovers(works: BookingWorks) -> int:
    """Take in what was kept and not ticked off: its process died, or PostgreSQL was busy."""
    async with works.connection() as connection:
        cursor = await connection.execute(
            "SELECT id FROM payments_webhookevent WHERE processed_at IS NULL AND tries < %s "
            "AND received_at <= clock_timestamp() - %s * interval '1 second' ORDER BY received_at LIMIT %s",
            (TRIES_MAX, LEFT_UNDONE_SECONDS, BATCH_MAX),
        )
        events = [event for (event,) in await cursor.fetchall()]
    for event in events:
        async with works.connection() as connection:
            body = await _take(connection, event)
        if body is not None:
            await take_event(works, event, body)
    return len(events)


async def _take(connection: AsyncConnection, event: int) -> bytes | None:
    """Count another try; None: somebody else has ticked it off."""
    cursor = await connection.execute(
        "UPDATE payments_webhookevent SET tries = tries + 1 WHERE id = %s AND processed_at IS NULL RETURNING body",
        (event,),
    )
    row = await cursor.fetchone()
    return bytes(row[0]) if row else None


async def _failed(works: BookingWorks, event: int, error: str) -> None:
    logger.warning("webhook event %s is taken in later: %s", event, error)
    async with works.connection() as connection:
        await connection.execute("UPDATE payments_webhookevent SET error = %s WHERE id = %s", (error[:300], event))


async def _take_in_facts(works: BookingWorks, body: bytes) -> None:
    event = _event(body)
    name = event["event"]
    if not str(name).startswith(_FACT_EVENTS):
        return
    payload = event["payload"]
    if "payment" in payload:
        fact = fact_of(payload["payment"]["entity"])
        if "order" in payload and (receipt := receipt_of(payload["order"]["entity"])):
            # The house gave the order its receipt; the notes of a payment came through a browser.
            fact = replace(fact, booking_note=receipt)
        await take_in(works, fact)
    if "refund" in payload:
        told = refund_of(payload["refund"]["entity"])
        status = await take_refund(works, told)
        if status is None and told.status is not RefundStatus.FAILED:
            raise NotAnEvent(f"refund {told.refund} of a payment that was never told of")


def _event(body: bytes) -> Mapping[str, Any]:
    """Raises NotAnEvent."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAnEvent("not JSON") from error
    if not isinstance(event, dict) or not isinstance(event.get("payload"), dict):
        raise NotAnEvent("no payload")
    return event


def _name(body: bytes) -> str:
    try:
        return str(_event(body).get("event", "")).replace("\x00", "").encode(errors="replace").decode()
    except NotAnEvent:
        return ""
