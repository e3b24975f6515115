"""The pages without a mouse, without sharp eyes, in narrow windows: what real Chromium tells assistive technology."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from bookings.models import Show
from tests.e2e.pages import SeatPage
from tests.support.cinema import make_movie, make_show
from tests.support.house import RunningHouse

pytestmark = pytest.mark.e2e

Come = Callable[..., Page]
OPERABLE = {
    "button",
    "link",
    "textbox",
    "combobox",
    "checkbox",
    "radio",
    "spinbutton",
    "img",
    "image",
    "group",
    "navigation",
}
HINDI = "रात की रानी और सितारों का शहर"
LONG = "The Last Tea Stall on the Road That Leads to the Old Lighthouse at Kanyakumari"

# Text whose colour stands out too little from what is painted behind it: [text, ratio]. What is switched off, hidden
# or a seat's number (inked by zoom, named for ears) does not count.
FAINT = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const paper = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return rgba("white");
  };
  const light = (colour) => [...colour].slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement, words = texts.currentNode.data.trim();
    if (!words || !element.checkVisibility()) continue;
    if (element.closest(".seat, :disabled, script, noscript, option")) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const [low, high] = [light(rgba(style.color)), light(paper(element))].sort((a, b) => a - b);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < (isLarge ? 3 : 4.5)) faint.push([words, ratio]);
  }
  return faint;
}"""

# What is wider than its box.
CUT = """all => all.filter((each) => {
  const words = document.createRange();
  words.selectNodeContents(each);
  const box = each.getBoundingClientRect();
  return each.checkVisibility() && words.getBoundingClientRect().width > box.width + 1 && box.width > 1;
}).map((each) => each.textContent)"""

# 320 px is a small phone, and what a window of 1280 px has at 400 %; 640 px what it has at 200 %.
WIDTHS = (320, 640, 1280)


@pytest.fixture(params=["now-showing", "movie", "seats", "seats-held", "not-yet", "sign-in", "nowhere"])
def go(request: pytest.FixtureRequest, live_house: RunningHouse, a_show_on_sale: Show) -> Callable[[Page], Page]:
    """Call it to take a browser's page to one of ours."""
    show = a_show_on_sale
    later = make_show(
        movie=make_movie(title=LONG), sales_open_at=show.starts_at.replace(year=show.starts_at.year - 1)
    )
    later.sales_open_at, later.sales_close_at = show.starts_at, show.ends_at
    later.save()
    path = {
        "now-showing": "/",
        "movie": f"/movies/{show.movie.slug}/",
        "seats": f"/shows/{show.pk}/",
        "seats-held": f"/shows/{show.pk}/",
        "not-yet": f"/shows/{later.pk}/",
        "sign-in": "/accounts/login/",
        "nowhere": "/nowhere/",
    }[request.param]

    def take(page: Page) -> Page:
        page.goto(live_house.url + path)
        if request.param.startswith("seats"):
            SeatPage(page).wait_until_live()
        if request.param == "seats-held":
            page.get_by_role("button", name="Best 2 together").click()
            expect(page.locator("#ticket[data-hold=held]")).to_be_visible()
            page.reload()  # The Tab key begins at the top again.
            SeatPage(page).wait_until_live()
        return page

    return take


