"""How reports are put to people: columns of a long period, axes, money in little room, files that harm nobody."""

import csv
import re
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest

from bookings.domain.reports import (
    PERIOD_DAYS_MAX,
    PeriodRefused,
    SalesRow,
    Scope,
    ShowRow,
    Sums,
    occupancy_section,
    sales_section,
)
from frontend.reports.bins import axis_top, binned
from frontend.reports.charts import Column, bar, columns_svg
from frontend.reports.csv_file import BOM, as_csv
from frontend.reports.periods import typed_period, usual_period
from frontend.reports.words import period_words, share_words, short_inr, table_view

JANUARY = date(2026, 1, 1)


def days_of(count: int) -> list[tuple[date, tuple[int, int]]]:
    """A rupee and a seat a day."""
    return [(JANUARY + timedelta(days=day), (100, 1)) for day in range(count)]


class TestBins:
    @pytest.mark.parametrize(("days", "by"), [(1, "day"), (62, "day"), (63, "week"), (371, "week"), (372, "month")])
    def test_are_as_many_as_there_is_room_for_and_lose_nothing(self, days: int, by: str) -> None:
        found, bins = binned(days_of(days))

        assert found == by
        assert len(bins) <= 62
        assert [sum(values) for values in zip(*(its.values for its in bins), strict=True)] == [100 * days, days]

    def test_begin_weeks_on_mondays_and_months_on_their_first(self) -> None:
        weeks, months = binned(days_of(100))[1], binned(days_of(500))[1]

        assert {its.first.weekday() for its in weeks[1:]} == {0}
        assert (weeks[0].first, weeks[0].last) == (JANUARY, date(2026, 1, 4))
        assert {its.first.day for its in months} == {1}


class TestAxes:
    @pytest.mark.parametrize(
        ("highest", "top"), [(0, 1), (1, 1), (3, 5), (11, 20), (21, 25), (26, 50), (99, 100), (101, 200), (240, 250)]
    )
    def test_end_at_a_round_number(self, highest: int, top: int) -> None:
        assert axis_top(highest) == top


class TestMoney:
    @pytest.mark.parametrize(
        ("paise", "words"),
        [
            (0, "₹0"),
            (85_000, "₹850"),
            (1_200_00, "₹1.2k"),
            (12_345_00, "₹12k"),
            (2_00_000_00, "₹2 L"),
            (3_45_000_00, "₹3.5 L"),
            (1_20_00_000_00, "₹1.2 Cr"),
        ],
    )
    def test_is_short_where_there_is_little_room(self, paise: int, words: str) -> None:
        assert short_inr(paise) == words

    def test_is_a_share_of_something_or_nothing(self) -> None:
        assert (share_words(1, 3), share_words(0, 0)) == ("33 %", "–")


class TestPeriods:
    @pytest.mark.parametrize(
        ("name", "first", "last"),
        [
            ("today", "2026-03-01", "2026-03-01"),
            ("yesterday", "2026-02-28", "2026-02-28"),
            ("week", "2026-02-23", "2026-03-01"),
            ("month", "2026-03-01", "2026-03-01"),
            ("last-month", "2026-02-01", "2026-02-28"),
            ("year", "2026-01-01", "2026-03-01"),
        ],
    )
    def test_usual_ones_follow_the_calendar(self, name: str, first: str, last: str) -> None:
        assert usual_period(name, date(2026, 3, 1)) == (date.fromisoformat(first), date.fromisoformat(last))

    def test_are_two_dates_or_none(self) -> None:
        assert typed_period("2026-03-01", "2026-02-30") is None
        assert usual_period("for ever", JANUARY) is None

    @pytest.mark.parametrize(
        ("first", "last", "words"),
        [
            ("2026-11-21", "2026-11-21", "Sat 21 Nov 2026"),
            ("2026-11-01", "2026-11-30", "1 Nov to 30 Nov 2026"),
            ("2025-12-01", "2026-01-31", "1 Dec 2025 to 31 Jan 2026"),
        ],
    )
    def test_are_told_shortly(self, first: str, last: str, words: str) -> None:
        assert period_words(Scope(date.fromisoformat(first), date.fromisoformat(last))) == words

    def test_are_refused_when_they_are_none(self) -> None:
        with pytest.raises(PeriodRefused, match="ends before it begins"):
            Scope(JANUARY, JANUARY - timedelta(days=1))
        with pytest.raises(PeriodRefused, match="at most"):
            Scope(JANUARY, JANUARY + timedelta(days=PERIOD_DAYS_MAX))
        assert Scope.from_json(Scope(JANUARY, JANUARY, "here").as_json()) == Scope(JANUARY, JANUARY, "here")


