"""A booking's tickets on paper: one A5 page a seat, to print or to show on a phone.

The same facts give the same bytes. What stands on it is facts.py's; this file only says where.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Final, cast

from fpdf import FPDF

from frontend.templatetags.housefull import clock, day, running_time, rupees
from frontend.tickets.facts import SeatFacts, TicketFacts
from frontend.tickets.fonts import FAMILY, add_faces
from frontend.tickets.poster import printed_poster
from frontend.tickets.qr import qr_modules

# A5 in mm.
WIDTH: Final = 148.0
HEIGHT: Final = 210.0
MARGIN: Final = 12.0
HEAD: Final = 76.0
TEAR: Final = 178.0
POSTER_WIDTH: Final = 38.0
POSTER_HEIGHT: Final = 57.0
QR: Final = 58.0

Colour = tuple[int, int, int]
NIGHT: Final = (14, 16, 24)
CREAM: Final = (244, 241, 232)
PAPER: Final = (251, 248, 241)
INK: Final = (27, 30, 43)
SOFT: Final = (90, 96, 114)
SOFT_ON_NIGHT: Final = (169, 175, 195)
BULB: Final = (255, 182, 39)
LINE: Final = (205, 196, 176)
WHITE: Final = (255, 255, 255)


def ticket_pdf(facts: TicketFacts) -> bytes:
    """The PDF. One page for each seat of `facts.seats`, which must have some."""
    assert facts.seats, "only a confirmed booking has tickets"
    pdf = FPDF(orientation="portrait", unit="mm", format=(WIDTH, HEIGHT))
    pdf.set_auto_page_break(auto=False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_creation_date(facts.made_at)
    pdf.set_title(f"{facts.movie_title}, {day(facts.starts_at, facts.time_zone)}: {', '.join(facts.seat_labels)}")
    pdf.set_creator("Housefull")
    pdf.set_lang("en-IN")
    words = _Words(facts)
    add_faces(pdf, words.letters())
    for number, seat in enumerate(facts.seats, start=1):
        pdf.add_page()
        _Page(pdf, facts, words).draw(seat, number)
    return bytes(pdf.output())


class _Words:
    """What a page says, in words."""

    def __init__(self, facts: TicketFacts) -> None:
        zone = facts.time_zone
        self.facts_line = " · ".join((facts.certificate, facts.language, running_time(facts.duration_minutes)))
        self.date = day(facts.starts_at, zone)
        self.time = clock(facts.starts_at, zone)
        self.zone = facts.starts_local.tzname() or zone
        self.place = ", ".join(part for part in (facts.address, facts.city) if part)
        self.paid = rupees(facts.amount_paise)
        self._facts = facts

    def letters(self) -> str:
        """Every letter that any page may need."""
        facts = self._facts
        said = [facts.movie_title, facts.theatre_name, facts.screen_name, facts.buyer_name, facts.reference]
        said += [self.facts_line, self.date, self.time, self.zone, self.place, self.paid, *facts.terms]
        said += [f"{seat.label}{seat.category}" for seat in facts.seats]
        return "".join(said)


class _Page:
    """One page: a dark head as of the board outside, the seat and its code, and the stub below."""

    def __init__(self, pdf: FPDF, facts: TicketFacts, words: _Words) -> None:
        self._pdf = pdf
        self._facts = facts
        self._words = words

    def draw(self, seat: SeatFacts, number: int) -> None:
        self._fill(0, 0, WIDTH, HEIGHT, PAPER)
        self._head()
        self._when_and_where()
        self._seat(seat)
        self._stub(seat, number)

    def _head(self) -> None:
        facts, left = self._facts, MARGIN
        self._fill(0, 0, WIDTH, HEAD, NIGHT)
        self._bulbs(4.5)
        self._bulbs(HEAD - 4.5)
        right = WIDTH - MARGIN
        if (poster := printed_poster(facts.poster_svg)) is not None:
            right -= POSTER_WIDTH + 8
            self._poster(poster, WIDTH - MARGIN - POSTER_WIDTH, (HEAD - POSTER_HEIGHT) / 2)
        self._text(left, 10, "HOUSEFULL", size=11, colour=BULB, heavy=True, spacing=0.6)
        bottom = HEAD - 12.0
        self._text(left, bottom - 4, self._words.facts_line, size=9.5, colour=SOFT_ON_NIGHT, width=right - left)
        size, lines = self._fitted(facts.movie_title, width=right - left, sizes=(34, 28, 22, 19, 16, 13), lines_max=3)
        height = size * 0.42
        top = bottom - 7 - height * len(lines)
        for row, line in enumerate(lines):
            self._text(left, top + row * height, line, size=size, colour=CREAM, heavy=True)

    def _when_and_where(self) -> None:
        facts, words, top = self._facts, self._words, HEAD + 9
        self._labelled(MARGIN, top, "When", words.date, size=17)
        self._text(MARGIN, top + 12.5, words.time, size=17, heavy=True)
        after = MARGIN + self._width(words.time, 17, heavy=True) + 2
        self._text(after, top + 14.6, words.zone, size=9, colour=SOFT)
        where = 62.0
        self._labelled(where, top, "Where", facts.theatre_name, size=17, width=WIDTH - MARGIN - where)
        self._text(where, top + 12.5, facts.screen_name, size=17, heavy=True, width=WIDTH - MARGIN - where)
        self._text(where, top + 21, words.place, size=9, colour=SOFT, width=WIDTH - MARGIN - where)

    def _seat(self, seat: SeatFacts) -> None:
        top = HEAD + 40.0 - 2
        left = WIDTH - MARGIN - QR
        self._text(MARGIN, top, "SEAT", size=8.5, colour=SOFT, spacing=0.3)
        size, _ = self._fitted(seat.label, width=left - MARGIN - 6, sizes=(72, 60, 48, 36, 24), lines_max=1)
        self._text(MARGIN, top + 4, seat.label, size=size, heavy=True)
        below = top + 5 + size * 0.40
        self._text(MARGIN, below, f"{seat.category.capitalize()} · {rupees(seat.price_paise)}", size=11)
        self._text(MARGIN, top + QR - 13, "CODE AT THE DOOR", size=8.5, colour=SOFT, spacing=0.3)
        self._text(MARGIN, top + QR - 8.5, seat.code, size=19, heavy=True, spacing=0.5)
        self._qr(left, top - 2, seat.qr)

    def _stub(self, seat: SeatFacts, number: int) -> None:
        facts, pdf = self._facts, self._pdf
        pdf.set_draw_color(*LINE)
        pdf.set_line_width(0.4)
        pdf.set_dash_pattern(dash=1.6, gap=1.6)
        pdf.line(6, TEAR, WIDTH - 6, TEAR)
        pdf.set_dash_pattern()
        top = TEAR + 4.5
        columns = [("Booking", facts.reference), ("Paid", self._words.paid)]
        if len(facts.seats) > 1:
            columns.append(("Ticket", f"{number} of {len(facts.seats)}"))
        if facts.buyer_name:
            columns.append(("Name", facts.buyer_name))
        left = MARGIN
        for label, value in columns:
            width = min(max(self._width(value, 11, heavy=True), 18) + 8, WIDTH - MARGIN - left)
            self._labelled(left, top, label, value, size=11, width=width)
            left += width
        pdf.set_xy(MARGIN, top + 12)
        pdf.set_font(FAMILY, "", 7)
        pdf.set_text_color(*SOFT)
        pdf.multi_cell(WIDTH - 2 * MARGIN, 3.1, " ".join(facts.terms), align="L")

    # --- strokes

    def _fill(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        self._pdf.set_fill_color(*colour)
        self._pdf.rect(x, y, width, height, style="F")

    def _bulbs(self, y: float) -> None:
        """A row of bulbs from edge to edge."""
        self._pdf.set_fill_color(*BULB)
        count = 29
        for place in range(count):
            self._pdf.circle((place + 0.5) * WIDTH / count, y, 0.62, style="F")

    def _poster(self, poster: bytes, x: float, y: float) -> None:
        self._pdf.image(BytesIO(poster), x, y, w=POSTER_WIDTH, h=POSTER_HEIGHT, keep_aspect_ratio=True)

    def _qr(self, x: float, y: float, text: str) -> None:
        """The code as squares of ink on a white card, each row's neighbours joined so that no reader sees seams."""
        modules = qr_modules(text)
        self._fill(x, y, QR, QR, WHITE)
        step = QR / (len(modules) + 8)
        self._pdf.set_fill_color(0, 0, 0)
        for row, line in enumerate(modules):
            for start, length in _runs(line):
                self._pdf.rect(x + (start + 4) * step, y + (row + 4) * step, length * step, step, style="F")

    def _labelled(self, x: float, y: float, label: str, value: str, *, size: float, width: float = 0) -> None:
        self._text(x, y, label.upper(), size=8.5, colour=SOFT, spacing=0.3)
        self._text(x, y + 4.5, value, size=size, heavy=True, width=width)

    def _text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float,
        colour: Colour = INK,
        heavy: bool = False,
        width: float = 0,
        spacing: float = 0,
    ) -> None:
        """One line, its letters' top near `y`; made smaller when it is wider than `width` (0: never)."""
        pdf = self._pdf
        if width:
            size = min(size, size * width / max(self._width(text, size, heavy=heavy), 0.1))
        pdf.set_font(FAMILY, "B" if heavy else "", size)
        pdf.set_text_color(*colour)
        pdf.set_char_spacing(spacing)
        pdf.set_xy(x, y)
        pdf.cell(text=text, h=size * 0.42)
        pdf.set_char_spacing(0)

    def _width(self, text: str, size: float, *, heavy: bool) -> float:
        self._pdf.set_font(FAMILY, "B" if heavy else "", size)
        return float(self._pdf.get_string_width(text))

    def _fitted(
        self, text: str, *, width: float, sizes: Sequence[float], lines_max: int
    ) -> tuple[float, Sequence[str]]:
        """The largest of the sizes at which a heavy text takes so many lines at most, and its lines."""
        for size in sizes:
            self._pdf.set_font(FAMILY, "B", size)
            lines = cast(list[str], self._pdf.multi_cell(width, text=text, dry_run=True, output="LINES"))
            if len(lines) <= lines_max and all(self._width(line, size, heavy=True) <= width for line in lines):
                break
        return size, lines[:lines_max]


def _runs(line: Sequence[int]) -> list[tuple[int, int]]:
    """(start, length) of each run of dark modules."""
    runs: list[tuple[int, int]] = []
    for place, dark in enumerate(line):
        if dark and runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((place, 1))
    return runs
