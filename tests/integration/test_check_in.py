"""Letting people in: a ticket is good once, at its own door, while its booking has the seat. And why not."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from bookings.api import count_door, issue_tickets, recent_entries, replace_tickets
from bookings.domain.tickets import SignedTicket, sign_ticket, ticket_key
from bookings.door_errors import (
    AlreadyAdmitted,
    DoorRefusal,
    Forged,
    NoSuchTicket,
    ShowOver,
    TicketCancelled,
    TicketRefunded,
    TicketReplaced,
    TooEarly,
    WrongShow,
)
from bookings.errors import NotFound
from bookings.models import SeatClaim, Show, Ticket
from bookings.services.check_in import admit
from bookings.services.outbox import Event
from bookings.services.tickets import issue_on_confirmation
from tests.support.at_once import in_threads
from tests.support.cinema import make_movie, make_screen, make_show, make_theatre
from tests.support.forgeries import forged_tickets
from tests.support.tickets import SOON, end_booking, make_booking, make_usher

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def show(database: str) -> Show:
    """A show whose doors are open."""
    return make_show(starts_in=SOON)


@pytest.fixture
def usher(database: str) -> int:
    return int(make_usher().pk)


def refused(kind: type[DoorRefusal], show: Show, code: str, usher: int) -> DoorRefusal:
    """The refusal of a code at the door of a show; nobody came in."""
    before = Ticket.objects.exclude(admitted_at=None).count()
    with pytest.raises(kind) as caught:
        admit(show_id=show.pk, code=code, gate="1", usher=usher)
    assert type(caught.value) is kind
    assert Ticket.objects.exclude(admitted_at=None).count() == before
    return caught.value


class TestTickets:
    def test_are_made_once_for_each_seat(self, show: Show) -> None:
        booking = make_booking(show, (3, 4, 5))

        first, second = issue_tickets(booking.pk), issue_tickets(str(booking.pk))

        assert first == second
        assert [ticket.seat for ticket in first] == ["A4", "A5", "A6"]
        assert len({ticket.text for ticket in first}) == len({ticket.code for ticket in first}) == 3

    def test_are_made_once_by_many_at_once(self, show: Show) -> None:
        booking = make_booking(show, range(10))

        made = in_threads(12, lambda _: issue_tickets(booking.pk))

        assert Ticket.objects.filter(booking=booking).count() == 10
        assert all(tickets == made[0] for tickets in made)

    def test_are_not_made_unless_it_is_confirmed(self, show: Show) -> None:
        for seat, status in enumerate(("pending", "expired", "cancelled")):
            booking = make_booking(show, (seat,), holder=status, status=status)
            assert issue_tickets(booking.pk) == []
        assert Ticket.objects.count() == 0

    def test_find_a_free_code_where_one_is_taken(self, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
        (taken,) = issue_tickets(make_booking(show, (0,)).pk)
        nonces = iter([bytes(Ticket.objects.get().nonce), b"another 10"])
        monkeypatch.setattr("bookings.services.tickets.secrets.token_bytes", lambda _: next(nonces))

        (ticket,) = issue_tickets(make_booking(show, (1,)).pk)

        assert ticket.code != taken.code

    def test_are_made_when_the_outbox_says_so(self, show: Show) -> None:
        booking = make_booking(show)

        for tries in (1, 2):
            issue_on_confirmation(Event("booking.confirmed", "key", {"booking": str(booking.pk)}, tries))

        assert Ticket.objects.filter(booking=booking).count() == 2


class TestLettingIn:
    def test_takes_a_scan(self, show: Show, usher: int) -> None:
        ticket, _ = issue_tickets(make_booking(show).pk)

        admission = admit(show_id=show.pk, code=ticket.text, gate="2", usher=usher)

        assert (admission.entry.seat, admission.entry.gate) == ("A1", "2")
        assert (admission.counts.admitted, admission.counts.expected) == (1, 2)
        row = Ticket.objects.get(seat_index=0)
        assert (row.admitted_at, row.gate, row.admitted_by_id) == (admission.entry.at, "2", usher)

    def test_takes_a_typed_code(self, show: Show, usher: int) -> None:
        _, ticket = issue_tickets(make_booking(show).pk)

        admission = admit(
            show_id=show.pk, code=f" {ticket.code[:4].lower()}-{ticket.code[4:]}", gate="2", usher=usher
        )

        assert admission.entry.seat == "A2"

    def test_takes_late_comers_until_the_end(self, usher: int) -> None:
        show = make_show(starts_in=-timedelta(minutes=119))
        ticket, _ = issue_tickets(make_booking(show).pk)

        assert admit(show_id=show.pk, code=ticket.text, gate="1", usher=usher).entry.seat == "A1"

    def test_counts_and_lists_who_came(self, show: Show, usher: int) -> None:
        tickets = issue_tickets(make_booking(show, range(12)).pk)
        make_booking(show, (20, 21), status="pending")
        make_booking(make_show(starts_in=SOON))

        for ticket in tickets[:11]:
            admit(show_id=show.pk, code=ticket.text, gate="3", usher=usher)

        counts = count_door(show.pk)
        assert (counts.admitted, counts.expected) == (11, 12)
        assert [entry.seat for entry in recent_entries(show.pk)] == [f"A{n}" for n in range(11, 1, -1)]

    def test_expects_those_whose_tickets_nobody_has_looked_at(self, show: Show) -> None:
        make_booking(show, range(5))

        assert count_door(show.pk).expected == 5


class TestRefusing:
    def test_a_second_scan_says_when_and_at_which_gate(self, usher: int) -> None:
        theatre = make_theatre(time_zone="America/New_York")
        show = make_show(screen=make_screen(theatre=theatre), starts_in=SOON)
        ticket, _ = issue_tickets(make_booking(show).pk)
        at = admit(show_id=show.pk, code=ticket.text, gate="North", usher=usher).entry.at

        for code in (ticket.text, ticket.code):
            refusal = refused(AlreadyAdmitted, show, code, usher)

            local = at.astimezone(ZoneInfo("America/New_York"))
            assert f"A1 was let in at {local:%H:%M}, gate North." in refusal.detail
            assert refusal.fields["gate"] == "North"
            assert abs(refusal.fields["admitted_ms"] - at.timestamp() * 1000) <= 1
            assert (refusal.fields["admitted"], refusal.fields["expected"]) == (1, 2)

    def test_another_show_says_which(self, show: Show, usher: int) -> None:
        other = make_show(starts_in=SOON, movie=make_movie(title="Neon Kaveri"))
        ticket, _ = issue_tickets(make_booking(other).pk)

        for code in (ticket.text, ticket.code):
            refusal = refused(WrongShow, show, code, usher)

            assert f"This ticket is for Neon Kaveri, {other.screen.name}, " in refusal.detail
            assert refusal.fields["ticket_show"] == other.pk

    def test_the_same_code_of_another_show_does_not_stand_in_the_way(self, show: Show, usher: int) -> None:
        ticket, _ = issue_tickets(make_booking(show).pk)
        other = issue_tickets(make_booking(make_show(starts_in=SOON), (0,)).pk)
        Ticket.objects.filter(code=other[0].code).update(code=ticket.code)

        assert admit(show_id=show.pk, code=ticket.code, gate="1", usher=usher).entry.seat == "A1"

    def test_a_cancelled_booking(self, show: Show, usher: int) -> None:
        booking = make_booking(show)
        ticket, _ = issue_tickets(booking.pk)
        end_booking(booking)

        assert "This booking was cancelled." in refused(TicketCancelled, show, ticket.text, usher).detail
        assert count_door(show.pk).expected == 0

    def test_a_refunded_booking(self, show: Show, usher: int) -> None:
        booking = make_booking(show)
        ticket, _ = issue_tickets(booking.pk)

        for refund in ("due", "pending", "refunded", "manual"):
            end_booking(booking, refund=refund)
            refused(TicketRefunded, show, ticket.code, usher)

    def test_a_cancelled_show(self, show: Show, usher: int) -> None:
        ticket, _ = issue_tickets(make_booking(show).pk)
        Show.objects.update(status="cancelled")

        assert "This show was cancelled." in refused(TicketCancelled, show, ticket.text, usher).detail

    def test_a_seat_that_the_booking_has_no_longer(self, show: Show, usher: int) -> None:
        booking = make_booking(show)
        ticket, other = issue_tickets(booking.pk)
        now = datetime.now(UTC)  # noqa: TID251  (a test stands where an interface does)
        SeatClaim.objects.filter(seat_index=0).update(released_at=now)
        SeatClaim.objects.create(show=show, booking=booking, seat_index=7)

        refused(TicketReplaced, show, ticket.text, usher)
        assert admit(show_id=show.pk, code=other.text, gate="1", usher=usher)
        moved = issue_tickets(booking.pk)
        assert [each.seat for each in moved] == ["A2", "A8"]
        assert admit(show_id=show.pk, code=moved[1].text, gate="1", usher=usher)

    def test_a_replaced_ticket(self, show: Show, usher: int) -> None:
        booking = make_booking(show)
        lost, used = issue_tickets(booking.pk)
        admit(show_id=show.pk, code=used.text, gate="1", usher=usher)

        new, still_used = replace_tickets(booking.pk)

        assert still_used.text == used.text, "who is in stays in"
        for code in (lost.text, lost.code):
            refused(TicketReplaced, show, code, usher)
        assert admit(show_id=show.pk, code=new.code, gate="1", usher=usher).counts.admitted == 2

    def test_doors_that_are_not_open_yet(self, usher: int, settings: Settings) -> None:
        show = make_show(starts_in=timedelta(hours=3))
        ticket, _ = issue_tickets(make_booking(show).pk)

        refusal = refused(TooEarly, show, ticket.text, usher)

        opens = show.starts_at - timedelta(minutes=60)
        assert abs(refusal.fields["opens_ms"] - opens.timestamp() * 1000) <= 1
        settings.DOORS_OPEN_MINUTES = 181
        assert admit(show_id=show.pk, code=ticket.text, gate="1", usher=usher)

    def test_a_show_that_is_over(self, usher: int) -> None:
        show = make_show(starts_in=-timedelta(hours=3))
        ticket, _ = issue_tickets(make_booking(show).pk)

        refused(ShowOver, show, ticket.text, usher)

    def test_forged_ones(self, show: Show, usher: int) -> None:
        issue_tickets(make_booking(show).pk)

        for text in forged_tickets(20, key=b"of somebody else", seed=4):
            refused(Forged, show, text, usher)

    def test_a_true_signature_over_a_ticket_that_was_never_made(
        self, show: Show, usher: int, settings: Settings
    ) -> None:
        booking = make_booking(show)
        issue_tickets(booking.pk)
        never = SignedTicket(booking.pk, show.pk, 0, bytes(10))

        refused(NoSuchTicket, show, sign_ticket(never, key=ticket_key(settings.SECRET_KEY)), usher)

    def test_codes_that_no_ticket_has(self, show: Show, usher: int) -> None:
        booking = make_booking(show)
        issue_tickets(booking.pk)

        assert "No ticket has this code" in refused(NoSuchTicket, show, "3333 3333", usher).detail
        assert "not a ticket of ours" in refused(NoSuchTicket, show, "https://example.org", usher).detail
        assert "a form that this door does not know" in refused(NoSuchTicket, show, "HF9:0000", usher).detail
        reference = booking.pk.hex[-8:]
        assert "the name of a booking" in refused(NoSuchTicket, show, f"a{reference[1:]}", usher).detail

    def test_an_unknown_show(self, usher: int) -> None:
        with pytest.raises(NotFound):
            admit(show_id=2**40, code="K7MQ3XPD", gate="1", usher=usher)

    def test_a_ticket_of_an_older_secret_only_once_that_is_forgotten(
        self, show: Show, usher: int, settings: Settings
    ) -> None:
        one, other = issue_tickets(make_booking(show).pk)
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "the secret of the new year"

        assert admit(show_id=show.pk, code=one.text, gate="1", usher=usher)
        settings.SECRET_KEY_FALLBACKS = []
        refused(Forged, show, other.text, usher)
