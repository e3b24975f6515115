"""The rows of orders: leased while one is made, filled when it is, polled until its payments are known.

In the caller's transaction. Payments and refunds are store.py.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from bookings.api import AsyncConnection, sql_file

_PACKAGE: Final = "payments"


@dataclass(frozen=True, slots=True)
class Lease:
    """An order as `lease_order` found or made it. `order` is its name at Razorpay, if it is made."""

    id: int
    order: str | None
    amount_paise: int
    tries: int
    is_mine: bool

    @property
    def is_made(self) -> bool:
        """Whether it can be paid."""
        return self.order is not None


async def lease_order(connection: AsyncConnection, *, booking: str, amount_paise: int, lease_seconds: float) -> Lease:
    """The booking's usable order; ours to make where there is none, or where whoever was making it is gone.

    The caller has locked the booking.
    """
    cursor = await connection.execute(
        sql_file(_PACKAGE, "lease_order"),
        {"booking": booking, "amount": amount_paise, "lease_seconds": lease_seconds},
    )
    row: Any = await cursor.fetchone()
    if row is not None:
        return Lease(id=row[0], order=row[1], amount_paise=row[2], tries=row[3], is_mine=True)
    cursor = await connection.execute(
        "SELECT id, razorpay_id, amount_paise, tries FROM payments_order WHERE booking_id = %s AND state <> 'failed'",
        (booking,),
    )
    row = await cursor.fetchone()
    assert row is not None, "an order that could not be leased is there"
    return Lease(id=row[0], order=row[1], amount_paise=row[2], tries=row[3], is_mine=False)


async def order_is_made(connection: AsyncConnection, lease: Lease, *, order: str) -> Lease:
    """Fill the order with its name. Where a payment named it first (adopt_order), that name stays."""
    cursor = await connection.execute(
        "UPDATE payments_order SET razorpay_id = COALESCE(razorpay_id, %s), state = 'created' "
        "WHERE id = %s RETURNING razorpay_id",
        (order, lease.id),
    )
    row = await cursor.fetchone()
    assert row is not None, "a leased order stays"
    return replace(lease, order=row[0])


async def order_failed(connection: AsyncConnection, order: int) -> bool:
    """Razorpay refuses it: another may be tried. False: it was made meanwhile."""
    cursor = await connection.execute(
        "UPDATE payments_order SET state = 'failed', poll_at = NULL WHERE id = %s AND razorpay_id IS NULL", (order,)
    )
    return bool(cursor.rowcount)


async def end_lease(connection: AsyncConnection, order: int) -> None:
    """Nobody is making it any more."""
    await connection.execute(
        "UPDATE payments_order SET lease_until = clock_timestamp() WHERE id = %s AND state = 'creating'", (order,)
    )


@dataclass(frozen=True, slots=True)
class Polled:
    """An order whose payments are to be looked up. `age_seconds` counts from the end of its booking, if it ended."""

    id: int
    order: str | None
    booking: str
    amount_paise: int
    status: str
    age_seconds: float


async def take_polled(connection: AsyncConnection, *, batch_max: int, lease_seconds: float) -> list[Polled]:
    """The orders that are due to be looked up; they are nobody else's for a while."""
    cursor = await connection.execute(
        sql_file(_PACKAGE, "take_polled"), {"batch_max": batch_max, "lease_seconds": lease_seconds}
    )
    return [Polled(row[0], row[1], str(row[2]), row[3], row[4], row[5]) for row in await cursor.fetchall()]


async def tried_order(connection: AsyncConnection, *, booking: str, holder: str) -> str | None:
    """The order of the holder's pending booking, if an attempt to pay it is known; none has brought money so far."""
    cursor = await connection.execute(
        "SELECT o.razorpay_id FROM payments_order AS o JOIN bookings_booking AS b ON b.id = o.booking_id "
        "WHERE b.id = %s AND b.holder = %s AND b.status = 'pending' "
        "AND EXISTS (SELECT 1 FROM payments_payment AS p WHERE p.order_id = o.razorpay_id)",
        (booking, holder),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def poll_again(connection: AsyncConnection, order: int, *, after_seconds: float | None) -> None:
    """Look an order up again later; None: never."""
    await connection.execute(
        "UPDATE payments_order SET poll_at = clock_timestamp() + %s * interval '1 second' WHERE id = %s",
        (after_seconds, order),
    )
