"""docs/expiry-and-redis-cleanup.md and docs/reports.md, run: their commands, their tables, their numbers."""

import re
import shlex
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db.models import F
from django.db.models.functions import Now

from bookings.api import with_box_office
from bookings.domain import cleanup as due
from bookings.domain.seat_history import WORDS, EventKind
from bookings.models import Booking, SeatEvent, Show
from bookings.services.cleanup.rules import all_rules
from bookings.services.cleanup.run import PAGE, SECONDS_MAX
from bookings.services.reports.jobs import LEFT_BEHIND
from config.celery import app
from tests.bench.registry import BENCHMARKS

DOCS = Path(settings.BASE_DIR) / "docs"
GUIDE = (DOCS / "expiry-and-redis-cleanup.md").read_text(encoding="utf-8")
REPORTS = (DOCS / "reports.md").read_text(encoding="utf-8")


def typed() -> list[tuple[str, str]]:
    """(command, shown reply) of each console block of the guide."""
    blocks = re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL)
    return re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks), re.MULTILINE)


def run(command: str, client: redis.Redis, show: Show) -> str:
    """What somebody sees who types it."""
    program, *words = [word.replace("{24}", f"{{{show.pk}}}") for word in shlex.split(command)]
    match [program, *words]:
        case ["redis-cli", *asked]:
            reply = client.execute_command(*asked)  # type: ignore[no-untyped-call]  # redis-py's stub has none
            return f"{int(reply) if isinstance(reply, bool) else reply}\n"
        case ["celery", "-A", "config", "call", task]:
            app.loader.import_default_modules()  # as a worker does when it starts
            app.tasks[task]()
            return ""
        case ["python", "manage.py", *asked]:
            out = StringIO()
            call_command(*[str(show.pk) if word == "24" else word for word in asked], stdout=out)
            assert out.getvalue()
            return ""
    raise AssertionError(f"nobody runs this: {command}")


class TestTheGuideOfExpiry:
    def test_shows_what_happens(self, show: Show, redis_client: redis.Redis) -> None:
        held = with_box_office(lambda office: office.hold(show_id=show.pk, holder="holder", labels=["A1"]))

        for command, shown in typed():
            if command.startswith("celery"):
                Booking.objects.update(expires_at=Now() - (F("expires_at") - F("created_at")))
            assert run(command, redis_client, show) == shown, command

        assert redis_client.keys("seat_*:A1") == redis_client.keys("hold*") == []
        events = SeatEvent.objects.filter(booking_id=held.booking).order_by("id").values_list("event", flat=True)
        told = [WORDS[EventKind(event)] for event in events]
        assert told == ["Held", "The hold ran out"]
        assert f"*{told[0]}*,\n*{told[1]}*" in GUIDE

    def test_lists_every_rule_with_its_days(self) -> None:
        rows = re.findall(r"^\| `([\w ]+)` \| .* \| (\d+) (days|h)[\w ]* \| (?:`(\w+)`|–) \|$", GUIDE, re.MULTILINE)

        assert [row[0] for row in rows] == [rule.name for rule in all_rules()]
        for rule, (_, count, unit, setting) in zip(all_rules(), rows, strict=True):
            hours = int(count) * (24 if unit == "days" else 1)
            assert rule.kept().total_seconds() == hours * 3600
            assert not setting or getattr(settings, setting) == int(count)

    @pytest.mark.parametrize(
        ("said", "true"),
        [
            ("On Sundays at 03:30 UTC", (due.WEEKDAY, due.HOUR, due.MINUTE) == (6, 3, 30)),
            ("looks at 2,000 rows", PAGE == 2_000),
            ("After 200 s", SECONDS_MAX == 200),
        ],
    )
    def test_tells_numbers_as_they_are(self, said: str, true: bool) -> None:
        assert said in " ".join(GUIDE.split())
        assert true


class TestTheGuideOfReports:
    def test_names_a_benchmark_that_there_is(self) -> None:
        named = re.findall(r'make bench ARGS="--only (\w+)"', REPORTS)
        assert named == ["reports"]
        assert set(named) <= set(BENCHMARKS)

    def test_tells_numbers_as_they_are(self) -> None:
        assert "Reports are kept for 90\ndays" in REPORTS
        assert settings.RETENTION_REPORTS_DAYS == 90
        assert "sent ten seconds\nlater" in REPORTS
        assert LEFT_BEHIND.total_seconds() == 10
