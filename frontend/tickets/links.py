"""Links to a ticket that work on any device: signed, without a cookie, and good for looking only.

Whoever has the link can show the ticket, as whoever has the paper can. Paying and cancelling stay with the holder.
"""

import base64
import binascii
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing

# 22 letters of the id, "~" and 43 of the signature.
_TOKEN_LENGTH_MAX: Final = 80


def ticket_url(booking: str) -> str:
    """The whole address of a booking's ticket, for a mail or a QR code."""
    return f"{settings.PUBLIC_URL}{ticket_path(booking)}"


def ticket_path(booking: str) -> str:
    """The same within the house."""
    return f"/t/{ticket_token(booking)}/"


def ticket_token(booking: str) -> str:
    """What stands in the link: the booking's id, short, and its signature."""
    return _signer().sign(base64.urlsafe_b64encode(UUID(booking).bytes).decode().rstrip("="))


def read_ticket_token(token: str) -> str | None:
    """The booking that a link is for; None when it is not a link of ours."""
    if len(token) > _TOKEN_LENGTH_MAX or not token.isascii():
        return None
    try:
        value = _signer().unsign(token)
        return str(UUID(bytes=base64.urlsafe_b64decode(value + "==")))
    except (signing.BadSignature, binascii.Error, ValueError):
        return None


def _signer() -> signing.Signer:
    return signing.Signer(sep="~", salt="housefull.ticket-link")
