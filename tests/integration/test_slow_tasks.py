"""Tasks that run for minutes: a queue and a worker of their own, so that seats and money never wait for them."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models.functions import Now

from bookings.api import with_box_office
from bookings.models import Booking, OutboxEvent, Report
from bookings.services.reports import jobs
from bookings.tasks import relay_outbox, release_expired_bookings
from config.celery import app
from config.management.commands.demo import services
from tests.support.cinema import make_show
from tests.support.guards import with_and_without_guard
from tests.support.house import RunningHouse, running_house
from tests.support.processes import wait_until
from tests.support.reporting import SECONDS_MAX, no_report_ends

ONE_AT_A_TIME = ("worker", "-c", "1", "--without-mingle", "--without-gossip")


def queue_of(task: str) -> str:
    return str(app.amqp.router.route({}, task)["queue"].name)


def queues_of(command: Sequence[str]) -> list[str]:
    """What a worker's command takes; nothing for other commands."""
    return command[command.index("-Q") + 1].split(",") if "-Q" in command else []


class TestTheQueues:
    def test_have_every_task_that_may_run_for_minutes_in_the_slow_one(self) -> None:
        app.loader.import_default_modules()
        usual = settings.CELERY_TASK_TIME_LIMIT
        minutes = {name for name, task in app.tasks.items() if (task.time_limit or usual) > usual}

        assert minutes == {"check_ledger", "cleanup_old_data", "generate_report"}
        assert {name for name in app.tasks if queue_of(name) == "slow"} == minutes

    def test_have_a_worker_each_in_the_demo(self) -> None:
        taken = [queues_of(service.command) for service in services(8000, razorpay_url="", state_folder=Path())]

        assert sorted(filter(None, taken)) == [[queue] for queue in sorted(settings.CELERY_TASK_QUEUES)]

    def test_have_a_worker_each_in_compose(self) -> None:
        compose: Any = yaml.safe_load((Path(settings.BASE_DIR) / "docker-compose.yml").read_text())
        taken = [queues_of(service.get("command", [])) for service in compose["services"].values()]

        assert sorted(filter(None, taken)) == [[queue] for queue in sorted(settings.CELERY_TASK_QUEUES)]


@pytest.fixture
def house(database: str) -> Iterator[RunningHouse]:
    with running_house() as house:
        yield house


@pytest.mark.timeout(240)
@with_and_without_guard
def test_seats_and_money_do_not_wait_for_a_report(house: RunningHouse, database: str, guarded: bool) -> None:
    """Guarded: as demo and compose start them. Without: one process for everything, as long as the report is made."""
    late = booking_that_is_late()
    told = OutboxEvent.objects.create(kind="report.asked", key="another", payload={"report": str(UUID(int=7))})
    report = ask_for_a_report()
    if guarded:
        house.start_celery("worker", *ONE_AT_A_TIME, "-Q", "celery")
        house.start_celery("slow", *ONE_AT_A_TIME, "-Q", "slow", "-n", "slow@%h")
    else:
        house.start_celery("worker", *ONE_AT_A_TIME)

    with no_report_ends(database):
        release_expired_bookings.delay()
        relay_outbox.delay()
        if guarded:
            wait_until(lambda: has_ended(late), seconds=SECONDS_MAX, what="the seats are free")
            wait_until(lambda: is_handed_on(told), seconds=SECONDS_MAX, what="the outbox goes on")
        else:
            assert not has_ended(late)
        assert Report.objects.get(pk=report).state == "running"

    wait_until(lambda: Report.objects.get(pk=report).state == "done", seconds=SECONDS_MAX, what="the report is made")
    wait_until(lambda: has_ended(late), seconds=SECONDS_MAX, what="the seats are free after all")
    ended, made = Booking.objects.get(pk=late).ended_at, Report.objects.get(pk=report).finished_at
    assert ended is not None
    assert made is not None
    assert (ended < made) == guarded


def booking_that_is_late() -> str:
    """One past its deadline that nobody has ended yet."""
    show = make_show()
    booking = with_box_office(lambda office: office.hold(show_id=show.pk, holder="holder", labels=["A1"])).booking
    Booking.objects.filter(pk=booking).update(expires_at=Now() - timedelta(seconds=1))
    return booking


def ask_for_a_report() -> UUID:
    day = date(2026, 11, 21)
    manager = get_user_model().objects.create_user(username="manager")
    return jobs.ask_report(from_day=day, to_day=day, theatre=None, user=manager)


def has_ended(booking: str) -> bool:
    return Booking.objects.get(pk=booking).status == "expired"


def is_handed_on(event: OutboxEvent) -> bool:
    event.refresh_from_db()
    return event.done_at is not None
