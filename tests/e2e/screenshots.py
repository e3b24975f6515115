"""Pictures of every page at the sizes and in the schemes of the design, for judging by eye.

    python -m tests.e2e.screenshots --url http://127.0.0.1:8000 --out reports/screens

The house must be running. Empty, busy and sold-out maps and the long and Hindi titles are pretended in the browser,
so nothing is held or sold; only the picture "mine" holds two seats and lets them go again.
"""

import argparse
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright

from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_path

SIZES = ((360, 740), (768, 1024), (1440, 900))
SCHEMES = ("light", "dark")
LONG_TITLE = "The Last Tea Stall on the Road That Leads to the Old Lighthouse at Kanyakumari"
HINDI_TITLE = "रात की रानी और सितारों का शहर"
SETTLED_MS = 900
HOLD_MS = 600_000


@dataclass(frozen=True)
class Shot:
    """One picture: where to go, what map to pretend, what to do there."""

    name: str
    path: str
    states: Callable[[int], str] | None = None
    act: Callable[[Page], None] | None = None
    after: Callable[[Page], None] | None = None


def empty(count: int) -> str:
    return "A" * count


def busy(count: int) -> str:
    chance = random.Random(7)
    return "".join(chance.choices("AHB", weights=(55, 10, 35), k=count))


def sold_out(count: int) -> str:
    return "B" * (count - 1) + "H"


def pretend(page: Page, states_of: Callable[[int], str]) -> None:
    """Show a map of our own: one snapshot of another epoch, and no news but the pongs after it."""

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def answer(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == "pong":
                socket.send(message)
            if frame["type"] in ("snapshot", "seats"):
                count = page.locator("#map [data-seat]").count()
                now_ms = frame["server_ms"]
                chance = random.Random(7)
                states = states_of(count)
                holds = {
                    seat: now_ms + chance.randrange(20_000, HOLD_MS)
                    for seat, state in enumerate(states)
                    if state == "H"
                }
                snapshot = {"type": "snapshot", "epoch": "pretended", "version": 1, "server_ms": now_ms}
                socket.send(json.dumps({**snapshot, "states": states, "holds": holds, "mine": None}))

        server.on_message(answer)

    page.route_web_socket("**/ws/shows/**", route)


def retitle(title: str) -> Callable[[Page], None]:
    """Give the page's movie another title."""

    def act(page: Page) -> None:
        page.locator("h1").evaluate(
            "(h1, title) => { h1.textContent = title; h1.classList.toggle('long', title.length > 32); }", title
        )

    return act


def hold_two(page: Page) -> None:
    page.get_by_role("button", name="Best 2 together").click()
    expect(page.locator("#ticket[data-hold=held]")).to_be_visible()


def let_go(page: Page) -> None:
    page.get_by_role("button", name="Release all").click()
    expect(page.locator("#ticket[data-hold=none]")).to_be_visible()


def focus_a_seat(page: Page) -> None:
    page.locator('#map [tabindex="0"]').focus()
    page.keyboard.press("ArrowDown")


def shots(movie: str, show: str) -> list[Shot]:
    """Everything worth a look, for a movie's and a show's path."""
    return [
        Shot("now-showing", "/"),
        Shot("movie", movie),
        Shot("movie-long-title", movie, act=retitle(LONG_TITLE)),
        Shot("seats-empty", show, states=empty),
        Shot("seats-busy", show, states=busy, act=focus_a_seat),
        Shot("seats-sold-out", show, states=sold_out),
        Shot("seats-long-title", show, states=busy, act=retitle(LONG_TITLE)),
        Shot("seats-hindi-title", show, states=busy, act=retitle(HINDI_TITLE)),
        Shot("seats-mine", show, act=hold_two, after=let_go),
        Shot("sign-in", "/accounts/login/"),
    ]


def take(browser: Browser, url: str, shot: Shot, size: tuple[int, int], scheme: str, out: Path) -> None:
    """One picture in one size and scheme."""
    width, height = size
    is_phone = width < 700
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=2 if is_phone else 1,
        is_mobile=is_phone,
        has_touch=is_phone,
        timezone_id="Asia/Kolkata",
        locale="en-IN",
    )
    page = context.new_page()
    if shot.states is not None:
        pretend(page, shot.states)
    page.goto(url + shot.path)
    page.wait_for_timeout(SETTLED_MS)
    if shot.act is not None:
        shot.act(page)
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=out / f"{shot.name}-{width}x{height}-{scheme}.png")
    if shot.after is not None:
        shot.after(page)
    context.close()


def first_paths(browser: Browser, url: str) -> tuple[str, str]:
    """The addresses of a movie and of a show that is on sale."""
    page = browser.new_page()
    page.goto(url)
    movie = page.locator(".movie h2 a").first.get_attribute("href")
    show = page.locator("a.time").first.get_attribute("href")
    page.close()
    assert movie, "the house shows no movie"
    assert show, "the house shows no time"
    return movie, show


def main() -> None:
    """Take all pictures, or those named by --only."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the running house")
    parser.add_argument("--out", type=Path, default=Path("reports/screens"), help="folder for the pictures")
    parser.add_argument("--show", help="path of the show to take, like /shows/7/")
    parser.add_argument("--only", help="take only pictures whose name contains this")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    url = options.url.rstrip("/")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        movie, show = first_paths(browser, url)
        for shot in shots(movie, options.show or show):
            if options.only and options.only not in shot.name:
                continue
            for size in SIZES:
                for scheme in SCHEMES:
                    take(browser, url, shot, size, scheme, options.out)
            print(shot.name)
        browser.close()


if __name__ == "__main__":
    main()
