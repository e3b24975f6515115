"""The staff's pages of reports: who may read them, asking, waiting, reading, and taking away."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pypdfium2
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from kombu.exceptions import OperationalError as BrokerAway
from pytest_django import Settings

from bookings.models import OutboxEvent, Report, Show
from bookings.services.outbox import LEASE_SECONDS, relay_due
from bookings.services.reports import jobs, sections
from bookings.tasks import generate_report
from config.celery import app
from tests.support.cinema import make_movie, make_screen, make_show
from tests.support.guards import unless, with_and_without_guard
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import wait_until
from tests.support.sales import PRICES, TWO_CATEGORIES, sell

PAGE = "/staff/reports/"
NOON = datetime(2026, 11, 21, 6, 30, tzinfo=UTC)
HINDI = "रात की रानी"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def static_files(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.


def browser(*permissions: str) -> Client:
    user = get_user_model().objects.create_user(username="priya", password="anything")
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def reader() -> Client:
    return browser("view_reports")


@pytest.fixture
def sent() -> Iterator[list[dict[str, Any]]]:
    """Tasks that were sent to the broker, instead of sending them."""
    found: list[dict[str, Any]] = []
    with patch("celery.current_app.send_task", lambda name, kwargs: found.append({"task": name, **kwargs})):
        yield found


def evening_show(title: str = "Paper Kites") -> Show:
    starts_at = NOON + timedelta(hours=7)
    return make_show(
        screen=make_screen(layout=TWO_CATEGORIES),
        movie=make_movie(title=title),
        prices=PRICES,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        sales_open_at=starts_at - timedelta(days=9),
        sales_close_at=starts_at,
    )


def ask(reader: Client, **form: str) -> Any:
    return reader.post(PAGE, {"from": "2026-11-21", "to": "2026-11-21", "theatre": "", **form})


def made(reader: Client, **form: str) -> str:
    """The address of a report that was asked for and made."""
    address: str = ask(reader, **form)["Location"]
    generate_report(report=str(Report.objects.latest("asked_at").pk))
    return address


class TestWhoever:
    def test_may_not_read_reports_is_sent_away(self, sent: list[Any]) -> None:
        report = Report.objects.create(parameters={"from": "2026-11-21", "to": "2026-11-21", "theatre": None})
        pages = [PAGE, *(f"{PAGE}{report.pk}/{end}" for end in ("", "progress/", "days.csv", "report.pdf"))]
        clerk = browser("view_booking")

        for page in pages:
            assert clerk.get(page).status_code == 403
            assert Client().get(page)["Location"].startswith("/accounts/login/?next=/staff/reports/")
        assert ask(clerk).status_code == 403
        assert (Report.objects.count(), sent) == (1, [])

    def test_may_read_them_finds_them_at_the_foot_of_every_page(self, reader: Client) -> None:
        assert f'href="{PAGE}"' in reader.get("/").content.decode()
        assert f'href="{PAGE}"' not in Client().get("/").content.decode()


class TestAsking:
    def test_sends_a_task_and_shows_how_far_it_is(self, reader: Client, sent: list[dict[str, Any]]) -> None:
        address = ask(reader)["Location"]
        report = Report.objects.get()

        assert sent == [{"task": "generate_report", "report": str(report.pk)}]
        assert "Waiting for a worker" in reader.get(address).content.decode()
        Report.objects.update(state="running", progress=54, step="Adding up sales and seats")
        told = reader.get(f"{address}progress/")
        assert told.json() == {"state": "running", "progress": 54, "step": "Adding up sales and seats"}
        assert "no-store" in told["Cache-Control"]

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"from": ""}, "Choose the first and the last day"),
            ({"from": "2026-11-31"}, "Choose the first and the last day"),
            ({"to": "2026-11-20"}, "The period ends before it begins."),
            ({"from": "1999-01-01"}, "A report is of at most 731 days."),
            ({"theatre": "nowhere"}, "There is no such theatre."),
        ],
    )
    def test_is_refused_in_words(self, reader: Client, sent: list[Any], form: dict[str, str], words: str) -> None:
        reply = ask(reader, **form)

        assert (reply.status_code, Report.objects.count(), sent) == (422, 0, [])
        assert words in reply.content.decode()

    def test_waits_in_the_outbox_while_the_broker_is_away(self, reader: Client) -> None:
        with patch("celery.current_app.send_task", side_effect=BrokerAway):
            assert ask(reader).status_code == 302
        event = OutboxEvent.objects.get()
        OutboxEvent.objects.update(next_at=event.created_at)
        found: list[str] = []
        with patch("celery.current_app.send_task", lambda _, kwargs: found.append(kwargs["report"])):
            relay_due(monotonic=lambda: 0.0)

        assert found == [str(Report.objects.get().pk)]
        generate_report(report=found[0])
        look_again()
        event.refresh_from_db()
        assert event.done_at is not None

    @with_and_without_guard
    def test_is_not_repeated_by_the_outbox_while_somebody_makes_it(
        self, reader: Client, sent: list[Any], guarded: bool
    ) -> None:
        ask(reader)
        found: list[int] = []

        def look_meanwhile(*_: object) -> dict[str, Any]:
            look_again()
            connection.close()
            found.append(len(sent))
            return {}

        blind = patch.object(jobs, "_is_being_made", lambda report_id: False)
        with (
            patch.object(sections, "_sections", [sections.Section("First", 1, look_meanwhile)]),
            unless(guarded, blind),
        ):
            generate_report(report=str(Report.objects.get().pk))

        assert found == [1 if guarded else 2]

    def test_is_sent_again_where_whoever_made_it_is_gone(self, reader: Client, sent: list[Any]) -> None:
        ask(reader)
        Report.objects.update(state="running", progress=54)

        look_again()
        look_again()
        assert len(sent) == 3

        Report.objects.update(asked_at=Now() - jobs.GIVE_UP_AFTER)
        look_again()
        look_again()
        assert (len(sent), Report.objects.get().state) == (3, "failed")

    def test_is_begun_anew_within_a_minute_of_a_kill(self) -> None:
        relays = app.conf.beat_schedule["relay-outbox"]["schedule"]

        assert max(jobs.LEFT_BEHIND.total_seconds(), jobs.LOOK_AGAIN_SECONDS) + relays < 60
        assert LEASE_SECONDS + relays < 60


def look_again() -> None:
    """The outbox hands on what is asked for, as if its time had come."""
    OutboxEvent.objects.filter(done_at=None).update(next_at=Now())
    relay_due(monotonic=lambda: 0.0)


class TestMaking:
    def test_tells_each_step_on_the_way(self, reader: Client, sent: list[Any]) -> None:
        ask(reader)

        def until(progress: int, step: str) -> Any:
            """A section that ends once the row says so."""

            def wait(*_: object) -> dict[str, Any]:
                told = Report.objects.filter(state="running", progress=progress, step=step)
                wait_until(told.exists, seconds=PATIENCE_SECONDS, what=step)
                connection.close()
                return {}

            return wait

        steps = [
            sections.Section("Short", 1, until(50, "Short")),
            sections.Section("Long", 2, until(0, "Long")),
            sections.Section("Last", 1, until(75, "Last")),
        ]
        with patch.object(sections, "_sections", steps):
            generate_report(report=str(Report.objects.get().pk))

        assert Report.objects.values_list("progress", "state").get() == (100, "done")

    def test_says_when_it_has_failed_and_is_made_again_when_asked(self, reader: Client, sent: list[Any]) -> None:
        address = ask(reader)["Location"]

        def fail(*_: object) -> dict[str, Any]:
            raise ZeroDivisionError

        broken = patch.object(sections, "_sections", [sections.Section("First", 1, fail)])
        with broken, pytest.raises(ZeroDivisionError):
            generate_report(report=str(Report.objects.get().pk))

        assert "It could not be made." in reader.get(address).content.decode()
        generate_report(report=str(Report.objects.get().pk))
        assert Report.objects.get().state == "done"

    @with_and_without_guard
    def test_is_done_by_one_worker_at_a_time(self, reader: Client, sent: list[Any], guarded: bool) -> None:
        ask(reader)
        report = str(Report.objects.get().pk)
        begun: list[str] = []

        def another_begins(*_: object) -> dict[str, Any]:
            begun.append(report)
            if len(begun) == 1:
                generate_report(report=report)
                connection.close()
            return {}

        blind = patch.object(jobs, "_making", lambda report_id: nullcontext(True))
        with (
            patch.object(sections, "_sections", [sections.Section("First", 1, another_begins)]),
            unless(guarded, blind),
        ):
            generate_report(report=report)

        assert len(begun) == (1 if guarded else 2)
        assert Report.objects.get().state == "done"

    def test_is_done_once(self, reader: Client, sent: list[Any]) -> None:
        made(reader)
        finished_at = Report.objects.get().finished_at

        generate_report(report=str(Report.objects.get().pk))
        generate_report(report="01a20098-8412-77ec-bab4-5ed36ee4c993")

        assert Report.objects.get().finished_at == finished_at


class TestReading:
    def test_shows_figures_charts_and_tables(self, reader: Client, sent: list[Any]) -> None:
        sell(evening_show("<Kites & Co>"), at=NOON, seats=[0, 1, 16])

        page = reader.get(made(reader)).content.decode()

        assert "₹750.50" in page
        assert "&lt;Kites &amp; Co&gt;" in page
        assert page.count('class="chart-columns" role="img"') == 1
        assert "Saturday" in page
        assert "₹735.49 to settle" in page  # less a fiftieth, in whole paise
        assert 'role="alert"' not in page

    def test_warns_when_money_and_seats_do_not_agree(self, reader: Client, sent: list[Any]) -> None:
        sell(evening_show(), at=NOON, seats=[0]).claims.update(price_paise=100)

        assert "differ by ₹199" in reader.get(made(reader)).content.decode()

    def test_says_that_there_is_nothing(self, reader: Client, sent: list[Any]) -> None:
        page = reader.get(made(reader)).content.decode()

        assert "Nothing in these days." in page
        assert "chart-columns" not in page

    def test_has_pages_of_reports_that_exist_only(self, reader: Client, sent: list[Any]) -> None:
        nowhere = f"{PAGE}01a20098-8412-77ec-bab4-5ed36ee4c993/"
        address = ask(reader)["Location"]

        for page in (
            nowhere,
            f"{nowhere}progress/",
            f"{nowhere}days.csv",
            f"{address}days.csv",
            f"{address}report.pdf",
        ):
            assert reader.get(page).status_code == 404
        generate_report(report=str(Report.objects.get().pk))
        assert reader.get(f"{address}secrets.csv").status_code == 404


class TestTakingAway:
    def test_a_table_as_csv(self, reader: Client, sent: list[Any]) -> None:
        sell(evening_show('=cmd|"/c calc"!A1'), at=NOON, seats=[0, 1])

        reply = reader.get(f"{made(reader)}movies.csv")

        assert reply["Content-Type"] == "text/csv; charset=utf-8"
        assert 'filename="housefull-movies-2026-11-21-2026-11-21.csv"' in reply["Content-Disposition"]
        assert reply.content.decode("utf-8-sig").splitlines()[1] == '"\'=cmd|""/c calc""!A1",1,2,400.00,0,0,0.00'

    def test_all_of_it_as_pdf(self, reader: Client, sent: list[Any]) -> None:
        show = evening_show(HINDI)
        sell(show, at=NOON, seats=[0, 1], returned_at=NOON + timedelta(hours=1))
        sell(show, at=NOON, seats=[2])

        reply = reader.get(f"{made(reader)}report.pdf")

        assert reply["Content-Type"] == "application/pdf"
        with pypdfium2.PdfDocument(reply.content) as document:
            text = "".join(page.get_textpage().get_text_range() for page in document)
            # Something dark is drawn on every page, on white.
            shades = [page.render(scale=0.3).to_pil().convert("L").getextrema() for page in document]
        assert all(dark < 100 and light == 255 for dark, light in shades)
        told = "All theatres", "Sat 21 Nov 2026", "₹600", "Settling with the ledger", "Given back by its buyer"
        assert [said for said in told if said not in text] == []
        assert all(letter in text for letter in "रतकन")

    def test_a_pdf_of_nothing(self, reader: Client, sent: list[Any]) -> None:
        reply = reader.get(f"{made(reader)}report.pdf")

        with pypdfium2.PdfDocument(reply.content) as document:
            assert "Sold" in document[0].get_textpage().get_text_range()
