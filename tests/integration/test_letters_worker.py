"""Letters and refunds by real Celery processes that are killed, doubled, and left without a broker.

One worker, one mail server and one emulated Razorpay for all tests here; tasks are sent by the test, so that it is
known which one is in the middle of what.
"""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import psutil
import pytest
from django.db import connection
from django.db.models.functions import Now
from kombu.exceptions import OperationalError

from bookings.models import Booking, OutboxEvent, Show
from bookings.tasks import relay_outbox
from frontend.models import Letter
from frontend.tasks import send_due_letters
from payments.models import Refund
from tests.support.bought import make_booking, owe
from tests.support.house import RunningHouse, running_house
from tests.support.mail import MailServer
from tests.support.patience import PATIENCE_SECONDS
from tests.support.processes import wait_until
from tests.support.razorpay import Razorpay

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

# A worker must start first, on a busy machine.
SECONDS_MAX = 2 * PATIENCE_SECONDS
WORKER = ("worker", "-c", "1", "--without-mingle", "--without-gossip")
pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def _house(mail_server: MailServer, django_db_setup: None) -> Iterator[RunningHouse]:
    with running_house(EMAIL_URL=mail_server.url) as house:
        house.start_celery("worker", *WORKER)
        yield house


@pytest.fixture
def house(_house: RunningHouse, database: str) -> RunningHouse:
    """A house whose worker lives and has nothing to do."""
    if _house.exit_status("worker") is not None:
        _house.start_celery("worker", *WORKER)
    return _house


def confirmed() -> Booking:
    """A booking that was paid, and the event that says so."""
    return _told(make_booking(), "booking.confirmed")


def paid_back() -> Booking:
    """A booking whose money went back, and the event that says so: its letter has no ticket that must be drawn."""
    booking = make_booking(show=Show.objects.first(), status="expired", refund="refunded")
    return _told(booking, "booking.refund", refund="refunded")


def _told(booking: Booking, kind: str, **more: str) -> Booking:
    told = {"booking": str(booking.pk), "show": booking.show_id, **more}
    OutboxEvent.objects.create(kind=kind, key=f"{kind}:{booking.pk}", payload=told)
    return booking


def await_state(state: str, *, count: int = 1) -> None:
    wait_until(
        lambda: Letter.objects.filter(state=state).count() == count,
        seconds=SECONDS_MAX,
        what=f"{count} letters are {state}",
    )


def end_leases() -> None:
    """As if a minute had passed: what a dead process had taken is free."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE frontend_letter SET next_at = clock_timestamp() WHERE state = 'sending'")
        cursor.execute("UPDATE bookings_outboxevent SET next_at = clock_timestamp() WHERE done_at IS NULL")


def child_of(house: RunningHouse) -> psutil.Process:
    """The worker's process that runs tasks."""
    (child,) = psutil.Process(house.pid("worker")).children()
    return child


class TestAKilledWorker:
    def test_before_the_letter_is_out_sends_it_once(self, house: RunningHouse, mail: MailServer) -> None:
        booking = confirmed()
        mail.fail("hang", at="recipient")
        relay_outbox.delay()
        mail.await_faults(seconds=SECONDS_MAX)

        house.crash("worker")
        _work_goes_on(house)

        await_state("sent")
        assert mail.only().message_id == f"<confirmation.{booking.pk}@localhost>"

    @pytest.mark.parametrize("whole", [False, True], ids=["child", "whole"])
    def test_after_the_letter_was_taken_sends_one_copy_that_is_known_as_such(
        self, house: RunningHouse, mail: MailServer, whole: bool
    ) -> None:
        paid_back()

        def kill_first(_caught: object) -> None:
            # The letter is in the box; the worker has not been told, and never hears it.
            mail.on_mail = lambda again: None
            for pid in (child_of(house).pid, *([house.pid("worker")] if whole else [])):
                os.kill(pid, signal.SIGKILL)

        mail.on_mail = kill_first
        relay_outbox.delay()
        mail.await_mails(1, seconds=SECONDS_MAX)
        if whole:
            wait_until(
                lambda: house.exit_status("worker") is not None, seconds=SECONDS_MAX, what="the worker is dead"
            )

        _work_goes_on(house)

        await_state("sent")
        letter = Letter.objects.get()
        assert mail.message_ids == [letter.message_id] * 2
        assert (letter.tries, letter.unclear) == (2, 1)

    @pytest.mark.parametrize("is_over", [True, False], ids=["its lease ends", "its lease goes on"])
    def test_is_followed_by_another_that_nobody_tells(
        self, house: RunningHouse, mail: MailServer, is_over: bool
    ) -> None:
        """The lease ends by the clock and Beat's own sweep finds what it held; only its length is not waited for."""
        paid_back()
        mail.fail("hang", at="recipient")
        relay_outbox.delay()
        mail.await_faults(seconds=SECONDS_MAX)

        house.crash("worker")
        left = timedelta(seconds=2) if is_over else timedelta(hours=1)
        held = Letter.objects.filter(state="sending")
        assert held.update(next_at=Now() + left) == 1
        number = Letter.objects.get().pk
        house.start_celery("other", *WORKER, "-n", "other@%h", "--beat")
        try:
            if not is_over:
                paid_back()  # When that one is sent, the other worker has swept.
            await_state("sent")
            assert Letter.objects.get(pk=number).state == ("sent" if is_over else "sending")
            assert len(mail.mails) == 1
        finally:
            house.stop("other")

    def test_that_lost_its_child_does_the_same_task_again(self, house: RunningHouse, mail: MailServer) -> None:
        """Nobody sends a second task: acks_late and reject_on_worker_lost bring the first one back."""
        paid_back()
        mail.fail("hang", at="recipient")
        relay_outbox.delay()
        mail.await_faults(seconds=SECONDS_MAX)
        end_leases()

        child_of(house).kill()

        await_state("sent")
        assert len(mail.mails) == 1


