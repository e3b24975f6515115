"""Celery's tasks: what they do when a store is away, and what they hand on."""

import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis
import time_machine
from celery.schedules import crontab
from django.db import connection
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from bookings.api import with_box_office
from bookings.domain.cleanup import last_due
from bookings.models import Booking, OutboxEvent, PicturePending, Show
from bookings.seat_store.connection import StoreUnavailable
from bookings.services import outbox
from bookings.tasks import reconcile_seats, relay_outbox, release_expired_bookings
from config.celery import app
from tests.support.patience import PATIENCE_SECONDS
from tests.support.servers import paused_postgres

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


def hold(show: Show, label: str) -> str:
    held = with_box_office(lambda office: office.hold(show_id=show.pk, holder="holder", labels=[label]))
    return held.booking


def states_of(show: Show) -> str:
    return with_box_office(lambda office: office.picture(show.pk)).states


def make_late(booking: str) -> None:
    Booking.objects.filter(pk=booking).update(expires_at=Now() - timedelta(seconds=1))


class TestReleaseExpiredBookings:
    def test_expires_while_redis_is_away_and_the_relay_shows_it_later(
        self, show: Show, servers: "EmbeddedServers", redis_client: redis.Redis
    ) -> None:
        booking = hold(show, "A1")
        make_late(booking)
        servers.pause_redis()

        release_expired_bookings()

        assert Booking.objects.get(pk=booking).status == "expired"
        assert PicturePending.objects.count() == 1
        servers.resume_redis()
        PicturePending.objects.update(created_at=Now() - timedelta(minutes=1))
        relay_outbox()
        assert not PicturePending.objects.exists()
        assert states_of(show)[0] == "A"
        assert redis_client.keys("seat_lock:*") == []

    def test_fails_in_time_while_postgresql_hangs(self, show: Show, servers: "EmbeddedServers") -> None:
        connection.close()
        with paused_postgres(servers):
            started = time.monotonic()
            result = release_expired_bookings.apply()

        assert time.monotonic() - started < PATIENCE_SECONDS
        assert isinstance(result.result, release_expired_bookings.throws)
        release_expired_bookings()


class TestReconcileSeats:
    def test_repairs_what_redis_shows(self, show: Show, redis_client: redis.Redis) -> None:
        hold(show, "A1")
        redis_client.setrange(f"seat_states:{{{show.pk}}}", 0, "ABX")

        reconcile_seats()

        assert states_of(show)[:3] == "HAA"

    def test_rebuilds_a_lost_show_that_has_pending_bookings(self, show: Show, redis_client: redis.Redis) -> None:
        booking = hold(show, "A1")
        redis_client.delete(f"show:{{{show.pk}}}")

        reconcile_seats()

        assert str(redis_client.hget(f"reserved_seats:{{{show.pk}}}", "A1")).startswith(booking)

    def test_leaves_alone_what_has_no_picture(self, show: Show, redis_client: redis.Redis) -> None:
        reconcile_seats()

        assert redis_client.keys("show:*") == []

    def test_fails_as_expected_without_redis(self, show: Show, servers: "EmbeddedServers") -> None:
        servers.kill_redis()

        with pytest.raises(StoreUnavailable):
            reconcile_seats()


