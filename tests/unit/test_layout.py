"""Layout files: what a drawing means, and where each wrong one is wrong."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.domain import layout
from bookings.domain.layout import LayoutInvalid, ParsedLayout, SeatKind, parse_layout

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "layouts.md"
HEAD = "categories: gold\n[gold]\n"


def labels(parsed: ParsedLayout) -> list[str]:
    return [seat.label for seat in parsed.seats]


class TestDrawing:
    def test_numbers_seats_from_the_left_without_counting_gaps(self):
        parsed = parse_layout(HEAD + "A SS..S\nB .SS")

        assert labels(parsed) == ["A1", "A2", "A3", "B1", "B2"]
        assert [(seat.x, seat.y) for seat in parsed.seats] == [(0, 0), (1, 0), (4, 0), (1, 1), (2, 1)]
        assert [seat.index for seat in parsed.seats] == [0, 1, 2, 3, 4]

    def test_numbers_from_the_right_where_the_file_says_so_but_keeps_the_drawn_order(self):
        parsed = parse_layout("categories: gold\nnumbers: right-to-left\n[gold]\nA SS.S")

        assert labels(parsed) == ["A3", "A2", "A1"]
        assert [seat.index for seat in parsed.seats] == [0, 1, 2]

    def test_knows_every_kind_of_seat(self):
        parsed = parse_layout(HEAD + "A SR()WCHV")

        assert [seat.kind for seat in parsed.seats] == [
            SeatKind.STANDARD,
            SeatKind.RECLINER,
            SeatKind.SOFA,
            SeatKind.SOFA,
            SeatKind.WHEELCHAIR,
            SeatKind.COMPANION,
            SeatKind.HOUSE,
            SeatKind.RESTRICTED,
        ]
        assert {seat.kind for seat in parsed.seats} == set(SeatKind)

    def test_puts_rows_in_the_category_of_their_heading(self):
        parsed = parse_layout("categories: Silver, GOLD top\n[ Silver ]\nA S\nB S\n[gold TOP]\nAA S")

        assert parsed.categories == ("silver", "gold top")
        assert [seat.category for seat in parsed.seats] == ["silver", "silver", "gold top"]
        assert labels(parsed) == ["A1", "B1", "AA1"]

    def test_leaves_a_grid_row_empty_for_each_cross_aisle_between_rows(self):
        parsed = parse_layout(HEAD + "---\nA S\n---\n-----\nB S\n---")

        assert [seat.y for seat in parsed.seats] == [0, 3]
        assert parsed.height == 4

    def test_measures_the_widest_row_with_its_gaps(self):
        assert parse_layout(HEAD + "A SS\nB SSS..").width == 5

    def test_reads_over_comments_empty_lines_indentation_and_what_editors_add(self):
        text = "\ufeff# Audi\r\nscreen: Audi 2\r\ncategories: gold\r\n\r\n  [gold]  \r\n  a   SS  \r\n\r\n"

        parsed = parse_layout(text)

        assert parsed.name == "Audi 2"
        assert labels(parsed) == ["A1", "A2"]

    def test_accepts_a_screen_at_every_limit(self):
        names = [f"{first}{second}" for first in "ABC" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
        wide = "\n".join(f"{name} {'S' * 30}{'.' * 90}" for name in names[:60])
        full = "\n".join(f"{name} {'S' * 100}" for name in names[:20])

        assert len(parse_layout(HEAD + wide).seats) == 1800
        assert parse_layout(HEAD + wide).width == layout.COLUMNS_MAX
        assert len(parse_layout(HEAD + full).seats) == layout.SEATS_MAX

    def test_reads_the_worked_example_of_the_guide(self):
        example = re.search(r"<!-- example.*?-->\n```\n(.*?)```", GUIDE.read_text(), re.DOTALL)
        assert example is not None

        parsed = parse_layout(example[1])

        assert parsed.categories == ("silver", "gold", "lounge")
        first, last_of_row = parsed.seats[0], parsed.seats[13]
        assert (first.label, first.kind) == ("A1", SeatKind.RESTRICTED)
        assert (last_of_row.label, last_of_row.row) == ("A14", "A")
        assert parsed.seats[14].row == "B"
        by_label = {seat.label: seat for seat in parsed.seats}
        assert {by_label["G1"].kind, by_label["G2"].kind} == {SeatKind.SOFA}
        assert by_label["G1"].x + 1 == by_label["G2"].x


def rows_of(count: int, drawn: str) -> str:
    names = [f"{first}{second}" for first in "ABCD" for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    return "\n".join(f"{name} {drawn}" for name in names[:count])


REFUSALS = {
    "empty file": ("", 1, 1, "there is no row of seats"),
    "only comments": ("# nothing\n\n", 1, 1, "there is no row of seats"),
    "only a header": ("screen: x\ncategories: gold\n\n", 2, 1, "there is no row of seats"),
    "too long": ("#" * 40_001, 1, 1, "longer than 40000 characters"),
    "tab": (HEAD + "A SS\tSS", 3, 5, "a tab"),
    "tab in an empty line": (HEAD + "A S\n \t", 4, 2, "a tab"),
    "unknown header": ("  colour: red", 1, 3, "unknown header 'colour'"),
    "header below a heading": (HEAD + "numbers: left-to-right", 3, 1, "belongs above"),
    "header twice": ("screen: a\nscreen: b", 2, 1, "given twice"),
    "header without value": ("categories:  ", 1, 12, "has no value"),
    "unknown direction": ("numbers:   up", 1, 12, "numbers run"),
    "bad category name": ("categories: gold, 1st", 1, 19, "a category is a name"),
    "empty category name": ("categories: gold,", 1, 18, "a category is a name"),
    "long category name": ("categories: " + "a" * 25, 1, 13, "a category is a name"),
    "category twice": ("categories: gold, silver, Gold", 1, 27, "declared twice"),
    "too many categories": ("categories: " + ",".join("abcdefghijklm"), 1, 37, "more than 12 categories"),
    "open heading": ("categories: gold\n [gold", 2, 7, "ends with ]"),
    "unknown category": ("categories: gold\n[silver]", 2, 2, "unknown category 'silver'; known are gold"),
    "undeclared category": ("[gold]\nA S", 1, 2, "unknown category 'gold'; known are none"),
    "category without a row": ("categories: gold, silver\n[gold]\nA S", 1, 19, "no row is in category 'silver'"),
    "row name with a digit": (HEAD + "A1 SS", 3, 1, "a row begins with"),
    "row name of three letters": (HEAD + "ABC SS", 3, 1, "a row begins with"),
    "row without places": (HEAD + "A", 3, 2, "row A has no places"),
    "row without category": ("categories: gold\n A SS\n", 2, 2, "row A has no category"),
    "row twice": (HEAD + "A SS\nB SS\na SS", 5, 1, "row A is already drawn in line 3"),
    "unknown character": (HEAD + "A  SSxS", 3, 6, "unknown character 'x'"),
    "small letter": (HEAD + "A sS", 3, 3, "unknown character 's'"),
    "space in a row": (HEAD + "A SS SS", 3, 5, "draw an aisle with dots"),
    "form feed": (HEAD + "A S\x0cS", 3, 4, "unknown character"),
    "sofa without its right half": (HEAD + "A S(S", 3, 4, "half a sofa"),
    "sofa at the end": (HEAD + "A SS(", 3, 5, "half a sofa"),
    "sofa without its left half": (HEAD + "A S)S", 3, 4, "half a sofa"),
    "sofa over an aisle": (HEAD + "A (.)", 3, 3, "half a sofa"),
    "three halves": (HEAD + "A ())", 3, 5, "half a sofa"),
    "companion alone": (HEAD + "A WSC", 3, 5, "beside a wheelchair"),
    "companion over an aisle": (HEAD + "A W.C", 3, 5, "beside a wheelchair"),
    "second companion": (HEAD + "A WCC", 3, 5, "beside a wheelchair"),
    "row of gaps": (HEAD + "A  ....", 3, 4, "a row without a seat"),
    "too many rows": (HEAD + rows_of(61, "S"), 63, 1, "more than 60 rows"),
    "too many places": (HEAD + "A  " + "S" * 121, 3, 124, "more than 120 places"),
    "too many seats": (HEAD + rows_of(21, "S" * 99), 23, 24, "more than 2000 seats"),
}


class TestRefusal:
    @pytest.mark.parametrize(("text", "line", "column", "detail"), REFUSALS.values(), ids=REFUSALS.keys())
    def test_names_line_column_and_reason(self, text, line, column, detail):
        with pytest.raises(LayoutInvalid) as refused:
            parse_layout(text)

        assert (refused.value.line, refused.value.column) == (line, column)
        assert detail in refused.value.detail
        assert str(refused.value) == f"line {line}, column {column}: {refused.value.detail}"

    def test_reports_the_first_mistake_from_the_top(self):
        with pytest.raises(LayoutInvalid) as refused:
            parse_layout(HEAD + "A S?\nB S!\nA S")

        assert (refused.value.line, refused.value.column) == (3, 4)

    def test_the_guide_lists_these_messages_and_no_others(self):
        table = GUIDE.read_text().partition("## What is refused")[2]
        cells = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| `")]
        listed = [message for cell in cells for message in re.findall(r"`([^`]+)`", cell)]
        raised = [_refusal_of(text).detail for text, *_ in REFUSALS.values()]

        def is_listed_as(detail: str, message: str) -> bool:
            return re.match(".*".join(map(re.escape, message.split("…"))), detail) is not None

        assert [detail for detail in raised if not any(is_listed_as(detail, m) for m in listed)] == []
        assert [m for m in listed if not any(is_listed_as(detail, m) for detail in raised)] == []


def _refusal_of(text: str) -> LayoutInvalid:
    with pytest.raises(LayoutInvalid) as refused:
        parse_layout(text)
    return refused.value


PIECES = st.sampled_from(["S", "R", "()", "WC", "CW", "W", "H", "V", ".", ".."])
DRAWN_ROW = st.lists(PIECES, min_size=1, max_size=14).map("".join).filter(lambda row: row.strip("."))


@st.composite
def grids(draw: st.DrawFn) -> str:
    names = draw(
        st.lists(st.from_regex(r"[A-Z]{1,2}", fullmatch=True), unique=True, min_size=1, max_size=20).map(sorted)
    )
    lines = ["categories: gold", f"numbers: {draw(st.sampled_from(['left-to-right', 'right-to-left']))}", "[gold]"]
    for name in names:
        lines.append(f"{name} {draw(DRAWN_ROW)}")
        lines += ["---"] * draw(st.integers(0, 1))
    return "\n".join(lines)


class TestAnyGrid:
    @given(grids())
    def test_gives_every_seat_its_own_label_index_and_place(self, text):
        parsed = parse_layout(text)

        seats = parsed.seats
        assert [seat.index for seat in seats] == list(range(len(seats)))
        assert len({seat.label for seat in seats}) == len(seats)
        assert len({(seat.x, seat.y) for seat in seats}) == len(seats)
        assert sorted(seats, key=lambda seat: (seat.y, seat.x)) == list(seats)
        assert all(seat.x < parsed.width and seat.y < parsed.height for seat in seats)

    @given(grids())
    def test_numbers_each_row_from_one_without_a_hole(self, text):
        numbers: dict[str, list[int]] = {}
        for seat in parse_layout(text).seats:
            numbers.setdefault(seat.row, []).append(seat.number)

        assert all(sorted(row) == list(range(1, len(row) + 1)) for row in numbers.values())

    @given(st.text(alphabet="AB SRWC().-[]:#\n\tgoldcates", max_size=200))
    def test_reads_or_refuses_any_text_within_its_lines(self, text):
        lines = text.split("\n")
        fault: LayoutInvalid | None = None
        try:
            assert parse_layout(text).seats
        except LayoutInvalid as refused:
            fault = refused

        if fault is not None:
            assert 1 <= fault.line <= len(lines)
            assert 1 <= fault.column <= len(lines[fault.line - 1]) + 1
