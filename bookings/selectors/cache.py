"""The catalogue cache: values in Django's cache under keys that carry the versions of what they depend on.

Changing a thing steps its version, so no key made of it is ever asked for again (docs/caching.md). Redis is
a convenience here: without it every read goes to PostgreSQL. The selectors decide what is cached.
"""

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from django.conf import settings
from django.core.cache.backends.base import BaseCache
from django.db import transaction
from django.utils.functional import cached_property
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

T = TypeVar("T")

# How long a value may be served if stepping its version failed, because Redis did not answer at that moment.
VALUE_SECONDS: Final = 300
# After a failure the cache is left alone for so long: a Redis that hangs costs one timeout, not one a page.
PAUSE_SECONDS: Final = 2.0
# The range a new version counter starts in. Random, so that a counter lost with Redis never counts up again
# through versions under which old values may still be kept.
FIRST_VERSION_MAX: Final = 2**40
# Step this when a cached value changes its shape: releases side by side then do not read each other's values.
SHAPE: Final = 1

# The things that have a version. Few and fixed: a counter for each show would be one for each number that
# somebody types into an address, and shows are edited a few times a day.
MOVIES: Final = "movies"
THEATRES: Final = "theatres"
SHOWS: Final = "shows"

logger = logging.getLogger(__name__)


class JsonSerializer:
    """Django's cache in JSON instead of pickle: readable with redis-cli, and loading it can run no code."""

    def dumps(self, value: Any) -> bytes | int:
        # A bare integer stays one, so that Redis can count with it.
        return value if type(value) is int else msgspec.json.encode(value)

    def loads(self, data: bytes) -> Any:
        return msgspec.json.decode(data)


class CatalogueCache:
    """Read-through cache over Django's; one object a process, safe in every thread."""

    def __init__(self) -> None:
        self._asleep_until = 0.0

    @cached_property
    def _cache(self) -> BaseCache:
        """Django's cache as configured, but in JSON."""
        configured = settings.CACHES["default"]
        options = {**configured.get("OPTIONS", {}), "serializer": JsonSerializer}
        backend: Callable[[str, dict[str, Any]], BaseCache] = import_string(configured["BACKEND"])
        return backend(configured["LOCATION"], {**configured, "OPTIONS": options})

    def read(
        self, name: str, *, things: Sequence[str], shape: type[T], load: Callable[[], T], seconds: int = VALUE_SECONDS
    ) -> T:
        """The value called `name`, from the cache or from `load`; empty values are not kept.

        `things` are what it depends on; what else it tells is at most `seconds` old. A loader that raises leaves
        nothing behind.
        """
        key = self._attempt(lambda: self._versioned_key(name, things))
        if key is None:
            return load()
        try:
            kept = self._attempt(lambda: self._cache.get(key))
            if kept is not None:
                return msgspec.convert(kept, shape)
        except msgspec.DecodeError as error:
            logger.warning("cached value %s is not what is kept there now: %s", key, error)
        value = load()
        if value:
            # Keeping no empty value bounds the keys by what exists, whatever dates and names people ask for.
            self._attempt(lambda: self._cache.set(key, msgspec.to_builtins(value), seconds))
        return value

    def step_versions(self, things: Iterable[str]) -> None:
        """Make every value that depends on one of `things` unreachable, now."""
        for thing in things:
            self._attempt(partial(self._step_version, thing), even_asleep=True)

    def stamp(self, things: Sequence[str]) -> str | None:
        """The versions of `things` as one text, which differs once any of them has changed; None: Redis is away."""
        return self._attempt(lambda: self._stamp(things))

    def wake(self) -> None:
        """Ask Redis again at once, whatever happened before."""
        self._asleep_until = 0.0

    def _attempt(self, ask: Callable[[], T], *, even_asleep: bool = False) -> T | None:
        """What Redis answered, or None when it does not."""
        if not even_asleep and time.monotonic() < self._asleep_until:
            return None
        try:
            return ask()
        except RedisError as error:
            self._asleep_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("catalogue cache unavailable, reading PostgreSQL for %s s: %s", PAUSE_SECONDS, error)
            return None

    def _versioned_key(self, name: str, things: Sequence[str]) -> str:
        return f"catalogue:{SHAPE}:{name}:{self._stamp(things)}"

    def _stamp(self, things: Sequence[str]) -> str:
        keys = [_version_key(thing) for thing in things]
        versions = self._cache.get_many(keys)
        for key in keys:
            if key not in versions:
                # add(), then what stands there: of two processes that start a counter, both use the first one's.
                self._cache.add(key, secrets.randbelow(FIRST_VERSION_MAX), timeout=None)
                versions[key] = self._cache.get(key)
        return ".".join(str(versions[key]) for key in keys)

    def _step_version(self, thing: str) -> None:
        # ValueError is Django's word for "no such counter". Then no key was made of it, or, as counters start at
        # random, none can be made again.
        with suppress(ValueError):
            self._cache.incr(_version_key(thing))


catalogue_cache = CatalogueCache()


def catalogue_stamp() -> str | None:
    """A text that differs once anything in the catalogue has changed; None: Redis is away. One question to Redis."""
    return catalogue_cache.stamp([MOVIES, THEATRES, SHOWS])


def forget_after_commit(*things: str) -> None:
    """Step the versions of `things` once the running transaction has committed, or at once without one.

    Not before: a reader between the step and the commit would keep the old value under the new version.
    """
    transaction.on_commit(partial(catalogue_cache.step_versions, things))


def _version_key(thing: str) -> str:
    return f"catalogue:version:{thing}"
