"""A board behind a network that swallows everything for ten real minutes: it counts down, says its age, heals."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from bookings.models import Show
from tests.chaos.run import Plan
from tests.support.chromium import CHROMIUM_ARGUMENTS, chromium_path
from tests.support.cinema import make_show
from tests.support.house import RunningHouse, running_house

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(0)]
CONVERGED_MS = 2000
LOOKS = 10


class BlackHole:
    """A line that forwards, until it is cut: then it accepts and carries nothing, as a dead switch does."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Carry nothing from now on."""
        self._is_cut = True

    def heal(self) -> None:
        """Carry again; what hung meanwhile is gone."""

        def mend() -> None:
            self._is_cut = False
            for writer in self._writers:
                writer.close()

        self._loop.call_soon_threadsafe(mend)

    def close(self) -> None:
        """Stop, whatever still hangs."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self._is_cut:
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers.add(back)
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer))
        self._writers -= {writer, back}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if not self._is_cut:
                    writer.write(data)
        except ConnectionError:
            pass
        writer.close()


@pytest.fixture
def board_house(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningHouse]:
    """A house of one web process. Playwright's loop runs in this thread, beside which Django wants to be asked."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with running_house(LIMIT_PROFILE="bench", LOG_LEVEL="WARNING") as house:
        house.start_web()
        yield house


class TestACut:
    def test_of_ten_minutes_is_counted_through_and_healed_in_two_seconds(
        self, board_house: RunningHouse, plan: Plan, say: Callable[[str], None]
    ) -> None:
        show = make_show()
        line = BlackHole(board_house.ports["web"])
        with closing(line), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
            page = browser.new_page(viewport={"width": 1920, "height": 1080})
            page.goto(f"http://127.0.0.1:{line.port}/kiosk/{show.screen.theatre.slug}/")
            expect(page.locator('#foot[data-line="live"]')).to_have_count(1, timeout=20_000)

            line.cut()
            # The house has moved on by the time that the line is back.
            show.movie.title = "After the cut"
            show.movie.save()
            began = time.monotonic()
            for look in range(1, LOOKS + 1):
                page.wait_for_timeout(plan.seconds * 1000 / LOOKS)
                self.assert_it_counts_down(page, show)
                say(f"  cut for {time.monotonic() - began:.0f} s: {page.locator('#age').inner_text()}")
                if look * plan.seconds / LOOKS > 15:
                    assert page.locator("#foot").get_attribute("data-line") == "loud"
            line.heal()

            expect(page.locator('#foot[data-line="live"]')).to_have_count(1, timeout=CONVERGED_MS)
            expect(page.locator(".show h2").first).to_have_text("After the cut", timeout=CONVERGED_MS)
            browser.close()

    @staticmethod
    def assert_it_counts_down(page: Page, show: Show) -> None:
        left = show.starts_at.timestamp() - time.time()  # noqa: TID251  (what a clock on the wall says)
        about = {round(left / 60) + off for off in (-1, 0, 1)}
        words = {f"in {m // 60} h {m % 60} min" if m % 60 else f"in {m // 60} h" for m in about}
        assert page.locator(".show .until").first.inner_text() in words
