"""The seats of a screen, read from a text grid that a cinema manager can type in a plain editor.

Owns the file format (docs/layouts.md) and every reason to refuse a file. Does not know screens, revisions or
prices; it turns text into seats, or says at which line and column the text is wrong.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

# Larger than any auditorium in India (about 1,600 seats); they bound the seat map, its frames and its page.
ROWS_MAX: Final = 60
COLUMNS_MAX: Final = 120
SEATS_MAX: Final = 2000
# A full grid is under 10,000 characters; the rest is room for comments.
LAYOUT_CHARS_MAX: Final = 40_000
CATEGORIES_MAX: Final = 12


class SeatKind(StrEnum):
    STANDARD = "standard"
    RECLINER = "recliner"
    SOFA = "sofa"
    WHEELCHAIR = "wheelchair"
    COMPANION = "companion"
    HOUSE = "house"
    RESTRICTED = "restricted"


GAP: Final = "."
SOFA_LEFT: Final = "("
SOFA_RIGHT: Final = ")"
KIND_OF_CHARACTER: Final[dict[str, SeatKind]] = {
    "S": SeatKind.STANDARD,
    "R": SeatKind.RECLINER,
    SOFA_LEFT: SeatKind.SOFA,
    SOFA_RIGHT: SeatKind.SOFA,
    "W": SeatKind.WHEELCHAIR,
    "C": SeatKind.COMPANION,
    "H": SeatKind.HOUSE,
    "V": SeatKind.RESTRICTED,
}
HEADER_KEYS: Final = ("screen", "categories", "numbers")
LEFT_TO_RIGHT: Final = "left-to-right"
RIGHT_TO_LEFT: Final = "right-to-left"

_CATEGORY_NAME: Final = re.compile(r"[a-z][a-z0-9 -]{0,23}")
_ROW_LETTERS: Final = re.compile(r"[A-Z]{1,2}")
_ROW_LINE: Final = re.compile(r"(?P<row>\S+)(?P<space> +)(?P<places>.*)")
_HEADER_LINE: Final = re.compile(r"(?P<key>[A-Za-z]+) *: *(?P<value>.*)")
_CROSS_AISLE: Final = re.compile(r"-{3,}")


class LayoutInvalid(Exception):
    """A layout file is wrong at `line` and `column`, both counted from 1; `detail` says how."""

    def __init__(self, line: int, column: int, detail: str) -> None:
        super().__init__(f"line {line}, column {column}: {detail}")
        self.line = line
        self.column = column
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Seat:
    """One place. `index` is its position in the show's seat list; `x` and `y` are grid columns and rows."""

    index: int
    label: str
    row: str
    number: int
    x: int
    y: int
    kind: SeatKind
    category: str


@dataclass(frozen=True, slots=True)
class ParsedLayout:
    """A whole screen: seats in index order, row by row from the screen, left to right as drawn."""

    name: str
    categories: tuple[str, ...]
    seats: tuple[Seat, ...]
    width: int
    height: int


def parse_layout(text: str) -> ParsedLayout:
    """Read a layout file. Raises LayoutInvalid at the first thing that is wrong, from the top."""
    if len(text) > LAYOUT_CHARS_MAX:
        raise LayoutInvalid(1, 1, f"the file is longer than {LAYOUT_CHARS_MAX} characters")
    reader = _Reader()
    # Not splitlines(): it also breaks at form feeds and other characters that an editor shows on one line.
    for number, line in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), start=1):
        reader.read_line(number, line)
    return reader.finish()


