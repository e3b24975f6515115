"""A report in a real worker that is killed in the middle: another makes it, told by nobody but the outbox."""

from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from bookings.models import OutboxEvent, Report
from bookings.services.reports import jobs
from bookings.tasks import relay_outbox
from tests.support.house import RunningHouse, running_house
from tests.support.processes import wait_until
from tests.support.reporting import SECONDS_MAX, no_report_ends

WORKER = ("worker", "-c", "1", "--without-mingle", "--without-gossip")
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def house(database: str) -> Iterator[RunningHouse]:
    with running_house() as house:
        house.start_celery("worker", *WORKER)
        yield house


def relay() -> bool:
    OutboxEvent.objects.filter(done_at=None).update(next_at=Now())
    try:
        relay_outbox.delay()
    except OperationalError:
        return False
    return True


class TestAReport:
    @pytest.mark.parametrize("looks_again", [True, False], ids=["guarded", "unguarded"])
    def test_of_a_killed_worker_is_made_by_another(
        self, house: RunningHouse, database: str, looks_again: bool
    ) -> None:
        """Redis would bring the task back too, after 300 s."""
        manager = get_user_model().objects.create_user(username="manager")
        day = date(2026, 11, 21)
        report = jobs.ask_report(from_day=day, to_day=day, theatre=None, user=manager)
        with no_report_ends(database):
            assert Report.objects.get(pk=report).state == "running"
            house.crash("worker")
        wait_until(lambda: not jobs._is_being_made(report), what="PostgreSQL has noticed")

        if not looks_again:
            OutboxEvent.objects.all().delete()
        house.start_celery("worker", *WORKER)
        assert relay()
        # When another event is handed on too, the new worker has seen to all there is.
        again = OutboxEvent.objects.create(kind="report.asked", key="another", payload={"report": str(UUID(int=7))})
        assert relay()
        wait_until(lambda: _is_done(again), seconds=SECONDS_MAX, what="the new worker relays")

        if looks_again:
            wait_until(lambda: _state(report) == "done", seconds=SECONDS_MAX, what="the report is made")
        else:
            assert _state(report) == "running"


def _is_done(event: OutboxEvent) -> bool:
    event.refresh_from_db()
    return event.done_at is not None


def _state(report: UUID) -> str:
    return str(Report.objects.values_list("state", flat=True).get(pk=report))
