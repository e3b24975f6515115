"""The verbs of PostgreSQL's side: holds, blocks, stored replies, and what it says of a show.

How bookings and their claims end is endings.py. Each verb runs one file of sql/ on a connection the caller gives
it, so that a service can put several into one transaction. Times are milliseconds of PostgreSQL's clock unless said.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from bookings.claim_store.arrays import plain, quoted
from bookings.claim_store.pool import AsyncConnection, statement


class HoldRow(NamedTuple):
    """A hold as PostgreSQL is asked to keep it. `claims` are (seat index, price in paise), ascending.

    `before` is what the asker believes the hold to have besides them; None: he believes nothing.
    """

    booking: str
    show_id: int
    holder: str
    expires_ms: int
    claims: tuple[tuple[int, int], ...]
    before: frozenset[int] | None = None


class Standing(NamedTuple):
    """What hold_batch made of a hold: was its booking opened now, which seats were claimed now, under which fence.

    `before` are the seats that it had already.
    """

    opened: bool
    claimed: frozenset[int]
    fence: int
    before: frozenset[int]

    @property
    def seats_count(self) -> int:
        """How many it has now."""
        return len(self.before) + len(self.claimed)


@dataclass(frozen=True, slots=True)
class LiveClaim:
    """A live claim as truth.sql reads it. `late`: a pending booking past its deadline."""

    seat: int
    kind: str
    booking: str
    status: str
    holder: str
    expires_ms: int
    since_ms: int
    price_paise: int
    late: bool


@dataclass(frozen=True, slots=True)
class WhyRefused:
    """What stands in the way of a hold, as read after it failed."""

    on_sale: bool
    booking_status: str | None
    frozen: bool
    late: bool
    claimed_seats: tuple[int, ...]


async def hold_batch(connection: AsyncConnection, rows: Sequence[HoldRow], *, hold_ms: int) -> dict[str, Standing]:
    """Open or extend bookings and claim their seats. A hold that is missing in the answer does not stand."""
    claims = sorted((row.show_id, seat, row.booking, price) for row in rows for seat, price in row.claims)
    cursor = await connection.execute(
        statement("hold_batch"),
        {
            "bookings": plain(row.booking for row in rows),
            "shows": plain(row.show_id for row in rows),
            "holders": quoted(row.holder for row in rows),
            "expires_ms": plain(row.expires_ms for row in rows),
            "hold_ms": hold_ms,
            "claim_bookings": plain(claim[2] for claim in claims),
            "claim_shows": plain(claim[0] for claim in claims),
            "claim_seats": plain(claim[1] for claim in claims),
            "claim_prices": plain(claim[3] for claim in claims),
        },
        prepare=True,
    )
    return {
        booking: Standing(opened=opened, claimed=frozenset(claimed), fence=fence, before=frozenset(before))
        for booking, opened, claimed, fence, before in await cursor.fetchall()
    }


async def undo_holds(connection: AsyncConnection, incomplete: dict[str, Standing]) -> None:
    """Take back what hold_batch wrote for these holds."""
    claims = [(booking, seat) for booking, standing in incomplete.items() for seat in standing.claimed]
    await connection.execute(
        statement("undo_holds"),
        {
            "claim_bookings": [booking for booking, _ in claims],
            "claim_seats": [seat for _, seat in claims],
            "opened": [booking for booking, standing in incomplete.items() if standing.opened],
        },
    )


async def own_claims(connection: AsyncConnection, booking: str) -> frozenset[int]:
    """The seats a booking owns."""
    cursor = await connection.execute(statement("own_claims"), {"booking": booking})
    return frozenset(seat for (seat,) in await cursor.fetchall())


async def why_refused(connection: AsyncConnection, row: HoldRow) -> WhyRefused:
    """What stands in the way of a hold."""
    cursor = await connection.execute(
        statement("why_refused"),
        {
            "show": row.show_id,
            "booking": row.booking,
            "holder": row.holder,
            "seats": [seat for seat, _ in row.claims],
        },
    )
    found = await cursor.fetchone()
    assert found is not None, "why_refused always returns one row"
    on_sale, status, frozen, late, seats = found
    return WhyRefused(
        on_sale=on_sale,
        booking_status=status,
        frozen=bool(frozen),
        late=bool(late),
        claimed_seats=tuple(sorted(seats)),
    )


async def truth(connection: AsyncConnection, show_id: int) -> list[LiveClaim]:
    """Every live claim of a show, by seat."""
    cursor = await connection.execute(statement("truth"), {"show": show_id})
    return [
        LiveClaim(
            seat=seat,
            kind=kind,
            booking=str(booking) if booking else "",
            status=status or "",
            holder=holder or "",
            expires_ms=expires_ms or 0,
            since_ms=since_ms or 0,
            price_paise=price,
            late=late,
        )
        for seat, kind, booking, status, holder, expires_ms, since_ms, price, late in await cursor.fetchall()
    ]


async def held_spans(
    connection: AsyncConnection, *, show_id: int, holder: str | None, since: timedelta
) -> list[tuple[str, int, int]]:
    """(holder, start, end) of the holds of a show that ended lately, oldest first; holder None: everyone's."""
    cursor = await connection.execute(statement("held_spans"), {"show": show_id, "holder": holder, "since": since})
    return [(who, start, end) for who, start, end in await cursor.fetchall()]


