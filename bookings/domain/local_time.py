"""What the clock on a wall means: a local time is one moment, two when clocks go back, none when they skip it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def moments_of(local: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The moments (UTC) at which a clock in this zone shows `local`, the first first."""
    assert local.tzinfo is None, "a clock on a wall names no zone"
    found = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(moment for moment in found if moment.astimezone(zone).replace(tzinfo=None, fold=0) == local))
