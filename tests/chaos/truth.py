"""What is true: raw rows of PostgreSQL, read by a connection of the suite's own, without a line of the product.

Owns what the rows mean and what may never be in them. How viewers are compared with them is in judges.py.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

CONNECT_SECONDS_MAX: Final = 2
ROWS: Final = """
    SELECT claim.show_id, claim.seat_index, claim.kind, booking.id::text, booking.status,
           (extract(epoch FROM booking.expires_at) * 1000)::float8,
           (extract(epoch FROM clock_timestamp()) * 1000)::float8
      FROM (SELECT 1) AS always
      LEFT JOIN bookings_seatclaim AS claim ON claim.released_at IS NULL AND claim.show_id = ANY(%s)
      LEFT JOIN bookings_booking AS booking ON booking.id = claim.booking_id
"""
ENDS: Final = """
    SELECT extract(epoch FROM ended_at - expires_at)::float8 FROM bookings_booking
     WHERE status = 'expired' AND show_id = ANY(%s) AND ended_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A live claim as its row says. A block has no booking; `expires_ms` is its booking's deadline."""

    show: int
    seat: int
    kind: str
    booking: str | None
    status: str | None
    expires_ms: float | None


@dataclass(frozen=True, slots=True)
class Truth:
    """All live claims of some shows at one moment of PostgreSQL's clock."""

    claims: tuple[Claim, ...]
    now_ms: float

    def picture(self, show: int, seats: int) -> tuple[str, dict[int, float]]:
        """The states of a show with so many seats, and the deadlines of the held ones.

        A hold past its deadline is over, whether or not its row says so yet.
        """
        states, deadlines = ["A"] * seats, dict[int, float]()
        for claim in self.claims:
            if claim.show != show:
                continue
            if claim.kind == "block":
                states[claim.seat] = "X"
            elif claim.status == "confirmed":
                states[claim.seat] = "B"
            elif claim.expires_ms is not None and claim.expires_ms > self.now_ms:
                states[claim.seat] = "H"
                deadlines[claim.seat] = claim.expires_ms
        return "".join(states), deadlines

    def holds(self, show: int) -> dict[str, set[int]]:
        """The seats of each hold whose time is not over."""
        found: dict[str, set[int]] = {}
        for claim in self.claims:
            alive = claim.status == "pending" and claim.expires_ms is not None and claim.expires_ms > self.now_ms
            if claim.show == show and claim.booking is not None and alive:
                found.setdefault(claim.booking, set()).add(claim.seat)
        return found

    def impossible(self) -> list[str]:
        """What these rows may never say, in words."""
        counts = Counter((claim.show, claim.seat) for claim in self.claims)
        said = [
            f"show {show} seat {seat} has {count} live claims" for (show, seat), count in counts.items() if count > 1
        ]
        said += [
            f"show {claim.show} seat {claim.seat} is still claimed by {claim.booking}, which is {claim.status}"
            for claim in self.claims
            if claim.kind == "booking" and claim.status not in ("pending", "confirmed")
        ]
        return said

    def overdue_seconds(self) -> float:
        """By how much the row that is latest has outlived its deadline; 0 if none has."""
        late = [
            self.now_ms - claim.expires_ms for claim in self.claims if claim.status == "pending" and claim.expires_ms
        ]
        return max([0.0, *late]) / 1000


class Rows:
    """A connection of the suite's own to PostgreSQL, opened again when a fault has ended it."""

    def __init__(self, database_url: str, shows: Sequence[int]) -> None:
        self._url = database_url
        self._shows = list(shows)
        self._connection: psycopg.AsyncConnection[Any] | None = None

    async def read(self) -> Truth:
        """All live claims now. Raises psycopg.OperationalError while PostgreSQL is away."""
        rows = await self._fetch(ROWS)
        return truth_of(rows)

    async def lateness_seconds(self) -> list[float]:
        """For every hold that ended by its deadline: how much later its row said so."""
        return sorted(row[0] for row in await self._fetch(ENDS))

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()

    async def _fetch(self, query: str) -> list[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=CONNECT_SECONDS_MAX
            )
        try:
            return await (await self._connection.execute(query, [self._shows])).fetchall()
        except psycopg.OperationalError:
            await self._connection.close()
            raise


def truth_of(rows: Iterable[Sequence[Any]]) -> Truth:
    """The truth in rows as ROWS selects them: at least one, of NULLs when nothing is claimed."""
    read = list(rows)
    claims = tuple(Claim(*row[:6]) for row in read if row[0] is not None)
    return Truth(claims, read[0][6])
