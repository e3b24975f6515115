"""Letters from the event that calls for one to what its reader gets, over a real line."""

import time
from typing import TYPE_CHECKING, Any

import pytest
import redis
from django.conf import settings as house

from bookings.models import Booking
from frontend import handlers
from frontend.letters import carrier
from frontend.letters.post import send_again
from frontend.models import Letter
from frontend.tasks import send_booking_confirmation_email, send_due_letters, send_letter
from tests.support.at_once import in_threads
from tests.support.bought import make_booking, pay_back
from tests.support.mail import MailServer
from tests.support.patience import PATIENCE_SECONDS
from tests.support.posted import DUE, FAILED, OVERTAKEN, SENT, confirmed, happened, the_letter
from tests.support.witness import rows

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers


class TestAConfirmedBooking:
    def test_is_written_to_once_with_ticket_and_calendar_entry(self, mail: MailServer) -> None:
        booking = confirmed()
        happened("booking.confirmed", booking)

        send_booking_confirmation_email(booking=str(booking.pk))
        send_due_letters()

        caught = mail.only()
        assert caught.recipients == ("asha@example.org",)
        assert caught.message_id == f"<confirmation.{booking.pk}@localhost>"
        assert [part.content_type for part in caught.attachments] == ["application/pdf", "text/calendar"]
        assert caught.attachments[0].data.startswith(b"%PDF-")
        for said in (caught.text, caught.html):
            assert "A1 and A2" in said
            assert "₹500" in said
            assert "/t/" in said
        letter = the_letter()
        assert (letter.state, letter.tries, letter.last_error) == (SENT, 1, "")

    def test_is_written_to_though_nobody_heard_of_it(self, mail: MailServer) -> None:
        booking = make_booking()

        send_booking_confirmation_email(booking=str(booking.pk))

        assert mail.only().recipients == ("asha@example.org",)

    def test_that_was_cancelled_meanwhile_gets_no_ticket(self, mail: MailServer) -> None:
        booking = confirmed()
        Booking.objects.filter(pk=booking.pk).update(status="cancelled")

        send_due_letters()

        assert mail.mails == []
        assert (the_letter().state, the_letter().last_error) == (OVERTAKEN, "the booking is cancelled")

    def test_goes_out_while_nobody_holds_a_transaction(self, mail: MailServer, database: str) -> None:
        confirmed()
        seen: list[int] = []

        def look(_caught: object) -> None:
            told = rows(
                database,
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()",
            )
            seen.append(told[0][0])

        mail.on_mail = look

        send_due_letters()

        assert seen == [0]


class TestACancelledBooking:
    def test_that_was_confirmed_is_told_where_the_money_is(self, mail: MailServer) -> None:
        booking = make_booking(status="cancelled", cancel_reason="returned", refund="pending")
        pay_back(booking, 50_000, status="pending")

        happened("booking.cancelled", booking)
        happened("booking.refund", booking, refund="pending")
        send_due_letters()

        caught = mail.only()
        assert caught.subject.startswith("Cancelled: ")
        assert "₹500 is on its way back to you" in caught.text
        (entry,) = caught.attachments
        assert b"METHOD:CANCEL" in entry.data

    def test_that_was_never_paid_is_not_written_to(self, mail: MailServer) -> None:
        booking = make_booking(status="cancelled", cancel_reason="refresh", confirmed_at=None)

        happened("booking.cancelled", booking)

        assert not Letter.objects.exists()


@pytest.mark.usefixtures("short")
class TestMoneyThatGoesBack:
    @pytest.mark.parametrize("refund", ["pending", "refunded", "manual"])
    def test_is_told_of_at_each_step_once(self, mail: MailServer, refund: str) -> None:
        booking = make_booking(status="expired", refund=refund)
        pay_back(booking, 50_000, status="pending" if refund == "pending" else "processed")

        happened("booking.refund", booking, refund=refund)
        happened("booking.refund", booking, refund=refund)
        send_due_letters()

        said = mail.only().text
        assert "came when the seats were gone already" in said
        assert {"pending": "on its way back", "refunded": "was paid back", "manual": "is owed to you"}[refund] in said

    def test_is_told_of_again_when_more_of_it_goes_back(self, mail: MailServer) -> None:
        booking = make_booking(status="cancelled", cancel_reason="returned", refund="refunded")
        pay_back(booking, 50_000)
        happened("booking.refund", booking, refund="refunded", payments=1)
        send_due_letters()
        pay_back(booking, 50_000)

        happened("booking.refund", booking, refund="refunded", payments=2)
        happened("booking.refund", booking, refund="refunded", payments=2)
        send_due_letters()

        assert [caught.subject.split(":")[0] for caught in mail.mails] == [
            "₹500 was paid back",
            "₹1,000 was paid back",
        ]

    def test_is_told_as_it_is_now(self, mail: MailServer) -> None:
        booking = make_booking(status="expired", refund="refunded")

        happened("booking.refund", booking, refund="due")
        happened("booking.refund", booking, refund="pending")

        assert not Letter.objects.exists()

    def test_of_somebody_who_paid_twice_leaves_him_his_seats(self, mail: MailServer) -> None:
        booking = make_booking(refund="refunded")
        pay_back(booking, 50_000)

        happened("booking.refund", booking, refund="refunded")
        send_due_letters()

        assert "Your seats stay yours" in mail.only().text


