"""Screens in real Chromium: pairing, a live board, a cut line, midnight, months. Time is compressed, not faked.

The browser's clock is moved forward, and changes are put in where the socket's frames arrive, below every limit.
"""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Page, WebSocketRoute, expect
from pytest_django import Settings

from bookings.models import Show
from realtime.models import Device
from tests.e2e.kiosk_screenshots import SIZES, entry
from tests.e2e.pages import SeatPage
from tests.e2e.screenshots import HINDI_TITLE, LONG_TITLE
from tests.support.cinema import make_show
from tests.support.guards import with_and_without_guard
from tests.support.house import RunningHouse
from tests.support.screens import PAIR, form, staff

pytestmark = pytest.mark.e2e
Come = Callable[..., Any]
TEN_MINUTES_MS = 600_000
CHANGES = 100_000
A_CODE = re.compile(r"^[A-Z]{6}$")

# A page whose sockets are the test's: `say(frame)` is heard as if the server had sent it.
OWN_SOCKET = """
  window.WebSocket = class {
    constructor() {
      this.readyState = 1;
      window.say = (frame) => this.onmessage({ data: JSON.stringify(frame) });
      setTimeout(() => this.onopen(), 0);
    }
    send() {}
    close() {}
  };
"""
FLOOD = """async ({ from, count, show }) => {
  for (let n = from; n < from + count; n += 1) {
    window.say({ type: "board.changes", server_ms: Date.now(), shows: [{ ...show, available: n % 240 }] });
    if (n % 2000 === 0) await new Promise(requestAnimationFrame);
  }
  await new Promise(requestAnimationFrame);
}"""

KEEP_EVERY_FRAME = """() => {
  const hear = window.say;
  window.kept = [];
  window.say = (frame) => hear(window.kept[window.kept.push(frame) - 1]);
}"""


