"""Letting people in: a ticket is good once, at the door of its own show, while its booking has the seat.

One UPDATE decides (sql/admit.sql). What is asked afterwards only explains a refusal, and may be outrun: then the door
is asked again.

A reply can be lost on its way. Only the key of a scan, stored by that UPDATE, tells the scan that comes again from a
copy of the ticket at the same gate a moment later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, connection
from psycopg.errors import UniqueViolation

from bookings.domain.lifecycle import Status
from bookings.domain.tickets import Flaw, NoTicket, is_booking_reference, read_ticket, typed_code
from bookings.door_errors import (
    AlreadyAdmitted,
    DoorRefusal,
    Forged,
    NoSuchTicket,
    ShowOver,
    TicketCancelled,
    TicketRefunded,
    TicketReplaced,
    TooEarly,
    WrongShow,
)
from bookings.errors import IdempotencyMismatch, NotFound, NotReady
from bookings.models import Show
from bookings.services.idempotency import check_key
from bookings.services.tickets import signing_keys, sql_text

# A refusal that nothing explains was outrun by a change; three in a row are a fault.
TRIES_MAX: Final = 3
# As many as fit an usher's phone.
RECENT_MAX: Final = 10
_NO_TICKET: Final = dict.fromkeys(("booking", "seat", "nonce", "code"))


@dataclass(frozen=True, slots=True)
class DoorCounts:
    """How many have come in, of how many with a ticket, when (Unix ms)."""

    admitted: int
    expected: int
    as_of_ms: int


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody came in."""

    seat: str
    gate: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Admission:
    """Somebody was let in; `is_replayed`: by an earlier try of this scan."""

    entry: Entry
    counts: DoorCounts
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class _Truth:
    """A ticket as it is; the order of the fields is door_truth.sql's."""

    show_id: int
    seat: str
    status: str
    refund: str
    is_show_cancelled: bool
    has_its_seat: bool
    is_replaced: bool
    admitted_at: datetime | None
    gate: str
    starts_at: datetime
    ends_at: datetime
    now: datetime
    movie: str
    screen: str
    time_zone: str


def admit(*, show_id: int, code: str, gate: str, usher: int, key: str | None = None) -> Admission:
    """Let somebody in who shows this code (scanned or typed) at a gate of a show.

    The same scan with the same key is answered as it was. Raises DoorRefusal, which says why not; NotFound for an
    unknown show; BadRequest (bad key), IdempotencyMismatch (the usher's key of another scan).
    """
    if key is not None:
        check_key(key)
    if not Show.objects.filter(pk=show_id).exists():
        raise NotFound("There is no such show.")
    scan = {**_NO_TICKET, "show": show_id, "gate": gate, "usher": usher, "key": key or ""}
    is_replayed = False
    try:
        scan |= _ticket_asked_for(code)
        entry = _admit(scan)
    except DoorRefusal as refusal:
        earlier = _admitted_with_key(scan) if key else None
        if earlier is None:
            counts = count_door(show_id)
            refusal.fields |= {"admitted": counts.admitted, "expected": counts.expected, "as_of_ms": counts.as_of_ms}
            raise
        entry, is_replayed = earlier, True
    return Admission(entry, count_door(show_id), is_replayed)


def count_door(show_id: int) -> DoorCounts:
    """How many have come in to a show."""
    ((admitted, expected, now_ms),) = _rows("door_counts", {"show": show_id})
    return DoorCounts(admitted, expected, now_ms)


def recent_entries(show_id: int) -> list[Entry]:
    """The last who came in to a show, newest first."""
    return [Entry(*row) for row in _rows("door_recent", {"show": show_id, "entries_max": RECENT_MAX})]


def _admit(scan: Mapping[str, Any]) -> Entry:
    for _ in range(TRIES_MAX):
        let_in = _let_in(scan)
        if let_in:
            ((seat, at),) = let_in
            return Entry(seat, scan["gate"], at)
        refusal = _why([_Truth(*row) for row in _rows("door_truth", scan)], scan["show"])
        if refusal is not None:
            raise refusal
    raise NotReady("This ticket is being changed right now. Scan it again.")


def _let_in(scan: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    try:
        return _rows("admit", {**scan, "doors_minutes": settings.DOORS_OPEN_MINUTES})
    except IntegrityError as error:
        # The index on the keys of an usher: one key would have used up a second ticket.
        if isinstance(error.__cause__, UniqueViolation):
            raise IdempotencyMismatch from error
        raise


def _admitted_with_key(scan: Mapping[str, Any]) -> Entry | None:
    """Who came in by an earlier try of this scan. Raises IdempotencyMismatch."""
    found = _rows("admitted_with_key", scan)
    if not found:
        return None
    ((seat, gate, at, is_same),) = found
    if not is_same:
        raise IdempotencyMismatch
    return Entry(seat, gate, at)


def _ticket_asked_for(code: str) -> dict[str, Any]:
    """What identifies the ticket in the statements. Raises Forged, NoSuchTicket."""
    typed = typed_code(code)
    if typed is not None:
        return {"code": typed}
    try:
        ticket = read_ticket(code, keys=signing_keys())
    except NoTicket as error:
        raise _unreadable(error.flaw, code) from None
    return {"booking": ticket.booking, "seat": ticket.seat_index, "nonce": ticket.nonce}


def _unreadable(flaw: Flaw, code: str) -> DoorRefusal:
    if flaw == Flaw.FORGED:
        return Forged()
    if flaw == Flaw.UNKNOWN_VERSION:
        return NoSuchTicket("This ticket has a form that this door does not know. Update the page and scan again.")
    if is_booking_reference(code):
        return NoSuchTicket("That is the name of a booking. Each seat has a code of its own, under its QR code.")
    return NoSuchTicket("That is not a ticket of ours. A code has 8 letters and digits, like K7MQ 3XPD.")


def _why(found: Sequence[_Truth], show_id: int) -> DoorRefusal | None:
    """Why a ticket was not let in; None when it should have been."""
    if not found:
        return NoSuchTicket("No ticket has this code. Look at it once more, letter by letter.")
    (ticket,) = found
    if ticket.show_id != show_id:
        return WrongShow(
            show=ticket.show_id,
            movie=ticket.movie,
            screen=ticket.screen,
            starts_at=ticket.starts_at,
            time_zone=ticket.time_zone,
        )
    return _not_good(ticket) or _not_now(ticket)


def _not_good(ticket: _Truth) -> DoorRefusal | None:
    seat = ticket.seat
    if ticket.status != Status.CONFIRMED:
        return TicketRefunded(seat=seat) if ticket.refund else TicketCancelled(seat=seat, is_show=False)
    if ticket.is_show_cancelled:
        return TicketCancelled(seat=seat, is_show=True)
    if ticket.is_replaced or not ticket.has_its_seat:
        return TicketReplaced(seat=seat)
    return None


def _not_now(ticket: _Truth) -> DoorRefusal | None:
    seat, zone = ticket.seat, ticket.time_zone
    if ticket.admitted_at is not None:
        return AlreadyAdmitted(seat=seat, at=ticket.admitted_at, gate=ticket.gate, time_zone=zone)
    opens_at = ticket.starts_at - timedelta(minutes=settings.DOORS_OPEN_MINUTES)
    if ticket.now < opens_at:
        return TooEarly(seat=seat, opens_at=opens_at, time_zone=zone)
    if ticket.now >= ticket.ends_at:
        return ShowOver(seat=seat)
    return None


def _rows(name: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql_text(name), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
