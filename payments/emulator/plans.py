"""How webhooks shall misbehave: said by the control API, obeyed by the sender. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


class BadPlan(Exception):
    """No such wish, or of another kind; the text says which."""


@dataclass(frozen=True, slots=True)
class WebhookPlan:
    """The wishes; the defaults are a sender that behaves."""

    # Each event this many times more.
    dup: int = 0
    # A seed: each delivery waits a random part of `spread` seconds, so that they overtake each other.
    shuffle: str | None = None
    spread: float = 0.2
    # Virtual seconds before the first try.
    delay: float = 0.0
    # The share of events that are lost and never sent.
    drop: float = 0.0
    # Nothing is sent until it is released.
    hold: bool = False
    # 0: the current secret signs, 1: the previous one, as for events from before a rotation.
    secret: int = 0
    # Virtual seconds until the second try; doubled for each further one.
    first_retry_seconds: float = 5.0

    @classmethod
    def asked(cls, wishes: Mapping[str, Any]) -> "WebhookPlan":
        """A plan with these wishes. Raises BadPlan."""
        known = {one.name: one for one in fields(cls)}
        for name, value in wishes.items():
            if name not in known:
                raise BadPlan(f"There is no wish {name!r}; there are {', '.join(known)}.")
            default = known[name].default
            if name == "shuffle":
                good = value is None or isinstance(value, str | int)
            elif isinstance(default, bool):
                good = isinstance(value, bool)
            else:
                number = int if isinstance(default, int) else (int, float)
                good = isinstance(value, number) and not isinstance(value, bool) and value >= 0
            if not good:
                raise BadPlan(f"{name} cannot be {value!r}.")
        return cls(**wishes)

    def told(self) -> dict[str, Any]:
        """The plan as JSON."""
        return asdict(self)
