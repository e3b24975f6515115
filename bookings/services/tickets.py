"""Tickets of a confirmed booking, made by whoever needs them first: its page, its mail, or the outbox.

Not by the statement that confirms, whose speed is promised. Making them again makes nothing. They are never taken
back when a booking ends: the door asks what is true when it is asked (check_in.py).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from bookings.domain.tickets import NONCE_BYTES, SignedTicket, short_code, sign_ticket, ticket_key
from bookings.services.outbox import Event
from bookings.sql_files import sql_file

# Each try makes new codes. Two of a show's 1,000 are the same once in 100,000 shows, three times in a row never.
TRIES_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatTicket:
    """The ticket of one seat. `text` is what its QR code says; `code` is typed instead of it."""

    seat_index: int
    seat: str
    text: str
    code: str
    issued_at: datetime
    admitted_at: datetime | None
    gate: str


def issue_tickets(booking: str | UUID) -> list[SeatTicket]:
    """The tickets of a booking by seat, made where there are none yet. None at all unless it is confirmed."""
    booking = UUID(str(booking))
    for _ in range(TRIES_MAX):
        rows = _rows("tickets", {"booking": booking})
        missing = [seat for _, seat, _, nonce, *_ in rows if nonce is None]
        if not missing:
            return [_ticket(booking, row) for row in rows]
        nonces = [secrets.token_bytes(NONCE_BYTES) for _ in missing]
        codes = [short_code(nonce) for nonce in nonces]
        with connection.cursor() as cursor:
            cursor.execute(
                sql_text("issue_tickets"), {"booking": booking, "seats": missing, "nonces": nonces, "codes": codes}
            )
    raise RuntimeError(f"no free ticket codes for booking {booking}")


def replace_tickets(booking: str | UUID) -> list[SeatTicket]:
    """New tickets for the seats whose ticket nobody has used; the old ones open no door any more."""
    booking = UUID(str(booking))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql_text("replace_tickets"), {"booking": booking})
        return issue_tickets(booking)


def issue_on_confirmation(event: Event) -> None:
    """The outbox says that a booking is confirmed."""
    issue_tickets(event.payload["booking"])


def signing_keys() -> list[bytes]:
    """The keys that tickets are read with; the first one signs. Old secrets stay good while they are listed."""
    return [ticket_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def sql_text(name: str) -> str:
    """A statement of sql/."""
    return sql_file("bookings.services", name).as_string()


def _rows(name: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql_text(name), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _ticket(booking: UUID, row: tuple[Any, ...]) -> SeatTicket:
    show, seat, label, nonce, code, issued_at, admitted_at, gate = row
    signed = SignedTicket(booking=booking, show_id=show, seat_index=seat, nonce=bytes(nonce))
    return SeatTicket(
        seat_index=seat,
        seat=label,
        text=sign_ticket(signed, key=signing_keys()[0]),
        code=code,
        issued_at=issued_at,
        admitted_at=admitted_at,
        gate=gate,
    )