@pytest.fixture(autouse=True)
def _static(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.


def slug_of(show: Show) -> str:
    return show.screen.theatre.slug


def row(page: Page, show_id: int) -> Any:
    return page.locator(f'.show[data-show="{show_id}"]')


def as_board(*shows: Any, ago_ms: int = 0) -> str:
    theatre = {"slug": "x", "name": "x", "city": "x", "time_zone": "Asia/Kolkata"}
    now_ms = time.time_ns() // 1_000_000 - ago_ms
    return json.dumps({"type": "board", "server_ms": now_ms, "theatre": theatre, "shows": list(shows)})


class TestAScreen:
    def test_is_paired_by_its_code_starts_by_itself_and_obeys(
        self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        page = visitor()
        page.goto(f"{live_house.url}/kiosk/")
        code = page.locator("#code")
        expect(code).to_have_text(A_CODE)
        manager = Manager()

        assert manager.post(PAIR, form(code.inner_text(), f"{slug_of(a_show_on_sale)}/")) == 302
        expect(row(page, a_show_on_sale.pk)).to_be_visible()
        assert page.url == f"{live_house.url}/kiosk/{slug_of(a_show_on_sale)}/"

        device = Device.objects.get()
        where = f"/admin/realtime/device/{device.pk}/change/"
        look = {"theme": "light", "language": "hi", "night_from": "00:00", "night_to": "23:59"}
        place = {"theatre_slug": device.theatre_slug, "screen_name": "", "kind": "board", "name": "Lobby"}
        assert manager.post(where, {**place, **look}) == 302
        expect(page.locator('html[data-theme="light"][data-night="dim"]')).to_have_count(1)
        expect(page.locator(".book b")).to_have_text("फ़ोन पर बुक करें")

        page.evaluate("window.isOld = true")
        manager.post("/admin/realtime/device/", {"action": "reload_pages", "_selected_action": str(device.pk)})
        page.wait_for_function("window.isOld === undefined")
        expect(row(page, a_show_on_sale.pk)).to_be_visible()

        manager.post("/admin/realtime/device/", {"action": "revoke", "_selected_action": str(device.pk)})
        expect(page.locator("#code")).to_have_text(A_CODE)

    def test_at_a_door_shows_the_map_live_and_goes_on_to_the_next_show(
        self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        following = make_show(screen=a_show_on_sale.screen, starts_in=timedelta(hours=5))
        page = visitor()
        page.clock.install()
        page.goto(f"{live_house.url}/kiosk/")
        expect(page.locator("#code")).to_have_text(A_CODE)
        place = f"{slug_of(a_show_on_sale)}/{a_show_on_sale.screen.name}"
        Manager().post(PAIR, form(page.locator("#code").inner_text(), place))
        expect(page.locator("#seats-left")).to_have_text("40")
        assert page.url.endswith(f"/kiosk/shows/{a_show_on_sale.pk}/")

        buyer = SeatPage.open(visitor(), f"{live_house.url}/shows/{a_show_on_sale.pk}/")
        buyer.hold("A1", "A2")
        expect(page.locator('#map [data-seat="A2"][data-state="held"]')).to_have_count(1)
        expect(page.locator("#seats-left")).to_have_text("38")

        page.clock.fast_forward("02:25:00")
        page.wait_for_url(f"**/kiosk/shows/{following.pk}/")

    @with_and_without_guard
    def test_goes_on_once_the_house_answers_though_the_line_was_cut_when_it_was_time(
        self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show, guarded: bool
    ) -> None:
        following = make_show(screen=a_show_on_sale.screen, starts_in=timedelta(hours=5))
        page = visitor()
        if not guarded:
            blind = "export const knock = async () => true;"
            page.route(
                "**/kiosk/net/knock*.js", lambda route: route.fulfill(body=blind, content_type="text/javascript")
            )
        heard: list[str | bytes] = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: heard.append(frame)))
        page.clock.install()
        page.goto(f"{live_house.url}/kiosk/")
        expect(page.locator("#code")).to_have_text(A_CODE)
        place = f"{slug_of(a_show_on_sale)}/{a_show_on_sale.screen.name}"
        Manager().post(PAIR, form(page.locator("#code").inner_text(), place))
        expect(page.locator("#seats-left")).to_have_text("40")
        patiently(page, lambda: any(f'"id":{following.pk},' in str(frame) for frame in heard))

        asked: list[str] = []
        page.on("requestfailed", lambda request: asked.append(request.url))
        page.context.set_offline(True)
        page.clock.fast_forward("02:25:00")
        patiently(page, lambda: any(url.endswith(f"/kiosk/shows/{following.pk}/") for url in asked))
        if not guarded:
            page.wait_for_url("chrome-error://**")
            return
        expect(page.locator("#seats-left")).to_have_text("40")

        page.context.set_offline(False)
        page.wait_for_url(f"**/kiosk/shows/{following.pk}/")


class TestALobbyBoard:
    def test_counts_down_through_a_cut_of_ten_minutes_and_is_right_after_it(
        self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        page = visitor()
        cut = Cut(page)
        page.clock.install()
        page.goto(f"{live_house.url}/kiosk/{slug_of(a_show_on_sale)}/")
        until = row(page, a_show_on_sale.pk).locator(".until")
        expect(until).to_have_text(minutes(120))

        cut.begin()
        page.clock.fast_forward(TEN_MINUTES_MS)
        expect(until).to_have_text(minutes(110))
        expect(page.locator('#foot[data-line="loud"] #age')).to_contain_text("Not live: as it was 10 min ago")
        assert row(page, a_show_on_sale.pk).count() == 1
        buyer = SeatPage.open(visitor(), f"{live_house.url}/shows/{a_show_on_sale.pk}/")
        buyer.hold("A1")

        cut.heal()
        expect(row(page, a_show_on_sale.pk).locator(".said")).to_have_text("39 left")
        expect(page.locator('#foot[data-line="live"]')).to_have_count(1)
        expect(until).to_have_text(minutes(120))

    def test_survives_a_restart_of_the_server(
        self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        page = visitor()
        page.goto(f"{live_house.url}/kiosk/{slug_of(a_show_on_sale)}/")
        expect(row(page, a_show_on_sale.pk)).to_be_visible()
        name, port = next(iter(live_house.ports.items()))

        live_house.stop(name)
        expect(page.locator('#foot:not([data-line="live"])')).to_have_count(1)
        assert row(page, a_show_on_sale.pk).is_visible()
        a_show_on_sale.movie.title = "After the restart"
        a_show_on_sale.movie.save()
        live_house.start_web(name, port=port)

        expect(row(page, a_show_on_sale.pk).locator("h2")).to_have_text("After the restart")

    def test_rolls_over_midnight_and_rests_at_night(
        self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        page = visitor()
        page.clock.install()
        shows = [entry(n, f"Movie {n}", "x", minutes=n * 45, available=50) for n in range(1, 4)]
        page.route_web_socket("**/board/**", lambda socket: socket.send(as_board(*shows)))
        page.goto(f"{live_house.url}/kiosk/{slug_of(a_show_on_sale)}/?night=00:00-23:59")
        expect(page.locator(".show:not([hidden])")).to_have_count(3)
        date = page.locator("#date").inner_text()
        shift = page.evaluate("getComputedStyle(document.querySelector('.shift')).transform")

        page.clock.fast_forward("01:10:00")
        expect(page.locator(".show:not([hidden])")).to_have_count(2)
        page.clock.fast_forward("23:00:00")

        expect(page.locator("#nothing")).to_be_visible()
        assert page.locator("#date").inner_text() != date
        page.wait_for_function(
            "shift => getComputedStyle(document.querySelector('.shift')).transform !== shift", arg=shift
        )
        assert page.evaluate("getComputedStyle(document.body).cursor") == "none"

    def test_lights_housefull_once_on_the_page_where_it_happens(
        self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        page = visitor()
        shows = [entry(n, f"Movie {n}", "x", minutes=n * 20, available=50) for n in range(1, 12)]
        feed = Feed(page)
        page.goto(f"{live_house.url}/kiosk/{slug_of(a_show_on_sale)}/")
        feed.say(as_board(*shows))
        expect(row(page, 1).or_(row(page, 6)).or_(row(page, 11)).first).to_be_visible()

        feed.say(
            as_board(
                *[{**show, "available": 0, "status": "housefull"} if show["id"] == 8 else show for show in shows]
            )
        )
        sign = row(page, 8).locator(".bulbs")
        expect(sign).to_have_class("bulbs lighting")
        first = sign.element_handle()
        feed.say(
            as_board(
                *[{**show, "available": 0, "status": "housefull"} if show["id"] == 8 else show for show in shows]
            )
        )
        page.wait_for_timeout(200)

        assert sign.locator("i").count() == 9
        assert sign.evaluate("(now, before) => now === before", first), "it was lit a second time"


class TestMonths:
    def test_cost_no_memory(self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show) -> None:
        page = visitor()
        page.add_init_script(OWN_SOCKET)
        page.goto(f"{live_house.url}/kiosk/{slug_of(a_show_on_sale)}/")
        shows = [entry(n, f"Movie {n}", "x", minutes=n * 30, available=200) for n in range(1, 5)]
        page.wait_for_function("window.say !== undefined")
        page.evaluate("frame => window.say(JSON.parse(frame))", as_board(*shows))
        tools = page.context.new_cdp_session(page)

        def used() -> tuple[int, int]:
            tools.send("HeapProfiler.collectGarbage")
            heap = tools.send("Runtime.getHeapUsage")["usedSize"]
            return heap, tools.send("Memory.getDOMCounters")["nodes"]

        page.evaluate(FLOOD, {"from": 0, "count": CHANGES // 10, "show": shows[1]})
        heap_before, nodes_before = used()
        page.evaluate(FLOOD, {"from": 0, "count": CHANGES, "show": shows[1]})
        heap, nodes = used()

        expect(row(page, 2).locator(".said")).to_have_text(f"{(CHANGES - 1) % 240} left")
        assert heap - heap_before < 400_000, f"{heap - heap_before} bytes more after {CHANGES:,} changes"
        assert nodes - nodes_before < 50

        # The control: a page that kept every frame would have been seen after a tenth of them.
        page.evaluate(KEEP_EVERY_FRAME)
        page.evaluate(FLOOD, {"from": 0, "count": CHANGES // 10, "show": shows[1]})
        assert used()[0] - heap > 400_000


class TestAtEverySize:
    def test_titles_are_large_and_nothing_is_cut(
        self, visitor: Come, live_house: RunningHouse, a_show_on_sale: Show
    ) -> None:
        page = visitor()
        shows = [
            entry(1, LONG_TITLE, "x", minutes=11, available=0),
            entry(2, HINDI_TITLE, "x", minutes=34, available=7, held=3),
            entry(3, LONG_TITLE, "x", minutes=95, available=0, held=4),
            entry(4, "Neon Kaveri", "x", minutes=119, available=88),
        ]
        page.route_web_socket("**/board/**", lambda socket: socket.send(as_board(*shows)))
        page.goto(f"{live_house.url}/kiosk/{slug_of(a_show_on_sale)}/")
        expect(page.locator(".show:not([hidden])")).to_have_count(4)
        page.evaluate("document.fonts.ready")

        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})

            told = page.evaluate(MEASURE)
            assert told["title"] >= 0.05 * height, (width, height)
            assert (told["cut"], told["scrolls"]) == ([], False), (width, height)


# Every text's box lies in its row and its screen; titles may end in an ellipsis, nothing else may.
MEASURE = """() => {
  const shown = (each) => each.getClientRects().length && !each.closest("[hidden]");
  const cut = [];
  const parts = ".show .when b, .show .until, .said, .bulbs, .what p, .age, .clock, .book b";
  for (const part of document.querySelectorAll(parts)) {
    if (!shown(part)) continue;
    const box = part.getBoundingClientRect();
    const frame = (part.closest(".show") ?? document.documentElement).getBoundingClientRect();
    const fits = box.left >= frame.left - 1 && box.right <= frame.right + 1 &&
      box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1 && part.scrollWidth <= part.clientWidth + 1;
    if (!fits) cut.push([part.className || part.dataset.part, part.textContent]);
  }
  const root = document.documentElement;
  const titles = [...document.querySelectorAll(".show h2")].filter(shown);
  return {
    title: Math.min(...titles.map((title) => parseFloat(getComputedStyle(title).fontSize))),
    cut,
    scrolls: root.scrollWidth > root.clientWidth || root.scrollHeight > root.clientHeight,
  };
}"""


def minutes(about: int) -> Any:
    """A countdown of so many minutes, or one less."""
    words = [f"in {m // 60} h {m % 60} min" if m % 60 else f"in {m // 60} h" for m in (about, about - 1)]
    return re.compile("|".join(f"^{word}$" for word in words))


def patiently(page: Page, condition: Callable[[], bool]) -> None:
    """Let the page go on until this is so."""
    for _ in range(1500):
        if condition():
            return
        page.wait_for_timeout(20)
    raise AssertionError("not within half a minute")


class Manager:
    """Staff at a browser of their own, in a thread of its own: Playwright's loop runs in the test's."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._client = self._thread.submit(staff, "pair_screens", "view_device").result()

    def post(self, path: str, fields: dict[str, str]) -> int:
        """Send a form; the status of the reply."""

        def send() -> int:
            try:
                return int(self._client.post(path, fields).status_code)
            finally:
                connections.close_all()

        return self._thread.submit(send).result()


class Feed:
    """The server's side of a board's socket, in the test's hands."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._sockets: list[WebSocketRoute] = []
        page.route_web_socket("**/board/**", lambda socket: self._sockets.append(socket))

    def say(self, frame: str) -> None:
        while not self._sockets:
            self._page.wait_for_timeout(20)
        self._sockets[-1].send(frame)


class Cut:
    """The line between a page and the house, which may be cut: what is open breaks, what is tried fails."""

    def __init__(self, page: Page) -> None:
        self._is_cut = False
        self._open: list[WebSocketRoute] = []
        page.route_web_socket("**/board/**", self._route)

    def begin(self) -> None:
        self._is_cut = True
        for socket in self._open:
            socket.close(code=4000)
        self._open.clear()

    def heal(self) -> None:
        self._is_cut = False

    def _route(self, socket: WebSocketRoute) -> None:
        if self._is_cut:
            socket.close(code=4000)
        else:
            socket.connect_to_server()
            self._open.append(socket)
