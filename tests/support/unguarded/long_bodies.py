"""The product's settings without a bound to the bodies of requests."""

from config.settings import *  # noqa: F403

CALL_BODY_BYTES_MAX = PAGE_BODY_BYTES_MAX = 2**40
