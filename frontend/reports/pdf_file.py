"""A report to print: A4 pages with the same figures, charts and tables as its page, and the same words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TextEmphasis
from fpdf.fonts import FontFace

from frontend.reports.charts import Bar
from frontend.reports.page import Figure, Part, parts_of
from frontend.reports.words import TableView, day_words
from frontend.tickets.fonts import FAMILY, add_faces

# A4 in mm.
WIDTH: Final = 210.0
MARGIN: Final = 16.0
INNER: Final = WIDTH - 2 * MARGIN
BOTTOM: Final = 16.0
FIGURES_ABREAST: Final = 3
GAP: Final = 3.0
CHART_HEIGHT: Final = 38.0
BAR_HEIGHT: Final = 2.2
BARS_LINE: Final = 8.6
LINES_MAX: Final = 31
# Of one, two or three labels below columns.
LABEL_ALIGNS: Final = {1: "L", 2: "LR", 3: "LCR"}

Colour = tuple[int, int, int]
INK: Final = (27, 30, 43)
SOFT: Final = (90, 96, 114)
LINE: Final = (221, 213, 195)
PALE: Final = (243, 238, 226)
AMBER: Final = (227, 154, 18)
ALARM: Final = (179, 38, 30)
WHITE: Final = (255, 255, 255)


class _Paper(FPDF):
    """Pages with the house's name and their number at the foot."""

    def __init__(self, foot: str) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self._foot = foot

    def footer(self) -> None:
        """What stands below every page."""
        self.set_y(-12)
        self.set_font(FAMILY, "", 7.5)
        self.set_text_color(*SOFT)
        self.cell(INNER / 2, 4, self._foot)
        self.cell(INNER / 2, 4, str(self.page_no()), align="R")


def report_pdf(context: Mapping[str, Any]) -> bytes:
    """The PDF of what `report_context` made."""
    report, period, where = context["report"], context["period"], context["where"]
    pdf = _Paper(f"HOUSEFULL · {where} · {period}")
    pdf.set_margins(MARGIN, MARGIN, MARGIN)
    pdf.c_margin = 0
    pdf.set_auto_page_break(auto=True, margin=BOTTOM)
    pdf.set_creation_date(report.finished_at)
    pdf.set_title(f"Report · {where} · {period}")
    pdf.set_creator("Housefull")
    pdf.set_lang("en-IN")
    add_faces(pdf, "".join(_said(context)))
    pdf.add_page()
    _head(pdf, where, period, f"Made {day_words(report.finished_at.date())}, asked for by {report.asked_by}")
    _figures(pdf, context["figures"])
    for part in parts_of(context):
        _part(pdf, part)
    return bytes(pdf.output())


def _said(context: Mapping[str, Any]) -> Iterator[str]:
    """Every text that any page may need letters for."""
    yield from (context["period"], context["where"], context["report"].asked_by)
    for figure in context["figures"]:
        yield from (figure.label, figure.value, figure.note)
    for part in parts_of(context):
        yield from (part.title, part.words, part.alarm, *part.table.heads)
        yield from (cell for line in part.table.lines[:LINES_MAX] for cell in line)
        for its in part.bars:
            yield from (its.label, its.words, its.note)
        if part.columns is not None:
            yield from (part.columns.top, part.columns.half, *part.columns.labels)


