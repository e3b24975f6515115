"""Carries letters that are due to the mail server, one after another, and writes down what became of each.

A letter belongs to whoever took it for LEASE_SECONDS. No transaction is open while the server is talked to; a worker
that dies in the middle leaves a letter `sending`, which is taken again when its lease is over: with the same
Message-ID, as the server may have it already.
"""

import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.core.mail import EmailMessage
from django.db import InterfaceError, OperationalError, connection

from bookings.api import find_addressee
from frontend.letters.rest import forget_failures, let_server_rest, server_rests
from frontend.letters.rules import IN_TROUBLE, UNCLEAR_MAX, WAITS_FOR_SERVER, Outcome, overtaken_by, wait_seconds
from frontend.letters.transport import Line, NoTransport, Told, open_line
from frontend.letters.writing import write

logger = logging.getLogger(__name__)

# No letter is begun later than this in one task, which Celery ends at SOFT_LIMIT_SECONDS; then, the worker's child at
# HARD_LIMIT_SECONDS. Only after that may somebody else take the letter, so that two never send it at once.
CARRY_SECONDS_MAX: Final = 15.0
SOFT_LIMIT_SECONDS: Final = 40
HARD_LIMIT_SECONDS: Final = 45
LEASE_SECONDS: Final = 48
MARK_TRIES_MAX: Final = 4

_TAKE: Final = """
UPDATE frontend_letter
SET state = 'sending', tries = tries + 1, next_at = clock_timestamp() + %(lease)s * interval '1 second',
    unclear = unclear + CASE state WHEN 'sending' THEN 1 ELSE 0 END
WHERE id = (
    SELECT id FROM frontend_letter
    WHERE state IN ('due', 'sending') AND next_at <= clock_timestamp()
      AND (%(letter)s::bigint IS NULL OR id = %(letter)s::bigint)
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, booking_id, kind, reference, "to", message_id, tries, unclear
"""
# `tries` is the fence: whoever came back after his lease finds that the letter is another's by now.
_MARK: Final = """
UPDATE frontend_letter
SET state = CASE WHEN %(state)s = 'due' AND give_up_at <= clock_timestamp() THEN 'failed' ELSE %(state)s END,
    sent_at = CASE %(state)s WHEN 'sent' THEN clock_timestamp() END,
    last_error = %(error)s,
    unclear = %(unclear)s,
    waits_for_server = %(waits)s,
    next_at = LEAST(clock_timestamp() + %(wait)s * interval '1 second', GREATEST(give_up_at, clock_timestamp()))
WHERE id = %(letter)s AND state = 'sending' AND tries = %(tries)s
RETURNING state
"""
# Letters wait longer each time, up to hours; once the server is there again, none waits for its hour to come.
_IS_WAITED_FOR: Final = "SELECT EXISTS (SELECT FROM frontend_letter WHERE state = 'due' AND waits_for_server)"
_WAKE: Final = """
UPDATE frontend_letter SET next_at = LEAST(next_at, clock_timestamp()), waits_for_server = FALSE
WHERE state = 'due' AND waits_for_server
"""
# One letter asks for all: the others' day is over as well when it is, although nobody tried them just now.
_GIVE_UP: Final = """
UPDATE frontend_letter SET state = 'failed', last_error = %s
WHERE state = 'due' AND give_up_at <= clock_timestamp() RETURNING id, booking_id
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A letter that is ours to send for a while."""

    id: int
    booking: UUID
    kind: str
    reference: str
    to: str
    message_id: str
    tries: int
    unclear: int


def carry_due(*, now: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> int:
    """Send what is due, the longest due first. Returns how many were tried."""
    return _carry(None, now=now, monotonic=monotonic)


def carry_one(letter: int, *, now: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> int:
    """Send this letter if it is due. Returns whether it was tried, as 0 or 1."""
    return _carry(letter, now=now, monotonic=monotonic)


def _carry(letter: int | None, *, now: Callable[[], datetime], monotonic: Callable[[], float]) -> int:
    started, tried = monotonic(), 0
    if server_rests():
        return 0
    trouble, was_answered = "", False
    with _LazyLine() as line_of:
        if letter is None and _is_waited_for():
            line_of.open()
        while not trouble and monotonic() - started < CARRY_SECONDS_MAX and (taken := _take(letter)) is not None:
            tried += 1
            told = _send(taken, line_of, now=now())
            if told.outcome in IN_TROUBLE:
                trouble = told.reason
            else:
                was_answered = line_of.is_open
            if letter is not None:
                break
        trouble = trouble or line_of.why_not
    if trouble:
        let_server_rest(trouble)
        _give_up(trouble)
    elif was_answered:
        forget_failures()
    return tried


def _is_waited_for() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IS_WAITED_FOR)
        return bool(cursor.fetchone()[0])


def _wake() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_WAKE)


