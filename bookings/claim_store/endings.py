"""How bookings and their claims end: released by the holder, expired by the clock, cancelled with their show.

Note [Lock, then look]. Each ending is two statements of one transaction. The first locks the booking; only the
second, whose snapshot begins after that, changes claims. In one statement the claims would be read as of before
the wait: a seat that another process was just adding would stay claimed by a booking that has ended, for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from bookings.claim_store.arrays import plain, quoted
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


class ReleaseRow(NamedTuple):
    """Seats that a holder wants to let go (None: all)."""

    show_id: int
    holder: str
    seats: tuple[int, ...] | None


class Released(NamedTuple):
    """Seats that a holder let go; `ended` when none was left."""

    booking: str
    fence: int
    seats: tuple[int, ...]
    ended: bool


async def end_stale_rivals(connection: AsyncConnection, row: HoldRow, *, let_through: bool) -> list[Ended]:
    """Expire the bookings past their deadline that stand in the way of a hold, in its transaction.

    `let_through`: Redis has given the hold its seats. Where nobody asked it, PostgreSQL's clock decides to the full.
    """
    slack_ms = CLOCK_SLACK_MS if let_through else 0
    cursor = await connection.execute(
        statement("stale_rivals"),
        {
            "show": row.show_id,
            "holder": row.holder,
            "booking": row.booking,
            "seats": [seat for seat, _ in row.claims],
            "slack_ms": slack_ms,
        },
    )
    stale = [booking for (booking,) in await cursor.fetchall()]
    if not stale:
        return []
    return await expire_bookings(connection, bookings=stale, slack_ms=slack_ms)


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


async def cancel_bookings_of_show(connection: AsyncConnection, *, show_id: int, batch_max: int) -> list[Ended]:
    """Cancel live bookings of a show, a batch of them, in the caller's transaction."""
    due = {"show": show_id, "batch_max": batch_max}
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


async def release_seats(connection: AsyncConnection, row: ReleaseRow) -> Released | None:
    """Let seats of a holder's pending booking go, waiting for whoever is changing it. None: it may not change.

    In the caller's transaction. See Note [Lock, then look].
    """
    cursor = await connection.execute(statement("lock_pending"), {"show": row.show_id, "holder": row.holder})
    locked = {booking: row.seats for (booking,) in await cursor.fetchall()}
    return next(iter((await _release_locked(connection, locked)).values()), None)


async def release_batch(connection: AsyncConnection, rows: Sequence[ReleaseRow]) -> dict[tuple[int, str], Released]:
    """Let seats of many holders' pending bookings go, except where somebody is changing them; by (show, holder).

    In the caller's transaction. See Note [Lock, then look].
    """
    cursor = await connection.execute(
        statement("lock_pending_free"),
        {"shows": plain(row.show_id for row in rows), "holders": quoted(row.holder for row in rows)},
        prepare=True,
    )
    whose = {booking: (show, holder) for show, holder, booking in await cursor.fetchall()}
    asked = {(row.show_id, row.holder): row.seats for row in rows}
    released = await _release_locked(connection, {booking: asked[key] for booking, key in whose.items()})
    return {whose[booking]: what for booking, what in released.items()}


async def _release_locked(
    connection: AsyncConnection, locked: Mapping[UUID, Sequence[int] | None]
) -> dict[UUID, Released]:
    """Those of the locked bookings that let something go."""
    if not locked:
        return {}
    seats = (plain(only) if only is not None else None for only in locked.values())
    cursor = await connection.execute(
        statement("release_seats"), {"bookings": plain(locked), "seats": quoted(seats)}, prepare=True
    )
    return {
        booking: Released(booking=str(booking), fence=fence, seats=tuple(let_go), ended=ended)
        for booking, fence, let_go, ended in await cursor.fetchall()
    }
