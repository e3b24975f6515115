"""When clean-up is due: on Sundays at half past three in the morning, UTC, when the fewest people buy. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

WEEKDAY: Final = 6
HOUR: Final = 3
MINUTE: Final = 30


def last_due(now: datetime) -> datetime:
    """The last time at which it was due, `now` included. `now` is UTC."""
    today = now.replace(hour=HOUR, minute=MINUTE, second=0, microsecond=0)
    due = today - timedelta(days=(today.weekday() - WEEKDAY) % 7)
    return due if due <= now else due - timedelta(days=7)


def removed_words(removed: Mapping[str, int], words: Mapping[str, str]) -> str:
    """What went, for a line of a log: "3 stored replies to keyed requests, 1 …", or that nothing did."""
    parts = [f"{count} {words.get(name, name)}" for name, count in removed.items() if count]
    return "; ".join(parts) or "nothing"
