"""Values of the result document read with care, and put in words: anything may be null, missing or strange."""

import math
from datetime import UTC, datetime
from typing import Any, Final

NOTHING: Final = "–"
# Beyond what any run can count, and near where floats stop telling neighbours apart: no number to calculate with.
AMOUNT_MAX: Final = 1e15


def dig(value: Any, *names: str) -> Any:
    """What stands below these names, or None where one of them is missing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def listed(value: Any, *names: str) -> list[Any]:
    """The list below these names; empty where there is none."""
    found = dig(value, *names)
    return found if isinstance(found, list) else []


def amount(value: Any) -> float | None:
    """The value if it is a number one can calculate with."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if math.isfinite(value) and abs(value) <= AMOUNT_MAX else None


def number(value: Any) -> str:
    """1,234 or 12.3 or 0.05: three digits, more only before the point."""
    known = amount(value)
    if known is None:
        return NOTHING
    size = abs(known)
    if isinstance(known, int) or size >= 100 or known == round(known):
        return f"{round(known):,}"
    return f"{known:.1f}" if size >= 10 else f"{known:.2f}" if size >= 0.095 else f"{known:.2g}"


def share(value: Any) -> str:
    """0.314 → 31%."""
    known = amount(value)
    return NOTHING if known is None else f"{known:.0%}"


def milliseconds(value: Any) -> str:
    """0.84 ms, 12.3 ms, 1,240 ms."""
    known = amount(value)
    return NOTHING if known is None else f"{number(known)} ms"


def words(value: Any) -> str:
    """Anything in words: numbers grouped, yes and no, a dash for nothing."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    return str(value)


def counted(value: Any, one: str, many: str) -> str:
    """1 check, 2 checks."""
    return f"{number(value)} {one if value == 1 else many}"


def clock(milliseconds_into: float, *, exactly: bool = False) -> str:
    """Time into the run: 1:02, or 1:02.340 exactly; hours where there are any."""
    whole = int(max(0.0, milliseconds_into))
    minutes, rest = divmod(whole, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{rest // 1000:02}" if hours else f"{minutes}:{rest // 1000:02}"
    return f"{text}.{rest % 1000:03}" if exactly else text


def instant(value: Any) -> datetime | None:
    """A moment in ISO 8601, in UTC; None where it is none. Without an offset it is UTC already."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def into_the_run(result: dict[str, Any], at_ms: Any) -> int | None:
    """Milliseconds from the common start to a moment in Unix milliseconds, 0 before it.

    None where the moment is not known, as 0 says of what no single moment shows. Where the document does not name the
    common start, what it calls the start has to do: then it is too much by what seating everybody took.
    """
    known, began = amount(at_ms), amount(dig(result, "replay", "began_ms"))
    if began is None and (start := instant(dig(result, "about", "started_at"))):
        began = start.timestamp() * 1000
    return None if not known or began is None else round(max(0.0, known - began))


def moment(value: Any) -> str:
    """22 November 2025, 10:00:03 UTC; what is no moment stays as it is."""
    known = instant(value)
    return words(value) if known is None else f"{known.day} {known:%B %Y, %H:%M:%S} UTC"


def time_of_day(at_ms: Any) -> str:
    """10:00:03.120 UTC, from Unix milliseconds."""
    known = amount(at_ms)
    if not known or not 0 < known < 253_402_300_800_000:
        return "at no single moment" if known == 0 else words(at_ms)
    whole = datetime.fromtimestamp(known // 1000, tz=UTC)
    return f"{whole:%H:%M:%S}.{int(known % 1000):03} UTC"
