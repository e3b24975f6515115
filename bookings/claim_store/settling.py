"""What money does to a booking: freeze its seats, confirm it, claim its seats again, cancel it, open another instead.

Verbs on the caller's transaction, after `lock`; deciding is payments' business. How bookings end by themselves is
endings.py, whose Note [Lock, then look] holds here too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bookings.claim_store.endings import Ended
from bookings.claim_store.pool import AsyncConnection, statement
from bookings.domain.lifecycle import MoneyBack, RefundState, Status, Trigger, next_status


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who pays."""

    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFacts:
    """A locked booking. `seats` are (index, price in paise), those at its end once it has ended; times Unix ms."""

    booking: str
    show_id: int
    holder: str
    status: Status
    cancel_reason: str
    expires_ms: int
    is_late: bool
    is_frozen: bool
    buyer: Buyer
    refund: RefundState
    theatre_id: int
    starts_ms: int
    has_started: bool
    is_sold: bool
    seats: tuple[tuple[int, int], ...]
    has_newer: bool

    @property
    def amount_paise(self) -> int:
        """What its seats cost."""
        return sum(price for _, price in self.seats)

    @property
    def seat_indexes(self) -> list[int]:
        """Its seats, ascending."""
        return [seat for seat, _ in self.seats]


async def lock(connection: AsyncConnection, booking: str | UUID) -> BookingFacts | None:
    """Lock a booking and read it; None when there is none."""
    cursor = await connection.execute(statement("lock_booking"), {"booking": booking}, prepare=True)
    if await cursor.fetchone() is None:
        return None
    cursor = await connection.execute(statement("booking_facts"), {"booking": booking}, prepare=True)
    row = await cursor.fetchone()
    assert row is not None, "a locked booking stays"
    return BookingFacts(
        booking=str(booking),
        show_id=row[0],
        holder=row[1],
        status=Status(row[2]),
        cancel_reason=row[3],
        expires_ms=row[4],
        is_late=row[5],
        is_frozen=row[6],
        buyer=Buyer(name=row[7], email=row[8], phone=row[9]),
        refund=RefundState(row[10]),
        theatre_id=row[11],
        starts_ms=row[12],
        has_started=row[13],
        is_sold=row[14],
        seats=tuple((seat, price) for seat, price in row[15]),
        has_newer=row[16],
    )


async def freeze(connection: AsyncConnection, facts: BookingFacts, buyer: Buyer) -> bool:
    """Keep the seats as they are until the end of the hold. False: it may not be paid any more."""
    cursor = await connection.execute(
        statement("freeze_booking"),
        {"booking": facts.booking, "name": buyer.name, "email": buyer.email, "phone": buyer.phone},
    )
    return await cursor.fetchone() is not None


async def thaw(connection: AsyncConnection, facts: BookingFacts) -> None:
    """Let the seats of a pending booking be changed again."""
    await connection.execute(
        "UPDATE bookings_booking SET checkout_at = NULL WHERE id = %s AND status = 'pending'", (facts.booking,)
    )


async def confirm(connection: AsyncConnection, facts: BookingFacts, *, late: bool) -> int:
    """The booking is paid. Returns the fence of its seats. Raises IllegalTransition."""
    next_status(facts.status, Trigger.CONFIRM_LATE if late else Trigger.CONFIRM)
    cursor = await connection.execute(
        statement("confirm_booking"),
        {"booking": facts.booking, "seats": json.dumps(facts.seat_indexes)},
        prepare=True,
    )
    row = await cursor.fetchone()
    assert row is not None, "a locked booking stays"
    fence: int = row[0]
    return fence


async def reclaim(connection: AsyncConnection, facts: BookingFacts) -> bool:
    """Claim the seats of an ended booking again. False, with some of them claimed: the caller rolls back."""
    cursor = await connection.execute(
        statement("reclaim_seats"),
        {
            "booking": facts.booking,
            "show": facts.show_id,
            "seats": facts.seat_indexes,
            "prices": [price for _, price in facts.seats],
        },
    )
    row = await cursor.fetchone()
    return row is not None and row[0] == len(facts.seats)


async def has_come_in(connection: AsyncConnection, booking: str) -> bool:
    """Whether anybody was let in with a ticket of this booking. Letting in waits for whoever has locked it."""
    cursor = await connection.execute(
        "SELECT 1 FROM bookings_ticket WHERE booking_id = %s AND admitted_at IS NOT NULL LIMIT 1", (booking,)
    )
    return await cursor.fetchone() is not None


async def cancel(connection: AsyncConnection, facts: BookingFacts, *, reason: str) -> Ended:
    """Give the booking up and let its seats go. Raises IllegalTransition."""
    status = next_status(facts.status, Trigger.CANCEL)
    cursor = await connection.execute(
        statement("end_bookings"),
        {"bookings": [facts.booking], "status": status, "reason": reason, "kind": "booking.cancelled"},
    )
    row = await cursor.fetchone()
    assert row is not None, "a locked booking stays"
    _, show_id, holder, fence, seats = row
    return Ended(booking=facts.booking, show_id=show_id, holder=holder, fence=fence, seats=tuple(sorted(seats)))


async def open_instead(connection: AsyncConnection, facts: BookingFacts, *, new: str) -> None:
    """End a pending booking and open another with its seats and its deadline. Raises IllegalTransition."""
    status = next_status(facts.status, Trigger.CANCEL)
    await connection.execute(
        "UPDATE bookings_booking SET status = %s, ended_at = clock_timestamp(), cancel_reason = 'changed' "
        "WHERE id = %s",
        (status, facts.booking),
    )
    await connection.execute(statement("open_instead"), {"old": facts.booking, "new": new})
    await connection.execute(
        "UPDATE bookings_seatclaim SET booking_id = %s WHERE booking_id = %s AND released_at IS NULL",
        (new, facts.booking),
    )


async def set_refund(connection: AsyncConnection, booking: str, back: MoneyBack) -> bool:
    """Note where the buyer's money is, and tell of it. False: it was noted already."""
    cursor = await connection.execute(
        statement("note_refund"), {"booking": booking, "refund": back.state, "payments": back.payments}
    )
    return await cursor.fetchone() is not None


async def tell(
    connection: AsyncConnection, *, kind: str, key: str, payload: Mapping[str, Any], after_seconds: float = 0
) -> None:
    """Write an event to the outbox, once for a key."""
    await connection.execute(
        statement("tell"), {"kind": kind, "key": key, "payload": json.dumps(payload), "after_seconds": after_seconds}
    )


async def seats_are_unshown(connection: AsyncConnection, facts: BookingFacts) -> None:
    """Note that Redis has these seats under another booking; the relay compares them if the caller does not."""
    await connection.execute(
        "INSERT INTO bookings_picturepending (fence, show_id, seats) VALUES (nextval('bookings_fence'), %s, %s)",
        (facts.show_id, json.dumps(facts.seat_indexes)),
    )