@dataclass(slots=True)
class _Reader:
    """What has been read so far; one call a line."""

    header: dict[str, str] = field(default_factory=dict)
    # Category name to where the header declares it (line, column), so that an unused one can be pointed at.
    categories: dict[str, tuple[int, int]] = field(default_factory=dict)
    category: str | None = None
    used_categories: set[str] = field(default_factory=set)
    rows: dict[str, int] = field(default_factory=dict)
    seats: list[Seat] = field(default_factory=list)
    width: int = 0
    height: int = 0
    last_line: int = 1

    def read_line(self, number: int, line: str) -> None:
        if "\t" in line:
            raise LayoutInvalid(number, line.index("\t") + 1, "a tab; draw with spaces and dots")
        stripped = line.strip(" ")
        if not stripped or stripped.startswith("#"):
            return
        self.last_line = number
        column = line.index(stripped) + 1
        if stripped.startswith("["):
            self._read_heading(number, column, stripped)
        elif _CROSS_AISLE.fullmatch(stripped):
            # A cross aisle before the first row or after the last would only be an empty margin.
            self.height += 1 if self.seats else 0
        elif header := _HEADER_LINE.fullmatch(stripped):
            self._read_header(number, column, header)
        else:
            self._read_row(number, column, stripped)

    def finish(self) -> ParsedLayout:
        if not self.seats:
            raise LayoutInvalid(self.last_line, 1, "there is no row of seats in this file")
        for name, (line, column) in self.categories.items():
            if name not in self.used_categories:
                raise LayoutInvalid(line, column, f"no row is in category '{name}'")
        return ParsedLayout(
            name=self.header.get("screen", ""),
            categories=tuple(self.categories),
            seats=tuple(self.seats),
            width=self.width,
            height=max(seat.y for seat in self.seats) + 1,
        )

    def _read_header(self, number: int, column: int, header: re.Match[str]) -> None:
        key = header["key"].lower()
        value = header["value"]
        value_column = column + header.start("value")
        if key not in HEADER_KEYS:
            raise LayoutInvalid(number, column, f"unknown header '{key}'; known are {', '.join(HEADER_KEYS)}")
        if self.category is not None or self.seats:
            raise LayoutInvalid(number, column, f"'{key}:' belongs above the first heading")
        if key in self.header:
            raise LayoutInvalid(number, column, f"'{key}:' is given twice")
        if not value:
            raise LayoutInvalid(number, value_column, f"'{key}:' has no value")
        if key == "numbers" and value not in (LEFT_TO_RIGHT, RIGHT_TO_LEFT):
            raise LayoutInvalid(number, value_column, f"numbers run {LEFT_TO_RIGHT} or {RIGHT_TO_LEFT}")
        if key == "categories":
            self._declare_categories(number, value_column, value)
        self.header[key] = value

    def _declare_categories(self, number: int, column: int, value: str) -> None:
        for part in value.split(","):
            name = part.strip(" ").lower()
            name_column = column + len(part) - len(part.lstrip(" "))
            column += len(part) + 1
            if not _CATEGORY_NAME.fullmatch(name):
                raise LayoutInvalid(
                    number,
                    name_column,
                    "a category is a name of letters, digits, spaces or hyphens, at most 24",
                )
            if name in self.categories:
                raise LayoutInvalid(number, name_column, f"category '{name}' is declared twice")
            if len(self.categories) == CATEGORIES_MAX:
                raise LayoutInvalid(number, name_column, f"more than {CATEGORIES_MAX} categories")
            self.categories[name] = (number, name_column)

    def _read_heading(self, number: int, column: int, stripped: str) -> None:
        if not stripped.endswith("]"):
            raise LayoutInvalid(number, column + len(stripped), "a heading ends with ]")
        name = stripped[1:-1].strip(" ").lower()
        if name not in self.categories:
            known = ", ".join(self.categories) or "none; declare them with 'categories:'"
            raise LayoutInvalid(number, column + 1, f"unknown category '{name}'; known are {known}")
        self.category = name

    def _read_row(self, number: int, column: int, stripped: str) -> None:
        match = _ROW_LINE.fullmatch(stripped)
        row = (match["row"] if match else stripped).upper()
        if not _ROW_LETTERS.fullmatch(row):
            raise LayoutInvalid(
                number, column, "a row begins with its one or two letters, then a space, then its places"
            )
        if match is None:
            raise LayoutInvalid(number, column + len(stripped), f"row {row} has no places")
        if self.category is None:
            raise LayoutInvalid(number, column, f"row {row} has no category; put a [category] heading above it")
        if row in self.rows:
            raise LayoutInvalid(number, column, f"row {row} is already drawn in line {self.rows[row]}")
        if len(self.rows) == ROWS_MAX:
            raise LayoutInvalid(number, column, f"more than {ROWS_MAX} rows")
        places_column = column + len(match["row"]) + len(match["space"])
        _check_places(number, places_column, match["places"])
        self._take_seats(number, places_column, row, match["places"], self.category)

    def _take_seats(self, line: int, column: int, row: str, places: str, category: str) -> None:
        occupied = [x for x, character in enumerate(places) if character != GAP]
        if len(self.seats) + len(occupied) > SEATS_MAX:
            first_too_many = occupied[SEATS_MAX - len(self.seats)]
            raise LayoutInvalid(line, column + first_too_many, f"more than {SEATS_MAX} seats")
        from_right = self.header.get("numbers") == RIGHT_TO_LEFT
        for position, x in enumerate(occupied):
            seat_number = len(occupied) - position if from_right else position + 1
            self.seats.append(
                Seat(
                    index=len(self.seats),
                    label=f"{row}{seat_number}",
                    row=row,
                    number=seat_number,
                    x=x,
                    y=self.height,
                    kind=KIND_OF_CHARACTER[places[x]],
                    category=category,
                )
            )
        self.rows[row] = line
        self.used_categories.add(category)
        self.width = max(self.width, len(places))
        self.height += 1


def _check_places(line: int, column: int, places: str) -> None:
    """Refuse a row whose characters are unknown or stand in the wrong company."""
    if len(places) > COLUMNS_MAX:
        raise LayoutInvalid(line, column + COLUMNS_MAX, f"more than {COLUMNS_MAX} places in a row")
    for x, character in enumerate(places):
        left = places[x - 1 : x]
        right = places[x + 1 : x + 2]
        if character != GAP and character not in KIND_OF_CHARACTER:
            hint = "; draw an aisle with dots" if character == " " else ""
            raise LayoutInvalid(line, column + x, f"unknown character '{character}'{hint}")
        if (character == SOFA_LEFT and right != SOFA_RIGHT) or (character == SOFA_RIGHT and left != SOFA_LEFT):
            raise LayoutInvalid(line, column + x, "half a sofa; a pair is drawn ()")
        if character == "C" and "W" not in (left, right):
            raise LayoutInvalid(line, column + x, "a companion seat is drawn beside a wheelchair place, WC or CW")
    if not places.strip(GAP):
        raise LayoutInvalid(line, column, "a row without a seat; draw a cross aisle with ---")
