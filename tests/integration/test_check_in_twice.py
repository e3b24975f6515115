"""The same scan twice, after a lost answer, lets the same person in; every other scan of the ticket lets nobody in.

Each guard is also switched off: then the rightful guest is refused, or one key lets two in.
"""

from datetime import timedelta

import pytest
from django.db.models import F

from bookings.api import count_door, issue_tickets
from bookings.door_errors import AlreadyAdmitted, DoorRefusal
from bookings.errors import BadRequest, BookingError, IdempotencyMismatch
from bookings.models import Show, Ticket
from bookings.services.check_in import Admission, admit
from tests.support.at_once import in_threads
from tests.support.cinema import make_show
from tests.support.forgeries import forged_tickets
from tests.support.guards import unless, with_and_without_guard, without_index
from tests.support.tickets import SOON, admit_without, end_booking, make_booking, make_usher

pytestmark = pytest.mark.usefixtures("database")

AT_ONCE = 24
STORED = ", admission_key = %(key)s"
ONCE = "AND t.admitted_at IS NULL "


@pytest.fixture
def show(database: str) -> Show:
    """A show whose doors are open."""
    return make_show(starts_in=SOON)


@pytest.fixture
def usher(database: str) -> int:
    return int(make_usher().pk)


def scan(show: Show, code: str, usher: int, *, key: str | None = "key", gate: str = "2") -> Admission | BookingError:
    try:
        return admit(show_id=show.pk, code=code, gate=gate, usher=usher, key=key)
    except BookingError as refusal:
        return refusal


def admitted() -> int:
    return Ticket.objects.exclude(admitted_at=None).count()


class TestTheSameScan:
    @with_and_without_guard
    def test_is_answered_as_it_was_however_late(self, show: Show, usher: int, guarded: bool) -> None:
        ticket, _ = issue_tickets(make_booking(show).pk)

        with unless(guarded, admit_without(STORED)):
            first = scan(show, ticket.text, usher)
            Ticket.objects.filter(seat_index=0).update(admitted_at=F("admitted_at") - timedelta(minutes=10))
            again = scan(show, ticket.text, usher)

        # Off: whoever paid for the seat is told that somebody else sits on it.
        assert isinstance(first, Admission)
        assert isinstance(again, Admission if guarded else AlreadyAdmitted)
        if isinstance(again, Admission):
            assert (again.entry.seat, again.entry.gate) == ("A1", "2")
            assert again.entry.at == first.entry.at - timedelta(minutes=10)
            assert (first.is_replayed, again.is_replayed) == (False, True)
            assert (again.counts.admitted, again.counts.expected) == (1, 2)
        assert admitted() == 1

    def test_is_the_same_typed_or_scanned_and_after_the_booking_has_ended(self, show: Show, usher: int) -> None:
        booking = make_booking(show)
        ticket, _ = issue_tickets(booking.pk)
        scan(show, ticket.text, usher)
        end_booking(booking)

        assert isinstance(scan(show, ticket.code.lower(), usher), Admission)

    def test_is_tried_anew_after_a_refusal(self, show: Show, usher: int) -> None:
        booking = make_booking(show, (0,), status="cancelled")
        type(booking).objects.update(status="confirmed")
        (ticket,) = issue_tickets(booking.pk)
        type(booking).objects.update(status="cancelled")
        assert isinstance(scan(show, ticket.text, usher), DoorRefusal)

        type(booking).objects.update(status="confirmed")

        outcome = scan(show, ticket.text, usher)
        assert isinstance(outcome, Admission)
        assert not outcome.is_replayed

    @with_and_without_guard
    def test_many_times_at_once_lets_one_in_and_tells_each_try_so(
        self, show: Show, usher: int, guarded: bool
    ) -> None:
        ticket, _ = issue_tickets(make_booking(show).pk)

        with unless(guarded, admit_without(ONCE)):
            outcomes = in_threads(AT_ONCE, lambda _: scan(show, ticket.text, usher))

        let_in = [outcome for outcome in outcomes if isinstance(outcome, Admission)]
        assert len(let_in) == AT_ONCE
        # Off: each try uses the ticket up anew, and every door is told so each time.
        assert (sum(not one.is_replayed for one in let_in) == 1) is guarded
        assert (len({one.entry.at for one in let_in}) == 1) is guarded


