"""Hands what happened to whoever asked to hear of it: at least once, also after a kill at any point.

Events are written in the transaction that made them so (sql/*.sql); other apps register handlers in their
`AppConfig.ready`. An event nobody handles waits. A handler must be idempotent and needs no transaction around it.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django.db import connection

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. `tries` counts this one."""

    kind: str
    key: str
    payload: Mapping[str, Any]
    tries: int


class TryLater(Exception):
    """A handler has looked, and asks to be called again in `seconds`: nothing has failed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


Handler: TypeAlias = Callable[[Event], None]

# In one relay, well within a task's time limit; what is left is taken five seconds later.
EVENTS_MAX: Final = 200
RELAY_SECONDS_MAX: Final = 30.0
# How long an event belongs to whoever took it; after a kill another worker takes it then (fault matrix: ≤ 60 s).
LEASE_SECONDS: Final = 50
RETRY_SECONDS_MIN: Final = 5
RETRY_SECONDS_MAX: Final = 300

_TAKE = """
UPDATE bookings_outboxevent SET tries = tries + 1, next_at = clock_timestamp() + %(lease)s * interval '1 second'
WHERE id = (
    SELECT id FROM bookings_outboxevent
    WHERE done_at IS NULL AND next_at <= clock_timestamp() AND kind = ANY(%(kinds)s)
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, kind, key, payload, tries
"""
_DONE = "UPDATE bookings_outboxevent SET done_at = clock_timestamp() WHERE id = %s"
_LATER = "UPDATE bookings_outboxevent SET next_at = clock_timestamp() + %s * interval '1 second' WHERE id = %s"

_handlers: dict[str, list[Handler]] = defaultdict(list)


@dataclass(frozen=True, slots=True)
class Relayed:
    """How many events were handled, and how many are looked at again later."""

    handled: int
    failed: int


def on_event(kind: str, handler: Handler) -> None:
    """Call `handler(event)` for every event of this kind, from the worker. It may raise TryLater."""
    _handlers[kind].append(handler)


def handled_kinds() -> list[str]:
    """Kinds of events that somebody asked to hear of."""
    return sorted(_handlers)


def relay_due(*, monotonic: Callable[[], float]) -> Relayed:
    """Hand over the events that are due, oldest first, for at most RELAY_SECONDS_MAX."""
    started = monotonic()
    handled = failed = 0
    while handled + failed < EVENTS_MAX and monotonic() - started < RELAY_SECONDS_MAX:
        taken = _take()
        if taken is None:
            break
        if _hand_over(*taken):
            handled += 1
        else:
            failed += 1
    return Relayed(handled=handled, failed=failed)


def _take() -> tuple[int, Event] | None:
    if not _handlers:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"lease": LEASE_SECONDS, "kinds": handled_kinds()})
        row = cursor.fetchone()
    if row is None:
        return None
    # A cursor of our own statement gets jsonb as text: Django leaves the decoding to its JSONField.
    payload = json.loads(row[3]) if isinstance(row[3], str) else row[3]
    return row[0], Event(kind=row[1], key=row[2], payload=payload, tries=row[4])


def _hand_over(event_id: int, event: Event) -> bool:
    try:
        for handler in _handlers[event.kind]:
            handler(event)
    except TryLater as wish:
        with connection.cursor() as cursor:
            cursor.execute(_LATER, [wish.seconds, event_id])
        return False
    except Exception:
        # Whatever a handler raises, the other events must not wait for it.
        wait_seconds = min(RETRY_SECONDS_MIN * 2 ** min(event.tries - 1, 10), RETRY_SECONDS_MAX)
        logger.exception("%s was not handled (try %s); again in %s s", event.key, event.tries, wait_seconds)
        with connection.cursor() as cursor:
            cursor.execute(_LATER, [wait_seconds, event_id])
        return False
    with connection.cursor() as cursor:
        cursor.execute(_DONE, [event_id])
    return True