async def draw_fence(connection: AsyncConnection) -> int:
    """The next fence; call it after the row locks are held."""
    cursor = await connection.execute("SELECT nextval('bookings_fence')")
    row = await cursor.fetchone()
    assert row is not None, "nextval always returns a row"
    return int(row[0])


async def picture_is_pending(connection: AsyncConnection, *, fence: int, show_id: int, seats: Sequence[int]) -> None:
    """Remember, in the transaction that changes claims, that Redis does not show it yet."""
    await connection.execute(
        "INSERT INTO bookings_picturepending (fence, show_id, seats) VALUES (%s, %s, %s)",
        (fence, show_id, json.dumps(list(seats))),
    )


async def picture_is_shown(connection: AsyncConnection, fences: Sequence[int]) -> None:
    """The scripts of these fences have run."""
    await connection.execute("DELETE FROM bookings_picturepending WHERE fence = ANY(%s)", (list(fences),))


async def pending_pictures(
    connection: AsyncConnection, *, older_than: timedelta, batch_max: int
) -> list[tuple[int, int, tuple[int, ...]]]:
    """(fence, show, seats) of changes that Redis may not show, oldest first."""
    cursor = await connection.execute(
        "SELECT fence, show_id, seats FROM bookings_picturepending "
        "WHERE created_at <= clock_timestamp() - %s ORDER BY fence LIMIT %s",
        (older_than, batch_max),
    )
    return [(fence, show, tuple(seats)) for fence, show, seats in await cursor.fetchall()]


async def remember_replies(
    connection: AsyncConnection, replies: Sequence[tuple[str, str, str, bytes, dict[str, Any]]]
) -> None:
    """Store (holder, operation, key, request digest, reply) of granted requests."""
    await connection.execute(
        statement("remember_reply"),
        {
            "holders": [reply[0] for reply in replies],
            "operations": [reply[1] for reply in replies],
            "keys": [reply[2] for reply in replies],
            "digests": [reply[3] for reply in replies],
            "replies": [json.dumps(reply[4]) for reply in replies],
        },
    )


async def stored_reply(
    connection: AsyncConnection, *, holder: str, operation: str, key: str
) -> tuple[bytes, dict[str, Any]] | None:
    """(request digest, reply) stored for a key, if any."""
    cursor = await connection.execute(
        statement("stored_reply"), {"holder": holder, "operation": operation, "key": key}
    )
    row = await cursor.fetchone()
    return (bytes(row[0]), row[1]) if row else None


async def is_frozen(connection: AsyncConnection, *, show_id: int, holder: str) -> bool:
    """Whether the holder's live pending booking of this show is at checkout."""
    cursor = await connection.execute(
        "SELECT 1 FROM bookings_booking WHERE show_id = %s AND holder = %s AND status = 'pending' "
        "AND checkout_at IS NOT NULL AND expires_at > clock_timestamp()",
        (show_id, holder),
    )
    return await cursor.fetchone() is not None


@dataclass(frozen=True, slots=True)
class PendingHold:
    """A holder's live pending booking as PostgreSQL alone knows it."""

    booking: str
    expires_ms: int
    amount_paise: int
    seats: tuple[int, ...]


async def lock_pending(connection: AsyncConnection, *, show_id: int, holder: str) -> None:
    """Lock the holder's pending booking of a show, if there is one, until the transaction ends."""
    await connection.execute(statement("lock_pending"), {"show": show_id, "holder": holder})


async def pending_hold(connection: AsyncConnection, *, show_id: int, holder: str) -> PendingHold | None:
    """The holder's pending booking of a show that is not past its deadline."""
    cursor = await connection.execute(statement("pending_hold"), {"show": show_id, "holder": holder})
    row = await cursor.fetchone()
    if row is None:
        return None
    booking, expires_ms, amount, seats = row
    return PendingHold(booking=str(booking), expires_ms=expires_ms, amount_paise=amount, seats=tuple(sorted(seats)))


async def block_seats(connection: AsyncConnection, *, show_id: int, seats: Sequence[int], reason: str) -> set[int]:
    """Claim seats for the cinema; the same UNIQUE decides as for holds. Returns the seats that were free."""
    cursor = await connection.execute(
        "INSERT INTO bookings_seatclaim (show_id, seat_index, kind, reason) "
        "SELECT %s, seat, 'block', %s FROM unnest(%s::smallint[]) AS seat ORDER BY seat "
        "ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING RETURNING seat_index",
        (show_id, reason, sorted(seats)),
    )
    return {seat for (seat,) in await cursor.fetchall()}


async def unblock_seats(connection: AsyncConnection, *, show_id: int, seats: Sequence[int]) -> set[int]:
    """Give blocked seats back to sale. Returns those that were blocked."""
    cursor = await connection.execute(
        "UPDATE bookings_seatclaim SET released_at = clock_timestamp() WHERE show_id = %s AND kind = 'block' "
        "AND released_at IS NULL AND seat_index = ANY(%s::smallint[]) RETURNING seat_index",
        (show_id, sorted(seats)),
    )
    return {seat for (seat,) in await cursor.fetchall()}
