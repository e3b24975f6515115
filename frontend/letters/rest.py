"""The rest that the mail server is given after it was in trouble: one for all letters, known to all workers.

However many letters wait, one knocks when a rest is over. Rests grow, but only so far that mail is out soon after the
server is back. Without Redis there are none; letters then ask one by one, each after its own wait.
"""

import logging
from typing import Final

from django.core.cache import cache
from redis.exceptions import RedisError

from frontend.letters.rules import rest_seconds

logger = logging.getLogger(__name__)

_REST_KEY: Final = "letters:server-is-away"
_FAILURES_KEY: Final = "letters:server-failures"
# Trouble of yesterday says nothing of today's.
_FAILURES_SECONDS: Final = 3600


def server_rests() -> bool:
    """Whether nobody is to ask the mail server now."""
    try:
        return cache.get(_REST_KEY) is not None
    except RedisError:
        return False


def let_server_rest(reason: str) -> None:
    """It was in trouble: nobody asks it for a while, longer with each time in a row."""
    try:
        failures = int(cache.get(_FAILURES_KEY, 0)) + 1
        cache.set(_FAILURES_KEY, failures, _FAILURES_SECONDS)
        cache.set(_REST_KEY, reason[:200], rest_seconds(failures))
    except RedisError as error:
        logger.warning("nobody can be told that the mail server is away: %s", error)


def forget_failures() -> None:
    """It does its work: its next trouble is the first one."""
    try:
        cache.delete(_FAILURES_KEY)
    except RedisError as error:
        logger.warning("nobody can be told that the mail server is back: %s", error)
