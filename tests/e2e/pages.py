"""The pages as people use them: seats by their label, states by their name, no selector in any test."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect


class SeatPage:
    """One open seat page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def open_any(cls, page: Page, house_url: str) -> "SeatPage":
        """Open the page of the first show on sale."""
        shows = page.request.get(f"{house_url}/api/v1/shows").json()["items"]
        return cls.open(page, f"{house_url}/shows/{shows[0]['id']}/")

    @classmethod
    def open(cls, page: Page, url: str) -> "SeatPage":
        """Open the page of a show by its address."""
        page.goto(url)
        return cls(page).wait_until_live()

    @property
    def url(self) -> str:
        """The address of this show."""
        return self.page.url

    def wait_until_live(self) -> "SeatPage":
        expect(self.page.locator("#line[data-line=live]")).to_be_visible()
        return self

    def seat(self, label: str) -> Any:
        """The button of a seat."""
        return self.page.locator(f'#map [data-seat="{label}"]')

    def free_seats(self, count: int) -> list[str]:
        """Labels of `count` free seats that stand side by side."""
        rows: list[list[list[Any]]] = self.page.evaluate(
            """() => [...document.querySelectorAll("#map .row")].map((row) =>
                 [...row.querySelectorAll("[data-seat]")].map((seat) =>
                   [seat.dataset.seat, seat.dataset.state, Math.round(seat.getBoundingClientRect().left),
                    Math.round(seat.getBoundingClientRect().width)]))"""
        )
        for row in rows:
            for start in range(len(row) - count + 1):
                run = row[start : start + count]
                joined = all(right[2] - left[2] < 1.5 * left[3] for left, right in pairwise(run))
                if joined and all(seat[1] == "available" for seat in run):
                    return [str(seat[0]) for seat in run]
        raise AssertionError(f"no {count} free seats side by side")

    def expect_state(self, label: str, state: str) -> None:
        """Wait until the seat shows this state: available, held, mine, booked, blocked, pending."""
        expect(self.seat(label)).to_have_attribute("data-state", state)

    def hold(self, *labels: str) -> None:
        """Click seats and wait until they are mine."""
        for label in labels:
            self.seat(label).click()
        for label in labels:
            self.expect_state(label, "mine")

    def release_all(self) -> None:
        self.page.get_by_role("button", name="Release all").click()

    def expect_hold(self, *labels: str) -> None:
        """Wait until the ticket lists exactly these seats."""
        expect(self.page.locator("#ticket-seats li")).to_have_text(list(labels))

    def expect_no_hold(self) -> None:
        expect(self.page.locator("#ticket[data-hold=none]")).to_be_visible()

    def left_seconds(self) -> int:
        """What the ticket's clock shows."""
        minutes, seconds = self.page.locator("#clock-left").inner_text().split(":")
        return int(minutes) * 60 + int(seconds)

    def expect_said(self, words: str) -> None:
        """Wait until a live region contains these words."""
        expect(self.page.locator("#says, #alerts").filter(has_text=words)).to_have_count(1)

    def focused_seat(self) -> str | None:
        """The label of the seat that has the focus."""
        label = self.page.evaluate("document.activeElement?.dataset?.seat ?? null")
        return None if label is None else str(label)


def intercept(page: Page, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> None:
    """Let `change` alter, or drop by None, each frame from the server to this page."""

    def route(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def forward(message: str | bytes) -> None:
            frame = change(json.loads(message))
            if frame is not None:
                socket.send(json.dumps(frame))

        server.on_message(forward)

    page.route_web_socket("**/ws/shows/**", route)


class MovableClock:
    """The clock of a page, and of the house as this page hears it: the page corrects its own by what it is told."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._moved_ms = 0
        intercept(page, self._tell)
        page.clock.install()

    def move_on(self, *, seconds: int) -> None:
        self._moved_ms += seconds * 1000
        self._page.clock.fast_forward(seconds * 1000)

    def _tell(self, frame: dict[str, Any]) -> dict[str, Any]:
        return {**frame, "server_ms": frame["server_ms"] + self._moved_ms} if frame["type"] == "pong" else frame
