"""Who is reminded today: once per booking, from 06:00 on the theatre's clock, for the shows of that day.

A cinema's day ends with its last show, not at midnight: what begins up to 06:00 tomorrow is still tonight, and is
reminded of today. Daylight saving only moves when 06:00 is.
"""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bookings import api as bookings
from frontend.letters.post import Wanted, write_down
from frontend.models import Letter

DAY_BEGINS: Final = time(6)


def day_of(now: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """From when to when the cinema's day lasts that it is now: 06:00 to 06:00 on the theatre's clock."""
    zone = ZoneInfo(time_zone)
    local = now.astimezone(zone)
    day = local.date() if local.time() >= DAY_BEGINS else local.date() - timedelta(days=1)
    begins = datetime.combine(day, DAY_BEGINS, zone)
    # By the calendar, not 24 hours: the day on which the clocks change has 23 or 25.
    return begins, datetime.combine(day + timedelta(days=1), DAY_BEGINS, zone)


def write_reminders_down(*, now: datetime) -> list[int]:
    """Write down the reminders of all theatres. Returns the new letters; who was reminded before is not again.

    Who booked after 06:00 is not reminded: he has his confirmation of today. Nor is who left no address, as at the
    counter: that is no failure that staff could mend.
    """
    letters: list[int] = []
    for theatre in bookings.list_theatres():
        begins, ends = day_of(now, theatre.time_zone)
        coming = bookings.list_coming(
            theatre_slug=theatre.slug, after=max(begins, now), until=ends, confirmed_before=begins
        )
        letters += write_down([Wanted(addressee, Letter.Kind.REMINDER) for addressee in coming if addressee.email])
    return letters
