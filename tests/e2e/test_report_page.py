"""Reports in a real browser: asked for with one click, followed while they are made, read on a phone."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from playwright.sync_api import Page, expect

from bookings.models import Report
from bookings.services.reports import sections
from bookings.tasks import generate_report
from tests.support.house import RunningHouse
from tests.support.sales import sell

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


def sign_in(page: Page, house: RunningHouse) -> None:
    """As somebody who may read reports."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser(username="priya", password="anything"))
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": house.url}])


@contextmanager
def a_slow_worker() -> Iterator[threading.Event]:
    """A worker that makes the only report, and stands still in its second step until the event is set."""
    go_on = threading.Event()

    def wait(*_: object) -> dict[str, Any]:
        assert go_on.wait(30)
        return {}

    def work() -> None:
        generate_report(report=str(Report.objects.get().pk))
        connection.close()

    steps = [sections._sections[0], sections.Section("Counting the takings", 4, wait), *sections._sections[1:]]
    with patch.object(sections, "_sections", steps):
        worker = threading.Thread(target=work)
        worker.start()
        try:
            yield go_on
        finally:
            go_on.set()
            worker.join()


class TestAReport:
    def test_is_followed_while_it_is_made_and_opens_by_itself(
        self, live_house: RunningHouse, visitor: Callable[..., Page], a_show_on_sale: Any
    ) -> None:
        from django.utils import timezone

        sell(a_show_on_sale, at=timezone.now(), seats=[0, 1])  # noqa: TID251
        page = visitor(**PHONE)
        sign_in(page, live_house)
        page.goto(f"{live_house.url}/staff/reports/")
        page.get_by_role("button", name="This month").click()
        expect(page.get_by_role("status")).to_have_text("Waiting for a worker")

        with a_slow_worker() as go_on:
            expect(page.get_by_role("status")).to_have_text("Counting the takings")
            assert 30 < page.locator("progress").evaluate("bar => bar.value") < 80
            go_on.set()
            expect(page.get_by_role("heading", name="Sales by day")).to_be_visible()

        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        expect(page.get_by_role("img", name="Sales by day")).to_be_visible()
        page.locator("#movies summary").click()
        expect(page.locator("#movies table")).to_contain_text(a_show_on_sale.movie.title)
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV of Movies").click()
        assert download.value.suggested_filename.startswith("housefull-movies-")
