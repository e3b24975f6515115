"""Faults of the emulated API: which call fails next, and how. The choice is pure and comes from the seed.

How a reply is cut, delayed or dribbled on the wire is `wire.py`.
"""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

# What the client sees. All but `latency` and `slow_body` replace the answer.
KINDS: Final = ("latency", "status_429", "error_500", "html_502", "reset", "dropped", "hang", "slow_body")
SECONDS: Final[Mapping[str, float]] = {"latency": 1.0, "hang": 3600.0, "slow_body": 5.0}


class BadFault(Exception):
    """No such fault; the text says what there is."""


@dataclass(slots=True)
class Fault:
    """One wish: `call` is an API call's name (`orders.create`), its beginning (`payments.*`) or `*`."""

    call: str
    kind: str
    # How often; None: without end.
    count: int | None = 1
    # The share of matching calls it meets.
    probability: float = 1.0
    seconds: float = 0.0
    # The work is done first: the client cannot know that it was.
    after_work: bool = False

    def meets(self, call: str) -> bool:
        """Whether this fault is for that call."""
        return self.call in ("*", call) or (self.call.endswith(".*") and call.startswith(self.call[:-1]))


class Faults:
    """The faults that are planned, in the order they were asked for."""

    def __init__(self, seed: str) -> None:
        self._planned: list[Fault] = []
        self._chance = random.Random(f"{seed}:faults")  # noqa: S311  (faults, not secrets)

    def add(self, wish: Mapping[str, Any]) -> Fault:
        """Plan a fault. Raises BadFault."""
        if wish.get("kind") not in KINDS:
            raise BadFault(f"There is no fault {wish.get('kind')!r}; there are {', '.join(KINDS)}.")
        try:
            fault = Fault(**{"call": "*", **wish})
        except TypeError as reason:
            raise BadFault(str(reason)) from reason
        fault.seconds = fault.seconds or SECONDS.get(fault.kind, 0.0)
        if fault.kind == "dropped":
            fault.after_work = True
        self._planned.append(fault)
        return fault

    def take(self, call: str) -> Fault | None:
        """The fault that meets this call, used up by one."""
        for fault in self._planned:
            if fault.meets(call) and (fault.probability >= 1 or self._chance.random() < fault.probability):
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._planned.remove(fault)
                return fault
        return None

    def clear(self, *, seed: str | None = None) -> None:
        """No fault is planned any more."""
        self._planned.clear()
        if seed is not None:
            self._chance.seed(f"{seed}:faults")

    def told(self) -> list[dict[str, Any]]:
        """The planned faults as JSON."""
        return [asdict(fault) for fault in self._planned]