@pytest.fixture
def no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else hears of events in this test."""
    monkeypatch.setattr(outbox, "_handlers", defaultdict(list))


@pytest.fixture
def event(database: str, no_handlers: None) -> OutboxEvent:
    return OutboxEvent.objects.create(kind="tested", key="tested:1", payload={"booking": "b"})


def make_due(event: OutboxEvent) -> None:
    OutboxEvent.objects.filter(pk=event.pk).update(next_at=Now())


class TestRelayOutbox:
    def test_hands_an_event_over_once(self, event: OutboxEvent) -> None:
        heard: list[Mapping[str, Any]] = []
        outbox.on_event("tested", lambda happened: heard.append(happened.payload))

        relay_outbox()
        relay_outbox()

        event.refresh_from_db()
        assert heard == [{"booking": "b"}]
        assert event.done_at is not None

    def test_keeps_an_event_that_nobody_handles(self, event: OutboxEvent) -> None:
        outbox.on_event("another", lambda happened: None)

        relay_outbox()

        event.refresh_from_db()
        assert (event.done_at, event.tries) == (None, 0)

    def test_tries_a_failed_event_again_later_and_goes_on_with_the_next(self, event: OutboxEvent) -> None:
        heard: list[Mapping[str, Any]] = []

        def fail_for_b(happened: outbox.Event) -> None:
            if happened.payload["booking"] == "b":
                raise ConnectionError("the mail server sleeps")
            heard.append(happened.payload)

        outbox.on_event("tested", fail_for_b)
        OutboxEvent.objects.create(kind="tested", key="tested:2", payload={"booking": "c"})

        first = outbox.relay_due(monotonic=time.monotonic)
        second = outbox.relay_due(monotonic=time.monotonic)

        event.refresh_from_db()
        assert (first.handled, first.failed, second.handled, second.failed) == (1, 1, 0, 0)
        assert heard == [{"booking": "c"}]
        assert (event.done_at, event.tries) == (None, 1)
        make_due(event)
        assert outbox.relay_due(monotonic=time.monotonic).failed == 1

    def test_looks_again_when_the_handler_asks_for_it(self, event: OutboxEvent) -> None:
        tries: list[int] = []

        def wait_once(happened: outbox.Event) -> None:
            tries.append(happened.tries)
            if len(tries) == 1:
                raise outbox.TryLater(3600)

        outbox.on_event("tested", wait_once)
        outbox.relay_due(monotonic=time.monotonic)
        outbox.relay_due(monotonic=time.monotonic)
        assert tries == [1]

        make_due(event)
        outbox.relay_due(monotonic=time.monotonic)

        event.refresh_from_db()
        assert tries == [1, 2]
        assert event.done_at is not None

    def test_gives_an_event_to_one_worker_at_a_time(self, event: OutboxEvent) -> None:
        inside: list[int] = []

        def look_from_inside(_happened: outbox.Event) -> None:
            # Another worker that relays now, while this one has not finished.
            inside.append(outbox.relay_due(monotonic=time.monotonic).handled)

        outbox.on_event("tested", look_from_inside)

        outbox.relay_due(monotonic=time.monotonic)

        assert inside == [0]

    def test_takes_an_event_again_whose_worker_was_killed(self, event: OutboxEvent) -> None:
        class Killed(BaseException):
            """As SIGKILL: nothing of ours runs any more."""

        heard: list[Mapping[str, Any]] = []

        def die_once(happened: outbox.Event) -> None:
            heard.append(happened.payload)
            if len(heard) == 1:
                raise Killed

        outbox.on_event("tested", die_once)
        with pytest.raises(Killed):
            outbox.relay_due(monotonic=time.monotonic)
        assert outbox.relay_due(monotonic=time.monotonic).handled == 0

        make_due(event)  # its lease is over
        again = outbox.relay_due(monotonic=time.monotonic)

        assert (again.handled, len(heard)) == (1, 2)

    def test_fails_as_expected_without_redis(self, show: Show, servers: "EmbeddedServers") -> None:
        servers.kill_redis()

        with pytest.raises(StoreUnavailable):
            relay_outbox()


class TestSettings:
    def test_send_and_take_json_only(self) -> None:
        assert app.conf.accept_content == app.conf.result_accept_content == ["json"]
        assert app.conf.task_serializer == "json"

    def test_do_a_killed_workers_task_again(self) -> None:
        assert app.conf.task_acks_late
        assert app.conf.task_reject_on_worker_lost
        assert app.conf.worker_prefetch_multiplier == 1
        assert app.conf.broker_transport_options["visibility_timeout"] == 300

    def test_let_every_scheduled_task_expire_before_its_successor_piles_up(self) -> None:
        app.loader.import_default_modules()  # as a worker does when it starts
        for entry in app.conf.beat_schedule.values():
            period = 7 * 86_400 if isinstance(entry["schedule"], crontab) else entry["schedule"]
            assert entry["options"]["expires"] <= period
            assert entry["task"] in app.tasks

    def test_begin_clean_up_on_sundays_and_when_the_house_opens(self) -> None:
        entry = app.conf.beat_schedule["cleanup-old-data"]
        saturday = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

        def is_due(last_run_at: datetime, now: datetime) -> bool:
            with time_machine.travel(now, tick=False):
                return bool(entry["schedule"].is_due(last_run_at).is_due)

        sunday = last_due(saturday + timedelta(days=1))
        assert is_due(entry["last_run_at"], saturday)
        assert not is_due(saturday, sunday - timedelta(seconds=1))
        assert is_due(saturday, sunday)

    @pytest.mark.parametrize("how", ["pause", "kill"])
    def test_never_let_a_sender_hang_on_a_broken_broker(
        self, redis_client: redis.Redis, servers: "EmbeddedServers", how: str
    ) -> None:
        getattr(servers, f"{how}_redis")()
        started = time.monotonic()

        with pytest.raises(OperationalError):
            relay_outbox.delay()

        assert time.monotonic() - started < PATIENCE_SECONDS
