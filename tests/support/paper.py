"""PDFs as people and scanners see them: pages as pictures, and their text."""

import pypdfium2
from PIL.Image import Image


def pages_of(pdf: bytes, *, scale: float = 2) -> list[Image]:
    """Each page as a picture; at scale 1 a point is a pixel."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=scale).to_pil() for page in document]
    finally:
        document.close()


def texts_of(pdf: bytes) -> list[str]:
    """The text of each page as it is copied from it, one line a line."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
    finally:
        document.close()
