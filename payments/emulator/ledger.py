"""The ledger: every event that ever happened here, in order, one JSON line each, never changed.

Owns the file and its replay. Knows nothing of what events mean; that is `book.py`. The judge of money invariants
reads it, so nothing is left out: orders, attempts, captures, refunds, every webhook sent, and what was asked of us.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Event = dict[str, Any]
LEDGER_NAME = "ledger.jsonl"


class LedgerDamaged(Exception):
    """A line in the middle of the file is no event; the text says which and what to do."""


class Ledger:
    """Append-only events, kept in memory and, with a folder, in a file that a restart reads again."""

    def __init__(self, folder: Path | None = None) -> None:
        self._events: list[Event] = []
        self._path = None if folder is None else folder / LEDGER_NAME
        self._descriptor: int | None = None
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._events = _read(self._path)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def __len__(self) -> int:
        return len(self._events)

    def append(self, event: Mapping[str, Any]) -> Event:
        """Number this event and write it down. A killed process loses nothing that was written."""
        numbered = {"n": len(self._events) + 1, **event}
        if self._descriptor is not None:
            # One write per line: a kill between two of them leaves whole lines only.
            os.write(self._descriptor, json.dumps(numbered, separators=(",", ":")).encode() + b"\n")
        self._events.append(numbered)
        return numbered

    def events(self, *, after: int = 0, kinds: Sequence[str] = (), limit: int | None = None) -> list[Event]:
        """Events after this number, of these kinds; `payment.` names every kind that begins so."""
        wanted = tuple(kinds)
        found = [
            event
            for event in self._events[after:]
            if not wanted
            or any(event["kind"] == k or (k.endswith(".") and event["kind"].startswith(k)) for k in wanted)
        ]
        return found if limit is None else found[:limit]

    def clear(self) -> None:
        """Forget everything: a new world begins."""
        self._events.clear()
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _read(path: Path) -> list[Event]:
    if not path.is_file():
        return []
    whole, _, torn = path.read_bytes().rpartition(b"\n")
    events: list[Event] = []
    for number, line in enumerate(whole.split(b"\n") if whole else [], start=1):
        try:
            events.append(json.loads(line))
        except ValueError as reason:
            raise LedgerDamaged(f"Line {number} of {path} is no event. Remove the file to begin anew.") from reason
    if torn:
        # The last line was cut by a full disk or a crash of the machine; it never counted.
        os.truncate(path, len(whole) + 1 if whole else 0)
    return events
