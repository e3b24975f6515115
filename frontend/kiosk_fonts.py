"""The faces of boards: Noto's variable fonts, of which tickets are printed too. Both have every width and weight."""

from functools import cache
from importlib import resources
from typing import Final

FONTS: Final = {
    "latin": ("fontpkg_noto_sans", "NotoSans[wdth,wght].ttf"),
    "devanagari": ("fontpkg_noto_sans_devanagari", "NotoSansDevanagari[wdth,wght].ttf"),
}


@cache
def read_font(name: str) -> bytes:
    """The font file of this name."""
    package, file = FONTS[name]
    return resources.files(package).joinpath("files", file).read_bytes()
