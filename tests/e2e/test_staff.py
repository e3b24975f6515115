"""A cinema's staff at work in real Chromium: what they do is seen by buyers at once, and done to the end."""

import json
import re
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from bookings.models import Booking, Show, StaffAct
from tests.e2e.pages import SeatPage
from tests.e2e.paying import BookingPage, PayPage
from tests.e2e.test_accessibility import FAINT
from tests.support.cinema import make_show
from tests.support.house import RunningHouse
from tests.support.processes import wait_until
from tests.support.razorpay import Razorpay
from tests.support.roles import browser_of, somebody

pytestmark = pytest.mark.e2e

OpenSeats = Callable[..., SeatPage]
# Money goes through several processes, on a machine that may be busy.
LATER_MS = 60_000


def session_of(user: Any) -> str:
    """What the browser of somebody who has signed in sends."""
    return str(browser_of(user).cookies[settings.SESSION_COOKIE_NAME].value)


@pytest.fixture
def staff(visitor: Callable[..., Page], live_house: RunningHouse) -> Callable[..., Page]:
    """Call it with a role for a page of somebody who has it."""

    def come(role: str, **options: Any) -> Page:
        page = visitor(base_url=live_house.url, **options)
        session = session_of(somebody(role))
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_house.url}])
        return page

    return come


@pytest.fixture
def worker(_long_holds: RunningHouse) -> Iterator[None]:
    """Somebody who ends bookings and pays refunds."""
    _long_holds.start_worker()
    yield
    _long_holds.stop("worker")


def desk_of(page: Page, show: Show) -> SeatPage:
    """The staff's map of a show, live."""
    return SeatPage.open(page, f"/admin/bookings/show/{show.pk}/seats/")


