"""Tickets on a phone: codes that scanners read in the dark, a copy for no network, a link for another device."""

from collections.abc import Callable
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from bookings.api import SeatTicket, issue_holder, issue_tickets, read_holder
from bookings.models import Booking, Ticket
from bookings.services.demo_cinema.posters import draw_poster
from frontend.tickets.links import ticket_path
from tests.support.cinema import make_movie, make_show
from tests.support.house import RunningHouse
from tests.support.paper import pages_of
from tests.support.tickets import SOON, make_booking

pytestmark = pytest.mark.e2e

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2}
Visitor = Callable[..., Page]


@pytest.fixture
def house(_long_holds: RunningHouse, _django_beside_a_browser: None, database: str) -> RunningHouse:
    return _long_holds.awake()


@pytest.fixture
def holder() -> str:
    """The token of whoever has booked."""
    return issue_holder()


@pytest.fixture
def booking(database: str, holder: str) -> Booking:
    """Three seats of a movie with a poster."""
    movie = make_movie(title="Neon Kaveri", poster=draw_poster("neon-kaveri", "Neon Kaveri"))
    return make_booking(make_show(starts_in=SOON, movie=movie), (3, 4, 5), holder=read_holder(holder) or "")


@pytest.fixture
def tickets(booking: Booking) -> list[SeatTicket]:
    return issue_tickets(booking.pk)


@pytest.fixture
def phone(visitor: Visitor, house: RunningHouse, holder: str) -> Page:
    """The phone with which it was booked, in the dark."""
    page = visitor(**PHONE, color_scheme="dark")
    page.context.add_cookies([{"name": "holder", "value": holder, "url": house.url}])
    return page


def codes_seen(page: Page) -> set[str]:
    """What a scanner reads on the screen as it is."""
    image = Image.open(BytesIO(page.screenshot()))
    return {code.text for code in zxingcpp.read_barcodes(image)}


def kept(page: Page) -> None:
    expect(page.locator("html[data-kept]")).to_have_count(1)


class TestTheTicketPage:
    def test_shows_a_code_for_each_seat_that_scanners_read_in_the_dark(
        self, phone: Page, house: RunningHouse, booking: Booking, tickets: list[SeatTicket]
    ) -> None:
        phone.goto(f"{house.url}/bookings/{booking.pk}/")

        for ticket in tickets:
            phone.get_by_role("link", name=ticket.seat, exact=True).click()
            expect(phone.get_by_role("link", name=ticket.seat, exact=True)).to_have_attribute("aria-current", "true")
            card = phone.locator(f'[data-seat="{ticket.seat}"]')
            expect(card).to_contain_text(f"{ticket.code[:4]} {ticket.code[4:]}")
            card.scroll_into_view_if_needed()
            assert ticket.text in codes_seen(phone)
        width = phone.evaluate("document.documentElement.scrollWidth")
        assert width == 360, "nothing makes the page wider than the phone"

    def test_says_who_has_come_in_and_prints_the_other_codes(
        self, phone: Page, house: RunningHouse, booking: Booking, tickets: list[SeatTicket]
    ) -> None:
        Ticket.objects.filter(seat_index=3).update(admitted_at=booking.show.starts_at, gate="2")

        phone.goto(f"{house.url}/bookings/{booking.pk}/")

        used = phone.locator('[data-seat="A4"]')
        expect(used).to_contain_text("Used")
        expect(used).to_contain_text("gate 2")
        expect(used.get_by_role("img")).to_have_count(0)
        expect(phone.get_by_role("button", name="Cancel booking")).to_have_count(0)
        sheets = pages_of(phone.pdf(prefer_css_page_size=True, print_background=True), scale=3)
        assert len(sheets) == 1
        assert {code.text for code in zxingcpp.read_barcodes(sheets[0])} == {ticket.text for ticket in tickets[1:]}


class TestOffline:
    def test_has_a_copy_that_says_how_old_it_is_and_never_shows_it_online(
        self, phone: Page, house: RunningHouse, booking: Booking, tickets: list[SeatTicket]
    ) -> None:
        phone.goto(f"{house.url}/bookings/{booking.pk}/")
        kept(phone)

        phone.context.set_offline(True)
        phone.reload()

        expect(phone.locator("[data-offline-copy]")).to_contain_text("Offline copy of ")
        assert tickets[0].text in codes_seen(scrolled_to(phone, "A4"))
        looks = phone.evaluate("getComputedStyle(document.querySelector('.seat-ticket')).backgroundColor")
        assert looks == "rgb(255, 255, 255)", "its styles came along"
        assert phone.evaluate("document.querySelector('.stub-poster img').naturalWidth") > 0

        phone.context.set_offline(False)
        Ticket.objects.filter(seat_index=3).update(admitted_at=booking.show.starts_at, gate="7")
        phone.reload()
        expect(phone.locator('[data-seat="A4"]')).to_contain_text("gate 7")
        expect(phone.locator("[data-offline-copy]")).to_have_count(0)

        # What was seen last is what is kept.
        phone.context.set_offline(True)
        phone.reload()
        expect(phone.locator('[data-seat="A4"]')).to_contain_text("gate 7")

    def test_keeps_nothing_but_this_ticket_and_forgets_it_when_it_is_not_ones_own_any_more(
        self, phone: Page, house: RunningHouse, booking: Booking, tickets: list[SeatTicket]
    ) -> None:
        phone.goto(f"{house.url}/bookings/{booking.pk}/")
        kept(phone)

        scopes = phone.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.map((r) => r.scope))")
        assert scopes == [f"{house.url}/bookings/{booking.pk}/"]
        assert phone.evaluate("caches.keys()") == [f"housefull-tickets-1 /bookings/{booking.pk}/"]
        phone.goto(f"{house.url}/my/bookings/")
        assert phone.evaluate("navigator.serviceWorker.controller") is None

        phone.context.clear_cookies()
        phone.goto(f"{house.url}/bookings/{booking.pk}/")
        expect(phone.locator("[data-booking]")).to_have_count(0)
        assert phone.evaluate("caches.keys()") == []


class TestTheLink:
    def test_shows_the_ticket_on_another_device_and_no_more(
        self, visitor: Visitor, house: RunningHouse, booking: Booking, tickets: list[SeatTicket]
    ) -> None:
        other = visitor(**PHONE)

        other.goto(f"{house.url}{ticket_path(str(booking.pk))}")

        assert tickets[0].text in codes_seen(scrolled_to(other, "A4"))
        expect(other.get_by_role("button", name="Cancel booking")).to_have_count(0)
        assert other.context.cookies() == []
        kept(other)
        other.context.set_offline(True)
        other.reload()
        expect(other.locator("[data-offline-copy]")).to_be_visible()


def scrolled_to(page: Page, seat: str) -> Page:
    page.locator(f'[data-seat="{seat}"]').scroll_into_view_if_needed()
    return page
