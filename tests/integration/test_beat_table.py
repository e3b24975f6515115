"""The Beat table, by running the real Beat: each entry is seen sent when the contract says, and nothing else is."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from config.celery import app
from tests.support.shifted_beat import Seen, Span, run_beat

# Contract, section 5; the others are the house's own.
EVERY_SECONDS = {
    "relay_outbox": 5,
    "send_due_letters": 10,
    "beat_heartbeat": 10,
    "poll_payments": 15,
    "release_expired_bookings": 60,
    "reconcile_seats": 60,
    "send_show_reminders": 900,
    "check_ledger": 86_400,
}
SUNDAYS = "cleanup_old_data"
FRIDAY = datetime(2026, 11, 27, 22, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=16)
NINE_DAYS = timedelta(days=9)
# Each wait of Beat may end a hair early or late.
SLACK = timedelta(seconds=1)


def test_lists_what_the_contract_lists() -> None:
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} - {SUNDAYS} == set(EVERY_SECONDS)


@pytest.fixture(scope="module")
def seen(running_servers: object) -> list[Seen]:
    """A quarter of an hour of the whole table, and nine days of what is sent once a day at most."""
    return run_beat(Span(FRIDAY, FRIDAY + QUARTER), Span(FRIDAY, FRIDAY + NINE_DAYS, least_seconds=86_400))


def test_sends_every_task_when_it_starts_and_at_its_pace(seen: list[Seen]) -> None:
    sent, queues = seen[0].sent, seen[0].queues

    for task, seconds in EVERY_SECONDS.items():
        times = sent[task]
        assert times[0] - FRIDAY < SLACK, f"{task} waits though the house was closed"
        steps = [after - before for before, after in itertools.pairwise(times)]
        assert all(abs(step - timedelta(seconds=seconds)) < SLACK for step in steps), task
        # Each wait here is up to a hundredth of a second too long.
        assert len(times) == pytest.approx(QUARTER.total_seconds() // seconds + 1, rel=0.02, abs=1), task
    assert {task for task, queue in queues.items() if queue == "letters"} == {"send_due_letters"}
    assert {task for task, queue in queues.items() if queue == "slow"} == {"check_ledger", SUNDAYS}
    assert set(queues.values()) == {"celery", "letters", "slow"}


def test_sends_for_days_and_cleans_up_on_sundays_only(seen: list[Seen]) -> None:
    sent = seen[1].sent

    assert len(sent["check_ledger"]) == 9
    cleanups = [at for at in sent[SUNDAYS] if at - FRIDAY > SLACK]
    if SUNDAYS in app.tasks:
        assert [at.date().isoformat() for at in cleanups] == ["2026-11-29", "2026-12-06"]
    assert {at.weekday() for at in cleanups} <= {6}
