"""Celery, mail, services and troubleshooting in docs/, held to the code: commands, tables, files, numbers."""

import re
import shlex
from pathlib import Path

import pytest
import redis
from celery.schedules import crontab
from django.conf import settings
from django.core.management import get_commands, load_command_class

from bookings.services import outbox
from config import heartbeats, log_files
from config.celery import QUIET_TASKS, app
from config.doctor.checklist import CHECKLIST
from config.logging import APP_LOG, WORKER_LOG
from frontend.letters import carrier, rules, transport
from frontend.models import Letter

DOCS = Path(settings.BASE_DIR) / "docs"
PAGES = ("celery.md", "mail.md", "services.md", "troubleshooting.md")


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def commands_of(page: str) -> list[str]:
    """What is typed in the page's console blocks."""
    blocks = re.findall(r"```console\n(.*?)```", text_of(page), re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def first_column(page: str, heading: str) -> list[str]:
    """The first cells of the table whose first heading this is."""
    table = re.search(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text_of(page), re.MULTILINE)
    assert table, f"no table {heading} in {page}"
    return [row.split("|")[1].strip().strip("`") for row in table[1].splitlines()]


class TestCeleryPage:
    def test_lists_the_tasks_as_beat_sends_them(self) -> None:
        rows = re.findall(r"^\| `(\w+)` \| every (\d+) s \|", text_of("celery.md"), re.MULTILINE)

        scheduled = {entry["task"]: entry["schedule"] for entry in app.conf.beat_schedule.values()}
        by_calendar = {task for task, schedule in scheduled.items() if isinstance(schedule, crontab)}
        assert {task: float(seconds) for task, seconds in rows} == {
            task: schedule for task, schedule in scheduled.items() if task not in by_calendar
        }
        assert by_calendar == {"cleanup_old_data"}
        assert "| `cleanup_old_data` | Sundays, 03:30 UTC |" in text_of("celery.md")
        app.loader.import_default_modules()  # as a worker does when it starts
        assert set(scheduled) <= set(app.tasks)

    def test_names_the_log_files_and_their_bounds(self) -> None:
        assert first_column("celery.md", "file") == [f"logs/{APP_LOG}", f"logs/{WORKER_LOG}"]
        assert (log_files.LOG_BYTES_MAX, log_files.OLD_FILES_MAX) == (10_000_000, 3)
        quiet = re.search(r"secret\.([^.]+) are only told of", text_of("celery.md"))
        assert quiet is not None
        assert set(re.findall(r"`(\w+)`", quiet[1])) == QUIET_TASKS

    def test_lists_every_event_that_somebody_hears_or_may_hear(self) -> None:
        listed = first_column("celery.md", "event")

        assert len(listed) == len(set(listed))
        assert set(listed) == {*outbox.handled_kinds(), "booking.expired"}
        told = "".join(
            path.read_text(encoding="utf-8")
            for app_name in ("bookings", "payments")
            for kind in ("*.py", "*.sql")
            for path in (Path(settings.BASE_DIR) / app_name).rglob(kind)
        )
        for event in listed:
            assert re.search(rf"""["']{re.escape(event)}["']""", told), f"nobody tells of {event}"

    def test_tells_the_outbox_as_it_is(self) -> None:
        assert (outbox.LEASE_SECONDS, outbox.RETRY_SECONDS_MIN, outbox.RETRY_SECONDS_MAX) == (50, 5, 300)
        assert "from bookings.services.outbox import on_event" in text_of("celery.md")
        assert app.conf.broker_transport_options["visibility_timeout"] == 300

    def test_shows_redis_commands_that_find_what_they_look_for(
        self, database: str, redis_client: redis.Redis
    ) -> None:
        heartbeats.leave_sign(heartbeats.WORKER)
        app.send_task("beat_heartbeat")
        app.send_task("send_due_letters")
        app.send_task("check_ledger")
        typed = [shlex.split(command) for command in commands_of("celery.md") if command.startswith("redis-cli")]

        answers = []
        for _, _, number, *command in typed:
            with redis.Redis.from_url(f"{settings.REDIS_URL.removesuffix('/0')}/{number}") as client:
                answers.append(client.execute_command(*command))

        *lengths, sign_ms = answers
        assert lengths == [1, 1, 1]
        assert int(sign_ms) > 1_700_000_000_000


class TestMailPage:
    def test_lists_letters_and_states_as_they_are(self) -> None:
        assert first_column("mail.md", "letter") == [kind.value for kind in Letter.Kind]
        assert first_column("mail.md", "state") == [state.value for state in Letter.State]

    def test_names_the_variables_that_the_example_lists(self) -> None:
        example = (Path(settings.BASE_DIR) / ".env.example").read_text(encoding="utf-8")

        for name in first_column("mail.md", "variable"):
            assert f"#{name}=" in example

    def test_tells_times_as_they_are(self) -> None:
        text = " ".join(text_of("mail.md").split())

        assert "takes the letter for 48 s" in text
        assert carrier.LEASE_SECONDS == 48
        assert "it is left alone for 60 s, then 2 minutes, at most 4" in text
        assert (rules.REST_SECONDS_MIN, rules.REST_SECONDS_MAX) == (60, 240)
        assert "then 10, 20, … at most 4 hours" in text
        assert (rules.RETRY_SECONDS_MIN, rules.RETRY_SECONDS_MAX) == (300, 4 * 3600)
        assert rules.GIVE_UP_AFTER.total_seconds() == 24 * 3600
        assert "after two such tries failed" in text
        assert rules.UNCLEAR_MAX == 2
        assert "The wait for one step is 5 s, for one letter 20 s; Celery ends the task after 40 s" in text
        assert (transport.STEP_SECONDS, transport.SEND_SECONDS) == (5, 20)
        assert (carrier.SOFT_LIMIT_SECONDS, carrier.HARD_LIMIT_SECONDS) == (40, 45)


class TestServicesPage:
    @pytest.mark.parametrize("package", ["bookings/services", "payments/services", "frontend/letters"])
    def test_lists_every_service_and_none_that_is_not_there(self, package: str) -> None:
        folder = Path(settings.BASE_DIR) / package
        modules = {path.name for path in folder.glob("*.py")} - {"__init__.py"}
        packages = {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}

        assert self.listed()[package] == modules | packages

    def test_has_a_section_for_these_packages_only(self) -> None:
        assert set(self.listed()) == {"bookings/services", "payments/services", "frontend/letters"}

    def listed(self) -> dict[str, set[str]]:
        """The modules, and packages of several, that each section's table names."""
        sections = re.findall(
            r"^## [^`\n]*`([\w/]+)`\n(.*?)(?=^## |\Z)", text_of("services.md"), re.MULTILINE | re.DOTALL
        )
        return {package: set(re.findall(r"`(\w+(?:\.py|/))`", table)) for package, table in sections}


class TestTroubleshootingPage:
    def test_explains_every_line_of_the_checklist(self) -> None:
        assert first_column("troubleshooting.md", "line") == [examination.name for examination in CHECKLIST]

    def test_names_the_addresses_there_are(self) -> None:
        assert first_column("troubleshooting.md", "address") == ["/healthz", "/readyz", "/metrics"]


class TestPages:
    @pytest.mark.parametrize("page", PAGES)
    def test_show_commands_and_options_that_exist(self, page: str) -> None:
        shown = re.findall(r"manage\.py (\w+)((?: --[\w-]+(?: \d+)?)*)", text_of(page))
        assert shown
        for name, options in shown:
            command = load_command_class(get_commands()[name], name)
            command.create_parser("manage.py", name).parse_args(shlex.split(options))

    @pytest.mark.parametrize("page", PAGES)
    def test_show_nothing_to_type_that_no_test_runs(self, page: str) -> None:
        known = ("python manage.py ", "celery -A config ", "redis-cli -n ", "tail -f logs/")
        assert [command for command in commands_of(page) if not command.startswith(known)] == []
        for path in re.findall(r"logs/([\w.]+)", text_of(page)):
            assert path in (APP_LOG, WORKER_LOG)
