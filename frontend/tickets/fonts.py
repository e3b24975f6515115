"""The two faces of printed tickets, cut from Noto's variable fonts: a regular one, and a heavy condensed one.

A whole variable font takes half a minute to cut at a weight; the few letters of a ticket take a tenth of a second. So
each set of letters is cut first, and kept for this process. Noto Sans has Latin, Greek and Cyrillic; Noto Sans
Devanagari has Hindi and Marathi.
"""

import atexit
import tempfile
import unicodedata
from functools import cache, lru_cache
from importlib import resources
from io import BytesIO
from pathlib import Path
from typing import Final

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from fpdf import FPDF

FAMILY: Final = "Housefull"
_FALLBACK: Final = "Housefull Devanagari"
_LATIN: Final = ("fontpkg_noto_sans", "NotoSans[wdth,wght].ttf")
_DEVANAGARI: Final = ("fontpkg_noto_sans_devanagari", "NotoSansDevanagari[wdth,wght].ttf")
# (package, file) of every face there is.
SOURCES: Final = (_LATIN, _DEVANAGARI)
# What every ticket may say: most tickets need no other letters, so most find their faces cut already.
_ALWAYS: Final = frozenset(map(chr, range(0x20, 0x7F))) | frozenset("₹·–—’‘“”…×")
_HEAVY: Final = {"wght": 850.0, "wdth": 75.0}
_REGULAR_TABLES: Final = ("fvar", "gvar", "avar", "HVAR", "MVAR", "STAT")
# Small capitals, old figures and the like would triple the letters to cut; Devanagari is not read without all of its.
_LATIN_FEATURES: Final = ["kern", "mark", "mkmk", "ccmp", "locl"]
# Sets of letters kept at once: two faces of two fonts, for the movies of a week.
_CUT_MAX: Final = 64


def add_faces(pdf: FPDF, letters: str) -> None:
    """Give a PDF the family `FAMILY`, regular and bold, for these letters in both scripts."""
    wanted = frozenset(letters)
    devanagari = frozenset(letter for letter in wanted if _is_devanagari(letter))
    latin = _ALWAYS | (wanted - devanagari)
    for style in ("", "B"):
        pdf.add_font(FAMILY, style, _face(*_LATIN, latin, is_heavy=style == "B"))
        if devanagari:
            # Marks join across spaces and joiners, which must come from the same face.
            needed = devanagari | frozenset(" \u200c\u200d\u25cc")
            pdf.add_font(_FALLBACK, style, _face(*_DEVANAGARI, needed, is_heavy=style == "B"))
    if devanagari:
        pdf.set_fallback_fonts([_FALLBACK])
    pdf.set_text_shaping(use_shaping_engine=True)


def _is_devanagari(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("DEVANAGARI")


@lru_cache(maxsize=_CUT_MAX)
def _face(package: str, name: str, letters: frozenset[str], *, is_heavy: bool) -> Path:
    """The file of a static font with these letters."""
    features = ["*"] if name == _DEVANAGARI[1] else _LATIN_FEATURES
    options = subset.Options(layout_features=features, hinting=False, notdef_outline=True)
    if not is_heavy:
        # Without its variations a variable font is its own default: regular.
        options.drop_tables += _REGULAR_TABLES
    with resources.as_file(resources.files(package) / "files" / name) as path:
        font = TTFont(path, lazy=True, recalcTimestamp=False)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=sorted(map(ord, letters)))
        cutter.subset(font)
        if is_heavy:
            instancer.instantiateVariableFont(font, _HEAVY, inplace=True)
        out = BytesIO()
        font.save(out)
        font.close()
    with tempfile.NamedTemporaryFile(dir=_folder(), suffix=".ttf", delete=False) as file:
        file.write(out.getvalue())
    return Path(file.name)


@cache
def _folder() -> Path:
    """Where the faces of this process are; fpdf2 reads files only."""
    folder = tempfile.TemporaryDirectory(prefix="housefull-faces-")
    atexit.register(folder.cleanup)
    return Path(folder.name)
