"""What a viewer sees: frames recorded as a socket would get them, and folded by the contract's own rules."""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from realtime.frames import Frame
from realtime.protocol import CloseCode


class RecordingWriter:
    """A writer that keeps what it is given. `behind` makes it refuse, as a slow socket does."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.closed_with: CloseCode | None = None
        self.behind = False
        self.on_drained: Callable[[], None] = lambda: None

    def write(self, frame: Frame) -> bool:
        if self.behind:
            return False
        self.frames.append(frame)
        return True

    def reply(self, frame: Frame) -> None:
        self.frames.append(frame)

    def close(self, code: CloseCode) -> None:
        self.closed_with = self.closed_with or code

    def drain(self) -> None:
        """Catch up, as Twisted reports it."""
        self.behind = False
        self.on_drained()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """Everything that was written, read."""
        return [json.loads(frame.text) for frame in self.frames]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The messages of one type."""
        return [message for message in self.messages if message["type"] == kind]

    def forget(self) -> None:
        """Start recording anew."""
        self.frames.clear()


@dataclass
class FoldedMap:
    """A seat map as a client keeps it (contract section 3, rules for a client)."""

    epoch: str | None = None
    version: int = -1
    states: list[str] = field(default_factory=list)
    deadlines: dict[int, int] = field(default_factory=dict)
    mine: dict[str, Any] | None = None
    syncs_wanted: int = 0
    _early: deque[dict[str, Any]] = field(default_factory=deque)

    @classmethod
    def of(cls, messages: list[dict[str, Any]]) -> "FoldedMap":
        """Fold frames onto an empty map."""
        folded = cls()
        for message in messages:
            folded.take(message)
        return folded

    def take(self, message: dict[str, Any]) -> None:
        """Apply one frame by the rules; count where a client would have to ask."""
        if message["type"] == "snapshot":
            self.epoch, self.version = message["epoch"], message["version"]
            self.states = list(message["states"])
            self.deadlines = {int(seat): deadline for seat, deadline in message["holds"].items()}
            self.mine = message["mine"]
            while self._early:
                self.take(self._early.popleft())
        elif message["type"] == "mine":
            self.mine = message["mine"]
        elif message["type"] == "seats":
            self._move(message)

    def _move(self, message: dict[str, Any]) -> None:
        if self.epoch is None:
            self._early.append(message)
        elif message["epoch"] != self.epoch or message["from"] > self.version:
            self.syncs_wanted += 1
        elif message["version"] > self.version:
            for seat, state, *deadline in message["changes"]:
                self.states[seat] = state
                self.deadlines.pop(seat, None)
                if deadline:
                    self.deadlines[seat] = deadline[0]
            self.version = message["version"]

    @property
    def picture(self) -> tuple[str | None, int, str, dict[int, int]]:
        """What can be compared with the truth."""
        return self.epoch, self.version, "".join(self.states), self.deadlines
