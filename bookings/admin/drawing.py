"""A layout as a drawing: the screen's arc, seats by their kind and category, aisles, row letters; and its legend.

Pure text: SVG whose colours are classes of desk/drawing.css. What people sit in is drawn by the seat page itself.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookings.domain.layout import Seat, SeatKind

PLACE: Final = 10
# Room for the letters on both sides, and for the screen above.
MARGIN: Final = 22
SCREEN: Final = 26
TINTS: Final = 5

KIND_WORDS: Final = {
    SeatKind.STANDARD: "standard",
    SeatKind.RECLINER: "recliner",
    SeatKind.SOFA: "sofa",
    SeatKind.WHEELCHAIR: "wheelchair",
    SeatKind.COMPANION: "companion",
    SeatKind.HOUSE: "house seat",
    SeatKind.RESTRICTED: "restricted view",
}
# What a kind wears on top of its outline, in a place of 10 × 10.
_MARKS: Final = {
    SeatKind.STANDARD: "",
    SeatKind.RECLINER: "M2.6 7.4h4.8",
    SeatKind.SOFA: "",
    SeatKind.WHEELCHAIR: "M5 3v4M3 5h4",
    SeatKind.COMPANION: "M5 3.4a1.6 1.6 0 1 0 .01 3.2a1.6 1.6 0 1 0 -.01 -3.2",
    SeatKind.HOUSE: "M3 6.8V4.8L5 3l2 1.8v2z",
    SeatKind.RESTRICTED: "M2.8 7.2l4.4 -4.4",
}


def draw(seats: Sequence[Seat]) -> SafeString:
    """The whole screen as one SVG, described in words for who cannot see it."""
    width = (max(seat.x for seat in seats) + 1) * PLACE + 2 * MARGIN
    height = (max(seat.y for seat in seats) + 1) * PLACE + SCREEN + 6
    rows = [list(row) for _, row in groupby(seats, key=lambda seat: seat.y)]
    tints = _tints(seats)
    middle = width / 2
    return format_html(
        '<svg class="drawing" viewBox="0 0 {} {}" style="--drawn: {}px" role="img" aria-label="{}">'
        '<path class="drawing-screen" d="M{} 14Q{} 2 {} 14"/>'
        '<text class="drawing-word" x="{}" y="19">screen</text>{}{}</svg>',
        width,
        height,
        width * 2.2,
        f"{len(seats)} seats in {len(rows)} rows, {in_words(seats)}",
        MARGIN + (width - 2 * MARGIN) * 0.14,
        middle,
        width - MARGIN - (width - 2 * MARGIN) * 0.14,
        middle,
        format_html_join("", "{}", ((_letters(row, width),) for row in rows)),
        format_html_join("", "{}", ((_seat(seat, half, tints),) for seat, half in _halves(seats))),
    )


def legend(seats: Sequence[Seat]) -> SafeString:
    """The kinds and categories that were drawn, each with its count."""
    tints = _tints(seats)
    categories = Counter(seat.category for seat in seats)
    kinds = Counter(seat.kind for seat in seats)
    return format_html(
        '<ul class="drawing-legend">{}{}</ul>',
        format_html_join(
            "",
            '<li><i class="t{}"></i>{} <b>{}</b></li>',
            ((tints[name], name.capitalize(), count) for name, count in categories.items()),
        ),
        format_html_join(
            "",
            '<li><svg viewBox="0 0 10 10" aria-hidden="true"><g class="seat-of t5 {}">{}</g></svg>{} <b>{}</b></li>',
            (
                (kind.value, _shape(kind, None), KIND_WORDS[kind].capitalize(), count)
                for kind, count in kinds.most_common()
                if kind is not SeatKind.STANDARD
            ),
        ),
    )


def in_words(seats: Iterable[Seat]) -> str:
    """`120 standard, 4 wheelchair`."""
    kinds = Counter(seat.kind for seat in seats)
    return ", ".join(f"{count} {KIND_WORDS[kind]}" for kind, count in kinds.most_common())


def _tints(seats: Iterable[Seat]) -> dict[str, int]:
    names = dict.fromkeys(seat.category for seat in seats)
    return {name: at % TINTS + 1 for at, name in enumerate(names)}


def _halves(seats: Iterable[Seat]) -> Iterable[tuple[Seat, str | None]]:
    is_open = False
    for seat in seats:
        if seat.kind is SeatKind.SOFA:
            yield seat, "right" if is_open else "left"
            is_open = not is_open
        else:
            yield seat, None


def _letters(row: Sequence[Seat], width: int) -> SafeString:
    y = row[0].y * PLACE + SCREEN + 7.4
    return format_html(
        '<text class="drawing-letter" x="{}" y="{}">{}</text><text class="drawing-letter" x="{}" y="{}">{}</text>',
        MARGIN / 2,
        y,
        row[0].row,
        width - MARGIN / 2,
        y,
        row[0].row,
    )


def _seat(seat: Seat, half: str | None, tints: dict[str, int]) -> SafeString:
    return format_html(
        '<g class="seat-of t{} {}" transform="translate({} {})"><title>{}, {}</title>{}</g>',
        tints[seat.category],
        seat.kind.value,
        seat.x * PLACE + MARGIN,
        seat.y * PLACE + SCREEN,
        seat.label,
        f"{seat.category}, {KIND_WORDS[seat.kind]}",
        _shape(seat.kind, half),
    )


def _shape(kind: SeatKind, half: str | None) -> SafeString:
    if kind is SeatKind.WHEELCHAIR:
        outline = format_html('<circle cx="5" cy="5" r="{}"/>', 4)
    elif half is not None:
        path = (
            "M10 1H3a2 2 0 0 0-2 2v4a2 2 0 0 0 2 2h7" if half == "left" else "M0 1h7a2 2 0 0 1 2 2v4a2 2 0 0 1-2 2H0"
        )
        outline = format_html('<path d="{}"/>', path)
    else:
        outline = format_html('<rect x="1" y="1" width="8" height="8" rx="{}"/>', 2)
    mark = _MARKS[kind]
    return format_html('{}<path class="mark" d="{}"/>', outline, mark) if mark else outline
