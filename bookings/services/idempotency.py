"""The same request twice is answered once: stored replies by (holder, operation, key), kept 24 h.

Grants are stored in the transaction that makes them; refusals are not (consistency rule 23).
"""

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from bookings.claim_store import store as claims
from bookings.claim_store.pool import ClaimPool
from bookings.errors import BadRequest, IdempotencyMismatch, InProgress
from bookings.services.batches import StoredReply

KEY_CHARACTERS_MAX: Final = 255


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request that carries an idempotency key. `stored` is the reply of its first run, if there was one."""

    operation: str
    key: str
    request_sha256: bytes
    stored: dict[str, Any] | None

    def granting(self, reply: dict[str, Any]) -> StoredReply:
        """The reply to store with the grant."""
        return StoredReply(operation=self.operation, key=self.key, request_sha256=self.request_sha256, reply=reply)


class Idempotency:
    """Finds stored replies, and refuses a twin that is in flight in this process."""

    def __init__(self, pool: ClaimPool) -> None:
        self._pool = pool
        self._in_flight: set[tuple[str, str, str]] = set()

    @asynccontextmanager
    async def request(self, *, holder: str, operation: str, key: str, body: Any) -> AsyncIterator[KeyedRequest]:
        """The keyed request while it is worked on.

        Raises BadRequest (bad key), InProgress (a twin is in flight), IdempotencyMismatch (other body),
        ClaimsUnavailable.
        """
        check_key(key)
        mark = (holder, operation, key)
        if mark in self._in_flight:
            raise InProgress
        self._in_flight.add(mark)
        try:
            digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
            async with self._pool.connection() as connection:
                found = await claims.stored_reply(connection, holder=holder, operation=operation, key=key)
            if found is not None and found[0] != digest:
                raise IdempotencyMismatch
            yield KeyedRequest(
                operation=operation, key=key, request_sha256=digest, stored=found[1] if found else None
            )
        finally:
            self._in_flight.discard(mark)


def check_key(key: str) -> None:
    """Raises BadRequest for what cannot be a key."""
    if not 0 < len(key) <= KEY_CHARACTERS_MAX or "\x00" in key:
        raise BadRequest(f"An idempotency key has 1 to {KEY_CHARACTERS_MAX} characters.")
