"""Reminders: at six on the theatre's clock, for the shows of its day, once per booking, whatever the clocks do."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bookings.models import Booking, Theatre
from frontend.letters.carrier import carry_due
from frontend.letters.reminders import write_reminders_down
from frontend.models import Letter
from tests.support.bought import make_booking
from tests.support.cinema import make_screen, make_show, make_theatre

pytestmark = pytest.mark.usefixtures("database")

INDIA = ZoneInfo("Asia/Kolkata")
SIX = datetime(2031, 11, 27, 6, 0, tzinfo=INDIA)


def book(theatre: Theatre, starts_at: datetime, *, confirmed_at: datetime, **fields: Any) -> Booking:
    show = make_show(
        screen=make_screen(theatre=theatre),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        sales_close_at=starts_at,
    )
    return make_booking(show, confirmed_at=confirmed_at, **fields)


@pytest.fixture
def theatre() -> Theatre:
    return make_theatre(time_zone="Asia/Kolkata")


def reminded() -> set[object]:
    return set(Letter.objects.filter(kind=Letter.Kind.REMINDER).values_list("booking", flat=True))


class TestReminders:
    def test_go_to_whoever_comes_that_day_once(self, theatre: Theatre) -> None:
        matinee = book(theatre, SIX.replace(hour=11), confirmed_at=SIX - timedelta(days=2))
        night = book(theatre, SIX.replace(hour=23, minute=59), confirmed_at=SIX - timedelta(days=2))
        # After midnight, and still tonight; the last that is is at six.
        late = book(theatre, SIX + timedelta(hours=19), confirmed_at=SIX - timedelta(days=2))
        dawn = book(theatre, SIX + timedelta(hours=24), confirmed_at=SIX - timedelta(days=2))
        book(theatre, SIX + timedelta(hours=24, minutes=1), confirmed_at=SIX - timedelta(days=2))  # tomorrow

        first = write_reminders_down(now=SIX)
        again = [write_reminders_down(now=SIX + timedelta(minutes=15 * n)) for n in range(96)]

        assert len(first) == 4
        assert again == [[]] * 96
        assert reminded() == {matinee.pk, night.pk, late.pk, dawn.pk}

    def test_do_not_wake_anybody_before_six(self, theatre: Theatre) -> None:
        book(theatre, SIX.replace(hour=11), confirmed_at=SIX - timedelta(days=2))

        assert write_reminders_down(now=SIX - timedelta(seconds=1)) == []

    def test_are_late_where_beat_was_away_but_not_too_late(self, theatre: Theatre) -> None:
        book(theatre, SIX.replace(hour=11), confirmed_at=SIX - timedelta(days=2))
        night = book(theatre, SIX.replace(hour=20), confirmed_at=SIX - timedelta(days=2))

        write_reminders_down(now=SIX.replace(hour=12))

        assert reminded() == {night.pk}

    def test_leave_whoever_booked_this_morning_alone(self, theatre: Theatre) -> None:
        book(theatre, SIX.replace(hour=20), confirmed_at=SIX + timedelta(minutes=1))

        assert write_reminders_down(now=SIX + timedelta(minutes=15)) == []

    def test_leave_whoever_left_no_address_alone(self, theatre: Theatre) -> None:
        book(theatre, SIX.replace(hour=20), confirmed_at=SIX - timedelta(days=2), buyer_email="")

        assert write_reminders_down(now=SIX) == []
        assert not Letter.objects.exists()

    @pytest.mark.parametrize("status", ["pending", "cancelled", "expired"])
    def test_go_to_nobody_who_does_not_come(self, theatre: Theatre, status: str) -> None:
        book(theatre, SIX.replace(hour=20), confirmed_at=SIX - timedelta(days=2), status=status)

        assert write_reminders_down(now=SIX) == []

    def test_follow_each_theatres_own_clock(self) -> None:
        pune, berlin = make_theatre(time_zone="Asia/Kolkata"), make_theatre(time_zone="Europe/Berlin")
        evening = datetime(2031, 11, 27, 18, 0, tzinfo=UTC)
        in_pune = book(pune, evening, confirmed_at=SIX - timedelta(days=2))
        in_berlin = book(berlin, evening, confirmed_at=SIX - timedelta(days=2))

        write_reminders_down(now=datetime(2031, 11, 27, 0, 30, tzinfo=UTC))
        early = reminded()
        write_reminders_down(now=datetime(2031, 11, 27, 5, 0, tzinfo=UTC))

        assert early == {in_pune.pk}
        assert reminded() == {in_pune.pk, in_berlin.pk}

    @pytest.mark.parametrize(
        ("date", "six_utc"),
        [("2031-03-30", 4), ("2031-10-26", 5), ("2031-03-29", 5), ("2031-10-25", 4)],
        ids=["clocks go forward", "clocks go back", "the day before forward", "the day before back"],
    )
    def test_are_right_when_the_clocks_change(self, date: str, six_utc: int) -> None:
        berlin = make_theatre(time_zone="Europe/Berlin")
        day = datetime.fromisoformat(date)
        starts = day.replace(hour=20, tzinfo=ZoneInfo("Europe/Berlin"))
        # In the night in which an hour is missing, or comes twice.
        late = day.replace(hour=2, minute=30, tzinfo=ZoneInfo("Europe/Berlin")) + timedelta(days=1)
        bookings = {
            book(berlin, at.astimezone(UTC), confirmed_at=starts - timedelta(days=2)).pk for at in (starts, late)
        }
        six = day.replace(hour=six_utc, tzinfo=UTC)

        assert write_reminders_down(now=six - timedelta(seconds=1)) == []
        write_reminders_down(now=six)

        assert reminded() == bookings

    def test_are_not_sent_after_the_show_has_begun(self, theatre: Theatre) -> None:
        show_at = SIX.replace(hour=8)
        book(theatre, show_at, confirmed_at=SIX - timedelta(days=2))
        write_reminders_down(now=SIX)

        carry_due(now=lambda: show_at)

        assert [(one.state, one.last_error) for one in Letter.objects.all()] == [("overtaken", "the show has begun")]
