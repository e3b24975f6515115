"""Posters on paper look as they do in a browser: the demo's, drawn by both, compared field by field."""

from io import BytesIO
from typing import Any

import pytest
from fpdf import FPDF
from PIL import Image

from bookings.services.demo_cinema.posters import SCENES, draw_poster
from frontend.tickets.pdf import ticket_pdf
from tests.support.paper import pages_of
from tests.support.ticket_facts import make_facts

pytestmark = pytest.mark.e2e
WIDTH, HEIGHT = 200, 300
# Where a ticket has its poster, in mm.
BOX = (98, 9.5, 136, 66.5)
SCALE = 2 * 72 / 25.4
# Compared are fields of 25 × 25 pixels: the faces of letters may differ, the colours of a field may not.
FIELDS = (8, 12)
# Of 255, of the channel that differs most. Letters that are a little wider change a field by up to 35.
MEAN_MAX, FIELD_MAX = 6, 45


def in_the_browser(browser: Any, poster_svg: str) -> Image.Image:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    sized = poster_svg.replace("<svg ", f'<svg width="{WIDTH}" height="{HEIGHT}" ', 1)
    page.set_content(f'<body style="margin: 0">{sized}')
    shot: bytes = page.screenshot()
    page.close()
    return Image.open(BytesIO(shot)).convert("RGB")


def on_paper(poster_svg: str) -> Image.Image:
    (page,) = pages_of(ticket_pdf(make_facts(seats=1, poster_svg=poster_svg)))
    left, top, right, bottom = (round(mm * SCALE) for mm in BOX)
    return page.crop((left, top, right, bottom)).convert("RGB")


def drawn_by_fpdf2(poster_svg: str) -> Image.Image:
    pdf = FPDF(unit="pt", format=(WIDTH, HEIGHT))
    pdf.add_page()
    pdf.image(BytesIO(poster_svg.encode()), 0, 0, w=WIDTH, h=HEIGHT)
    return pages_of(bytes(pdf.output()), scale=1)[0].convert("RGB")


def differences(one: Image.Image, other: Image.Image) -> list[int]:
    """Field by field."""
    fields = [picture.resize(FIELDS, Image.Resampling.BOX).tobytes() for picture in (one, other)]
    channels = [abs(a - b) for a, b in zip(*fields, strict=True)]
    return [max(channels[place : place + 3]) for place in range(0, len(channels), 3)]


def look_alike(one: Image.Image, other: Image.Image) -> bool:
    found = differences(one, other)
    return sum(found) / len(found) <= MEAN_MAX and max(found) <= FIELD_MAX


@pytest.mark.parametrize("slug", sorted(SCENES))
def test_a_poster_of_the_demo_is_printed_as_it_is_seen(browser: Any, slug: str) -> None:
    poster = draw_poster(slug, "poster")
    seen, printed = in_the_browser(browser, poster), on_paper(poster)

    assert look_alike(seen, printed), differences(seen, printed)


@pytest.mark.parametrize("slug", ["seven-bulbs-left", "ammachi-goes-to-orbit", "velvet-static"])
def test_a_drawing_that_lost_its_light_would_be_noticed(browser: Any, slug: str) -> None:
    """The control: what fpdf2 makes of SVG."""
    poster = draw_poster(slug, "poster")

    assert not look_alike(in_the_browser(browser, poster), drawn_by_fpdf2(poster))
