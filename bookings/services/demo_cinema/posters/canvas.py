"""A sheet of 400 × 600 to draw a poster on: a few shapes, gradients and lettering, written as SVG text.

Every id begins with the poster's name, so that many posters can stand in one page.
"""

import math
from collections.abc import Iterable
from html import escape
from random import Random
from typing import Final

WIDTH: Final = 400
HEIGHT: Final = 600

NIGHT: Final = "#0E1018"
AMBER: Final = "#FFB627"
VELVET: Final = "#B3261E"
EMBER: Final = "#FF5D5D"
TEAL: Final = "#2EC4B6"
CREAM: Final = "#F4E9D2"

# Narrow and heavy where the system has it; textLength makes any other face fit the same width.
LETTERING: Final = (
    "'Avenir Next Condensed','Roboto Condensed','Arial Narrow','Liberation Sans Narrow',"
    "ui-sans-serif,Arial,sans-serif"
)

Point = tuple[float, float]
Stop = tuple[float, str] | tuple[float, str, float]


class Canvas:
    """Shapes in the order they are added; `str()` of it is the poster."""

    def __init__(self, name: str, title: str) -> None:
        self._name = name
        self._title = title
        self._defs: list[str] = []
        self._shapes: list[str] = []

    def __str__(self) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            f' aria-labelledby="{self._name}-title"><title id="{self._name}-title">{escape(self._title)}</title>'
            f"<defs>{''.join(self._defs)}</defs>{''.join(self._shapes)}</svg>"
        )

    def gradient(self, name: str, *stops: Stop, kind: str = "linear", **attributes: float | str) -> str:
        """A fill from colour to colour, down the shape (linear) or outwards (radial)."""
        if kind == "linear":
            attributes = {"x1": 0, "y1": 0, "x2": 0, "y2": 1, **attributes}
        inside = "".join(
            f"<stop{_written({'offset': stop[0], 'stop-color': stop[1], **_opacity(stop)})}/>" for stop in stops
        )
        self._defs.append(f'<{kind}Gradient id="{self._name}-{name}"{_written(attributes)}>{inside}</{kind}Gradient>')
        return f"url(#{self._name}-{name})"

    def clip(self, name: str, shape: str) -> str:
        """A window in the form of `shape` (markup), for `clip_path`."""
        self._defs.append(f'<clipPath id="{self._name}-{name}">{shape}</clipPath>')
        return f"url(#{self._name}-{name})"

    def sky(self, *stops: Stop) -> None:
        """Fill the sheet from top to bottom."""
        self.rect(0, 0, WIDTH, HEIGHT, fill=self.gradient("sky", *stops))

    def add(self, markup: str) -> None:
        self._shapes.append(markup)

    def rect(self, x: float, y: float, width: float, height: float, **look: float | str) -> None:
        self.add(f"<rect{_written({'x': x, 'y': y, 'width': width, 'height': height, **look})}/>")

    def circle(self, x: float, y: float, radius: float, **look: float | str) -> None:
        self.add(f"<circle{_written({'cx': x, 'cy': y, 'r': radius, **look})}/>")

    def path(self, data: str, **look: float | str) -> None:
        self.add(f"<path{_written({'d': data, **look})}/>")

    def stroke(self, data: str, colour: str, width: float, **look: float | str) -> None:
        """A line that is drawn, not filled, with round ends."""
        self.path(
            data,
            **{"fill": "none", "stroke": colour, "stroke_width": width, "stroke_linecap": "round", **look},
        )

    def polygon(self, points: Iterable[Point], **look: float | str) -> None:
        self.path("M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points) + "Z", **look)

    def dots(self, points: Iterable[Point], radius: float, colour: str, opacity: float = 1) -> None:
        """Many equal dots as one shape: lines without length, whose round ends are all there is to see."""
        data = "".join(f"M{_number(x)} {_number(y)}h0" for x, y in points)
        self.stroke(data, colour, radius * 2, opacity=opacity)

    def define(self, name: str, markup: str) -> str:
        """Keep markup to be drawn more than once; returns its reference for `again`."""
        self._defs.append(f'<g id="{self._name}-{name}">{markup}</g>')
        return f"#{self._name}-{name}"

    def again(self, reference: str, **look: float | str) -> None:
        self.add(f"<use{_written({'href': reference, **look})}/>")

    def group(self, **look: float | str) -> "Group":
        """Everything added inside `with` stands in one group with this transform, opacity or clip."""
        return Group(self, look)

    def glow(self, x: float, y: float, radius: float, colour: str, opacity: float = 0.8) -> None:
        """A soft round light."""
        name = f"glow{len(self._defs)}"
        fill = self.gradient(name, (0, colour, opacity), (1, colour, 0), kind="radial")
        self.circle(x, y, radius, fill=fill)

    def words(
        self, text: str, x: float, y: float, *, size: float, width: float | None = None, **look: float | str
    ) -> None:
        """One line of lettering, its middle at `x` and its foot at `y`, squeezed or stretched to `width`."""
        fitted: dict[str, float | str] = {"textLength": width, "lengthAdjust": "spacingAndGlyphs"} if width else {}
        attributes = {
            "x": x,
            "y": y,
            "font_size": size,
            "font_family": LETTERING,
            "font_weight": 800,
            "text_anchor": "middle",
            **fitted,
            **look,
        }
        self.add(f"<text{_written(attributes)}>{escape(text)}</text>")

    def credit(self, text: str, *, y: float = 580, fill: str = CREAM) -> None:
        """The small line at the foot."""
        self.words(text.upper(), WIDTH / 2, y, size=10, fill=fill, letter_spacing=2.4, font_weight=600, opacity=0.75)


class Group:
    def __init__(self, canvas: Canvas, look: dict[str, float | str]) -> None:
        self._canvas = canvas
        self._look = look

    def __enter__(self) -> None:
        self._canvas.add(f"<g{_written(self._look)}>")

    def __exit__(self, *_: object) -> None:
        self._canvas.add("</g>")


def chance(seed: int) -> Random:
    """Dice that fall the same way on every run."""
    return Random(seed)  # noqa: S311  (raindrops, not secrets)


def around(x: float, y: float, radius: float, degrees: float) -> Point:
    """The point at `radius` from (x, y); 0° is up, and degrees run with the clock."""
    angle = math.radians(degrees - 90)
    return x + radius * math.cos(angle), y + radius * math.sin(angle)


def _opacity(stop: Stop) -> dict[str, float | str]:
    return {"stop-opacity": stop[2]} if len(stop) == 3 else {}


def _written(attributes: dict[str, float | str]) -> str:
    parts = []
    for name, value in attributes.items():
        text = value if isinstance(value, str) else _number(value)
        parts.append(f' {name.replace("_", "-")}="{escape(text)}"')
    return "".join(parts)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if abs(value) >= 1 else f"{value:.2f}".rstrip("0").rstrip(".") or "0"