class TestARefundInAKilledWorker:
    @pytest.mark.parametrize("after", [False, True], ids=["before it is asked for", "after it was made"])
    def test_is_made_once(
        self, house: RunningHouse, mail: MailServer, razorpay: Razorpay, database: str, after: bool
    ) -> None:
        refund = owe(razorpay)
        razorpay.fault("hang", "payments.refund", after_work=after)
        relay_outbox.delay()
        wait_until(
            lambda: bool(razorpay.ledger("refund.created")) if after else _is_taken(),
            seconds=SECONDS_MAX,
            what="the refund is under way",
        )

        child_of(house).kill()
        razorpay.clear_faults()
        end_leases()
        relay_outbox.delay()

        wait_until(
            lambda: Refund.objects.get(pk=refund.pk).status == "processed",
            seconds=SECONDS_MAX,
            what="the refund is processed",
        )
        assert len(razorpay.ledger("refund.created")) == 1


class TestAMailServerThatHangs:
    def test_keeps_a_lone_worker_from_nothing_else(self, house: RunningHouse, mail: MailServer) -> None:
        mail.fail("hang", at="greeting", count=None)
        for _ in range(20):
            paid_back()
        relay_outbox.delay()
        wait_until(lambda: Letter.objects.filter(tries=1).exists(), seconds=SECONDS_MAX, what="a letter is tried")

        last = paid_back()
        relay_outbox.delay()

        # Twenty letters that each waited for the server would take longer than anybody's patience.
        wait_until(lambda: Letter.objects.filter(booking=last).exists(), what="the next event is handed on")
        assert Letter.objects.exclude(tries=0).count() < 5


class TestWithoutABroker:
    def test_work_waits_in_postgresql_and_is_done_when_it_is_back(
        self, house: RunningHouse, mail: MailServer, servers: "EmbeddedServers"
    ) -> None:
        servers.kill_redis()
        paid_back()

        servers.start_redis()
        wait_until(lambda: _can_send(), seconds=SECONDS_MAX, what="the broker takes a task")

        await_state("sent")
        assert len(mail.mails) == 1


class TestTwoBeats:
    def test_and_a_second_worker_send_every_letter_once(self, house: RunningHouse, mail: MailServer) -> None:
        for _ in range(8):
            paid_back()
        house.start_celery("letters", *WORKER, "-Q", "letters", "-n", "letters@%h", "--beat")
        house.start_celery("beat", "beat", "--pidfile", "")
        try:
            await_state("sent", count=8)
            # Tickets are drawn when buyers leave the machine time for it.
            assert [psutil.Process(house.pid(name)).nice() for name in ("letters", "worker")] == [10, 0]
            # Both have swept by now; whatever they did twice would be here.
            assert sorted(mail.message_ids) == sorted(Letter.objects.values_list("message_id", flat=True))
            assert set(Letter.objects.values_list("tries", flat=True)) == {1}
        finally:
            house.stop("beat")
            house.stop("letters")


def _work_goes_on(house: RunningHouse) -> None:
    """Whoever is left, or comes in his place, sweeps."""
    if house.exit_status("worker") is not None:
        house.start_celery("worker", *WORKER)
    end_leases()
    send_due_letters.delay()


def _is_taken() -> bool:
    return OutboxEvent.objects.filter(kind="payment.refund_due", tries=1).exists()


def _can_send() -> bool:
    try:
        relay_outbox.delay()
    except OperationalError:
        return False
    return True
