"""Clean-up: it takes what is old and of no use, never money nor what money points to, and says what it took."""

import itertools
import logging
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import psycopg
import pytest
from django.conf import settings as house
from django.core.management import call_command
from django.db import IntegrityError, connection
from psycopg import sql

from bookings.models import (
    Booking,
    CleanupRun,
    IdempotencyRecord,
    OutboxEvent,
    PastHold,
    Report,
    SeatClaim,
    SeatEvent,
    Show,
)
from bookings.services import outbox
from bookings.services.cleanup import rules
from bookings.services.cleanup.run import Cleaned, clean_up, would_clean_up
from bookings.tasks import cleanup_old_data
from payments.models import AuditEntry, Order, Payment, WebhookEvent
from tests.support import retention
from tests.support.at_once import in_threads
from tests.support.guards import unless, with_and_without_guard
from tests.support.processes import wait_until
from tests.support.retention import MONEY, ago, expired, rows_of
from tests.support.sales import hold, make_cinema, sell
from tests.support.seat_events import without_trigger

pytestmark = pytest.mark.usefixtures("database")


def clean(**options: float) -> Cleaned:
    return clean_up(asked_by="test", monotonic=time.monotonic, **options)  # type: ignore[arg-type]  # page is whole


HUNDREDS = 1000


