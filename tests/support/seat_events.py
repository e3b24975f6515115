"""The history of seats held against the claims, and with one of its guards off, for tests that show the harm."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from bookings.domain.seat_history import EventKind, SeatEvent, standing_at

_EVENTS = """
SELECT seat_index, at, event, COALESCE(booking_id::text, ''), holder, price_paise, reason
FROM bookings_seatevent WHERE show_id = %s ORDER BY id
"""
_CLAIMS = """
SELECT seat_index, COALESCE(booking_id::text, '') FROM bookings_seatclaim WHERE show_id = %s AND released_at IS NULL
"""


def assert_history_ends_where_claims_are(books: psycopg.Connection, show_id: int) -> None:
    """Whose each seat is now is the same by its history and by its live claim; and no two events are out of order."""
    events = defaultdict[int, list[SeatEvent]](list)
    for seat, at, kind, *told in books.execute(_EVENTS, (show_id,)).fetchall():
        events[seat].append(SeatEvent(at, EventKind(kind), *told))
    owned = {}
    for seat, its in events.items():
        assert sorted(event.at for event in its) == [event.at for event in its]
        if (last := standing_at(its, its[-1].at)).state != "free":
            owned[seat] = last.booking
    assert owned == dict(books.execute(_CLAIMS, (show_id,)).fetchall())


@contextmanager
def without_trigger(database: str, name: str, table: str) -> Iterator[None]:
    """The table without a trigger, which must be there."""
    switch = sql.SQL("ALTER TABLE {} {} TRIGGER {}")
    with psycopg.connect(database, autocommit=True) as connection:
        off, on = (
            switch.format(sql.Identifier(table), sql.SQL(word), sql.Identifier(name))
            for word in ("DISABLE", "ENABLE")
        )
        connection.execute(off)
        try:
            yield
        finally:
            connection.execute(on)
