"""Who is at the door of a socket: what a handshake must bring, decided from its headers alone.

No session, no query. The Origin rule and the codes are the contract's (section 3); limits are limits.py's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from django.http.request import split_domain_port, validate_host

from bookings.api import HOLDER_COOKIE, read_holder
from realtime.protocol import SUBPROTOCOL, TOKEN_PREFIX, CloseCode

# Versions count changes of one show; Python refuses to read numbers of thousands of digits.
VERSION_DIGITS_MAX: Final = 18
_DEFAULT_PORTS: Final = {"http": "80", "https": "443", "ws": "80", "wss": "443"}


class WrongOrigin(Exception):
    """A page of another site, or a client that should bring a token, wants a socket: refused before accepting."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a client brought. Header names are lower case; a repeated header counts once."""

    headers: Mapping[str, str]
    subprotocols: Sequence[str]
    query: str

    @classmethod
    def from_scope(cls, scope: Mapping[str, Any]) -> "Handshake":
        """Read an ASGI scope."""
        return cls(
            headers={name.decode("latin1"): value.decode("latin1") for name, value in scope["headers"]},
            subprotocols=scope.get("subprotocols", ()),
            query=scope.get("query_string", b"").decode("latin1"),
        )

    @property
    def token(self) -> str | None:
        """The guest token, from its own subprotocol."""
        for offered in self.subprotocols:
            if offered.startswith(TOKEN_PREFIX):
                return offered.removeprefix(TOKEN_PREFIX)
        return None

    @property
    def position(self) -> tuple[str | None, int]:
        """The (epoch, version) to resume from; epoch None: from nothing."""
        query = parse_qs(self.query)
        epoch, version = query.get("epoch", [None])[0], query.get("version", [""])[0]
        if not epoch or not version.isdecimal() or len(version) > VERSION_DIGITS_MAX:
            return None, -1
        return epoch, int(version)

    @property
    def polite_subprotocol(self) -> str | None:
        """What to accept with before closing: browsers give up unread when none of their offers is chosen."""
        if SUBPROTOCOL in self.subprotocols:
            return SUBPROTOCOL
        return next((offer for offer in self.subprotocols if not offer.startswith(TOKEN_PREFIX)), None)


def require_own_origin(handshake: Handshake, *, allowed_hosts: Sequence[str], trusted: Sequence[str]) -> None:
    """A present Origin must be ours; a missing one needs a token and no cookies. Raises WrongOrigin."""
    origin = handshake.headers.get("origin")
    if origin is None:
        if handshake.token is None or "cookie" in handshake.headers:
            raise WrongOrigin("no Origin")
        return
    if origin in trusted:
        return
    parts = urlsplit(origin)
    host = handshake.headers.get("host", "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongOrigin(origin)
    if _with_port(parts.netloc, parts.scheme) == _with_port(host, parts.scheme) and _is_served(host, allowed_hosts):
        return
    # A proxy may have rewritten Host; then the page came from the proxy's own HTTPS port. Cookies ignore ports, so a
    # page on any other port of a machine of ours is a stranger all the same.
    named = [pattern for pattern in allowed_hosts if pattern != "*"]
    if not (parts.scheme == "https" and parts.netloc == parts.hostname and validate_host(parts.hostname, named)):
        raise WrongOrigin(origin)


def admit(handshake: Handshake) -> str | CloseCode | None:
    """The holder (None: may only watch), or the code to close with. A token wins over a cookie."""
    if SUBPROTOCOL not in handshake.subprotocols:
        return CloseCode.NO_COMMON_SUBPROTOCOL
    if (token := handshake.token) is not None:
        return read_holder(token) or CloseCode.BAD_TOKEN
    try:
        cookie = SimpleCookie(handshake.headers.get("cookie", "")).get(HOLDER_COOKIE)
    except CookieError:
        return None
    return read_holder(cookie.value) if cookie is not None else None


def _with_port(netloc: str, scheme: str) -> tuple[str, str]:
    domain, port = split_domain_port(netloc.lower())
    return domain, port or _DEFAULT_PORTS[scheme]


def _is_served(host: str, allowed_hosts: Sequence[str]) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, list(allowed_hosts))