def expired_by_hundreds(show: Show) -> None:
    """Holds that ran out long ago, and had no seats."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bookings_booking (id, show_id, holder, status, created_at, expires_at, ended_at) "
            "SELECT gen_random_uuid(), %s, 'h', 'expired', %s, %s, %s FROM generate_series(1, %s)",
            [show.pk, *[ago(days=40)] * 3, HUNDREDS],
        )


@pytest.fixture
def past(database: str) -> Show:
    """A show of last year."""
    return make_cinema(starts_at=ago(days=400))


class TestItTakes:
    def test_old_holds_that_came_to_nothing_with_their_claims(self, past: Show) -> None:
        expired(past, days=31, seats=(0, 1))
        given_up = hold(past, at=ago(days=32), seats=[2], status="cancelled", ended_at=ago(days=31))
        young = expired(past, days=29, seats=(3,))
        held = hold(past, at=ago(days=40), seats=[4], status="pending")

        cleaned = clean()

        assert cleaned.removed["ended bookings"] == 2
        assert set(Booking.objects.values_list("pk", flat=True)) == {young.pk, held.pk}
        assert set(SeatClaim.objects.values_list("seat_index", flat=True)) == {3, 4}
        assert given_up.pk not in Booking.objects.values_list("pk", flat=True)

    def test_events_that_were_handed_on_and_such_as_nobody_hears(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(outbox._handlers, "heard", [lambda _: None])
        for kind, days, is_done in (
            ("heard", 31, True),
            ("heard", 29, True),
            ("heard", 400, False),
            ("unheard", 31, False),
            ("unheard", 29, False),
        ):
            retention.tell(f"{kind} {days} {is_done}", days=days, kind=kind, is_done=is_done)

        assert clean().removed["outbox"] == 2
        assert set(OutboxEvent.objects.values_list("key", flat=True)) == {
            "heard 29 True",
            "heard 400 False",
            "unheard 29 False",
        }

    def test_webhooks_that_were_taken_in_but_none_of_disputes(self) -> None:
        retention.receive("old", days=91)
        retention.receive("young", days=89)
        retention.receive("left", days=400, is_done=False)
        retention.receive("dispute", days=400, kind="payment.dispute.created")

        assert clean().removed["inbox"] == 1
        kept = {
            bytes(digest).decode().strip() for digest in WebhookEvent.objects.values_list("body_sha256", flat=True)
        }
        assert kept == {"young", "left", "dispute"}

    def test_replies_that_answer_nobody_any_more(self) -> None:
        retention.keep_reply("old", hours=25)
        retention.keep_reply("young", hours=23)

        assert clean().removed["idempotency"] == 1
        assert IdempotencyRecord.objects.get().key == "young"

    def test_the_history_of_seats_after_a_year(self, past: Show) -> None:
        for days in (367, 366, 364, 1):
            retention.note(past, days=days)

        assert clean(page=1).removed["seat history"] == 2
        assert SeatEvent.objects.count() == 2

    def test_reports_that_were_asked_for_long_ago(self) -> None:
        retention.ask(days=91)
        young = retention.ask(days=89)

        assert clean().removed["reports"] == 1
        assert Report.objects.get().pk == young.pk

    def test_names_of_buyers_half_a_year_after_the_show(self, past: Show) -> None:
        sold = sell(past, at=ago(days=401), seats=[0])
        coming = sell(make_cinema(starts_at=ago(days=-1)), at=ago(days=400), seats=[0])
        Booking.objects.update(buyer_name="Asha Rao", buyer_email="asha@example.org", buyer_phone="+919876543210")
        money = rows_of(*MONEY)

        assert clean().removed["buyers"] == 1
        sold.refresh_from_db()
        coming.refresh_from_db()
        assert (sold.buyer_name, sold.buyer_email, sold.buyer_phone) == ("", "", "")
        assert (sold.status, coming.buyer_name) == ("confirmed", "Asha Rao")
        assert rows_of(*MONEY) == money


class TestItLeaves:
    def test_money_and_every_booking_that_money_points_to(self, past: Show) -> None:
        sell(past, at=ago(days=401), seats=[0], returned_at=ago(days=400))
        tried = expired(past, days=399, seats=(1,))
        Order.objects.create(booking=tried, amount_paise=20_000, state="failed", lease_until=ago(days=399))
        audited = expired(past, days=399, seats=(2,))
        AuditEntry.objects.create(action="look", booking=audited)
        before = rows_of(*MONEY, "bookings_booking", "bookings_seatclaim")

        assert clean().removed["ended bookings"] == 0
        assert rows_of(*MONEY, "bookings_booking", "bookings_seatclaim") == before

    def test_bookings_that_money_points_to_even_if_it_forgot_to_ask(self, past: Show) -> None:
        """The second guard: PostgreSQL's own keys."""
        tried = expired(past, days=399)
        Order.objects.create(booking=tried, amount_paise=20_000, state="failed", lease_until=ago(days=399))

        with patch.object(rules, "_nothing_points_to_it", lambda: sql.SQL("true")), pytest.raises(IntegrityError):
            clean()

        assert Booking.objects.get().pk == tried.pk
        assert CleanupRun.objects.get().finished_at is None

    @pytest.mark.parametrize("why", ["refund", "undecided", "manual", "payable", "dispute"])
    def test_names_of_buyers_whose_money_is_open(self, past: Show, why: str) -> None:
        booking = sell(past, at=ago(days=401), seats=[0])
        Booking.objects.update(buyer_name="Asha Rao")
        payment = Payment.objects.filter(booking=booking)
        match why:
            case "refund":
                Booking.objects.update(refund="pending")
            case "undecided":
                payment.update(resolution="none")
            case "manual":
                payment.update(resolution="manual")
            case "payable":
                Order.objects.update(poll_at=ago(days=-1))
            case "dispute":
                dispute = retention.receive("dispute", days=399, kind="payment.dispute.created")
                told = f'{{"payload": {{"payment": {{"entity": {{"id": "{payment.get().pk}"}}}}}}}}'
                WebhookEvent.objects.filter(pk=dispute.pk).update(body=told.encode())

        assert clean().removed["buyers"] == 0
        assert Booking.objects.get().buyer_name == "Asha Rao"

    def test_what_somebody_is_working_on_for_the_next_run(self, past: Show, database: str) -> None:
        busy = expired(past, days=31)
        expired(past, days=31, seats=(1,))
        with psycopg.connect(database) as somebody:
            somebody.execute("SELECT 1 FROM bookings_booking WHERE id = %s FOR NO KEY UPDATE", (busy.pk,))
            assert clean().removed["ended bookings"] == 1

        assert clean().removed["ended bookings"] == 1

    @with_and_without_guard
    def test_young_history_whatever_the_settings_say(self, past: Show, database: str, guarded: bool) -> None:
        retention.note(past, days=29)
        off = without_trigger(database, "append_only", "bookings_seatevent")

        with patch.object(house, "RETENTION_SEAT_HISTORY_DAYS", 1), unless(guarded, off):
            if guarded:
                with pytest.raises(IntegrityError):
                    clean()
            else:
                clean()

        assert SeatEvent.objects.exists() == guarded