def _give_up(reason: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_UP, [reason[:500]])
        ended = cursor.fetchall()
    for letter, booking in ended:
        logger.error("letter %s of booking %s was not sent: %s", letter, booking, reason)


def _take(letter: int | None) -> Taken | None:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"lease": LEASE_SECONDS, "letter": letter})
        row = cursor.fetchone()
    return None if row is None else Taken(*row)


def _send(taken: Taken, line_of: "_LazyLine", *, now: datetime) -> Told:
    assert not connection.in_atomic_block, "a letter is sent outside of transactions"
    if taken.unclear >= UNCLEAR_MAX:
        return _end(taken, Told(Outcome.REFUSED, f"{taken.unclear} tries ended without a word: it may have arrived"))
    addressee = find_addressee(taken.booking)
    assert addressee is not None, "a letter has a booking"
    why = overtaken_by(taken.kind, taken.reference, addressee, now=now)
    if why:
        _mark(taken, "overtaken", Told(Outcome.SENT, why))
        return Told(Outcome.SENT)
    try:
        message = write(taken.kind, addressee, to=taken.to, message_id=taken.message_id, now=now)
    except Exception as error:
        # Whatever is wrong with one letter, the others must go out.
        logger.exception("letter %s could not be written", taken.id)
        return _end(taken, Told(Outcome.LATER, f"it could not be written: {error!r}"))
    return _end(taken, line_of.hand_over(message))


def _end(taken: Taken, told: Told) -> Told:
    match told.outcome:
        case Outcome.SENT:
            state = "sent"
        case Outcome.REFUSED:
            state = "failed"
        case _:
            state = "due"
    is_unclear = told.outcome is Outcome.UNCLEAR
    if is_unclear and taken.unclear + 1 >= UNCLEAR_MAX:
        state = "failed"
    now_is = _mark(taken, state, told, unclear=taken.unclear + is_unclear)
    if now_is == "failed":
        logger.error("letter %s of booking %s was not sent: %s", taken.id, taken.booking, told.reason)
    elif now_is == "due":
        logger.warning("letter %s is tried again (try %s): %s", taken.id, taken.tries, told.reason)
    return told


def _mark(taken: Taken, state: str, told: Told, *, unclear: int | None = None) -> str | None:
    """Write down how it ended. Returns the letter's state; None when it is another's by now."""
    arguments: dict[str, Any] = {
        "state": state,
        "error": told.reason[:500],
        "wait": wait_seconds(taken.tries, told.outcome),
        "unclear": taken.unclear if unclear is None else unclear,
        "waits": told.outcome in WAITS_FOR_SERVER,
        "letter": taken.id,
        "tries": taken.tries,
    }
    for last in (*[False] * (MARK_TRIES_MAX - 1), True):
        try:
            with connection.cursor() as cursor:
                cursor.execute(_MARK, arguments)
                row = cursor.fetchone()
            return None if row is None else str(row[0])
        except (OperationalError, InterfaceError):
            # The letter is out: a database that restarts right now must not make it go out twice.
            connection.close()
            if last:
                raise
            time.sleep(1.0)
    raise AssertionError("the last try returned or raised")


class _LazyLine:
    """The line to the server, opened for the first letter that needs it. A server that is away is asked once."""

    def __init__(self) -> None:
        self._opened: contextlib.ExitStack = contextlib.ExitStack()
        self._line: Line | None = None
        # Why there is no line; '' while nobody knows.
        self.why_not = ""

    @property
    def is_open(self) -> bool:
        """Whether the server was called, and answered."""
        return self._line is not None

    def open(self) -> Line | None:
        """The line; None when there is none. Letters that waited for the server are due as soon as it answers."""
        if self._line is None and not self.why_not:
            try:
                self._line = self._opened.enter_context(open_line())
            except NoTransport as reason:
                self.why_not = str(reason)
            else:
                _wake()
        return self._line

    def hand_over(self, message: EmailMessage) -> Told:
        """Send a message over the line. Never raises for what a server does."""
        line = self.open()
        return Told(Outcome.UNREACHABLE, self.why_not) if line is None else line.hand_over(message)

    def __enter__(self) -> "_LazyLine":
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()
