"""Charts as inline SVG, drawn here. Shapes stretch with the page and letters stay letters beside them, in HTML.

No style attribute anywhere: colours are classes. Each shape has a title; the whole has words for who cannot see it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Units of the drawing, whatever its size on the page.
HEIGHT: Final = 100
COLUMN: Final = 10
GAP: Final = 2
BAR: Final = 100


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it is of, how high, and in words."""

    label: str
    value: int
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar beside its label. `share` is that of the longest, 0 to 1."""

    label: str
    words: str
    share: float
    drawing: SafeString
    note: str = ""


def columns_svg(columns: Sequence[Column], *, top: int, words: str) -> SafeString:
    """Columns from left to right; `top` is the value of the whole height."""
    shapes = format_html_join(
        "",
        '<g class="chart-column"><title>{}</title><rect class="chart-reach" x="{}" y="0" width="{}" height="{}"/>'
        '<rect class="chart-value" x="{}" y="{}" width="{}" height="{}"/></g>',
        (
            (
                column.words,
                place * COLUMN,
                COLUMN,
                HEIGHT,
                place * COLUMN + GAP / 2,
                _round(HEIGHT - share_of(column.value, top) * HEIGHT),
                COLUMN - GAP,
                _round(share_of(column.value, top) * HEIGHT),
            )
            for place, column in enumerate(columns)
        ),
    )
    return format_html(
        '<svg class="chart-columns" role="img" aria-label="{}" viewBox="0 0 {} {}" preserveAspectRatio="none">'
        "{}</svg>",
        words,
        max(len(columns), 1) * COLUMN,
        HEIGHT,
        shapes,
    )


def bar(label: str, words: str, *, value: int, longest: int, note: str = "", tint: str = "value") -> Bar:
    """A bar; `tint` is the end of its class. Its words stand beside it, so the drawing itself says nothing."""
    share = share_of(value, longest)
    drawing = format_html(
        '<svg class="chart-bar" aria-hidden="true" viewBox="0 0 {} 10" preserveAspectRatio="none">'
        '<rect class="chart-reach" width="{}" height="10"/><rect class="chart-{}" width="{}" height="10"/></svg>',
        BAR,
        BAR,
        tint,
        _round(share * BAR),
    )
    return Bar(label, words, share, drawing, note)


def share_of(value: int, top: int) -> float:
    """0 to 1; 0 of nothing."""
    return max(0.0, min(1.0, value / top)) if top > 0 else 0.0


def _round(length: float) -> str:
    return f"{length:.2f}".rstrip("0").rstrip(".")