class TestTheFunnel:
    def test_stays_what_it_was(self, past: Show) -> None:
        from tests.support.reporting import report_of

        at = datetime(2025, 3, 1, 18, 30, tzinfo=UTC)  # midnight of the 2nd, in India
        for minutes in (-1, 0, 1, 2):
            moment = at + timedelta(minutes=minutes)
            hold(
                past, at=moment, seats=[], status="expired", ended_at=moment, checkout_at=moment if minutes else None
            )
        hold(past, at=at, seats=[], status="cancelled", cancel_reason="changed", ended_at=at)
        days = [date(2025, 3, day) for day in (1, 2)]
        before = [report_of(day)["funnel"] for day in days]

        assert clean(page=2).removed["ended bookings"] == 5

        assert [report_of(day)["funnel"] for day in days] == before
        assert (before[0]["held"], before[1]["held"]) == (1, 3)
        assert PastHold.objects.count() == 3


class TestARun:
    def test_says_what_it_took(self, past: Show, caplog: pytest.LogCaptureFixture) -> None:
        expired(past, days=31)
        with caplog.at_level(logging.INFO):
            clean()

        assert "1 expired and cancelled bookings without money, with their claims" in caplog.text
        run = CleanupRun.objects.get()
        assert run.removed == {"ended bookings": 1}
        assert run.finished_at is not None

    def test_stops_in_time_and_the_next_one_goes_on(self, past: Show) -> None:
        for seat in range(4):
            expired(past, days=31, seats=(seat,))
        ticks = iter(range(100))

        first = clean_up(asked_by="test", monotonic=lambda: next(ticks), seconds_max=2, page=1)
        second = clean()

        assert (first.is_finished, second.is_finished) == (False, True)
        assert first.removed["ended bookings"] + second.removed["ended bookings"] == 4
        assert first.removed["ended bookings"] > 0

    @with_and_without_guard
    def test_comes_to_its_end_however_little_time_each_task_has(self, past: Show, guarded: bool) -> None:
        """One page a task: the first rule alone, of which something is always kept, takes more than one."""
        for seat in range(3):
            expired(past, days=31, seats=(seat,))
            expired(past, days=1, seats=(seat,))
        retention.ask(days=91)
        retention.receive("old", days=91)
        this_week = ago(hours=1) if guarded else None

        ended = [
            clean_up(
                asked_by="beat", monotonic=itertools.count().__next__, since=this_week, seconds_max=1, page=1
            ).is_finished
            for _ in range(30)
        ]

        assert any(ended) == guarded
        assert (Report.objects.exists(), WebhookEvent.objects.exists()) == (not guarded, not guarded)
        if guarded:
            week = CleanupRun.objects.filter(removed__has_key="reports").get()
            assert week.removed == {"ended bookings": 3, "inbox": 1, "reports": 1}

    def test_that_never_ended_last_week_is_begun_anew_this_week(self, past: Show) -> None:
        CleanupRun.objects.create(asked_by="beat", started_at=ago(days=8), at_rule="reports")
        expired(past, days=31)

        assert clean_up(asked_by="beat", monotonic=time.monotonic, since=ago(days=1)).is_finished

        assert not Booking.objects.exists()

    def test_goes_through_all_rules_where_the_one_it_was_at_is_no_more(self, past: Show) -> None:
        CleanupRun.objects.create(asked_by="beat", at_rule="a rule of old", at_key="7")
        expired(past, days=31)

        clean_up(asked_by="beat", monotonic=time.monotonic, since=ago(hours=1))

        assert not Booking.objects.exists()
        assert CleanupRun.objects.get().finished_at is not None

    def test_only_tells_when_asked_to(self, past: Show) -> None:
        expired(past, days=31)
        retention.keep_reply("old", hours=25)

        told = would_clean_up()

        assert (told.removed["ended bookings"], told.removed["idempotency"]) == (1, 1)
        assert (Booking.objects.count(), IdempotencyRecord.objects.count(), CleanupRun.objects.count()) == (1, 1, 0)
        assert clean().removed == told.removed

    def test_beside_another_takes_everything_once(self, past: Show) -> None:
        """Two that start at once: each row is removed, and counted, by one of them."""
        expired_by_hundreds(past)

        both = in_threads(2, lambda _: clean(page=5).removed["ended bookings"])

        assert sum(both) + clean().removed["ended bookings"] == HUNDREDS
        assert PastHold.objects.get().holds == HUNDREDS
        assert min(both) > 0, "one had everything before the other began"

    def test_may_be_killed_anywhere(self, past: Show, database: str) -> None:
        """What was removed was counted, what was not is still there, and the next run takes it."""
        expired_by_hundreds(past)
        program = (
            "import django; django.setup()\n"
            "import time; from bookings.services.cleanup.run import clean_up\n"
            "clean_up(asked_by='killed', monotonic=time.monotonic, page=5)"
        )
        victim = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=house.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        )
        wait_until(lambda: Booking.objects.count() < HUNDREDS - 20, seconds=60, what="a run that is under way")
        victim.send_signal(signal.SIGKILL)
        victim.wait()

        left = Booking.objects.count()
        killed = CleanupRun.objects.get()
        assert 0 < left < HUNDREDS
        assert killed.removed == {"ended bookings": HUNDREDS - left}
        assert killed.finished_at is None
        assert clean().removed["ended bookings"] == left
        assert PastHold.objects.get().holds == HUNDREDS


