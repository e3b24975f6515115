"""Pictures of the screens' pages at the five sizes of the design, for judging by eye.

    python -m tests.e2e.kiosk_screenshots --url http://127.0.0.1:8000 --out reports/screens

The house must be running. What the boards show is pretended in the browser: an empty, a busy and a sold-out theatre,
a long title, Hindi; nothing is held or sold.
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, sync_playwright

from tests.e2e.screenshots import HINDI_TITLE, LONG_TITLE, busy, empty, sold_out
from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_path

SIZES = ((1280, 720), (1920, 1080), (3840, 2160), (1080, 1920), (768, 1024))
SETTLED_MS = 2500


def entry(show_id: int, movie: str, slug: str, *, minutes: int, available: int, held: int = 0, **fields: Any) -> Any:
    starts = datetime.now(UTC) + timedelta(minutes=minutes)  # noqa: TID251  (a script reads the clock)
    total = fields.pop("total", 240)
    few = max(10, total * 0.05)
    status = (
        "housefull"
        if available + held == 0
        else "last_few"
        if available <= few
        else "filling"
        if 2 * available <= total
        else "open"
    )
    return {
        "id": show_id,
        "movie": movie,
        "movie_slug": slug,
        "language": "Hindi",
        "certificate": "UA 13+",
        "screen": f"Audi {show_id % 4 + 1}",
        "starts_at": f"{starts:%Y-%m-%dT%H:%M:%SZ}",
        "ends_at": f"{starts + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}",
        "available": available,
        "held": held,
        "total": total,
        "status": "started" if minutes < 0 else status,
        **fields,
    }


def shows_of(movies: list[tuple[str, str]], kind: str) -> list[Any]:
    """A programme of real movies, as full as `kind` says."""

    def title(place: int) -> tuple[str, str]:
        return movies[place % len(movies)]

    if kind == "empty":
        return [entry(n + 1, *title(n), minutes=25 + 40 * n, available=236 - n) for n in range(4)]
    if kind == "sold out":
        return [entry(n + 1, *title(n), minutes=9 + 35 * n, available=0) for n in range(8)]
    if kind == "nothing":
        return []
    busy_shows = [
        entry(1, *title(0), minutes=-6, available=12),
        entry(2, *title(1), minutes=12, available=0),
        entry(3, *title(2), minutes=34, available=7, held=3),
        entry(4, *title(3), minutes=55, available=88, held=14),
        entry(5, *title(4), minutes=95, available=201, held=9),
        entry(6, *title(5), minutes=130, available=0, held=2),
        entry(7, *title(6), minutes=180, available=240),
    ]
    if kind == "titles":
        busy_shows[1]["movie"], busy_shows[2]["movie"], busy_shows[3]["movie"] = LONG_TITLE, HINDI_TITLE, LONG_TITLE
    return busy_shows


def pretend_board(page: Page, shows: list[Any], *, age_ms: int = 0, notice: bool = False) -> None:
    """The feed says these shows, once; `age_ms` ago."""

    def route(socket: WebSocketRoute) -> None:
        now_ms = time.time_ns() // 1_000_000 - age_ms
        theatre = {"slug": "x", "name": "x", "city": "x", "time_zone": "Asia/Kolkata"}
        socket.send(json.dumps({"type": "board", "server_ms": now_ms, "theatre": theatre, "shows": shows}))
        if notice:
            socket.send(json.dumps({"type": "notice", "code": "updates_delayed"}))

    page.route_web_socket("**/board/**", route)


def pretend_map(page: Page, states_of: Callable[[int], str]) -> None:
    """The show's socket says these states, once."""

    def route(socket: WebSocketRoute) -> None:
        now_ms = time.time_ns() // 1_000_000
        states = states_of(page.locator("#map [data-seat]").count())
        holds = {seat: now_ms + 400_000 for seat, state in enumerate(states) if state == "H"}
        snapshot = {"type": "snapshot", "epoch": "pretended", "version": 1, "server_ms": now_ms}
        socket.send(json.dumps({**snapshot, "states": states, "holds": holds, "mine": None}))

    page.route_web_socket("**/ws/shows/**", route)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--sizes", default="")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    sizes = [size for size in SIZES if not options.sizes or f"{size[0]}" in options.sizes.split(",")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        api = playwright.request.new_context(base_url=options.url)
        movies = [(m["title"], m["slug"]) for m in api.get("/api/v1/movies").json()["items"]]
        show = api.get("/api/v1/shows").json()["items"][0]
        board, door = "/kiosk/lantern-house/", f"/kiosk/shows/{show['id']}/"
        lobby = {kind: shows_of(movies, kind) for kind in ("empty", "busy", "sold out", "titles", "nothing")}
        shots: dict[str, tuple[str, Callable[[Page], None]]] = {
            **{
                f"board-{kind.replace(' ', '-')}": (board, partial(pretend_board, shows=shows))
                for kind, shows in lobby.items()
            },
            "board-light-hi": (
                f"{board}?theme=light&language=hi",
                lambda page: pretend_board(page, lobby["busy"], notice=True),
            ),
            "board-old": (board, lambda page: pretend_board(page, lobby["busy"], age_ms=200_000)),
            "board-night": (f"{board}?night=00:00-23:59", lambda page: pretend_board(page, lobby["busy"])),
            "door-empty": (door, lambda page: pretend_map(page, empty)),
            "door-busy": (f"{door}?theme=light", lambda page: pretend_map(page, busy)),
            "door-sold-out": (door, lambda page: pretend_map(page, lambda count: sold_out(count).replace("H", "B"))),
            "pairing": ("/kiosk/", lambda page: None),
        }
        for name, (path, prepare) in shots.items():
            if not any(name.startswith(only) for only in options.only.split(",")):
                continue
            for width, height in sizes:
                page = browser.new_page(viewport={"width": width, "height": height})
                prepare(page)
                page.goto(options.url + path)
                page.wait_for_timeout(SETTLED_MS)
                page.screenshot(path=options.out / f"{name}-{width}x{height}.png")
                page.close()
                print(f"{name} {width}x{height}")
        browser.close()


if __name__ == "__main__":
    main()
