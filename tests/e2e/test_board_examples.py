"""The boards of docs/examples, which know nothing but the published contract: run against a house, as they are."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, Any

import pytest
from playwright.sync_api import expect

from bookings.models import Show
from tests.e2e.pages import SeatPage
from tests.support.house import RunningHouse, running_house

pytestmark = pytest.mark.e2e
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LINES_MAX = 40


@pytest.fixture(scope="module")
def other_site() -> Iterator[str]:
    """The examples on a web server of somebody else."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(EXAMPLES)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def trusting_house(a_show_on_sale: Show, other_site: str) -> Iterator[RunningHouse]:
    """A house that trusts the pages of that site."""
    with running_house(CSRF_TRUSTED_ORIGINS=other_site) as house:
        house.start_web()
        yield house


def line_with(words: str, output: IO[str]) -> str:
    """The next line that has these words."""
    for line in output:
        if words in line:
            return line
    raise AssertionError(f"it ended without a line with {words}")


class TestExamples:
    @pytest.mark.parametrize("name", ["board.js", "board.py"])
    def test_are_short(self, name: str) -> None:
        assert len((EXAMPLES / name).read_text(encoding="utf-8").splitlines()) <= LINES_MAX

    def test_show_what_the_contract_tells_and_go_when_it_says_so(
        self, visitor: Callable[..., Any], trusting_house: RunningHouse, other_site: str, a_show_on_sale: Show
    ) -> None:
        url, slug, show = trusting_house.url, a_show_on_sale.screen.theatre.slug, a_show_on_sale
        page = visitor()
        page.goto(f"{other_site}/board.html?house={url}&theatre={slug}")
        row = page.locator("#shows tr").filter(has_text=show.movie.title)
        expect(row).to_contain_text("40open")
        expect(page.locator("#age")).to_have_text("live")

        with subprocess.Popen(
            [sys.executable, str(EXAMPLES / "board.py"), url, slug],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as terminal:
            assert terminal.stdout is not None
            assert " 40 open" in line_with(show.movie.title, terminal.stdout)
            SeatPage.open(visitor(), f"{url}/shows/{show.pk}/").hold("A1", "A2")

            assert line_with(" 38 open", terminal.stdout)
            expect(row).to_contain_text("38open")
            terminal.terminate()

        lost = [sys.executable, str(EXAMPLES / "board.py"), url, "nowhere"]
        run = subprocess.run(lost, capture_output=True, text=True, timeout=30)
        assert "do not come back (4504)" in run.stderr
