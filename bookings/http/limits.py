"""How many guests one address may become."""

import time
from functools import cache

from django.conf import settings
from django.http import HttpRequest

from bookings.domain.addresses import client_address, household
from bookings.domain.rate import RateLimit
from bookings.errors import RateLimited


def count_guest(request: HttpRequest) -> None:
    """Count one new guest of the caller's address. Raises RateLimited."""
    address = client_address(
        str(request.META.get("REMOTE_ADDR", "")), request.headers.get("X-Forwarded-For", ""), settings.TRUSTED_PROXIES
    )
    limit = _guest_limit(settings.LIMIT_GUESTS_PER_MINUTE)
    if wait_ms := limit.wait_ms(household(address), time.monotonic()):
        raise RateLimited("Too many guests from this address. Try again a little later.", retry_after_ms=wait_ms)


@cache
def _guest_limit(per_minute: int) -> RateLimit:
    return RateLimit(per_minute)
