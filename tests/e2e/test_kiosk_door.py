"""The door display at every size: each hall of the demo, under the longest title, without a word upon another."""

import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from pytest_django import Settings

from bookings.models import Show
from tests.e2e.kiosk_screenshots import SIZES, pretend_map
from tests.e2e.screenshots import LONG_TITLE, busy
from tests.support.cinema import make_movie, make_screen, make_show
from tests.support.house import RunningHouse

pytestmark = pytest.mark.e2e
Come = Callable[..., Any]
LAYOUTS = resources.files("bookings.services.demo_cinema") / "layouts"
HALLS = sorted(file.name.removesuffix(".txt") for file in LAYOUTS.iterdir() if file.name.endswith(".txt"))


@pytest.fixture(autouse=True)
def _static(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.


class TestADoorAtEverySize:
    @pytest.mark.parametrize("hall", HALLS)
    def test_no_text_lies_on_another(self, visitor: Come, live_house: RunningHouse, hall: str) -> None:
        screen = make_screen(layout=(LAYOUTS / f"{hall}.txt").read_text(encoding="utf-8"))
        show = make_show(screen=screen, movie=make_movie(title=LONG_TITLE))
        page = visitor()
        pretend_map(page, busy)
        page.goto(f"{live_house.url}/kiosk/shows/{show.pk}/")
        expect(page.locator("#seats-left")).not_to_have_text("–")
        page.evaluate("document.fonts.ready")

        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})

            assert page.evaluate(COLLISIONS) == [], (width, height)
            assert len(page.evaluate(LETTERS)) == 1, (width, height)

    def test_a_word_on_another_would_be_noticed(
        self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        """The control: an arc that is not high enough for its word, as the seat page's is on a screen this large."""
        page = visitor(viewport={"width": 3840, "height": 2160})
        page.goto(f"{live_house.url}/kiosk/shows/{a_show_on_sale.pk}/")
        page.evaluate("document.fonts.ready")
        assert page.evaluate(COLLISIONS) == []

        page.add_style_tag(content="@layer components { .door .screen { --arc: 64px; } }")

        assert ["Screen", "Front ₹250"] in [texts for *texts, _ in page.evaluate(COLLISIONS)]


class TestADoorInHindi:
    def test_counts_down_in_hindi(self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show) -> None:
        page = visitor()
        page.goto(f"{live_house.url}/kiosk/shows/{a_show_on_sale.pk}/?language=hi")

        expect(page.locator("#until-word")).to_have_text("शुरू होने में")
        expect(page.locator("#until")).to_have_text(re.compile(r"^\d+ घं( \d+ मि)?$"))


# Sizes of the rows' letters; rows that are too low for them have none.
LETTERS = """() => [...new Set([...document.querySelectorAll("#map .letter")]
  .map((letter) => parseFloat(getComputedStyle(letter).fontSize)).filter((size) => size > 0))]"""

# Pairs of texts of which one lies on the other, as [text, other, how many pixels]: their letters' boxes, without
# a face's room above capitals; and what lies on a seat, or beyond the map's place.
COLLISIONS = """() => {
  const boxes = [];
  const walker = document.createTreeWalker(document.querySelector(".shift"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: parent, data } = walker.currentNode;
    if (!data.trim() || !parent.checkVisibility() || parent.closest("[hidden], .seat, svg")) continue;
    if (parseFloat(getComputedStyle(parent).fontSize) < 1) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const owner = parent.closest(".price-line span, .door-facts, .figure, .age") ?? parent;
    const shown = owner.getBoundingClientRect(); // A title's third line is there, but cut.
    for (const { left, right, top, bottom, height } of range.getClientRects()) {
      if (top > shown.bottom - 0.3 * height) continue;
      const text = owner.textContent.trim();
      boxes.push({ owner, text, left, right, top: top + 0.2 * height, bottom: bottom - 0.08 * height });
    }
  }
  for (const seat of document.querySelectorAll("#map .seat")) {
    const { left, right, top, bottom, width } = seat.getBoundingClientRect();
    const gap = 0.09 * width;
    const inner = { left: left + gap, right: right - gap, top: top + gap, bottom: bottom - gap };
    boxes.push({ owner: seat, text: "a seat", isSeat: true, ...inner });
  }
  const found = [];
  const port = document.querySelector(".door-map").getBoundingClientRect();
  for (const [place, one] of boxes.entries()) {
    const beyond = Math.max(port.top - one.top, one.bottom - port.bottom);
    if (one.owner.closest("#map") && beyond > 1) found.push([one.text, "the edge", Math.round(beyond)]);
    for (const other of boxes.slice(place + 1)) {
      if (one.owner === other.owner || (one.isSeat && other.isSeat)) continue;
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > 1 && down > 1) found.push([one.text, other.text, Math.round(down)]);
    }
  }
  return found;
}"""
