"""A ticket as a calendar entry (RFC 5545), which is replaced by a later one and taken out by a cancelled one."""

from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, vText
from icalendar.enums import STATUS

from frontend.booking_words import listed
from frontend.tickets.facts import TicketFacts

_PRODUCT: Final = "-//Housefull//Tickets//EN"
# Long enough for the way to the cinema.
_REMIND_BEFORE: Final = timedelta(hours=2)


def ticket_ics(facts: TicketFacts, *, is_cancelled: bool = False) -> bytes:
    """The entry. Its UID is the booking's, so that calendars know it again; the same facts give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    calendar.add_component(_event(facts, is_cancelled=is_cancelled))
    # The rules of the zone travel with the entry: a phone abroad, or one with old rules, is still right.
    day = facts.starts_local.date()
    calendar.add_missing_timezones(day.replace(month=1, day=1), day.replace(year=day.year + 1, month=12, day=31))
    made: bytes = calendar.to_ical()
    return made


def _event(facts: TicketFacts, *, is_cancelled: bool) -> Event:
    zone = ZoneInfo(facts.time_zone)
    seats = f"Seat{'s' if len(facts.seat_labels) > 1 else ''} {listed(facts.seat_labels)}"
    event = Event()
    event.add("uid", f"{facts.booking}@housefull")
    event.add("dtstamp", facts.made_at)
    event.add("sequence", 1 if is_cancelled else 0)
    event.add("dtstart", facts.starts_at.astimezone(zone))
    event.add("dtend", facts.ends_at.astimezone(zone))
    event.add("summary", f"{facts.movie_title} · {facts.theatre_name}")
    event.add("location", vText(facts.place))
    event.add("description", f"{seats}, {facts.screen_name}\nBooking {facts.reference}\n{facts.url}")
    event.add("url", facts.url)
    event.add("status", STATUS.CANCELLED if is_cancelled else STATUS.CONFIRMED)
    event.add("transp", "OPAQUE")
    if not is_cancelled:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", f"{facts.movie_title}, {facts.screen_name}. {seats}")
        alarm.add("trigger", -_REMIND_BEFORE)
        event.add_component(alarm)
    return event
