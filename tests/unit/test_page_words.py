"""What templates write: money, times at the theatre, lengths, and the buttons of a row."""

from datetime import UTC, date, datetime

import pytest

from frontend.seating import DrawnSeat, Row
from frontend.templatetags import housefull as filters

EVENING = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


class TestTimes:
    @pytest.mark.parametrize(
        ("time_zone", "words"),
        [("Asia/Kolkata", "7:35 pm"), ("UTC", "2:05 pm"), ("America/New_York", "9:05 am")],
    )
    def test_are_the_theatres(self, time_zone, words):
        assert filters.clock(EVENING, time_zone) == words

    def test_know_noon_and_midnight(self):
        assert filters.clock(datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "UTC") == "12:00 pm"
        assert filters.clock(datetime(2026, 11, 22, 0, 30, tzinfo=UTC), "UTC") == "12:30 am"

    def test_have_the_theatres_date(self):
        late = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)

        assert filters.day(late, "Asia/Kolkata") == "Mon 23 Nov"
        assert filters.day(late, "UTC") == "Sun 22 Nov"

    def test_name_a_day_without_a_leading_zero(self):
        assert filters.calendar_day(date(2026, 12, 1)) == "Tue 1 Dec"


class TestLengths:
    @pytest.mark.parametrize(("minutes", "words"), [(138, "2 h 18 min"), (120, "2 h"), (45, "45 min"), (0, "0 min")])
    def test_are_hours_and_minutes(self, minutes, words):
        assert filters.running_time(minutes) == words


class TestTheLanguageOfATitle:
    @pytest.mark.parametrize(
        ("title", "language", "attribute"),
        [
            ("चाँद का पता", "Hindi", ' lang="hi"'),
            ("Part 2: चाँद", "Marathi", ' lang="mr"'),
            ("நீலம்", "Tamil", ' lang="ta"'),
            ("Namak & Sons", "Hindi", ""),
            ("Café", "English", ""),
        ],
    )
    def test_is_told_by_its_script(self, title, language, attribute):
        assert filters.lang(title, language) == attribute


class TestMoney:
    @pytest.mark.parametrize(("paise", "words"), [(125_000, "₹1,250"), (9_950, "₹99.50")])
    def test_is_rupees(self, paise, words):
        assert filters.rupees(paise) == words


class TestSeats:
    def test_are_buttons_with_a_name_and_a_state(self):
        seat = DrawnSeat(
            index=3,
            label="F7",
            number=7,
            x=12,
            shape="recliner",
            tint=2,
            state="held",
            name="F7, Recliner, ₹450, held by someone",
        )

        html = filters.seats(Row(letters="F", gap_rows=0, seats=[seat]))

        assert html.count("<button") == 1
        for part in (
            'class="seat n12 k-recliner t2"',
            'data-i="3"',
            'data-seat="F7"',
            'data-state="held"',
            ">7</button>",
        ):
            assert part in html
        assert 'aria-label="F7, Recliner, ₹450, held by someone"' in html

    def test_never_let_a_name_break_out(self):
        seat = DrawnSeat(
            index=0,
            label='"><i>',
            number=1,
            x=0,
            shape="standard",
            tint=1,
            state="available",
            name='A1 "><script>',
        )

        html = filters.seats(Row(letters="A", gap_rows=0, seats=[seat]))

        assert "<script>" not in html
        assert "<i>" not in html
