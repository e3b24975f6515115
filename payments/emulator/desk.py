"""The desk: where a decision becomes an event in the ledger, moves the book, and is told to the webhooks.

Owns the virtual clock (real time and what was added to it) and the order of recording. Decides nothing about money.
"""

import heapq
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from payments.emulator import rules
from payments.emulator.book import Book
from payments.emulator.entities import webhook_json
from payments.emulator.ledger import Event, Ledger

Teller = Callable[[Event, Mapping[str, Any]], None]
FoldOn = Callable[[Event], None]


def real_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


class Desk:
    """One emulated Razorpay account."""

    def __init__(self, ledger: Ledger, *, seed: str | None = None, clock: Callable[[], int] = real_ms) -> None:
        self.ledger = ledger
        self.book = Book()
        self._clock = clock
        self._tell: Teller | None = None
        self._fold_on: FoldOn | None = None
        self._on_timer: Callable[[], None] | None = None
        for event in ledger.events():
            self.book.apply(event)
        self.record([{"kind": "emulator.started", "seed": self.book.seed or seed or secrets.token_hex(4)}])

    @property
    def now_ms(self) -> int:
        """The virtual time, in Unix milliseconds."""
        return self._clock() + self.book.offset_ms

    def listen(self, *, tell: Teller, fold_on: FoldOn, on_timer: Callable[[], None]) -> None:
        """Tell webhooks of what happened, let them fold every event, and call when a timer was set."""
        self._tell, self._fold_on, self._on_timer = tell, fold_on, on_timer

    def record(self, events: Iterable[Event], *, at_ms: int | None = None) -> list[Event]:
        """Write down what was decided, in this order; `at_ms` when it was due at a moment that is past."""
        done = []
        timers = len(self.book.timers)
        for decided in events:
            event = self.ledger.append({"at_ms": at_ms or self.now_ms, "real_ms": self._clock(), **decided})
            self.book.apply(event)
            done.append(event)
            if self._fold_on is not None:
                self._fold_on(event)
            if self._tell is not None:
                told = webhook_json(self.book, event)
                if told is not None:
                    self._tell(event, told)
        if self._on_timer is not None and len(self.book.timers) != timers:
            self._on_timer()
        return done

    def catch_up(self) -> None:
        """Let everything happen that the virtual clock has reached, each thing at its own moment."""
        timers = self.book.timers
        while timers and timers[0].due_ms <= self.now_ms:
            timer = heapq.heappop(timers)
            self.record(rules.on_timer(self.book, timer), at_ms=timer.due_ms)

    def advance(self, seconds: float) -> None:
        """Move the virtual clock on, and let happen what is due."""
        self.record([{"kind": "clock.advanced", "ms": round(1000 * seconds)}])
        self.catch_up()

    def next_due_seconds(self) -> float | None:
        """How long until something is due; None when nothing is."""
        timers = self.book.timers
        return max(0.0, (timers[0].due_ms - self.now_ms) / 1000) if timers else None

    def reset(self, *, seed: str | None = None) -> None:
        """Begin a new world: no order, no event, real time. Switches are at their defaults again."""
        self.ledger.clear()
        seed = seed or self.book.seed
        self.book = Book()
        self.record([{"kind": "emulator.started", "seed": seed}])
