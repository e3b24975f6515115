"""A movie's poster as it is printed: an SVG made into a picture, as browsers draw it, with the house's own letters.

fpdf2 draws SVG as well, but not as it is meant: it loses transparent gradients, clips and the width of lettering, and
does not tell. A poster that cannot be drawn is left out, so that it costs nobody his ticket.
"""

import logging
import re
from contextlib import ExitStack
from functools import cache, lru_cache
from html import unescape
from importlib import resources
from io import BytesIO
from typing import Final

import resvg_py
from fontTools.ttLib import TTFont
from PIL import Image

from frontend.tickets.fonts import SOURCES

logger = logging.getLogger(__name__)

# At 38 mm × 57 mm these are 300 dots an inch.
PIXELS: Final = (450, 675)
# A poster is drawn once a process, not once a ticket; each is about 100 kB.
POSTERS_REMEMBERED: Final = 64

# Other files are not followed, and entities could name them or grow without end.
_LEADS_ELSEWHERE: Final = re.compile(r"<!|<\s*(?:[\w-]+:)?(?:image|feImage)\b")
_NOT_DRAWN: Final = re.compile(
    r"<((?:[\w-]+:)?(?:title|desc|metadata|style|script))\b[^>]*>.*?</\1\s*>|<[^>]*>", re.DOTALL
)


@lru_cache(maxsize=POSTERS_REMEMBERED)
def printed_poster(poster_svg: str) -> bytes | None:
    """The poster as a PNG that fits into PIXELS; None where there is none, or it would not come out as it is meant.

    Staff may upload any SVG.
    """
    if not poster_svg or _LEADS_ELSEWHERE.search(poster_svg):
        return None
    missing = letters_of(poster_svg) - _known_letters()
    if missing:
        logger.warning("a poster is not printed on tickets: no face for %s", " ".join(sorted(missing)))
        return None
    try:
        png = _drawn(poster_svg)
    except ValueError as reason:
        logger.warning("a poster cannot be printed on tickets: %s", reason)
        return None
    # A drawing that came out empty is none.
    return png if Image.open(BytesIO(png)).convert("RGBA").getbbox() else None


def letters_of(poster_svg: str) -> set[str]:
    """What its lettering is made of, without spaces."""
    return {letter for letter in unescape(_NOT_DRAWN.sub("", poster_svg)) if letter.isprintable() and letter != " "}


def _drawn(poster_svg: str) -> bytes:
    with ExitStack() as stack:
        files = [
            str(stack.enter_context(resources.as_file(resources.files(package) / "files" / name)))
            for package, name in SOURCES
        ]
        width, height = PIXELS
        png: bytes = resvg_py.svg_to_bytes(
            svg_string=poster_svg,
            width=width,
            height=height,
            # The same picture on every machine.
            skip_system_fonts=True,
            font_files=files,
            font_family="Noto Sans",
            sans_serif_family="Noto Sans",
            serif_family="Noto Sans",
            monospace_family="Noto Sans",
        )
        return png


@cache
def _known_letters() -> frozenset[str]:
    """Every letter of the house's faces, and what joins them."""
    letters: set[str] = set("\u200c\u200d")
    for package, name in SOURCES:
        with resources.as_file(resources.files(package) / "files" / name) as path, TTFont(path, lazy=True) as font:
            letters.update(map(chr, font.getBestCmap()))
    return frozenset(letters)