def accessible(page: Page) -> list[dict[str, Any]]:
    """The nodes of Chromium's accessibility tree: role and name."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    return [
        {"role": node["role"]["value"], "name": node.get("name", {}).get("value", "")}
        for node in tree["nodes"]
        if not node["ignored"]
    ]


def window(width: int) -> ViewportSize:
    """A window of this width."""
    return {"width": width, "height": 640}


def assert_every_control_is_named(page: Page, *, controls_min: int) -> None:
    nodes = [node for node in accessible(page) if node["role"] in OPERABLE]
    assert len(nodes) >= controls_min
    assert [node for node in nodes if not node["name"].strip()] == []


def assert_one_heading_is_above_all_others(page: Page, *, among: str) -> None:
    assert page.locator("h1").count() == 1
    levels = page.locator(among).evaluate_all(
        "all => all.filter((each) => each.checkVisibility()).map((each) => Number(each.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(below <= above + 1 for above, below in pairwise(levels)), levels


def assert_readable_in_both_schemes(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate(FAINT) == [], scheme


class TestEveryPage:
    def test_names_every_control_and_has_one_heading_above_all_others(
        self, visitor: Come, go: Callable[[Page], Page]
    ) -> None:
        page = go(visitor())

        assert_every_control_is_named(page, controls_min=3)
        assert_one_heading_is_above_all_others(page, among="h1, h2, h3")

    def test_can_be_read_in_both_schemes_and_needs_no_scrolling_sideways(
        self, visitor: Come, go: Callable[[Page], Page]
    ) -> None:
        page = go(visitor(viewport=window(WIDTHS[0]), reduced_motion="reduce"))

        for width in WIDTHS:
            page.set_viewport_size(window(width))
            assert_readable_in_both_schemes(page)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.locator("a, button:not(.seat), h1, h2").evaluate_all(CUT) == []

    def test_is_walked_by_the_tab_key_in_the_order_it_is_read_with_the_focus_in_sight(
        self, visitor: Come, go: Callable[[Page], Page]
    ) -> None:
        page = go(visitor())
        count = page.locator("a, button, input, select").evaluate_all(
            """all => {
              const stops = all.filter((each) => each.tabIndex >= 0 && !each.disabled && each.type !== "hidden"
                && each.checkVisibility({ visibilityProperty: true }));
              stops.forEach((each, at) => { each.dataset.stop = at; });
              return stops.length;
            }"""
        )

        walked = []
        for _ in range(count):
            page.keyboard.press("Tab")
            stop = page.evaluate(
                """() => {
                  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
                  const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                  return { stop: Number(at.dataset.stop), ring: parseFloat(style.outlineWidth),
                    seen: at.contains(over) };
                }"""
            )
            walked.append(stop)

        assert [stop["stop"] for stop in walked] == list(range(count))
        assert [stop for stop in walked if stop["ring"] < 2 or not stop["seen"]] == []


class TestReducedMotion:
    def test_stops_everything_that_moves(self, visitor: Come, live_house: RunningHouse) -> None:
        page = visitor(reduced_motion="reduce")
        mine = SeatPage.open_any(page, live_house.url)
        page.evaluate(
            """() => { window.moved = [];
              for (const kind of ["animationstart", "transitionrun"])
                addEventListener(kind, (event) => moved.push(event.target.outerHTML), true);
              const scroll = Element.prototype.scrollIntoView;
              Element.prototype.scrollIntoView = function (how) { moved.push(how.behavior); scroll.call(this, how); };
            }"""
        )

        page.get_by_role("button", name="Best 2 together").click()
        expect(page.locator("#ticket[data-hold=held]")).to_be_visible()
        mine.release_all()
        mine.expect_no_hold()

        assert page.evaluate("moved.filter((what) => what !== 'auto')") == []


class TestAHindiTitle:
    def test_says_its_language_and_has_room_for_its_marks(self, visitor: Come, live_house: RunningHouse) -> None:
        show = make_show(movie=make_movie(title=HINDI, language="Hindi"))
        page = visitor()

        for path, heading in (("/", "h2"), (f"/movies/{show.movie.slug}/", "h1"), (f"/shows/{show.pk}/", "h1")):
            page.goto(live_house.url + path)
            title = page.locator(heading).filter(has_text=HINDI)
            assert title.get_attribute("lang") == "hi"
            style = title.evaluate(
                "(title) => { const { lineHeight, fontSize, letterSpacing } = getComputedStyle(title);"
                " return [parseFloat(lineHeight) / parseFloat(fontSize), letterSpacing]; }"
            )
            # Letters hang from one line: space between them would break it. Marks stand above and below.
            assert style[0] >= 1.35
            assert style[1] in ("normal", "0px")
