"""The tables of money over the box office's connections: one verb each, in the caller's transaction.

It decides nothing. Locks: the booking's row first (BookingWork.lock), then rows of these tables.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bookings.api import AsyncConnection, MoneyBack, RefundState, Status, sql_file
from payments.domain.facts import Fact, Payment, Rank, Resolution
from payments.domain.refunds import KnownRefund, Policy, RefundStatus
from payments.gateway import GatewayRefund

_PACKAGE: Final = "payments"


def _refund_row(row: Sequence[Any]) -> KnownRefund:
    return KnownRefund(row[0], row[1], row[2], row[3], row[4], RefundStatus(row[5]), row[6])


def _payment(row: Sequence[Any]) -> Payment:
    return Payment(
        payment=row[0],
        order=row[1],
        rank=Rank(row[2]),
        amount_paise=row[3],
        currency=row[4],
        amount_refunded_paise=row[5],
        resolution=Resolution(row[6]),
        created_s=row[7],
        booking=str(row[8]) if row[8] else None,
        reason=row[9],
        booking_note=row[10],
    )


# --- payments


async def record(connection: AsyncConnection, fact: Fact, *, booking: str | None, amount_paise: int) -> Payment:
    """Take a fact in. `amount_paise` is what the order asked for, for a fact that names none."""
    cursor = await connection.execute(
        sql_file(_PACKAGE, "record_payment"),
        {
            "payment": fact.payment,
            "order": fact.order,
            "booking": booking,
            "amount": amount_paise if fact.amount_paise is None else fact.amount_paise,
            "certain": fact.amount_paise is not None,
            "currency": fact.currency,
            "rank": int(fact.rank),
            "refunded": fact.amount_refunded_paise,
            # Kept to match money of nobody; else it would depend on which of its facts came first.
            "note": fact.booking_note if booking is None else "",
            "method": fact.method,
            "error_code": fact.error_code,
            "error_detail": fact.error_detail,
            "fee": fact.fee_paise,
            "created_s": fact.created_s,
        },
        prepare=True,
    )
    row = await cursor.fetchone()
    assert row is not None, "an upsert always returns its row"
    payment = _payment(row)
    if fact.was_captured:
        await connection.execute(
            "INSERT INTO payments_ledgerentry (key, kind, payment_id, booking_id, amount_paise) "
            "VALUES (%s, 'captured', %s, %s, %s) ON CONFLICT (key) DO NOTHING",
            (f"captured:{payment.payment}", payment.payment, payment.booking, payment.amount_paise),
        )
    return payment


async def find(connection: AsyncConnection, payment: str) -> Payment | None:
    """A payment by its id."""
    cursor = await connection.execute(
        "SELECT id, order_id, rank, amount_paise, currency, amount_refunded_paise, resolution, "
        "extract(epoch FROM razorpay_created_at)::bigint, booking_id, reason, "
        "booking_note FROM payments_payment WHERE id = %s",
        (payment,),
    )
    row = await cursor.fetchone()
    return _payment(row) if row else None


@dataclass(frozen=True, slots=True)
class LookedUp:
    """Whose an order is, and what is known of a payment. `booking` None: the order is nobody's."""

    booking: str | None
    holder: str | None
    status: Status | None
    amount_paise: int
    payment: Payment | None


async def look_up(connection: AsyncConnection, *, payment: str, order: str) -> LookedUp:
    """What is known of a payment and of the order it names, in one look."""
    cursor = await connection.execute(
        sql_file(_PACKAGE, "look_up"), {"payment": payment, "order": order}, prepare=True
    )
    row = await cursor.fetchone()
    assert row is not None, "look_up always returns a row"
    return LookedUp(
        booking=str(row[0]) if row[0] else None,
        holder=row[1],
        status=Status(row[2]) if row[2] else None,
        amount_paise=row[3] or 0,
        payment=_payment(row[4:]) if row[4] else None,
    )


async def payments_of(connection: AsyncConnection, booking: str) -> list[Payment]:
    """Every payment of a booking."""
    return [payment for payment, _ in await payments_with_amounts(connection, booking)]


async def payments_with_amounts(connection: AsyncConnection, booking: str) -> list[tuple[Payment, int | None]]:
    """Every payment of a booking, and what its order asked for in paise; None: its order is not the booking's."""
    cursor = await connection.execute(sql_file(_PACKAGE, "payments_of_booking"), {"booking": booking}, prepare=True)
    return [(_payment(row), row[11]) for row in await cursor.fetchall()]


