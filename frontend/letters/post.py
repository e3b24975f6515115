"""Writes down which letters are to be sent: each once, however often and by whomever it is asked for.

The rows are the queue. Celery is only told that there is something to do; where it cannot be told, the sweep finds
them (tasks.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection

from bookings.api import Addressee, find_addressee
from frontend.letters.rules import GIVE_UP_AFTER
from frontend.models import Letter

_WRITE_DOWN: Final = """
INSERT INTO frontend_letter (booking_id, kind, reference, "to", message_id, state, last_error, give_up_at)
SELECT booking, kind, reference, address, message_id, CASE wrong WHEN '' THEN 'due' ELSE 'failed' END, wrong,
       clock_timestamp() + %(give_up_seconds)s * interval '1 second'
FROM unnest(%(bookings)s::uuid[], %(kinds)s::text[], %(references)s::text[], %(addresses)s::text[],
            %(message_ids)s::text[], %(wrongs)s::text[])
     AS wanted (booking, kind, reference, address, message_id, wrong)
ON CONFLICT (booking_id, kind, reference) DO NOTHING
RETURNING id
"""
_SEND_AGAIN: Final = """
UPDATE frontend_letter SET state = 'due', next_at = clock_timestamp(), last_error = '', tries = 0, unclear = 0,
       waits_for_server = FALSE,
       give_up_at = clock_timestamp() + %(give_up_seconds)s * interval '1 second'
WHERE id = %(letter)s AND state IN ('due', 'failed', 'overtaken')
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A letter that somebody is to get."""

    addressee: Addressee
    kind: Letter.Kind
    reference: str = ""

    @property
    def message_id(self) -> str:
        """The same whoever writes it down; nobody else's."""
        what = "-".join(filter(None, [self.kind.value, *self.reference.split()]))
        return f"<{what}.{self.addressee.booking}@{message_domain()}>"


def write_down(wanted: Sequence[Wanted]) -> list[int]:
    """Write these letters down. Returns the new ones; those that were written down before stay as they are."""
    if not wanted:
        return []
    arguments: dict[str, Any] = {
        "give_up_seconds": GIVE_UP_AFTER.total_seconds(),
        "bookings": [one.addressee.booking for one in wanted],
        "kinds": [one.kind.value for one in wanted],
        "references": [one.reference for one in wanted],
        "addresses": [one.addressee.email for one in wanted],
        "message_ids": [one.message_id for one in wanted],
        "wrongs": [what_is_wrong(one.addressee.email) for one in wanted],
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_DOWN, arguments)
        return [letter for (letter,) in cursor.fetchall()]


def send_again(letter: Letter) -> int:
    """Send a letter again, for staff. Returns the letter to look at.

    One that was not sent is due again, as the same letter. One that was sent is another letter by now: with the same
    Message-ID its receiver's server would drop it. While that one is on its way it is the answer, also to the second
    click of two.
    """
    with connection.cursor() as cursor:
        cursor.execute(_SEND_AGAIN, {"letter": letter.pk, "give_up_seconds": GIVE_UP_AFTER.total_seconds()})
        if cursor.rowcount:
            return int(letter.pk)
    if letter.state == Letter.State.SENDING:
        return int(letter.pk)
    return _another(letter)


def what_is_wrong(address: str) -> str:
    """Why no mail can go to this address; '' when it can."""
    if not address:
        return "the booking has no address"
    try:
        validate_email(address)
    except ValidationError:
        return "this is not an address that mail can be sent to"
    return ""


def message_domain() -> str:
    """What follows the @ in our Message-IDs: where our letters come from."""
    of_sender = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2]
    return of_sender or urlsplit(settings.PUBLIC_URL).hostname or "localhost"


def _another(letter: Letter) -> int:
    addressee = find_addressee(letter.booking_id)
    assert addressee is not None, "a letter has a booking"
    base = letter.reference.split(" ")[0] if not letter.reference.startswith("again") else ""
    again = f"{base} again-".lstrip()
    of_its_kind = Letter.objects.filter(booking=letter.booking_id, kind=letter.kind)
    # Read at one moment: of two clicks at once both count the same, one writes the letter down, and both have it.
    known = list(of_its_kind)
    for one in known:
        if one.reference.startswith(again) and one.state in {Letter.State.DUE, Letter.State.SENDING}:
            return int(one.pk)
    reference = f"{again}{len(known) + 1}"
    write_down([Wanted(addressee, Letter.Kind(letter.kind), reference)])
    return int(of_its_kind.get(reference=reference).pk)
