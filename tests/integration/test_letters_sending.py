"""Mail servers that refuse, hang, hang up and greylist, over a real line: what the house does then."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from pytest_django import Settings

from frontend.letters import carrier, rest, rules, transport
from frontend.models import Letter
from frontend.tasks import send_due_letters
from tests.support.mail import Doorbell, MailServer
from tests.support.posted import DUE, FAILED, SENT, confirmed, let_time_pass, the_letter, wait_of

pytestmark = pytest.mark.usefixtures("short")
NOBODY = "smtp://127.0.0.1:1"  # refuses every connection


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A house that waits for no server longer than a moment."""
    wait_a_moment_only(monkeypatch)


def wait_a_moment_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(transport, "STEP_SECONDS", 0.3)
    patch.setattr(transport, "SEND_SECONDS", 0.4)


class TestAServerThatIsAway:
    def test_is_asked_again_later_and_later_for_a_day(self, mail: MailServer, settings: Settings) -> None:
        confirmed()
        settings.EMAIL_URL = NOBODY
        waits = []
        while the_letter().state == DUE:
            send_due_letters()
            waits.append(wait_of(the_letter()))
            let_time_pass(minutes=max(waits[-1], 0))

        assert waits[:7] == [5, 10, 20, 40, 80, 160, 240]
        assert max(waits) == 240
        assert 23 * 60 <= sum(waits) <= 24 * 60 + 5
        assert "does not take mail" in the_letter().last_error

    def test_gets_all_letters_as_soon_as_it_is_back(self, mail: MailServer, settings: Settings) -> None:
        booking = confirmed()
        settings.EMAIL_URL = NOBODY
        for minutes in (5, 10, 20):
            send_due_letters()
            let_time_pass(minutes=minutes)
        send_due_letters()
        assert wait_of(the_letter()) == 40

        settings.EMAIL_URL = mail.url
        let_time_pass(minutes=rules.REST_SECONDS_MAX / 60)
        send_due_letters()

        assert mail.only().message_id == f"<confirmation.{booking.pk}@localhost>"
        assert (the_letter().state, the_letter().tries) == (SENT, 5)

    def test_gets_them_too_when_a_new_letter_finds_it_back(self, mail: MailServer, settings: Settings) -> None:
        waiting = confirmed()
        settings.EMAIL_URL = NOBODY
        send_due_letters()
        settings.EMAIL_URL = mail.url
        cache.clear()  # Its rest is over, the letter's wait is not.

        confirmed()
        carrier.carry_one(Letter.objects.latest("id").pk, now=lambda: datetime.now(UTC))  # noqa: TID251  (a real line)

        assert wait_of(Letter.objects.get(booking=waiting)) == 0

    @pytest.mark.parametrize("kind", ["hang", "busy"])
    @pytest.mark.parametrize("at", ["greeting", "recipient"])
    def test_by_its_own_word_or_silence_gets_them_as_soon_as_it_is_back(
        self, mail: MailServer, monkeypatch: pytest.MonkeyPatch, kind: str, at: str
    ) -> None:
        for _ in range(2):
            confirmed()
        mail.fail(kind, at=at, count=None)
        with monkeypatch.context() as patch:
            wait_a_moment_only(patch)
            for minutes in (5, 10, 20, 40, 0):
                send_due_letters()
                let_time_pass(minutes=minutes)
        assert max(wait_of(letter) for letter in Letter.objects.all()) > 5

        mail.faults.clear()
        let_time_pass(seconds=rules.REST_SECONDS_MAX)
        send_due_letters()

        assert len(mail.mails) == 2

    @pytest.mark.parametrize("at", ["recipient", "letter"])
    def test_by_saying_good_bye_has_not_taken_the_letter(self, mail: MailServer, at: str) -> None:
        confirmed()
        mail.fail("busy", at=at)

        send_due_letters()

        letter = the_letter()
        assert (letter.state, letter.unclear, letter.waits_for_server) == (DUE, 0, True)
        assert "421" in letter.last_error

    def test_is_back_in_five_minutes_at_most_for_everybody(self) -> None:
        from config.celery import app

        sweep = app.conf.beat_schedule["send-due-letters"]["schedule"]
        # Repaired in the middle of a try that fails all the same; then a rest, and the next sweep.
        assert carrier.CARRY_SECONDS_MAX + transport.SEND_SECONDS + rules.REST_SECONDS_MAX + sweep <= 300

    def test_is_asked_by_one_letter_for_all_and_seldom(self, mail: MailServer, settings: Settings) -> None:
        for _ in range(5):
            confirmed()
        with Doorbell() as bell:
            settings.EMAIL_URL = f"smtp://127.0.0.1:{bell.port}"
            for rings in (1, 2, 3):
                send_due_letters()
                send_due_letters()
                assert bell.rings == rings
                cache.delete("letters:server-is-away")

        assert sorted(Letter.objects.values_list("tries", flat=True)) == [0, 0, 1, 1, 1]

    def test_is_asked_by_letters_that_wait_without_costing_them_a_try(
        self, mail: MailServer, settings: Settings
    ) -> None:
        confirmed()
        settings.EMAIL_URL = NOBODY
        send_due_letters()
        cache.clear()

        with Doorbell() as bell:
            settings.EMAIL_URL = f"smtp://127.0.0.1:{bell.port}"
            send_due_letters()
            send_due_letters()

        assert bell.rings == 1
        assert (the_letter().tries, wait_of(the_letter())) == (1, 5)

    def test_is_not_woken_for_by_letters_that_it_put_off_itself(self, mail: MailServer) -> None:
        put_off = confirmed()
        mail.fail("greylist")
        send_due_letters()

        confirmed()
        send_due_letters()

        assert len(mail.mails) == 1
        assert wait_of(Letter.objects.get(booking=put_off)) == 5

    def test_rests_longer_each_time_in_a_row(
        self, mail: MailServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []

        def rest_seconds(failures: int) -> int:
            asked.append(failures)
            return 60

        monkeypatch.setattr(rest, "rest_seconds", rest_seconds)
        for url in (NOBODY, NOBODY, mail.url, NOBODY):
            settings.EMAIL_URL = url
            cache.delete("letters:server-is-away")
            confirmed()
            send_due_letters()

        assert asked == [1, 2, 1]

    def test_is_given_a_rest_so_that_a_thousand_letters_cost_one_wait(
        self, mail: MailServer, settings: Settings
    ) -> None:
        for _ in range(3):
            confirmed()
        settings.EMAIL_URL = NOBODY

        send_due_letters()
        send_due_letters()

        assert sorted(Letter.objects.values_list("tries", flat=True)) == [0, 0, 1]
        settings.EMAIL_URL = mail.url
        let_time_pass(minutes=5)
        send_due_letters()
        assert len(mail.mails) == 3

    def test_is_given_up_after_a_day_with_the_reason(
        self, mail: MailServer, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        confirmed()
        settings.EMAIL_URL = NOBODY
        send_due_letters()

        let_time_pass(hours=24)
        send_due_letters()

        letter = the_letter()
        assert (letter.state, letter.tries) == (FAILED, 2)
        assert "does not take mail" in letter.last_error
        assert f"letter {letter.pk} of booking {letter.booking_id} was not sent" in caplog.text
        assert letter.to not in caplog.text
        let_time_pass(hours=24)
        send_due_letters()
        assert the_letter().tries == 2

    def test_is_given_up_for_all_who_waited_a_day_not_only_for_who_asked(
        self, mail: MailServer, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(3):
            confirmed()
        settings.EMAIL_URL = NOBODY
        send_due_letters()

        let_time_pass(hours=24)
        send_due_letters()

        assert list(Letter.objects.values_list("state", flat=True)) == [FAILED] * 3
        assert caplog.text.count("was not sent: ") == 3

    def test_is_missed_where_none_is_set(self, mail: MailServer, settings: Settings) -> None:
        confirmed()
        settings.EMAIL_URL = ""

        send_due_letters()

        assert (the_letter().state, the_letter().last_error) == (DUE, "EMAIL_URL is not set")

    @pytest.mark.parametrize("at", ["greeting", "recipient"])
    def test_by_saying_nothing_is_left_in_time(self, mail: MailServer, impatient: None, at: str) -> None:
        confirmed()
        mail.fail("hang", at=at)

        send_due_letters()

        letter = the_letter()
        assert (letter.state, letter.unclear) == (DUE, 0)
        let_time_pass(minutes=5)
        send_due_letters()
        assert mail.only().message_id == letter.message_id

    def test_by_being_too_busy_is_asked_later(self, mail: MailServer) -> None:
        confirmed()
        mail.fail("busy")

        send_due_letters()

        assert the_letter().state == DUE
        assert "421" in the_letter().last_error
        assert wait_of(the_letter()) == 5


class TestALetterThatTheServerDoesNotWant:
    def test_for_good_ends_with_the_servers_words(self, mail: MailServer) -> None:
        confirmed()
        mail.fail("refuse")

        send_due_letters()

        letter = the_letter()
        assert letter.state == FAILED
        assert letter.last_error == "the address was refused: 550 5.1.1 There is no such mailbox here"
        assert mail.mails == []

    def test_does_not_keep_the_next_one_back(self, mail: MailServer) -> None:
        refused, taken = confirmed(buyer_email="gone@example.org"), confirmed()
        mail.fail("refuse", to="gone@")

        send_due_letters()

        assert mail.only().recipients == (taken.buyer_email,)
        assert Letter.objects.get(booking=refused).state == FAILED

    def test_for_what_it_says_ends_too(self, mail: MailServer) -> None:
        confirmed()
        mail.fail("refuse", at="letter")

        send_due_letters()

        assert (the_letter().state, the_letter().last_error[:3]) == (FAILED, "554")

    def test_yet_is_tried_again_later_and_later(self, mail: MailServer) -> None:
        confirmed()
        mail.fail("greylist", count=4)
        waits = []
        for _ in range(4):
            send_due_letters()
            waits.append(wait_of(the_letter()))
            let_time_pass(hours=1)

        send_due_letters()

        assert waits == [5, 10, 20, 40]
        assert (the_letter().state, len(mail.mails)) == (SENT, 1)

    def test_waits_four_hours_at_most_and_a_day_in_all(self, mail: MailServer) -> None:
        confirmed()
        mail.fail("greylist", count=None)
        waited = 0
        while the_letter().state == DUE:
            send_due_letters()
            wait = max(0, wait_of(the_letter()))
            assert wait <= 240
            waited += wait
            let_time_pass(minutes=wait + 1)

        assert the_letter().state == FAILED
        assert 23 * 60 <= waited <= 24 * 60 + 15
        assert "451" in the_letter().last_error


class TestALetterOfWhichNobodyKnows:
    def test_whether_it_arrived_is_sent_again_as_the_same(self, mail: MailServer) -> None:
        confirmed()
        mail.fail("drop")

        send_due_letters()
        assert (the_letter().state, the_letter().unclear) == (DUE, 1)
        let_time_pass(minutes=5)
        send_due_letters()

        assert the_letter().state == SENT
        assert mail.message_ids == [the_letter().message_id] * 2

    def test_as_the_server_fell_silent_at_its_end_may_have_arrived(self, mail: MailServer, impatient: None) -> None:
        confirmed()
        mail.fail("hang", at="letter")

        send_due_letters()

        assert (the_letter().state, the_letter().unclear) == (DUE, 1)
        assert "no answer to the end of the letter" in the_letter().last_error

    def test_whether_it_arrived_costs_one_copy_at_most(self, mail: MailServer) -> None:
        confirmed()
        mail.fail("drop", count=None)

        for _ in range(4):
            send_due_letters()
            let_time_pass(hours=1)

        assert the_letter().state == FAILED
        assert mail.message_ids == [the_letter().message_id] * 2

    def test_whether_it_arrived_is_not_left_for_hours_because_it_was_tried_often(
        self, mail: MailServer, settings: Settings
    ) -> None:
        confirmed()
        settings.EMAIL_URL = NOBODY
        for minutes in (5, 10, 20, 40):
            send_due_letters()
            let_time_pass(minutes=minutes)
        settings.EMAIL_URL = mail.url
        mail.fail("drop")

        send_due_letters()

        assert (the_letter().unclear, wait_of(the_letter())) == (1, 5)

    def test_whether_it_arrived_is_not_sent_a_third_time_by_whoever_finds_it_left(self, mail: MailServer) -> None:
        confirmed()
        for _ in range(2):
            assert carrier._take(None) is not None  # and killed, perhaps when the server had it
            let_time_pass(seconds=carrier.LEASE_SECONDS)

        send_due_letters()

        assert (the_letter().state, mail.mails) == (FAILED, [])

    def test_is_not_one_whose_server_forgot_to_say_good_bye(self, mail: MailServer, impatient: None) -> None:
        confirmed()

        def stop_listening(_caught: object) -> None:
            mail.fail("hang", at="greeting")  # Whoever comes next waits; this one has its answer.

        mail.on_mail = stop_listening
        send_due_letters()
        let_time_pass(minutes=5)
        send_due_letters()

        assert (the_letter().state, len(mail.mails)) == (SENT, 1)

    def test_of_a_dead_worker_is_taken_by_another_when_its_lease_is_over(self, mail: MailServer) -> None:
        confirmed()
        # Taken, and never heard of again.
        taken = carrier._take(None)
        assert taken is not None
        send_due_letters()
        assert mail.mails == []

        let_time_pass(seconds=carrier.LEASE_SECONDS)
        send_due_letters()

        assert (the_letter().state, the_letter().tries, the_letter().unclear) == (SENT, 2, 1)

    def test_of_a_worker_that_comes_back_late_is_not_touched_by_him(self, mail: MailServer) -> None:
        confirmed()
        taken = carrier._take(None)
        assert taken is not None
        let_time_pass(seconds=carrier.LEASE_SECONDS)
        send_due_letters()

        assert carrier._mark(taken, "due", transport.Told(rules.Outcome.AWAY, "I slept")) is None

        assert (the_letter().state, the_letter().last_error) == (SENT, "")

    def test_is_found_within_a_minute(self) -> None:
        from config.celery import app

        sweep = app.conf.beat_schedule["send-due-letters"]["schedule"]
        assert carrier.LEASE_SECONDS + sweep <= 60
        assert carrier.CARRY_SECONDS_MAX + transport.SEND_SECONDS < carrier.SOFT_LIMIT_SECONDS
        assert carrier.SOFT_LIMIT_SECONDS < carrier.HARD_LIMIT_SECONDS < carrier.LEASE_SECONDS