class TestSections:
    SHOW = ShowRow(7, 3, "Paper Kites", "Lantern", "Snug", "2026-01-02 19:30", True, False, 100, 40, 20)

    def test_have_every_day_of_the_period(self) -> None:
        rows = [
            SalesRow(JANUARY + timedelta(days=1), None, None, None, Sums(1, 2, 300, 0, 0, 0)),
            SalesRow(None, None, None, None, Sums(1, 2, 300, 0, 0, 0)),
        ]

        sales = sales_section(rows, [self.SHOW], Scope(JANUARY, JANUARY + timedelta(days=2)))

        assert [row[:4] for row in sales["days"]["rows"]] == [
            ["2026-01-01", 0, 0, 0],
            ["2026-01-02", 1, 2, 300],
            ["2026-01-03", 0, 0, 0],
        ]
        assert sales["total"]["paise"] == 300
        assert sales["shows"]["rows"][0][:8] == [7, "2026-01-02 19:30", "Paper Kites", "Lantern", "Snug", 100, 40, 20]

    def test_count_no_show_that_is_cancelled_or_of_another_day(self) -> None:
        others = [self.SHOW._replace(is_cancelled=True), self.SHOW._replace(is_in_period=False)]

        full = occupancy_section([self.SHOW, *others])

        assert full["total"] == {"shows": 1, "seats": 100, "booked": 40, "blocked": 20}
        assert full["weekdays"]["rows"] == [["Friday", 1, 100, 40, 20]]


class TestCharts:
    def test_have_words_for_who_cannot_see_them_and_no_style(self) -> None:
        drawing = columns_svg([Column("a", 5, "5 on a"), Column("b", 10, "<b>")], top=10, words="a & b")

        assert 'role="img" aria-label="a &amp; b"' in drawing
        assert "<title>5 on a</title>" in drawing
        assert "&lt;b&gt;" in drawing
        assert "style" not in drawing
        assert re.findall(r'chart-value" x="[\d.]+" y="([\d.]+)" width="8" height="([\d.]+)"', drawing) == [
            ("50", "50"),
            ("0", "100"),
        ]

    def test_draw_nothing_of_nothing(self) -> None:
        assert bar("a", "0", value=0, longest=0).share == 0
        assert 'width="0"' in bar("a", "0", value=0, longest=0).drawing


class TestCsv:
    def read(self, table: dict[str, Any]) -> list[list[str]]:
        text = as_csv(table).decode()
        assert text.startswith(BOM)
        return list(csv.reader(StringIO(text.removeprefix(BOM), newline="")))

    @pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
    def test_runs_no_formula(self, begin: str) -> None:
        evil = f'{begin}HYPERLINK("http://evil.example","₹")'

        assert self.read({"columns": ["movie"], "rows": [[evil]]})[1] == [f"'{evil}"]

    def test_keeps_money_a_number_and_words_in_any_script(self) -> None:
        found = self.read({"columns": ["movie", "paise", "seats"], "rows": [['रात की, "रानी"', -12_350, 3]]})

        assert found == [["Movie", "Sold (₹)", "Seats"], ['रात की, "रानी"', "-123.50", "3"]]

    def test_leaves_nothing_where_nothing_is_known(self) -> None:
        assert self.read({"columns": ["theatre", "paise"], "rows": [[None, None]]})[1] == ["", ""]


class TestTables:
    def test_put_numbers_under_each_other_and_words_beside_each_other(self) -> None:
        table = {"columns": ["starts", "movie", "paise"], "rows": [["2026-01-02 19:30", "Paper Kites", 12_350]] * 3}

        view = table_view(table, most=2)

        assert view.lines[0] == ("Fri 2 Jan 2026, 19:30", "Paper Kites", "₹123.50")
        assert (view.are_numbers, len(view.lines)) == ((False, False, True), 2)
