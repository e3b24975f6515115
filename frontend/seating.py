"""How a show's seats are laid out on the page: sections by price, rows, aisles, one seat after the other.

Pure: it gets the seats and the picture of their states and decides what each looks like and is called. The
same words are said by static/frontend/js/model/words.js once the page is live.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import Final, Protocol

from bookings.api import format_inr

# Six categories and more begin again at the first tint: their names and prices still tell them apart.
TINTS: Final = 5
# The deepest drawing that static/frontend/css/numbers.css knows; a deeper one scrolls.
DEPTH_MAX: Final = 120

STATE_NAMES: Final = {"A": "available", "H": "held", "B": "booked", "X": "blocked"}
STATE_WORDS: Final = {
    "available": "available",
    "held": "held by someone",
    "booked": "booked",
    "blocked": "not for sale",
    "mine": "held for you",
    "unknown": "not known yet",
}
KIND_WORDS: Final = {
    "standard": "",
    "recliner": "recliner",
    "sofa": "sofa for two",
    "wheelchair": "wheelchair space",
    "companion": "companion seat",
    "house": "",
    "restricted": "restricted view",
}
# Short, so that a phone shows two to a line.
LEGEND_WORDS: Final = {
    "recliner": "Recliner",
    "sofa": "Sofa for two",
    "wheelchair": "Wheelchair",
    "companion": "Companion",
    "restricted": "Restricted view",
}


class Seat(Protocol):
    """What this file needs to know of a seat."""

    @property
    def index(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def row(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def x(self) -> int: ...
    @property
    def y(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def price_paise(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Category:
    """A price of this show: its name for people, the tint of its seats (from 1), and what most of them are.

    Wherever categories are listed they go from the screen back, as on the map.
    """

    key: str
    name: str
    price_paise: int
    tint: int
    kind: str


@dataclass(frozen=True, slots=True)
class DrawnSeat:
    index: int
    label: str
    number: int
    x: int
    shape: str
    tint: int
    state: str
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `gap_rows` empty rows (a cross aisle) lie between it and the one before."""

    letters: str
    gap_rows: int
    seats: Sequence[DrawnSeat]

    @property
    def last_x(self) -> int:
        """The column of the last seat: its letter stands beside it."""
        return self.seats[-1].x


@dataclass(frozen=True, slots=True)
class Section:
    """Neighbouring rows of one category."""

    category: Category
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole screen. `columns` and `depth` are its size in places, `depth` with everything between rows."""

    columns: int
    depth: int
    categories: Sequence[Category]
    kinds: Sequence[str]
    # Kinds that need a line of their own in the legend, as no category is made of them.
    extra_kinds: Sequence[str]
    has_blocked: bool
    sections: Sequence[Section]


def category_name(key: str) -> str:
    """`lounge sofa` → Lounge sofa."""
    return key[:1].upper() + key[1:]


def categories_of(seats: Iterable[Seat]) -> list[Category]:
    """The categories of these seats, from the screen back."""
    prices: dict[str, int] = {}
    kinds: dict[str, Counter[str]] = {}
    for seat in sorted(seats, key=_from_the_screen):
        prices.setdefault(seat.category, seat.price_paise)
        kinds.setdefault(seat.category, Counter())[seat.kind] += 1
    return [
        Category(
            key=key,
            name=category_name(key),
            price_paise=price,
            tint=at % TINTS + 1,
            kind=kinds[key].most_common(1)[0][0],
        )
        for at, (key, price) in enumerate(prices.items())
    ]


def seat_name(label: str, category: Category, kind: str, state: str) -> str:
    """What a seat is called aloud: F7, Recliner, ₹450, available."""
    words = KIND_WORDS.get(kind, kind)
    parts = [label, category.name, "" if words in category.name.lower() else words]
    parts += [format_inr(category.price_paise), STATE_WORDS[state]]
    return ", ".join(part for part in parts if part)


def plan_of(seats: Sequence[Seat], *, states: str | None, mine: Iterable[str] = ()) -> Plan:
    """Lay out the seats as the picture `states` (one letter a seat, by index) and the labels `mine` show them.

    Without states every seat is drawn as not known yet.
    """
    categories = categories_of(seats)
    by_key = {category.key: category for category in categories}
    own = set(mine)
    sections: list[Section] = []
    above = 0
    for key, section in groupby(sorted(seats, key=_from_the_screen), key=lambda seat: seat.category):
        rows = []
        for y, places in groupby(section, key=lambda seat: seat.y):
            row = list(places)
            drawn = [_draw(seat, shape, by_key[key], states, own) for seat, shape in _shaped(row)]
            rows.append(Row(letters=row[0].row, gap_rows=max(0, y - above), seats=drawn))
            above = y + 1
        sections.append(Section(category=by_key[key], rows=rows))
    kinds = sorted({seat.kind for seat in seats})
    columns = max((seat.x for seat in seats), default=0) + 1
    return Plan(
        columns=columns,
        depth=_depth(sections, columns),
        categories=categories,
        kinds=kinds,
        extra_kinds=[
            kind for kind in kinds if KIND_WORDS.get(kind) and kind not in {each.kind for each in categories}
        ],
        has_blocked="X" in (states or ""),
        sections=sections,
    )


def _from_the_screen(seat: Seat) -> tuple[int, int]:
    return seat.y, seat.x


def _depth(sections: Sequence[Section], columns: int) -> int:
    """How many places high the drawing is: the measures of static/frontend/css/seat-map.css."""
    rows = [row for section in sections for row in section.rows]
    aisles = 0.7 * sum(row.gap_rows > 0 for row in rows)
    captions, screen, bend = 0.35 * len(sections), 1.7, 0.032 * columns
    return min(DEPTH_MAX, ceil(len(rows) + aisles + captions + screen + bend))


def _shaped(row: Sequence[Seat]) -> Iterable[tuple[Seat, str]]:
    """Each seat with its shape; the two places of a sofa are its left and its right half."""
    half_open = False
    for seat in row:
        if seat.kind == "sofa":
            yield seat, "sofa-right" if half_open else "sofa-left"
            half_open = not half_open
        else:
            yield seat, seat.kind


def _draw(seat: Seat, shape: str, category: Category, states: str | None, own: set[str]) -> DrawnSeat:
    known = STATE_NAMES[states[seat.index]] if states else "unknown"
    state = "mine" if seat.label in own else known
    return DrawnSeat(
        index=seat.index,
        label=seat.label,
        number=seat.number,
        x=seat.x,
        shape=shape,
        tint=category.tint,
        state=state,
        name=seat_name(seat.label, category, seat.kind, state),
    )
