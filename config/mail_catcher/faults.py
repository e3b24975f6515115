"""What the server does wrong next, because somebody asked for it. The choice is pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

# kind: what it does, at which steps it may, and in words for the page.
KINDS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "refuse": (("recipient", "letter"), "Refuses the address for good (550)"),
    "greylist": (("recipient",), "Not now, try again (451)"),
    "busy": (("greeting", "recipient", "letter"), "Too busy, good-bye (421)"),
    "hang": (("greeting", "recipient", "letter"), "Says nothing any more"),
    "drop": (("letter", "recipient"), "Takes the letter and hangs up without a word"),
    "slow": (("greeting", "recipient", "letter"), "Takes two seconds for every step"),
}
STEPS: Final = ("greeting", "recipient", "letter")
HANG_SECONDS: Final = 3600.0
SLOW_SECONDS: Final = 2.0


class BadFault(Exception):
    """No such fault; the text says what there is."""


@dataclass(slots=True)
class Fault:
    """One wish. `count`: how often (None: without end); `to`: only for addresses that contain this."""

    kind: str
    at: str = ""
    count: int | None = 1
    to: str = ""
    seconds: float = field(default=0.0)


class Faults:
    """The faults that are planned, in the order they were asked for."""

    def __init__(self) -> None:
        self._planned: list[Fault] = []

    def plan(self, wish: Mapping[str, Any]) -> Fault:
        """Plan a fault. Raises BadFault."""
        kind = wish.get("kind")
        if kind not in KINDS:
            raise BadFault(f"There is no fault {kind!r}; there are {', '.join(KINDS)}.")
        try:
            fault = Fault(**wish)
        except TypeError as reason:
            raise BadFault(str(reason)) from reason
        steps = KINDS[fault.kind][0]
        if fault.at and fault.at not in steps:
            raise BadFault(f"{kind} happens at {' or '.join(steps)}, not at {fault.at}.")
        # A slow server is slow all along.
        fault.at = fault.at or ("" if kind == "slow" else steps[0])
        fault.seconds = float(fault.seconds) or (SLOW_SECONDS if kind == "slow" else HANG_SECONDS)
        self._planned.append(fault)
        return fault

    def take(self, step: str, recipient: str = "") -> Fault | None:
        """The fault that meets this step now, if one does; it counts as used."""
        for fault in self._planned:
            if fault.at in ("", step) and fault.to in recipient:
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._planned.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._planned.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """Those that are planned."""
        return [asdict(fault) for fault in self._planned]
