"""How bookings and their claims end: released by the holder, expired by the clock, cancelled with their show.

Note [Lock, then look]. Each ending is two statements of one transaction. The first locks the booking; only the
second, whose snapshot begins after that, changes claims. In one statement the claims would be read as of before
the wait: a seat that another process was just adding would stay claimed by a booking that has ended, for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from bookings.claim_store.pool import AsyncConnection, statement
from bookings.claim_store.store import HoldRow

EXPIRE_BATCH_MAX: Final = 500
# Redis has already ended a hold that lies so little ahead of PostgreSQL's clock (consistency rule 1).
CLOCK_SLACK_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Ended:
    """A booking that was moved out of PENDING: its seats are free under this fence."""

    booking: str
    show_id: int
    holder: str
    fence: int
    seats: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """Seats that a holder let go; `ended` when none was left."""

    booking: str
    fence: int
    seats: tuple[int, ...]
    ended: bool


async def end_stale_rivals(connection: AsyncConnection, row: HoldRow) -> list[Ended]:
    """Expire the bookings past their deadline that stand in the way of a hold, in its transaction."""
    cursor = await connection.execute(
        statement("stale_rivals"),
        {
            "show": row.show_id,
            "holder": row.holder,
            "booking": row.booking,
            "seats": [seat for seat, _ in row.claims],
            "slack_ms": CLOCK_SLACK_MS,
        },
    )
    stale = [booking for (booking,) in await cursor.fetchall()]
    if not stale:
        return []
    return await expire_bookings(connection, bookings=stale, slack_ms=CLOCK_SLACK_MS)


async def expire_bookings(
    connection: AsyncConnection, *, bookings: Sequence[str | UUID] | None, slack_ms: int = 0
) -> list[Ended]:
    """Expire pending bookings past their deadline: these, or any (None). Whoever is first moves them.

    In the caller's transaction.
    """
    due = {
        "bookings": list(bookings) if bookings is not None else None,
        "slack_ms": slack_ms,
        "batch_max": EXPIRE_BATCH_MAX,
    }
    outcome = {"status": "expired", "reason": "", "kind": "booking.expired"}
    return await _end_bookings(connection, "due_by_deadline", {**due, **outcome})


async def cancel_bookings_of_show(connection: AsyncConnection, *, show_id: int) -> list[Ended]:
    """Cancel live bookings of a show, a batch of them, in the caller's transaction."""
    due = {"show": show_id, "batch_max": EXPIRE_BATCH_MAX}
    outcome = {"status": "cancelled", "reason": "show cancelled", "kind": "booking.cancelled"}
    return await _end_bookings(connection, "due_by_show", {**due, **outcome})


async def _end_bookings(connection: AsyncConnection, due: str, arguments: dict[str, Any]) -> list[Ended]:
    """End what is due, in the caller's transaction. See Note [Lock, then look]."""
    cursor = await connection.execute(statement(due), arguments)
    locked = [booking for (booking,) in await cursor.fetchall()]
    if not locked:
        return []
    cursor = await connection.execute(statement("end_bookings"), {**arguments, "bookings": locked})
    return [
        Ended(booking=str(booking), show_id=show, holder=holder, fence=fence, seats=tuple(sorted(seats)))
        for booking, show, holder, fence, seats in await cursor.fetchall()
    ]


async def release_seats(
    connection: AsyncConnection, *, show_id: int, holder: str, seats: Sequence[int] | None
) -> Released | None:
    """Let seats of a holder's pending booking go (None: all). None when no such booking may change.

    In the caller's transaction. See Note [Lock, then look].
    """
    cursor = await connection.execute(statement("lock_pending"), {"show": show_id, "holder": holder})
    found = await cursor.fetchone()
    if found is None:
        return None
    cursor = await connection.execute(
        statement("release_seats"), {"booking": found[0], "seats": list(seats) if seats is not None else None}
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return Released(booking=str(row[0]), fence=row[1], seats=tuple(sorted(row[2])), ended=row[3])