async def apply(
    connection: AsyncConnection, payment: Payment, *, watch_kind: str, watch_after_seconds: float
) -> None:
    """The payment pays for its booking, and its capture is to be watched."""
    await connection.execute(
        sql_file(_PACKAGE, "apply_payment"),
        {
            "payment": payment.payment,
            "kind": watch_kind,
            "key": f"capture_watch:{payment.payment}",
            "payload": json.dumps({"payment": payment.payment, "booking": payment.booking}),
            "after_seconds": watch_after_seconds,
        },
        prepare=True,
    )


async def resolve(connection: AsyncConnection, payment: str, resolution: Resolution, *, reason: str = "") -> None:
    """Note what was decided about a payment."""
    await connection.execute(
        "UPDATE payments_payment SET resolution = %s, reason = %s WHERE id = %s",
        (resolution, reason[:200], payment),
    )


# --- orders


async def adopt_order(connection: AsyncConnection, *, booking: str, order: str, amount_paise: int) -> None:
    """Keep an order of a booking that a payment names and we do not know: the answer to its making was lost.

    It fills the row that waits for a name; beside an order that has one it is kept as one that is not used any more.
    """
    cursor = await connection.execute(
        "UPDATE payments_order SET razorpay_id = %s, state = 'created' "
        "WHERE booking_id = %s AND razorpay_id IS NULL AND state = 'creating'",
        (order, booking),
    )
    if not cursor.rowcount:
        await connection.execute(
            "INSERT INTO payments_order (booking_id, razorpay_id, amount_paise, state, lease_until) "
            "VALUES (%s, %s, %s, 'failed', clock_timestamp()) ON CONFLICT (razorpay_id) DO NOTHING",
            (booking, order, amount_paise),
        )


# --- refunds


async def refund_is_due(
    connection: AsyncConnection, payment: str, *, amount_paise: int, reason: str, attempt: int = 1
) -> tuple[int, str]:
    """Note that money must go back. Returns the refund and its key; repeated, the same ones."""
    key = f"refund-{payment}-{attempt}"
    cursor = await connection.execute(
        "INSERT INTO payments_refund (payment_id, attempt, idempotency_key, amount_paise, status, reason) "
        "VALUES (%s, %s, %s, %s, 'due', %s) "
        "ON CONFLICT (idempotency_key) DO UPDATE SET idempotency_key = EXCLUDED.idempotency_key RETURNING id",
        (payment, attempt, key, amount_paise, reason),
    )
    row = await cursor.fetchone()
    assert row is not None, "an upsert always returns its row"
    return row[0], key


async def find_refund(connection: AsyncConnection, refund: int) -> KnownRefund | None:
    """A refund of ours."""
    cursor = await connection.execute(
        "SELECT id, payment_id, attempt, idempotency_key, amount_paise, status, razorpay_id FROM payments_refund "
        "WHERE id = %s",
        (refund,),
    )
    row = await cursor.fetchone()
    return _refund_row(row) if row else None


async def refunds_of(connection: AsyncConnection, payment: str) -> list[KnownRefund]:
    """Every refund of a payment, the latest attempt last; locked, so that two tellers do not pass each other."""
    cursor = await connection.execute(
        "SELECT id, payment_id, attempt, idempotency_key, amount_paise, status, razorpay_id FROM payments_refund "
        "WHERE payment_id = %s ORDER BY attempt NULLS FIRST, id FOR UPDATE",
        (payment,),
    )
    return [_refund_row(row) for row in await cursor.fetchall()]


async def refund_by_name(connection: AsyncConnection, refund: str) -> KnownRefund | None:
    """The refund that Razorpay calls so."""
    cursor = await connection.execute("SELECT id FROM payments_refund WHERE razorpay_id = %s", (refund,))
    row = await cursor.fetchone()
    return await find_refund(connection, row[0]) if row else None