class TestSeatsOffSale:
    def test_are_seen_by_buyers_at_once_and_again_when_they_are_back(
        self, staff: Callable[..., Page], open_seats: OpenSeats, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        buyer = open_seats(live_house)
        clerk = desk_of(staff("Box office"), a_show_on_sale)

        clerk.seat("B2").click()
        # By the keyboard as well: three seats on, all between with Shift.
        clerk.page.keyboard.press("ArrowRight")
        clerk.page.keyboard.press("ArrowRight")
        clerk.page.keyboard.press("Shift+Enter")
        expect(clerk.page.get_by_label("Seats*")).to_have_value("B2, B3, B4")
        expect(clerk.page.locator("#chosen")).to_have_text("3 seats chosen: 3 on sale.")
        clerk.page.get_by_label("Reason").fill("the armrests are broken")
        clerk.page.get_by_role("button", name="Take off sale").click()

        for label in ("B2", "B3", "B4"):
            buyer.expect_state(label, "blocked")
        expect(clerk.page.get_by_text("Off sale: B2, B3, B4.")).to_be_visible()
        clerk.wait_until_live()
        clerk.page.get_by_role("button", name="Choose these").click()
        clerk.expect_state("B3", "mine")
        clerk.page.get_by_role("button", name="Put back on sale").click()

        buyer.expect_state("B3", "available")
        assert list(StaffAct.objects.order_by("id").values_list("action", "subject")) == [
            ("block", "B2, B3, B4"),
            ("unblock", "B2, B3, B4"),
        ]

    def test_are_never_those_that_somebody_holds(
        self, staff: Callable[..., Page], open_seats: OpenSeats, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        clerk = desk_of(staff("Box office"), a_show_on_sale)
        clerk.seat("C1").click()
        buyer = open_seats(live_house)
        buyer.hold("C1")

        clerk.expect_state("C1", "held")
        expect(clerk.page.locator("#chosen")).to_have_text("1 seat chosen: none can change now.")
        clerk.page.get_by_label("Reason").fill("for the critics")
        clerk.page.get_by_role("button", name="Take off sale").click()

        expect(clerk.page.get_by_text("Nothing was changed: C1 is held by a buyer.")).to_be_visible()
        buyer.expect_hold("C1")
        assert not StaffAct.objects.exists()


class TestMoney:
    def test_goes_back_by_hand_and_with_a_cancelled_show_to_the_end(
        self,
        staff: Callable[..., Page],
        open_seats: OpenSeats,
        live_house: RunningHouse,
        a_show_on_sale: Show,
        razorpay: Razorpay,
        worker: None,
    ) -> None:
        watching = open_seats(live_house)
        pay = PayPage.of(watching, 2)
        second = pay.booking
        pay.pay().pay_by_card()
        BookingPage(watching.page).expect_confirmed()
        first = bought(live_house, razorpay, a_show_on_sale, "C7", "C8")
        page = staff("Manager")

        # One buyer stands at the counter with his ticket.
        code = first.rsplit("-", 1)[1][-8:].upper()
        page.goto("/admin/")
        page.get_by_label("Find a booking").fill(f"{code[:4]} {code[4:]}")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="Refund a booking").click()
        page.get_by_label("Amount in rupees").fill("100")
        page.get_by_label("Reason").fill("the sound was off")
        page.get_by_role("button", name="What would happen?").click()
        expect(page.get_by_text("₹100 go back to asha@example.org; the cinema keeps")).to_be_visible()
        page.get_by_role("button", name="Cancel and refund").click()
        expect(page.get_by_text("its money is on its way back")).to_be_visible()

        # Then the projector breaks.
        page.goto(f"/admin/bookings/show/{a_show_on_sale.pk}/change/")
        page.get_by_role("link", name="Cancel the show").click()
        expect(page.locator(".desk-figures")).to_contain_text("Confirmed bookings")
        page.get_by_label("Reason").fill("the projector broke")
        page.get_by_label("Type the movie’s title").fill(a_show_on_sale.movie.title)
        page.get_by_role("button", name="Cancel this show").click()
        expect(page.locator("#progress[data-state=over]")).to_be_visible(timeout=LATER_MS)
        expect(page.locator("#progress")).to_contain_text("1 of 1")
        # Its buyer was looking all the time.
        BookingPage(watching.page).expect_ended("Cancelled by the cinema")

        # The job speaks of the second; the first is the worker's own business.
        both = Booking.objects.filter(id__in=[first, second])
        wait_until(
            lambda: set(both.values_list("status", "refund").all()) == {("cancelled", "refunded")},
            what="both buyers have their money back",
            seconds=LATER_MS / 1000,
        )
        page.goto("/admin/bookings/staffact/")
        expect(page.locator("table")).to_contain_text("the projector broke")
        expect(page.locator("table")).to_contain_text("the sound was off")
        a_show_on_sale.refresh_from_db()
        assert a_show_on_sale.status == "cancelled"


class TestTheCatalogue:
    def test_has_its_week_copied(self, staff: Callable[..., Page], a_show_on_sale: Show) -> None:
        page = staff("Programmer")
        page.goto("/admin/bookings/show/")
        page.get_by_role("link", name="Copy a programme").click()
        day = f"{a_show_on_sale.starts_at + timedelta(hours=5, minutes=30):%Y-%m-%d}"
        page.get_by_label("From").fill(day)
        page.get_by_label("To", exact=False).last.fill(day)
        page.get_by_role("button", name="What would happen?").click()
        page.get_by_role("button", name="Make 1 show").click()

        expect(page.get_by_text("1 show made.")).to_be_visible()
        copy = Show.objects.latest("pk")
        assert copy.starts_at - a_show_on_sale.starts_at == timedelta(days=7)

    def test_has_a_screen_drawn_while_it_is_typed(self, staff: Callable[..., Page], a_show_on_sale: Show) -> None:
        page = staff("Programmer")
        page.goto(f"/admin/bookings/screen/{a_show_on_sale.screen_id}/change/")
        preview = page.locator("#layout-preview")
        expect(preview.get_by_role("img", name=re.compile("^40 seats in 5 rows"))).to_be_visible()

        text = page.get_by_label("Import a layout")
        text.fill(text.input_value().replace("E RRRR..RRRR", "E RRRR..RRXR"))
        expect(preview).to_contain_text("Line 8, column 11")
        text.fill(text.input_value().replace("E RRRR..RRXR", "E RRRR..RRRR\nF RRRR..RRRR"))
        expect(preview.get_by_role("img", name=re.compile("^48 seats in 6 rows"))).to_be_visible()
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("was changed successfully")).to_be_visible()
        assert a_show_on_sale.screen.layouts.count() == 2


