"""Single figures: a tile with a value, a bar beside one, and the few tiles that stand below the verdict."""

from typing import Any

from realtime.loadtest.page.figures import NOTHING, amount, dig, listed, number
from realtime.loadtest.page.markup import Html, element
from realtime.loadtest.page.series import most


def bar(part: float | None, *, look: str = "amount") -> Html:
    """A bar from 0 to 1, beside which its value is written: the drawing itself says nothing."""
    width = f"{100 * min(1.0, max(0.0, part or 0)):.1f}%"
    return element(
        "svg",
        element("rect", class_="reach", width="100%", height="100%"),
        element("rect", class_=look, width=width, height="100%"),
        class_="bar",
        aria_hidden="true",
    )


def tile(title: str, value: str, unit: Any, drawing: Html | None = None) -> Html:
    said = element("span", element("bdi", unit)) if unit and value != NOTHING else None
    return element(
        "div",
        element("dt", element("bdi", title)),
        element("dd", element("b", value), said, drawing),
        class_="figure",
    )


def draw_key_figures(result: dict[str, Any]) -> Html:
    """What most people want to know first."""
    granted, refused = (amount(dig(result, "outcomes", name)) for name in ("granted", "refused"))
    asked = None if granted is None or refused is None else f"of {number(granted + refused)} asked for"
    errors = [amount(dig(error, "count")) or 0 for error in listed(result, "errors")]
    frames = most(result, "frames")
    tiles = (
        tile("holds granted", number(granted), asked),
        tile("hold, p99", number(_p99(result, "hold")), "ms"),
        tile("shown, p99", number(_p99(result, "show")), "ms"),
        tile("frames, at most", number(None if frames is None else round(frames)), "a second"),
        tile("sockets, at most", number(most(result, "sockets")), None),
        tile("errors", number(sum(errors)), None),
    )
    return element("dl", tiles, class_="figures")


def _p99(result: dict[str, Any], name: str) -> Any:
    return next((dig(each, "p99_ms") for each in listed(result, "latency") if dig(each, "name") == name), None)
