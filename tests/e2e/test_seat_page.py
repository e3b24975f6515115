"""The seat page in real Chromium, against the running house: what one person does, and what the others see."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bookings.models import Show
from tests.e2e.pages import SeatPage, intercept

pytestmark = pytest.mark.e2e

Come = Callable[..., Page]


@pytest.fixture
def mine(visitor: Come, live_house: Any) -> SeatPage:
    """My page of a show."""
    return SeatPage.open_any(visitor(), live_house.url)


@pytest.fixture
def theirs(visitor: Come, mine: SeatPage) -> SeatPage:
    """Somebody else's page of the same show."""
    return SeatPage.open(visitor(), mine.url)


class TestTheWayThere:
    def test_is_one_click_from_the_list_of_movies(self, visitor: Come, live_house: Any, a_show_on_sale: Show) -> None:
        page = visitor()
        page.goto(live_house.url)

        page.locator("a.time").first.click()

        assert SeatPage(page).wait_until_live().url == f"{live_house.url}/shows/{a_show_on_sale.pk}/"


class TestHolding:
    def test_a_click_is_seen_by_everybody(self, mine, theirs):
        (seat,) = mine.free_seats(1)

        mine.hold(seat)

        theirs.expect_state(seat, "held")
        mine.expect_hold(seat)

    def test_a_second_click_lets_go(self, mine, theirs):
        (seat,) = mine.free_seats(1)
        mine.hold(seat)
        theirs.expect_state(seat, "held")

        mine.seat(seat).click()

        theirs.expect_state(seat, "available")
        mine.expect_no_hold()

    def test_release_all_frees_every_seat(self, mine, theirs):
        seats = mine.free_seats(3)
        mine.hold(*seats)

        mine.release_all()

        for seat in seats:
            theirs.expect_state(seat, "available")
        mine.expect_no_hold()

    def test_one_seat_can_be_let_go_on_the_ticket(self, mine, theirs):
        first, second = mine.free_seats(2)
        mine.hold(first, second)

        mine.page.get_by_role("button", name=f"{first}, let it go").click()

        mine.expect_hold(second)
        theirs.expect_state(first, "available")
        theirs.expect_state(second, "held")

    def test_best_seats_are_held_together(self, mine, theirs):
        mine.page.get_by_role("button", name="Best 2 together").click()

        chips = mine.page.locator("#ticket-seats li")
        expect(chips).to_have_count(2)
        for seat in chips.all_inner_texts():
            theirs.expect_state(seat, "held")

    def test_somebody_elses_seat_cannot_be_taken_and_says_why(self, mine, theirs):
        (seat,) = mine.free_seats(1)
        mine.hold(seat)
        theirs.expect_state(seat, "held")

        theirs.seat(seat).click()

        theirs.expect_said(f"{seat} is held by someone")
        theirs.expect_state(seat, "held")
        theirs.expect_no_hold()

    def test_a_lost_race_names_the_seat_and_what_is_free_beside_it(self, mine, visitor):
        late = visitor()
        # This visitor's map stands still, so he clicks on what is no longer free.
        intercept(late, lambda frame: None if frame["type"] in ("seats", "check") else frame)
        theirs = SeatPage.open(late, mine.url)
        first, second = mine.free_seats(2)
        mine.hold(first)
        assert theirs.seat(first).get_attribute("data-state") == "available"

        theirs.seat(first).click()

        theirs.expect_said(f"{first} was taken a second ago. {second}")
        theirs.expect_no_hold()

    def test_the_total_is_the_sum_of_the_seats(self, mine):
        seats = mine.free_seats(2)
        prices = [(mine.seat(seat).get_attribute("aria-label") or "").split("₹")[1].split(", ")[0] for seat in seats]

        mine.hold(*seats)

        total = sum(int(price.replace(",", "")) for price in prices)
        shown = mine.page.locator("#ticket-total").inner_text()
        assert int(shown.removeprefix("₹").replace(",", "")) == total

    def test_payment_is_one_click_away_and_the_seats_are_still_held_after_a_look_at_it(self, mine):
        (seat,) = mine.free_seats(1)
        mine.hold(seat)

        mine.page.get_by_role("link", name="Proceed to payment").click()

        expect(mine.page.get_by_role("button", name="Pay ₹")).to_be_visible()
        expect(mine.page.get_by_text(seat, exact=True)).to_be_visible()
        mine.page.go_back()
        mine.wait_until_live().expect_hold(seat)


