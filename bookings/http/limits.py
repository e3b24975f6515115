"""How many guests one address may become: the address behind trusted proxies, and a rate for each."""

import time
from functools import cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from bookings.domain.rate import RateLimit
from bookings.errors import RateLimited

# One household has a whole /64 of IPv6, and may use another address of it each time.
_HOUSEHOLD_BITS: Final = 64


def count_guest(request: HttpRequest) -> None:
    """Count one new guest of the caller's address. Raises RateLimited."""
    address = client_address(
        str(request.META.get("REMOTE_ADDR", "")), request.headers.get("X-Forwarded-For", ""), settings.TRUSTED_PROXIES
    )
    limit = _guest_limit(settings.LIMIT_GUESTS_PER_MINUTE)
    if wait_ms := limit.wait_ms(household(address), time.monotonic()):
        raise RateLimited("Too many guests from this address. Try again a little later.", retry_after_ms=wait_ms)


def client_address(peer: str, forwarded_for: str, trusted_proxies: list[str]) -> str:
    """The address a request comes from; X-Forwarded-For is read right to left past trusted proxies only."""
    address = peer
    for hop in reversed([hop.strip() for hop in forwarded_for.split(",") if hop.strip()]):
        if not _is_one_of(address, trusted_proxies):
            break
        address = hop
    return address


def household(address: str) -> str:
    """The key under which an address is counted: itself, or its /64 for IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or IPv6Network((int(parsed), _HOUSEHOLD_BITS), strict=False))
    return str(parsed)


@cache
def _guest_limit(per_minute: int) -> RateLimit:
    return RateLimit(per_minute)


def _is_one_of(address: str, networks: list[str]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(network, strict=False) for network in networks)
