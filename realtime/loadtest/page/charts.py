"""Line charts as inline SVG. Lines stretch with the page; letters and strokes do not.

A chart is an SVG without a view box, whose labels stand at percentages, around one with a view box that is stretched.
No style attribute anywhere: the page's policy forbids them. Lines differ in dashes as well as in colour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from realtime.loadtest.page.axes import SIDE, Axis, path
from realtime.loadtest.page.markup import Html, element

Point = tuple[float, float] | None
_VIEW_BOX: Final = f"0 0 {SIDE} {SIDE}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name, its class (colour and dashes are in charts.css), its points from 0 to 1.

    `column` is that of the table below the chart in which the pointer's readings are found.
    """

    name: str
    look: str
    points: Sequence[Point]
    column: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A label of an axis, from 0 to 1. A strong one is a limit, not a step; a minor one is left out when narrow."""

    place: float
    text: str
    is_strong: bool = False
    is_minor: bool = False


def marks(axis: Axis, words: Callable[[float], str]) -> list[Mark]:
    """The marks of an axis with their words."""
    return [Mark(axis.place(mark), words(mark)) for mark in axis.marks]


def chart(
    *,
    name: str,
    title: str,
    unit: str,
    says: str,
    lines: Sequence[Line],
    across: Sequence[Mark],
    up: Sequence[Mark],
    reads: str | None = None,
) -> Html:
    """A figure: heading and unit, legend, lines.

    `name` is for ids; `says` is what it shows in one sentence; `reads` the id of the table with the same numbers.
    """
    drawn = [line for line in lines if any(point is not None for point in line.points)]
    body = (
        _plot(name, title, says, drawn, across, up) if drawn else element("p", "Nothing was measured.", class_="void")
    )
    return element(
        "figure",
        element("figcaption", element("h3", title, " ", element("small", unit))),
        _legend(drawn) if drawn else None,
        element("div", body, class_="plot", data_reads=reads if drawn else None),
        class_="chart",
    )


def _legend(lines: Sequence[Line]) -> Html:
    sample = [
        element(
            "li",
            element(
                "svg", element("line", class_=line.look, x1=0, x2="100%", y1="50%", y2="50%"), aria_hidden="true"
            ),
            element("span", line.name, " ", element("b", data_column=line.column or None)),
        )
        for line in lines
    ]
    return element("ul", sample, class_="legend")


def _plot(
    name: str, title: str, says: str, lines: Sequence[Line], across: Sequence[Mark], up: Sequence[Mark]
) -> Html:
    paths = [
        element("path", class_=line.look, d=path(line.points), vector_effect="non-scaling-stroke") for line in lines
    ]
    return element(
        "svg",
        element("title", title, id=f"{name}-title"),
        element("desc", says, id=f"{name}-says"),
        element("g", [_level(mark) for mark in up], class_="levels", aria_hidden="true"),
        element("g", [_foot(mark) for mark in across], class_="feet", aria_hidden="true"),
        element("svg", paths, viewBox=_VIEW_BOX, preserveAspectRatio="none", width="100%", height="100%"),
        role="img",
        aria_labelledby=f"{name}-title",
        aria_describedby=f"{name}-says",
    )


def _level(mark: Mark) -> Html:
    height = f"{100 * (1 - mark.place):.2f}%"
    strong = "strong" if mark.is_strong else None
    line = element("line", x1=0, x2="100%", y1=height, y2=height, class_=strong)
    if mark.is_strong:
        return element("g", line, element("text", mark.text, x="100%", y=height, dy=-5, class_="limit"))
    return element("g", line, element("text", mark.text, x=-8, y=height, dy="0.35em"))


def _foot(mark: Mark) -> Html:
    place = f"{100 * mark.place:.2f}%"
    line = element("line", x1=place, x2=place, y1=0, y2="100%")
    # The last label would reach over the edge.
    look = "last" if mark.place > 0.97 else "minor" if mark.is_minor else None
    return element("g", line, element("text", mark.text, x=place, y="100%", dy=18, class_=look))
