"""Which days a report is asked of: two dates, or one of the usual periods by the theatre's calendar. Pure."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, NamedTuple


class Usual(NamedTuple):
    """A period that is asked for often: its name in the form, its words, and its days as of a date."""

    name: str
    words: str
    of: Callable[[date], tuple[date, date]]


def _last_month(today: date) -> tuple[date, date]:
    end = today.replace(day=1) - timedelta(days=1)
    return end.replace(day=1), end


USUAL: Final = (
    Usual("today", "Today", lambda today: (today, today)),
    Usual("yesterday", "Yesterday", lambda today: (today - timedelta(days=1), today - timedelta(days=1))),
    Usual("week", "Last 7 days", lambda today: (today - timedelta(days=6), today)),
    Usual("month", "This month", lambda today: (today.replace(day=1), today)),
    Usual("last-month", "Last month", _last_month),
    Usual("year", "This year", lambda today: (today.replace(month=1, day=1), today)),
)


def usual_period(name: str, today: date) -> tuple[date, date] | None:
    """The days of a usual period; None for a name that is none."""
    return next((usual.of(today) for usual in USUAL if usual.name == name), None)


def typed_period(from_day: str, to_day: str) -> tuple[date, date] | None:
    """Two dates as a form sends them; None where one of them is none."""
    try:
        return date.fromisoformat(from_day), date.fromisoformat(to_day)
    except ValueError:
        return None