class TestTheTask:
    def test_runs_once_a_week_however_often_it_is_sent(self, past: Show) -> None:
        cleanup_old_data()
        expired(past, days=31)
        cleanup_old_data()

        assert CleanupRun.objects.count() == 1
        CleanupRun.objects.update(finished_at=ago(days=8))
        cleanup_old_data()
        assert not Booking.objects.exists()

    def test_sends_itself_again_for_what_is_left(self, past: Show, monkeypatch: pytest.MonkeyPatch) -> None:
        sent: list[object] = []
        monkeypatch.setattr(cleanup_old_data, "apply_async", lambda **how: sent.append(how))
        monkeypatch.setattr("bookings.tasks.clean_up", lambda **_: Cleaned({}, is_finished=False))

        cleanup_old_data()

        assert len(sent) == 1

    def test_goes_on_with_the_run_of_this_week(self, past: Show) -> None:
        this_week = CleanupRun.objects.create(asked_by="beat", at_rule="ended bookings")
        expired(past, days=31)
        retention.ask(days=91)

        cleanup_old_data()

        assert CleanupRun.objects.get() == this_week
        assert Booking.objects.exists()
        assert not Report.objects.exists()


class TestTheCommand:
    def test_says_what_would_go_and_then_takes_it(self, past: Show, capsys: pytest.CaptureFixture[str]) -> None:
        expired(past, days=31)

        call_command("cleanup", "--dry-run")
        assert "1 would be removed, kept 30 days: expired and cancelled bookings" in capsys.readouterr().out
        call_command("cleanup")
        assert "1 removed, kept 30 days: expired and cancelled bookings" in capsys.readouterr().out
        assert not Booking.objects.exists()
