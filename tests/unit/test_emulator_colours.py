"""The colours of the emulator's own surfaces can be read, in both schemes (WCAG AA)."""

import re
from pathlib import Path

import pytest

import payments.emulator

STATIC = Path(payments.emulator.__file__).parent / "static"
TEXT_MIN, EDGE_MIN = 4.5, 3.0
TEXT_PAIRS = [
    *((text, ground) for text in ("text", "text-soft") for ground in ("ground", "surface", "raised")),
    ("on-accent", "accent"),
    ("good", "good-ground"),
    ("good", "surface"),
    ("alarm", "alarm-ground"),
    ("alarm", "surface"),
    ("alarm", "raised"),
    ("test", "test-ground"),
]
EDGE_PAIRS = [("edge", "surface"), ("edge", "raised")]


def palettes() -> dict[str, dict[str, str]]:
    text = (STATIC / "tokens.css").read_text()
    light, dark = re.findall(r":root[^{]*\{(.*?)\}", text, re.DOTALL)

    def colours(block: str) -> dict[str, str]:
        return dict(re.findall(r"--([\w-]+): (#[0-9A-Fa-f]{6});", block))

    return {"light": colours(light), "dark": {**colours(light), **colours(dark)}}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return float(0.2126 * red + 0.7152 * green + 0.0722 * blue)


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
class TestContrast:
    @pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
    def test_of_text_is_enough(self, scheme: str, text: str, ground: str) -> None:
        palette = palettes()[scheme]

        assert contrast(palette[text], palette[ground]) >= TEXT_MIN

    @pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
    def test_of_edges_is_enough(self, scheme: str, edge: str, ground: str) -> None:
        palette = palettes()[scheme]

        assert contrast(palette[edge], palette[ground]) >= EDGE_MIN


class TestModules:
    def test_of_the_modal_are_short(self) -> None:
        long = {path.name for path in STATIC.glob("*.js") if len(path.read_text().splitlines()) > 150}

        assert long == set()