class TestEveryPage:
    def test_fits_a_phone_can_be_read_in_both_schemes_and_asks_no_other_host(
        self, staff: Callable[..., Page], live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        page = staff("Manager", viewport={"width": 360, "height": 740}, color_scheme="dark")
        hosts: set[str] = set()
        wrong: list[str] = []
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        show = a_show_on_sale
        ours = {
            "today": "/admin/",
            "seats": f"/admin/bookings/show/{show.pk}/seats/",
            "cancel": f"/admin/bookings/staffjob/cancel/{show.pk}/",
            "copy": "/admin/bookings/show/copy/",
            "open money": "/admin/payments/payment/open-money/",
            "log": "/admin/bookings/staffact/",
            "layout": f"/admin/bookings/layout/{show.layout_id}/change/",
        }
        # What the theme writes is its own; its icons are no words.
        faint = FAINT.replace("document.body", "document.querySelector('#content')").replace(
            '".seat, ', '".seat, .material-symbols-outlined, '
        )
        for name, path in ours.items():
            page.goto(path)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert over <= 0, f"{name} is {over} px wider than a phone"
            # The theme follows the system when a page is opened; from then on it is a class.
            expect(page.locator("html.dark")).to_be_attached()
            assert page.evaluate(faint) == [], f"{name}, dark"
            page.evaluate("document.documentElement.classList.remove('dark')")
            assert page.evaluate(faint) == [], f"{name}, light"

        assert hosts == {urlsplit(live_house.url).netloc}
        assert wrong == []


class TestBuyers:
    def test_do_not_wait_for_a_page_of_staff_that_waits_for_the_database(
        self, live_house: RunningHouse, a_show_on_sale: Show, database: str
    ) -> None:
        other = make_show()
        cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(somebody('Manager'))}"
        waiting = urllib.request.Request(f"{live_house.url}/admin/", headers={"Cookie": cookie})
        guest = {"Authorization": f"Bearer {call(live_house, '/api/v1/guests', {}, {})['token']}"}
        done = threading.Event()

        def look() -> None:
            with urllib.request.urlopen(waiting, timeout=30) as reply:
                assert reply.status == 200
            done.set()

        with psycopg.connect(database) as locker:
            # Today counts open money: it waits for this lock (three seconds at most, then it fails).
            locker.execute("LOCK TABLE payments_payment IN ACCESS EXCLUSIVE MODE")
            staff = threading.Thread(target=look)
            staff.start()
            with psycopg.connect(database, autocommit=True) as watcher:
                while not watcher.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchone():
                    time.sleep(0.01)
            call(live_house, f"/api/v1/shows/{other.pk}/holds", {"seats": ["A1"]}, guest)
            assert not done.is_set(), "the hold waited as long as the page of staff, or that did not wait"
            locker.rollback()
        staff.join(30)
        assert done.is_set()


def bought(house: RunningHouse, razorpay: Razorpay, show: Show, *seats: str) -> str:
    """A booking that somebody has paid, by the API."""
    guest = {"Authorization": f"Bearer {call(house, '/api/v1/guests', {}, {})['token']}"}
    booking = call(house, f"/api/v1/shows/{show.pk}/holds", {"seats": seats}, guest)["booking"]
    buyer = {"name": "Asha Rao", "email": "asha@example.org"}
    order = call(house, f"/api/v1/bookings/{booking}/checkout", buyer, guest)["order_id"]
    assert call(house, "/verify_payment/", razorpay.pay(order).handed, guest)["status"] == "confirmed"
    return str(booking)


def call(house: RunningHouse, path: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    """A call of the API that must succeed."""
    request = urllib.request.Request(
        f"{house.url}{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.loads(reply.read())
