"""Who is asking: a holder, known by a signed value and nothing else.

The same value is the guest token of API clients and the content of the `holder` cookie. It is checked in
memory, so a socket needs neither a session nor a query. Logging in does not change it.
"""

import secrets
from typing import Final

from django.core import signing

HOLDER_COOKIE: Final = "holder"
HOLDER_COOKIE_SECONDS: Final = 365 * 24 * 3600
_TOKEN_BYTES_MAX: Final = 200


def _signer() -> signing.Signer:
    # "~" keeps the whole value inside the contract's alphabet [A-Za-z0-9._~-], legal in a subprotocol.
    return signing.Signer(sep="~", salt="housefull.holder")


def issue_holder() -> str:
    """A signed value for a new holder."""
    return _signer().sign(secrets.token_urlsafe(12))


def read_holder(token: str) -> str | None:
    """The holder a signed value stands for, or None when it is forged or foreign."""
    if len(token) > _TOKEN_BYTES_MAX or not token.isascii():
        return None
    try:
        return _signer().unsign(token)
    except signing.BadSignature:
        return None
