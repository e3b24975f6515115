"""Ushers at work: a code typed or scanned, an unmistakable answer, the count live on every phone of the show."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from playwright.sync_api import Page, expect

from bookings.api import SeatTicket, issue_tickets
from bookings.models import Show, Ticket
from tests.support.cinema import make_show
from tests.support.house import RunningHouse
from tests.support.tickets import SOON, make_booking, make_usher, session_of

pytestmark = pytest.mark.e2e

PHONE = {"viewport": {"width": 360, "height": 740}}
Visitor = Callable[..., Page]

# A camera that shows what the test holds before it, for a Chromium without BarcodeDetector (as on Linux). The page's
# own code is what runs, from the button to the verdict.
CAMERA = """
globalThis.held = "";
globalThis.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect(video) {
    if (!(video instanceof HTMLVideoElement) || video.readyState < 2) throw new Error("no picture");
    return globalThis.held ? [{ rawValue: globalThis.held }] : [];
  }
};
const canvas = document.createElement("canvas");
canvas.getContext("2d").fillRect(0, 0, 100, 100);
setInterval(() => canvas.getContext("2d").fillRect(0, 0, 100, 100), 30);
navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(30);
"""
NO_PERMISSION = (
    CAMERA
    + """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
"""
)


@pytest.fixture
def house(_long_holds: RunningHouse, _django_beside_a_browser: None, database: str) -> RunningHouse:
    return _long_holds.awake()


@pytest.fixture
def show(database: str) -> Show:
    return make_show(starts_in=SOON)


@pytest.fixture
def tickets(show: Show) -> list[SeatTicket]:
    return issue_tickets(make_booking(show, range(6)).pk)


@pytest.fixture
def usher(visitor: Visitor, house: RunningHouse, tickets: list[SeatTicket]) -> Callable[..., "Door"]:
    """Call it for the phone of one more usher at the door of the show."""
    user = make_usher()

    def come(show: Show, *, gate: str = "2", script: str = "", **options: Any) -> Door:
        page = visitor(**{**PHONE, **options})
        page.context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": house.url}])
        if script:
            page.add_init_script(script)
        page.goto(f"{house.url}/checkin/{show.pk}/")
        expect(page.locator("#door[data-line=live]")).to_be_visible()
        page.get_by_label("Gate").fill(gate)
        return Door(page)

    return come


class Door:
    """A door's page as an usher uses it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def type(self, code: str) -> None:
        self.page.get_by_label("Code under the QR code").fill(code)
        self.page.get_by_role("button", name="Let in").click()

    def hold_before_the_camera(self, code: str) -> None:
        self.page.evaluate("(code) => { globalThis.held = code; }", code)

    def expect_verdict(self, kind: str, word: str, words: str) -> None:
        verdict = self.page.locator(f"#verdict[data-verdict={kind}]")
        expect(verdict).to_contain_text(word)
        expect(verdict).to_contain_text(words)

    def expect_count(self, words: str) -> None:
        expect(self.page.locator(".door-count")).to_contain_text(words)