class TestRefreshAndNewTab:
    def test_a_refresh_keeps_the_hold_and_its_clock(self, mine, theirs):
        seats = mine.free_seats(2)
        mine.hold(*seats)
        before = mine.left_seconds()

        mine.page.reload()

        mine.wait_until_live().expect_hold(*seats)
        for seat in seats:
            mine.expect_state(seat, "mine")
            theirs.expect_state(seat, "held")
        assert mine.left_seconds() <= before

    def test_a_new_tab_shows_the_hold_too(self, mine):
        (seat,) = mine.free_seats(1)
        mine.hold(seat)

        second = SeatPage.open(mine.page.context.new_page(), mine.url)

        second.expect_hold(seat)
        second.expect_state(seat, "mine")
        began = time.monotonic()
        apart_seconds = second.left_seconds() - mine.left_seconds()
        assert abs(apart_seconds) <= 1 + time.monotonic() - began

    def test_two_tabs_stay_in_step(self, mine):
        second = SeatPage.open(mine.page.context.new_page(), mine.url)
        first_seat, second_seat = mine.free_seats(2)

        mine.hold(first_seat)
        second.expect_hold(first_seat)
        second.hold(second_seat)
        mine.expect_hold(first_seat, second_seat)
        second.release_all()

        mine.expect_state(first_seat, "available")
        mine.expect_state(second_seat, "available")

    def test_another_visitor_sees_no_hold_of_mine(self, mine, theirs):
        (seat,) = mine.free_seats(1)
        mine.hold(seat)

        theirs.page.reload()

        theirs.wait_until_live().expect_no_hold()
        theirs.expect_state(seat, "held")


class TestTheLine:
    def test_what_was_missed_is_caught_up_after_a_break(self, mine, theirs):
        first, second = mine.free_seats(2)
        theirs.page.evaluate("dispatchEvent(new Event('offline'))")
        mine.hold(first, second)
        mine.seat(second).click()
        mine.expect_state(second, "available")

        theirs.expect_state(first, "held")
        theirs.expect_state(second, "available")
        theirs.wait_until_live()

    def test_a_lost_frame_is_noticed_and_asked_for(self, mine, visitor):
        lost: list[int] = []

        def lose_the_first(frame: dict[str, Any]) -> dict[str, Any] | None:
            if frame["type"] == "seats" and frame["changes"] and not lost:
                lost.append(frame["version"])
                return None
            return frame

        page = visitor()
        intercept(page, lose_the_first)
        theirs = SeatPage.open(page, mine.url)
        first, second = mine.free_seats(2)

        mine.hold(first)
        mine.hold(second)

        theirs.expect_state(second, "held")
        theirs.expect_state(first, "held")
        assert lost

    def test_a_seat_asked_for_while_the_line_is_gone_is_not_promised(self, mine):
        (seat,) = mine.free_seats(1)
        mine.page.route_web_socket("**/ws/shows/**", lambda socket: socket.close(code=4000))
        mine.page.reload()

        mine.seat(seat).click()

        mine.expect_said("no connection at the moment")
        assert mine.seat(seat).get_attribute("data-state") == "available"