@pytest.mark.usefixtures("short")
class TestALetterThatCannotBeWritten:
    def test_is_tried_again_and_keeps_no_other_back(
        self, mail: MailServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken, whole = confirmed(), confirmed(buyer_email="ravi@example.org")
        write = vars(carrier)["write"]

        def fail_for_broken(kind: str, addressee: Any, **rest: Any) -> Any:
            if addressee.booking == broken.pk:
                raise RuntimeError("the font is gone")
            return write(kind, addressee, **rest)

        monkeypatch.setattr(carrier, "write", fail_for_broken)

        send_due_letters()

        assert mail.only().recipients == (whole.buyer_email,)
        letter = Letter.objects.get(booking=broken)
        assert letter.state == DUE
        assert "the font is gone" in letter.last_error
        assert "could not be written" in caplog.text

    @pytest.mark.parametrize(
        "address", ["", "nobody", "a@b", "a b@example.org", "a@example.org\nBcc: b@example.org", "आशा@example.org"]
    )
    def test_for_want_of_an_address_is_listed_at_once(self, mail: MailServer, address: str) -> None:
        confirmed(buyer_email=address)

        send_due_letters()

        assert the_letter().state == FAILED
        assert "address" in the_letter().last_error
        assert mail.mails == []


class TestCeleryBeingTold:
    @pytest.mark.parametrize("how", ["pause", "kill"])
    def test_costs_seconds_once_while_the_broker_is_away(
        self, database: str, servers: "EmbeddedServers", how: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        nudge = handlers.Nudge()
        getattr(servers, f"{how}_redis")()
        started = time.monotonic()

        for letter in range(50):
            nudge(send_letter, letter=letter)

        # One wait for the broker, not fifty.
        assert time.monotonic() - started < PATIENCE_SECONDS
        assert caplog.text.count("letters wait for the sweep") == 1

    def test_begins_again_after_a_while(self, database: str, redis_client: redis.Redis) -> None:
        clock = [0.0]
        nudge = handlers.Nudge(lambda: clock[0])
        nudge._quiet_until = handlers.QUIET_SECONDS
        with redis.Redis.from_url(house.CELERY_BROKER_URL) as broker:
            nudge(send_letter, letter=1)
            assert broker.llen("letters") == 0

            clock[0] = handlers.QUIET_SECONDS
            nudge(send_letter, letter=1)

            assert broker.llen("letters") == 1


@pytest.mark.usefixtures("short")
class TestSendingAgain:
    def test_what_failed_is_the_same_letter(self, mail: MailServer) -> None:
        confirmed()
        mail.fail("refuse")
        send_due_letters()

        again = send_again(the_letter())
        send_letter(letter=again)

        assert again == the_letter().pk
        assert mail.only().message_id == the_letter().message_id

    def test_what_was_sent_is_another_letter_each_time(self, mail: MailServer) -> None:
        booking = confirmed()
        send_due_letters()

        for letter in (the_letter(), the_letter()):
            new = send_again(letter)
            assert new != letter.pk
            send_letter(letter=new)

        assert mail.message_ids == [
            f"<confirmation.{booking.pk}@localhost>",
            f"<confirmation-again-2.{booking.pk}@localhost>",
            f"<confirmation-again-3.{booking.pk}@localhost>",
        ]

    def test_is_done_once_for_many_clicks(self, mail: MailServer) -> None:
        confirmed()
        send_due_letters()
        letter = the_letter()

        at_once = in_threads(8, lambda _: send_again(letter))
        later = send_again(letter)
        send_due_letters()

        assert {*at_once} == {later}
        assert len(mail.mails) == 2
        assert send_again(letter) != later, "that one has arrived: who asks now wants a third"

    def test_of_a_refunds_letter_keeps_to_the_same_refund(self, mail: MailServer) -> None:
        booking = make_booking(status="expired", refund="refunded")
        pay_back(booking, 50_000)
        happened("booking.refund", booking, refund="refunded")
        send_due_letters()

        send_again(the_letter())
        send_due_letters()

        assert len(mail.mails) == 2
