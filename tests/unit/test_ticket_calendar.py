"""Calendar entries read back as calendars do: right in every zone, one a booking, taken out again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from frontend.templatetags.housefull import clock, day
from frontend.tickets.calendar import ticket_ics
from tests.support.ticket_facts import BOOKING, make_facts

# (zone, start in UTC, date and time on the theatre's clock): round midnight, and round both changes of the clock.
MOMENTS = [
    ("Asia/Kolkata", "2026-11-21T18:29", "Sat 21 Nov", "11:59 pm"),
    ("Asia/Kolkata", "2026-11-21T18:30", "Sun 22 Nov", "12:00 am"),
    ("Asia/Kolkata", "2026-12-31T18:45", "Fri 1 Jan", "12:15 am"),
    ("Europe/London", "2026-03-28T23:59", "Sat 28 Mar", "11:59 pm"),
    ("Europe/London", "2026-03-29T00:30", "Sun 29 Mar", "12:30 am"),
    ("Europe/London", "2026-03-29T01:00", "Sun 29 Mar", "2:00 am"),
    ("Europe/London", "2026-10-24T23:30", "Sun 25 Oct", "12:30 am"),
    ("Europe/London", "2026-10-25T00:30", "Sun 25 Oct", "1:30 am"),
    ("Europe/London", "2026-10-25T20:00", "Sun 25 Oct", "8:00 pm"),
    ("America/New_York", "2026-03-08T06:59", "Sun 8 Mar", "1:59 am"),
    ("America/New_York", "2026-03-08T07:00", "Sun 8 Mar", "3:00 am"),
    ("America/New_York", "2026-11-01T05:30", "Sun 1 Nov", "1:30 am"),
    ("America/New_York", "2026-11-02T00:30", "Sun 1 Nov", "7:30 pm"),
]


def parsed(facts: Any, **how: bool) -> tuple[Any, Any]:
    calendar = icalendar.Calendar.from_ical(ticket_ics(facts, **how))
    (event,) = calendar.events
    return calendar, event


class TestTheEntry:
    @pytest.mark.parametrize(("zone", "utc", "date", "time"), MOMENTS)
    def test_is_at_the_right_moment_and_on_the_right_date(self, zone: str, utc: str, date: str, time: str) -> None:
        starts_at = datetime.fromisoformat(f"{utc}+00:00")
        facts = make_facts(starts_at=starts_at, time_zone=zone)

        _, event = parsed(facts)

        assert event.start.astimezone(UTC) == starts_at
        assert event.end.astimezone(UTC) == starts_at + timedelta(minutes=150)
        local = event.start.replace(tzinfo=None)
        assert local == starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        # What the page and the paper say is what the calendar shows.
        assert (day(starts_at, zone), clock(starts_at, zone)) == (date, time)
        assert f"{local:%a} {local.day} {local:%b}" == date

    @pytest.mark.parametrize("zone", ["Asia/Kolkata", "Europe/London", "America/New_York"])
    def test_brings_the_rules_of_its_zone(self, zone: str) -> None:
        calendar, event = parsed(make_facts(time_zone=zone))

        (rules,) = calendar.timezones
        assert rules["TZID"] == event["DTSTART"].params["TZID"] == zone
        # A reader that knows no zone but from these rules comes to the same moment.
        assert event["DTSTART"].dt.replace(tzinfo=rules.to_tz()).utcoffset() == event.start.utcoffset()

    def test_is_one_for_a_booking_for_ever(self) -> None:
        calendar, event = parsed(make_facts())
        _, changed = parsed(make_facts(seats=1, screen_name="Audi 2"))

        assert event["UID"] == changed["UID"] == f"{BOOKING}@housefull"
        assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("PUBLISH", "CONFIRMED", 0)

    def test_says_what_and_where(self) -> None:
        _, event = parsed(make_facts())

        assert event["SUMMARY"] == "चाँद का पता · Monsoon Talkies"
        assert event["LOCATION"] == "Monsoon Talkies, 14 Marine Lines, Churchgate, Mumbai"
        assert event["DESCRIPTION"].split("\n") == [
            "Seats F7 and F8, Audi 1",
            "Booking 8E90 F7AA",
            "https://cinema.example/t/token~signature/",
        ]
        (alarm,) = event.alarms.times
        assert event.start - alarm.trigger == timedelta(hours=2)

    def test_is_taken_out_by_a_cancelled_one(self) -> None:
        calendar, event = parsed(make_facts(), is_cancelled=True)

        assert calendar["METHOD"] == "CANCEL"
        assert (event["UID"], event["STATUS"]) == (f"{BOOKING}@housefull", "CANCELLED")
        assert event["SEQUENCE"] > parsed(make_facts())[1]["SEQUENCE"]
        assert event.alarms.times == []

    def test_is_written_as_the_standard_wants(self) -> None:
        made = ticket_ics(make_facts(movie_title="A title; with, every\\thing\nin it " + "x" * 120))

        lines = made.split(b"\r\n")
        assert made.endswith(b"\r\n")
        assert b"\n" not in made.replace(b"\r\n", b"")
        assert max(map(len, lines)) <= 75
        assert parsed(make_facts(movie_title="A; b, c\\d"))[1]["SUMMARY"] == "A; b, c\\d · Monsoon Talkies"

    def test_is_the_same_for_the_same_facts(self) -> None:
        assert ticket_ics(make_facts()) == ticket_ics(make_facts())