class TestWithoutAMouse:
    def test_arrows_move_and_enter_holds(self, mine, theirs):
        first, second = mine.free_seats(2)
        mine.seat(first).focus()

        mine.page.keyboard.press("ArrowRight")
        assert mine.focused_seat() == second
        mine.page.keyboard.press("Enter")

        mine.expect_state(second, "mine")
        theirs.expect_state(second, "held")
        assert mine.focused_seat() == second
        mine.expect_said(f"{second} held for you")

    def test_space_lets_go_again(self, mine):
        (seat,) = mine.free_seats(1)
        mine.seat(seat).focus()
        mine.page.keyboard.press("Space")
        mine.expect_state(seat, "mine")

        mine.page.keyboard.press("Space")

        mine.expect_state(seat, "available")

    def test_the_whole_map_is_one_stop_of_the_tab_key(self, mine):
        assert mine.page.locator('#map button[tabindex="0"]').count() == 1

    def test_skip_links_lead_to_the_seats_and_to_the_ticket(self, mine):
        mine.page.keyboard.press("Tab")
        expect(mine.page.get_by_role("link", name="Skip to the seats")).to_be_focused()
        mine.page.keyboard.press("Enter")
        mine.page.keyboard.press("Tab")

        assert mine.focused_seat() is not None

    def test_every_seat_says_what_it_is_and_how_it_stands(self, mine):
        names = mine.page.locator("#map button").evaluate_all("seats => seats.map(seat => seat.ariaLabel)")

        states = ("available", "booked", "not for sale", "held for you", "held by someone")
        for name in names:
            label, *_, state = name.split(", ")
            assert label
            assert "₹" in name
            assert state.startswith(states) or "held by someone" in name, name

    def test_a_loss_is_told_to_whoever_has_the_focus_there(self, mine, theirs):
        first, second = mine.free_seats(2)
        theirs.seat(first).focus()

        mine.hold(first)

        theirs.expect_said(f"{first} was taken a second ago. {second}")


class TestThePage:
    def test_is_a_picture_without_javascript(self, mine, visitor):
        (seat,) = mine.free_seats(1)
        mine.hold(seat)

        page = visitor(java_script_enabled=False)
        page.goto(mine.url)

        expect(page.locator(f'[data-seat="{seat}"]')).to_have_attribute("data-state", "held")
        expect(page.locator("noscript p")).to_be_visible()
        box = page.locator(f'[data-seat="{seat}"]').bounding_box()
        assert box is not None
        assert box["width"] > 10

    def test_carries_no_inline_script_or_style(self, mine):
        html = mine.page.request.get(mine.url).text()

        assert " style=" not in html
        assert "<style" not in html
        assert " onclick=" not in html
        for script in html.split("<script")[1:]:
            tag = script.split(">")[0]
            assert "src=" in tag or 'type="application/json"' in tag, tag

    def test_gives_an_identity_that_scripts_cannot_read(self, mine):
        cookies = {cookie["name"]: cookie for cookie in mine.page.context.cookies()}

        assert cookies["holder"]["httpOnly"]
        assert cookies["holder"]["sameSite"] == "Lax"
        assert "holder" not in mine.page.evaluate("document.cookie")

    def test_fits_a_phone(self, visitor, live_house):
        page = visitor(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
        SeatPage.open_any(page, live_house.url)

        assert page.evaluate("document.documentElement.scrollWidth") == 360
        bar = page.locator("#ticket").bounding_box()
        assert bar is not None
        assert bar["y"] + bar["height"] == pytest.approx(740, abs=1)

    def test_moves_nothing_while_it_comes_alive(self, visitor, mine):
        page = visitor()
        page.add_init_script(
            "window.shifts = 0; new PerformanceObserver((list) => list.getEntries().forEach("
            "(entry) => { window.shifts += entry.value; })).observe({ type: 'layout-shift', buffered: true });"
        )

        SeatPage.open(page, mine.url)

        assert page.evaluate("window.shifts") < 0.02


class TestExpiry:
    def test_the_seat_comes_back_to_everybody_and_the_page_says_what_to_do(self, visitor, short_live_house):
        mine = SeatPage.open_any(visitor(), short_live_house.url)
        theirs = SeatPage.open(visitor(), mine.url)
        (seat,) = mine.free_seats(1)
        mine.hold(seat)
        theirs.expect_state(seat, "held")

        theirs.expect_state(seat, "available")

        mine.expect_state(seat, "available")
        expect(mine.page.get_by_role("heading", name="Your hold ended")).to_be_visible()
        mine.page.get_by_role("button", name=f"Hold {seat} again").click()
        mine.expect_state(seat, "mine")
