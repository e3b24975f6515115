"""What the box office answers when it grants something. Refusals are bookings.errors."""

from typing import Any, NamedTuple


class Held(NamedTuple):
    """A hold that stands in both authorities. `seats` is the whole hold; `version` is where its H appears.

    `reason` says how best seats were chosen; empty when the holder named them. `version` is None when only
    PostgreSQL answered.
    """

    booking: str
    seats: tuple[str, ...]
    amount_paise: int
    expires_ms: int
    version: int | None
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """The stored form of a reply."""
        return {**self._asdict(), "seats": list(self.seats)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Held":
        """The reply that was stored."""
        return cls(**{**stored, "seats": tuple(stored["seats"])})


class Released(NamedTuple):
    """The seats that were let go by this request."""

    seats: tuple[str, ...]
    version: int | None

    def as_json(self) -> dict[str, Any]:
        """The stored form of a reply."""
        return {**self._asdict(), "seats": list(self.seats)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Released":
        """The reply that was stored."""
        return cls(**{**stored, "seats": tuple(stored["seats"])})
