"""QR codes of tickets: as an SVG for pages, and as rows of modules for whoever draws them himself."""

from collections.abc import Sequence
from typing import Final

import segno
from django.utils.safestring import SafeString

# M reads with 15 % of the code gone. Above it a code of our length needs smaller modules, which costs more scans than
# it saves.
ERROR_LEVEL: Final = "m"
QUIET_MODULES: Final = 4


def qr_svg(text: str) -> SafeString:
    """An inline SVG that fills its box: black on white with its quiet zone, whatever scheme the page has.

    Whoever shows it names it: the picture itself says nothing to a screen reader.
    """
    drawn: str = _code(text).svg_inline(
        border=QUIET_MODULES, dark="#000", light="#fff", omitsize=True, svgclass="qr-code"
    )
    # segno draws a path of numbers; the text itself is not in it.
    return SafeString(drawn.replace("<svg ", '<svg aria-hidden="true" ', 1))


def qr_modules(text: str) -> Sequence[Sequence[int]]:
    """Rows of 0 and 1 without the quiet zone."""
    return [list(row) for row in _code(text).matrix]


def _code(text: str) -> segno.QRCode:
    return segno.make_qr(text, error=ERROR_LEVEL, boost_error=False)