class TestAnotherScan:
    def test_of_the_ticket_is_refused_also_by_the_same_usher_at_the_same_gate(self, show: Show, usher: int) -> None:
        """The first request was lost before it reached the house; a copy came in on another phone meanwhile."""
        ticket, _ = issue_tickets(make_booking(show).pk)
        assert isinstance(scan(show, ticket.text, usher, key="the other phone"), Admission)

        for key in ("key", None):
            refusal = scan(show, ticket.text, usher, key=key)

            assert isinstance(refusal, AlreadyAdmitted)
            assert (refusal.fields["seat"], refusal.fields["gate"], refusal.fields["admitted"]) == ("A1", "2", 1)

    def test_with_the_key_of_another_usher_is_another_scan(self, show: Show, usher: int) -> None:
        ticket, other = issue_tickets(make_booking(show).pk)
        colleague = int(make_usher("colleague").pk)
        assert isinstance(scan(show, ticket.text, usher), Admission)

        assert isinstance(scan(show, ticket.text, colleague), AlreadyAdmitted)
        assert isinstance(scan(show, other.text, colleague), Admission)

    def test_without_a_key_never_meets_another_without(self, show: Show, usher: int) -> None:
        for ticket in issue_tickets(make_booking(show).pk):
            assert isinstance(scan(show, ticket.text, usher, key=None), Admission)
            assert isinstance(scan(show, ticket.text, usher, key=None), AlreadyAdmitted)

    def test_of_many_at_once_with_keys_of_their_own_one_lets_in(self, show: Show, usher: int) -> None:
        ticket, _ = issue_tickets(make_booking(show).pk)

        outcomes = in_threads(AT_ONCE, lambda n: scan(show, ticket.text, usher, key=f"key {n // 2}"))

        let_in = {n // 2 for n, outcome in enumerate(outcomes) if isinstance(outcome, Admission)}
        assert len(let_in) == 1, "both tries of one scan, and no other scan"
        assert sum(isinstance(outcome, Admission) for outcome in outcomes) == 2
        assert sum(isinstance(outcome, AlreadyAdmitted) for outcome in outcomes) == AT_ONCE - 2


class TestAKey:
    def test_belongs_to_one_ticket_gate_and_show(self, show: Show, usher: int) -> None:
        ticket, other = issue_tickets(make_booking(show).pk)
        elsewhere = make_show(starts_in=SOON)
        (forged,) = forged_tickets(1, key=b"of somebody else", seed=4)
        scan(show, ticket.text, usher)

        for shown in (
            scan(show, ticket.text, usher, gate="3"),
            scan(show, other.text, usher),
            scan(show, other.code, usher),
            scan(elsewhere, ticket.text, usher),
            scan(show, forged, usher),
            scan(show, "3333 3333", usher),
        ):
            assert isinstance(shown, IdempotencyMismatch)
        assert count_door(show.pk).admitted == 1

    @with_and_without_guard
    def test_shared_by_many_tickets_at_once_lets_one_in(
        self, show: Show, usher: int, database: str, guarded: bool
    ) -> None:
        tickets = issue_tickets(make_booking(show, range(8)).pk)

        with unless(guarded, without_index(database, "scan_key_once_per_usher")):
            outcomes = in_threads(len(tickets), lambda n: scan(show, tickets[n].text, usher))

            assert admitted() == (1 if guarded else len(tickets))
        assert sum(isinstance(outcome, IdempotencyMismatch) for outcome in outcomes) == (7 if guarded else 0)

    @pytest.mark.parametrize("key", ["", "k" * 256, "a\x00b"])
    def test_has_a_shape(self, show: Show, usher: int, key: str) -> None:
        ticket, _ = issue_tickets(make_booking(show).pk)

        with pytest.raises(BadRequest):
            admit(show_id=show.pk, code=ticket.text, gate="2", usher=usher, key=key)
        assert admitted() == 0
