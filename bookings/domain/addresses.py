"""Whose request it is: the client's address behind proxies, and the key under which its uses are counted.

Limits themselves are rate.py and, for sockets, realtime's.
"""

from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

# One household has a whole /64 of IPv6, and may use another address of it each time.
_HOUSEHOLD_BITS: Final = 64


def client_address(peer: str, forwarded_for: str, trusted_proxies: Sequence[str]) -> str:
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


def _is_one_of(address: str, networks: Sequence[str]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in ip_network(network, strict=False) for network in networks)
