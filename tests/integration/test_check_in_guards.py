"""The guards of the door, each also switched off: then two come in with one ticket, or one with none."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest
from django.db import connection

from bookings.api import issue_tickets
from bookings.door_errors import AlreadyAdmitted, DoorRefusal, TicketCancelled
from bookings.models import SeatClaim, Show
from bookings.services.check_in import Admission, admit
from tests.support.at_once import in_threads
from tests.support.cinema import make_show
from tests.support.guards import unless, with_and_without_guard
from tests.support.processes import wait_until
from tests.support.tickets import SOON, admit_without, make_booking, make_usher

pytestmark = pytest.mark.usefixtures("database")

AT_ONCE = 50
ONCE = "AND t.admitted_at IS NULL "
CONFIRMED = " AND b.status = 'confirmed'"
LIVE = " AND c.released_at IS NULL"


@pytest.fixture
def show(database: str) -> Show:
    """A show whose doors are open."""
    return make_show(starts_in=SOON)


@pytest.fixture
def usher(database: str) -> int:
    return int(make_usher().pk)


class TestGuards:
    @with_and_without_guard
    def test_fifty_scans_of_one_code_at_once_let_one_in(self, show: Show, usher: int, guarded: bool) -> None:
        ticket, _ = issue_tickets(make_booking(show).pk)

        with unless(guarded, admit_without(ONCE)):
            outcomes = in_threads(AT_ONCE, lambda n: scan(show, ticket.text, f"gate {n}", usher))

        let_in = [outcome for outcome in outcomes if isinstance(outcome, Admission)]
        if guarded:
            assert len(let_in) == 1
            told = {o.fields["gate"] for o in outcomes if isinstance(o, AlreadyAdmitted)}
            assert told == {let_in[0].entry.gate}
            assert sum(isinstance(o, AlreadyAdmitted) for o in outcomes) == AT_ONCE - 1
        else:
            assert len(let_in) > 1

    @with_and_without_guard
    @pytest.mark.parametrize("guard", [CONFIRMED, LIVE], ids=["confirmed", "has its seat"])
    def test_what_ends_a_booking_need_not_remember_its_tickets(
        self, show: Show, usher: int, guard: str, guarded: bool
    ) -> None:
        booking = make_booking(show, (0,))
        (ticket,) = issue_tickets(booking.pk)
        if guard == LIVE:
            SeatClaim.objects.update(released_at=datetime.now(UTC))  # noqa: TID251
        else:
            type(booking).objects.update(status="cancelled")

        with unless(guarded, admit_without(guard)):
            outcome = scan(show, ticket.text, "1", usher)

        assert isinstance(outcome, Admission) is not guarded

    @with_and_without_guard
    def test_a_cancellation_under_way_is_waited_for(
        self, show: Show, usher: int, database: str, guarded: bool
    ) -> None:
        """With the lock off, somebody comes in on a booking whose money is going back."""
        booking = make_booking(show, (0,))
        (ticket,) = issue_tickets(booking.pk)

        with (
            unless(guarded, admit_without("    FOR SHARE OF b\n")),
            cancelling(database, booking.pk) as commit,
            ThreadPoolExecutor(1) as pool,
        ):
            scanned = pool.submit(scan, show, ticket.text, "1", usher)
            commit(guarded)
            outcome = scanned.result(timeout=10)

        assert isinstance(outcome, TicketCancelled if guarded else Admission)


def scan(show: Show, code: str, gate: str, usher: int) -> Admission | DoorRefusal:
    try:
        return admit(show_id=show.pk, code=code, gate=gate, usher=usher)
    except DoorRefusal as refusal:
        return refusal
    finally:
        if threading.current_thread() is not threading.main_thread():
            connection.close()


@contextmanager
def cancelling(database: str, booking: UUID) -> Iterator[Callable[[bool], None]]:
    """A transaction has cancelled the booking. Call it to commit, once the door waits for it or has let in."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%good AS%'"
    let_in = "SELECT 1 FROM bookings_ticket WHERE admitted_at IS NOT NULL"
    with psycopg.connect(database) as money, psycopg.connect(database, autocommit=True) as watcher:
        money.execute("UPDATE bookings_booking SET status = 'cancelled' WHERE id = %s", (booking,))

        def commit(door_waits: bool) -> None:
            seen = waiting if door_waits else let_in
            wait_until(lambda: watcher.execute(seen).fetchone() is not None, seconds=10, what="the door has moved")
            money.commit()

        yield commit