def _head(pdf: FPDF, where: str, period: str, made: str) -> None:
    pdf.set_font(FAMILY, "B", 10)
    pdf.set_text_color(*AMBER)
    pdf.cell(INNER, 5, "HOUSEFULL", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(FAMILY, "B", 22)
    pdf.set_text_color(*INK)
    pdf.multi_cell(INNER, 9, where, align="L", new_x="LMARGIN", new_y="NEXT")
    _line(pdf, period, size=12)
    _line(pdf, made, size=8.5, colour=SOFT)
    pdf.ln(4)


def _line(pdf: FPDF, text: str, *, size: float, colour: Colour = INK, style: TextEmphasis | str = "") -> None:
    pdf.set_font(FAMILY, style, size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(INNER, size * 0.46, text, align="L", new_x="LMARGIN", new_y="NEXT")


def _figures(pdf: FPDF, figures: Sequence[Figure]) -> None:
    """Side by side, in two rows where they are many."""
    width, top = (INNER + GAP) / FIGURES_ABREAST, pdf.get_y()
    for place, figure in enumerate(figures):
        x, y = MARGIN + place % FIGURES_ABREAST * width, top + place // FIGURES_ABREAST * 21
        pdf.set_fill_color(*PALE)
        pdf.rect(x, y, width - GAP, 18, style="F", round_corners=True, corner_radius=2)
        for offset, text, style, size, colour in (
            (2.2, figure.label, "", 8, SOFT),
            (6, figure.value, "B", 15, INK),
            (12.8, figure.note, "", 7, SOFT),
        ):
            pdf.set_xy(x + 3, y + offset)
            pdf.set_font(FAMILY, style, size)
            pdf.set_text_color(*colour)
            pdf.cell(width - 9, size * 0.42, text)
    pdf.set_xy(MARGIN, top + -(-len(figures) // FIGURES_ABREAST) * 21 + 3)


def _part(pdf: FPDF, part: Part) -> None:
    needed = 16 + (CHART_HEIGHT if part.columns else min(len(part.bars), 6) * BARS_LINE) + 14
    if pdf.will_page_break(needed):
        pdf.add_page()
    pdf.ln(4)
    _line(pdf, part.title, size=14, style="B")
    if part.words:
        _line(pdf, part.words, size=8.5, colour=SOFT)
    if part.alarm:
        _line(pdf, part.alarm, size=9, colour=ALARM, style="B")
    pdf.ln(2)
    if part.columns is not None:
        _columns(pdf, part)
    for bar in part.bars:
        _bar(pdf, bar)
    if part.table.lines and not (part.bars and part.name.startswith(("occupancy", "funnel"))):
        _table(pdf, part.table, part.rows_count)


def _columns(pdf: FPDF, part: Part) -> None:
    chart = part.columns
    assert chart is not None, "only a part with columns draws them"
    if pdf.will_page_break(CHART_HEIGHT + 8):
        pdf.add_page()
    left, top, width = MARGIN + 16, pdf.get_y() + 1, INNER - 16
    pdf.set_font(FAMILY, "", 7.5)
    pdf.set_text_color(*SOFT)
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.2)
    for share, label in ((0.0, chart.top), (0.5, chart.half), (1.0, "0")):
        y = top + share * CHART_HEIGHT
        pdf.line(left, y, left + width, y)
        pdf.set_xy(MARGIN, y - 1.6)
        pdf.cell(14, 3.2, label, align="R")
    pdf.set_fill_color(*AMBER)
    step = width / max(len(chart.heights), 1)
    for place, height in enumerate(chart.heights):
        tall = height * CHART_HEIGHT
        pdf.rect(left + (place + 0.1) * step, top + CHART_HEIGHT - tall, step * 0.8, tall, "F")
    room = width / len(chart.labels)
    for place, (label, align) in enumerate(zip(chart.labels, LABEL_ALIGNS[len(chart.labels)], strict=True)):
        pdf.set_xy(left + place * room, top + CHART_HEIGHT + 1)
        pdf.cell(room, 4, label, align=align)
    pdf.set_xy(MARGIN, top + CHART_HEIGHT + 8)


def _bar(pdf: FPDF, bar: Bar) -> None:
    if pdf.will_page_break(BARS_LINE):
        pdf.add_page()
    top = pdf.get_y()
    pdf.set_font(FAMILY, "", 9)
    pdf.set_text_color(*INK)
    pdf.cell(INNER - 60, 4.2, bar.label)
    pdf.set_font(FAMILY, "B", 9)
    pdf.cell(32, 4.2, bar.words, align="R")
    pdf.set_font(FAMILY, "", 8)
    pdf.set_text_color(*SOFT)
    pdf.cell(28, 4.2, bar.note, align="R")
    pdf.set_fill_color(*PALE)
    pdf.rect(MARGIN, top + 4.8, INNER, BAR_HEIGHT, "F")
    if bar.share:
        pdf.set_fill_color(*AMBER)
        pdf.rect(MARGIN, top + 4.8, INNER * bar.share, BAR_HEIGHT, "F")
    pdf.set_xy(MARGIN, top + BARS_LINE)


def _table(pdf: FPDF, table: TableView, count: int) -> None:
    pdf.ln(2)
    pdf.set_font(FAMILY, "", 8)
    pdf.set_text_color(*INK)
    pdf.set_draw_color(*LINE)
    pdf.set_line_width(0.2)
    pdf.set_fill_color(*WHITE)
    widths = [1.0 if number else 1.7 for number in table.are_numbers]
    with pdf.table(
        col_widths=tuple(widths),
        text_align=tuple("RIGHT" if number else "LEFT" for number in table.are_numbers),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis="BOLD", color=INK),
        line_height=4.4,
        padding=(0.6, 1),
    ) as rows:
        rows.row(table.heads)
        for line in table.lines[:LINES_MAX]:
            rows.row(line)
    left_out = count - min(len(table.lines), LINES_MAX)
    if left_out > 0:
        pdf.ln(1)
        _line(pdf, f"and {left_out:,} more, in the files of the report", size=8, colour=SOFT)