class TestTheDoor:
    def test_lets_in_by_typed_code_once_and_every_phone_sees_it(
        self, usher: Callable[..., Door], show: Show, tickets: list[SeatTicket]
    ) -> None:
        one, other = usher(show), usher(show, gate="3")
        one.expect_count("0 of 6 in")

        one.type(tickets[1].code.lower())

        one.expect_verdict("in", "Let in", "Seat A2")
        one.expect_count("1 of 6 in")
        other.expect_count("1 of 6 in")
        expect(other.page.locator("#came")).to_contain_text("A2, gate 2")
        other.type(tickets[1].code)
        other.expect_verdict("no", "Already in", "gate 2")
        expect(other.page.locator("#scans")).to_contain_text("A2 already in")
        assert Ticket.objects.exclude(admitted_at=None).count() == 1
        assert one.page.evaluate("document.documentElement.scrollWidth") == 360

    def test_scans_with_the_camera_a_ticket_held_still_once(
        self, usher: Callable[..., Door], show: Show, tickets: list[SeatTicket]
    ) -> None:
        door = usher(show, script=CAMERA)
        door.page.get_by_role("button", name="Scan with the camera").click()

        door.hold_before_the_camera(tickets[0].text)
        door.expect_verdict("in", "Let in", "Seat A1")
        door.hold_before_the_camera(tickets[2].text)
        door.expect_verdict("in", "Let in", "Seat A3")
        door.hold_before_the_camera(tickets[0].text)
        door.expect_verdict("no", "Already in", "A1")
        door.hold_before_the_camera(tickets[0].text[:-1] + ("0" if tickets[0].text[-1] != "0" else "1"))
        door.expect_verdict("no", "Forged", "not a ticket of ours")
        expect(door.page.locator("#scans li")).to_have_count(4)

    def test_says_plainly_why_there_is_no_camera(
        self, usher: Callable[..., Door], show: Show, tickets: list[SeatTicket]
    ) -> None:
        door = usher(show, script=NO_PERMISSION)
        door.page.get_by_role("button", name="Scan with the camera").click()
        expect(door.page.locator("#camera-words")).to_contain_text("The camera is not allowed.")

        door.page.add_init_script("delete globalThis.BarcodeDetector;")
        door.page.reload()
        expect(door.page.locator("#camera-words")).to_contain_text("cannot read QR codes")
        expect(door.page.get_by_role("button", name="Scan with the camera")).to_have_count(0)

    @pytest.mark.parametrize("meanwhile", ["nothing", "a reload"])
    def test_lets_in_whose_answer_was_lost_however_long_ago(
        self, usher: Callable[..., Door], show: Show, tickets: list[SeatTicket], meanwhile: str
    ) -> None:
        door = usher(show)
        tries: list[int] = []

        def lose_three_answers(route: Any) -> None:
            tries.append(1)
            if len(tries) <= 3:
                route.fetch()
                route.abort()
            else:
                route.continue_()

        door.page.route("**/api/v1/checkin", lose_three_answers)
        door.type(tickets[3].code)
        door.expect_verdict("again", "No answer", "Scan it again.")
        Ticket.objects.exclude(admitted_at=None).update(admitted_at=F("admitted_at") - timedelta(minutes=2))
        if meanwhile == "a reload":
            door.page.reload()
            expect(door.page.locator("#door[data-line=live]")).to_be_visible()

        door.type(tickets[3].code)
        door.expect_verdict("in", "Let in", "Seat A4")
        assert len(tries) == 4

        door.type(tickets[3].code)
        door.expect_verdict("no", "Already in", "gate 2")

    def test_refuses_whose_request_was_lost_once_a_copy_of_the_ticket_came_in(
        self, usher: Callable[..., Door], show: Show, tickets: list[SeatTicket]
    ) -> None:
        """Two phones of one usher at one gate, within the second: only the key tells one scan from the other."""
        door, other = usher(show), usher(show)
        held: list[Any] = []
        door.page.route("**/api/v1/checkin", lambda route: route.continue_() if held else held.append(route))

        with door.page.expect_request("**/api/v1/checkin"):
            door.type(tickets[3].code)
        other.type(tickets[3].code)
        other.expect_verdict("in", "Let in", "Seat A4")
        held[0].abort()

        door.expect_verdict("no", "Already in", "gate 2")
        assert Ticket.objects.exclude(admitted_at=None).count() == 1

    def test_goes_on_without_its_socket(
        self, usher: Callable[..., Door], show: Show, tickets: list[SeatTicket]
    ) -> None:
        door = usher(show)
        door.page.route_web_socket("**/door/", lambda socket: socket.close(code=4000))
        door.page.reload()
        expect(door.page.locator("#line")).to_have_text("Not live: scans still count")
        door.page.get_by_label("Gate").fill("4")

        door.type(tickets[3].code)

        door.expect_verdict("in", "Let in", "Seat A4")
        door.expect_count("1 of 6 in")

    def test_remembers_the_door_and_the_gate(
        self, usher: Callable[..., Door], show: Show, tickets: list[SeatTicket]
    ) -> None:
        door = usher(show, gate="North")
        door.type(tickets[0].code)
        door.expect_verdict("in", "Let in", "Seat A1")

        door.page.get_by_role("link", name="Other door").click()
        door.page.locator(f'[data-show="{show.pk}"][data-last]').click()

        expect(door.page.get_by_label("Gate")).to_have_value("North")
        door.expect_count("1 of 6 in")
        expect(door.page.locator("#came")).to_contain_text("A1, gate North")
