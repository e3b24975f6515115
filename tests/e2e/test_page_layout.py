"""Where things stand on the pages, measured in real Chromium: row letters, toasts, narrow and enlarged windows."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.e2e.pages import SeatPage
from tests.support.cinema import make_show
from tests.support.house import RunningHouse

pytestmark = pytest.mark.e2e

Come = Callable[..., Page]
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}

# Rows of very different widths, 46 places at the widest, with two letters at the back.
TAPERED = "\n".join(
    [
        "categories: stalls, balcony",
        "[stalls]",
        *(
            f"{letter} {'.' * gap}{'S' * (46 - 2 * gap)}{'.' * gap}"
            for letter, gap in zip("ABCD", (18, 12, 6, 0), strict=True)
        ),
        "[balcony]",
        *(f"{letters} {'S' * 46}" for letters in ("AA", "BB", "CC")),
    ]
)
LETTERS = """() => [...document.querySelectorAll("#map .row")].map((row) => {
  const [first, ...rest] = row.querySelectorAll(".seat"), [left, right] = row.querySelectorAll(".letter");
  const middle = (box) => (box.top + box.bottom) / 2;
  const start = first.getBoundingClientRect(), last = rest.at(-1).getBoundingClientRect();
  const l = left.getBoundingClientRect(), r = right.getBoundingClientRect();
  return { size: parseFloat(getComputedStyle(left).fontSize), unit: start.width, outside: l.left,
    high: [middle(l) - middle(start), middle(r) - middle(last)],
    wide: [start.left - l.right, r.left - last.right] };
})"""


@pytest.fixture
def tapered_url(live_house: RunningHouse) -> str:
    """The seat page of a show in a hall whose rows grow wider towards the back."""
    show = make_show(layout=TAPERED)
    return f"{live_house.url}/shows/{show.pk}/"


def letters_of(page: Page) -> list[dict[str, Any]]:
    """How the two letters of each row stand to its first and last seat, in px."""
    return list(page.evaluate(LETTERS))


def box_of(element: Locator) -> FloatRect:
    """Where something that can be seen stands, in px."""
    box = element.bounding_box()
    assert box is not None, "it cannot be seen"
    return box


class TestRowLetters:
    @pytest.mark.parametrize("width", [1440, 768, 360])
    def test_stand_beside_the_ends_of_their_own_row(self, visitor: Come, tapered_url: str, width: int) -> None:
        page = visitor(viewport={"width": width, "height": 900})
        SeatPage.open(page, tapered_url)

        for letter in letters_of(page):
            assert letter["high"] == pytest.approx([0, 0], abs=0.1 * letter["unit"])
            assert letter["wide"] == pytest.approx([0, 0], abs=1)

    def test_can_be_read_where_places_are_tiny(self, visitor: Come, tapered_url: str) -> None:
        page = visitor(**PHONE)
        SeatPage.open(page, tapered_url)

        letters = letters_of(page)

        assert letters[0]["unit"] < 8
        assert [letter["size"] for letter in letters] == [10, 0, 0, 10, 0, 0, 10]
        assert min(letter["outside"] for letter in letters) >= 0

    def test_stand_at_every_row_where_there_is_room(self, visitor: Come, tapered_url: str) -> None:
        page = visitor(viewport={"width": 1440, "height": 900})
        SeatPage.open(page, tapered_url)

        assert min(letter["size"] for letter in letters_of(page)) >= 10


DEEP = "\n".join(
    ["categories: front, middle, back"]
    + [
        line
        for name, letters in (("front", "ABCDEFG"), ("middle", "HJKLMNP"), ("back", "QRSTUVW"))
        for line in (f"[{name}]", *(f"{letter} {'S' * 30}" for letter in letters))
    ]
)
SEAT_AT = "([x, y]) => document.elementFromPoint(x, y)?.closest('.seat')?.dataset.seat"


class TestATapOnATinyMap:
    @pytest.fixture
    def phone(self, visitor: Come, live_house: RunningHouse) -> SeatPage:
        """A phone on the seat page of a deep hall."""
        show = make_show(layout=DEEP)
        return SeatPage.open(visitor(**PHONE), f"{live_house.url}/shows/{show.pk}/")

    @pytest.mark.parametrize("label", ["F12", "R20"])
    def test_brings_what_was_tapped_closer_and_keeps_it_under_the_thumb(self, phone: SeatPage, label: str) -> None:
        box = box_of(phone.seat(label))
        spot = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]

        phone.page.touchscreen.tap(*spot)

        expect(phone.page.locator("#map-hint")).to_be_hidden()
        assert box_of(phone.seat(label))["width"] > 30
        assert phone.page.evaluate(SEAT_AT, spot) == label
        phone.expect_state(label, "available")

    def test_beside_the_seats_brings_them_closer_too(self, phone: SeatPage) -> None:
        screen = box_of(phone.page.locator("#map .screen"))

        phone.page.touchscreen.tap(screen["x"] + screen["width"] / 2, screen["y"] + screen["height"] / 2)

        expect(phone.page.locator("#map-hint")).to_be_hidden()


class TestTheHead:
    def test_is_equally_high_on_every_page_of_a_phone(self, visitor: Come, live_house: RunningHouse) -> None:
        page = visitor(**PHONE)
        heights = set()
        for path in ("/", "/my/bookings/", "/accounts/login/"):
            page.goto(live_house.url + path)
            heights.add(box_of(page.locator("header.marquee"))["height"])
            assert page.evaluate("document.documentElement.scrollWidth") == 360

        assert len(heights) == 1


class TestBeforeBookingOpens:
    @pytest.mark.parametrize(
        ("zone", "ends"), [("Asia/Kolkata", r"at \d+:\d\d [ap]m\. Until"), ("America/New_York", "IST. Until")]
    )
    def test_the_page_says_when_once_and_names_the_zone_to_visitors_elsewhere(
        self, visitor: Come, live_house: RunningHouse, zone: str, ends: str
    ) -> None:
        opens = datetime.now(UTC) + timedelta(hours=3)  # noqa: TID251  (a test stands where an interface does)
        show = make_show(starts_in=timedelta(hours=9), sales_open_at=opens)
        page = visitor(timezone_id=zone, locale="en-IN")

        page.goto(f"{live_house.url}/shows/{show.pk}/")

        sentence = page.get_by_text("Booking opens")
        expect(sentence).to_have_count(1)
        expect(sentence).to_have_text(re.compile(ends))


class TestAToast:
    @pytest.mark.parametrize("size", [(360, 740), (768, 1024), (1440, 900)], ids=lambda size: str(size[0]))
    def test_covers_nothing_that_one_acts_on_and_lets_taps_through(
        self, visitor: Come, live_house: RunningHouse, size: tuple[int, int]
    ) -> None:
        page = visitor(viewport={"width": size[0], "height": size[1]})
        mine = SeatPage.open_any(page, live_house.url)
        page.route_web_socket("**/ws/shows/**", lambda socket: socket.close(code=4000))
        page.reload()

        mine.seat("E8").click()

        toast = page.locator(".toast")
        expect(toast).to_be_visible()
        covered = toast.evaluate(
            """(toast) => {
              const t = toast.getBoundingClientRect();
              return [...document.querySelectorAll("a, button, select, .legend li")].filter((each) => {
                const box = each.getBoundingClientRect();
                const isBeside = box.left >= t.right || box.right <= t.left;
                return box.width && !isBeside && box.top < t.bottom && box.bottom > t.top;
              }).map((each) => each.ariaLabel ?? each.textContent);
            }"""
        )
        assert covered == []
        assert toast.evaluate("(toast) => getComputedStyle(toast).pointerEvents") == "none"