async def record_refund(
    connection: AsyncConnection,
    payment: Payment,
    told: GatewayRefund,
    *,
    row: KnownRefund | None,
    status: RefundStatus,
) -> None:
    """Write what the gateway says of a refund: into our row, or into a new one for a refund made elsewhere."""
    if row is None:
        await connection.execute(
            "INSERT INTO payments_refund (payment_id, idempotency_key, razorpay_id, amount_paise, status, reason) "
            "VALUES (%s, %s, %s, %s, %s, 'outside')",
            (payment.payment, told.refund, told.refund, told.amount_paise, status),
        )
    else:
        await connection.execute(
            "UPDATE payments_refund SET razorpay_id = COALESCE(razorpay_id, %s), status = %s, "
            "changed_at = clock_timestamp() WHERE id = %s",
            (told.refund, status, row.id),
        )
    if status in {RefundStatus.PENDING, RefundStatus.PROCESSED}:
        # What flows back without ever having been captured was never the cinema's.
        await connection.execute(
            "INSERT INTO payments_ledgerentry (key, kind, payment_id, booking_id, amount_paise) "
            "SELECT %s, 'refunded', %s, %s, %s FROM payments_ledgerentry WHERE key = %s ON CONFLICT (key) DO NOTHING",
            (
                f"refunded:{told.refund}",
                payment.payment,
                payment.booking,
                -told.amount_paise,
                f"captured:{payment.payment}",
            ),
        )
    elif status is RefundStatus.FAILED:
        # The money did not go: what was booked as gone comes back.
        await connection.execute(
            "INSERT INTO payments_ledgerentry (key, kind, payment_id, booking_id, amount_paise) "
            "SELECT 'failed:' || %(refund)s, 'refunded', payment_id, booking_id, -amount_paise "
            "FROM payments_ledgerentry WHERE key = 'refunded:' || %(refund)s ON CONFLICT (key) DO NOTHING",
            {"refund": told.refund},
        )


async def recount_refunded(connection: AsyncConnection, payment: str, *, failed_paise: int) -> bool:
    """Bring a payment in step with its refunds, of which one may have failed just now. Returns whether it changed."""
    cursor = await connection.execute(
        sql_file(_PACKAGE, "recount_refunded"), {"payment": payment, "failed": failed_paise}
    )
    return await cursor.fetchone() is not None


async def set_refund_status(
    connection: AsyncConnection, refund: int, status: RefundStatus, *, detail: str = ""
) -> None:
    """Note where a refund is without an entity of the gateway."""
    await connection.execute(
        "UPDATE payments_refund SET status = %s, detail = %s, changed_at = clock_timestamp() WHERE id = %s",
        (status, detail[:300], refund),
    )


async def money_back(connection: AsyncConnection, booking: str) -> MoneyBack:
    """Where the money of a booking is that the cinema does not keep."""
    cursor = await connection.execute(sql_file(_PACKAGE, "money_back"), {"booking": booking})
    row = await cursor.fetchone()
    assert row is not None, "a booking without payments has nothing to give back"
    return MoneyBack(RefundState(row[0]), row[1])


async def refund_policy(connection: AsyncConnection, theatre_id: int) -> Policy | None:
    """The theatre's own policy."""
    cursor = await connection.execute(
        "SELECT full_until_hours, share_until_hours, share_percent FROM payments_refundpolicy WHERE theatre_id = %s",
        (theatre_id,),
    )
    row = await cursor.fetchone()
    return Policy(*row) if row else None


async def now_ms(connection: AsyncConnection) -> int:
    """What time it is, Unix ms, by the clock that deadlines are kept by; not when the transaction began."""
    cursor = await connection.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    row = await cursor.fetchone()
    assert row is not None, "it is always some time"
    return int(row[0])


# --- what was left undone


async def unsettled_bookings(connection: AsyncConnection, *, older_than_seconds: float) -> list[str]:
    """Bookings with money that nobody decided about, or with applied money though they are not confirmed."""
    cursor = await connection.execute(sql_file(_PACKAGE, "unsettled_bookings"), {"older_than": older_than_seconds})
    return [str(booking) for (booking,) in await cursor.fetchall()]


async def parked_payments(connection: AsyncConnection, *, older_than_seconds: float) -> list[str]:
    """Good payments that are nobody's, and have been for a while."""
    cursor = await connection.execute(
        "SELECT id FROM payments_payment WHERE booking_id IS NULL AND resolution = 'none' AND rank IN (2, 3) "
        "AND first_seen_at <= clock_timestamp() - %s * interval '1 second' ORDER BY first_seen_at LIMIT 100",
        (older_than_seconds,),
    )
    return [payment for (payment,) in await cursor.fetchall()]


async def find_parked(connection: AsyncConnection, payment: str, *, older_than_seconds: float) -> Payment | None:
    """A payment that has been nobody's for so long, locked itself as no booking can stand for it."""
    cursor = await connection.execute(
        "SELECT 1 FROM payments_payment WHERE id = %s AND booking_id IS NULL "
        "AND first_seen_at <= clock_timestamp() - %s * interval '1 second' FOR UPDATE",
        (payment, older_than_seconds),
    )
    return await find(connection, payment) if await cursor.fetchone() else None
