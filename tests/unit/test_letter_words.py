"""What letters say, in HTML and in plain text, and that nothing typed by anybody can bend a header or a page."""

import email.policy
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from bookings.api import BookingView, Status
from frontend.letters.reminders import day_of
from frontend.letters.rules import Outcome, rest_seconds, wait_seconds
from frontend.letters.transport import _dotted, of_message, of_recipient
from frontend.letters.words import Words, first_name, one_line, words_of
from frontend.letters.writing import addressed
from tests.support.letters import BOOKING, FACTS, cancelled

THE_DAY = date(2026, 11, 27)
REFUNDED = replace(BOOKING, status=Status.EXPIRED, refund="refunded")
KINDS: list[tuple[str, BookingView]] = [
    ("confirmation", BOOKING),
    ("cancellation", cancelled()),
    ("refund", REFUNDED),
    ("reminder", BOOKING),
]
EVIL = 'A "b" <script>alert(1)</script>\r\nBcc: everybody@example.org {{ 7|add:7 }}'


def words(kind: str, booking: BookingView = BOOKING, *, paise: int = 62_500, **changes: Any) -> Words:
    return words_of(kind, replace(FACTS, **changes), booking, returned_paise=paise, today=THE_DAY)


def html_of(written: Words) -> str:
    return render_to_string("frontend/letters/letter.html", {"words": written})


def text_of(written: Words) -> str:
    return render_to_string("frontend/letters/letter.txt", {"words": written})


class TestALetter:
    @pytest.mark.parametrize(("kind", "booking"), KINDS)
    def test_says_the_same_in_html_and_in_plain_text(self, kind: str, booking: BookingView) -> None:
        written = words(kind, booking)

        html, text = html_of(written), text_of(written)

        said = [written.title, *written.paragraphs, written.money, *written.after, written.why]
        said += [part for fact in written.facts for part in (fact.label, fact.value, fact.more)]
        for sentence in filter(None, said):
            assert sentence.replace("'", "&#x27;") in html
            assert sentence in text
        if written.button is not None:
            assert f'href="{written.button.url}"' in html
            assert written.button.url in text
        assert "&#x27;" not in text

    @pytest.mark.parametrize(("kind", "booking"), KINDS)
    def test_stands_alone_and_is_read_in_the_dark(self, kind: str, booking: BookingView) -> None:
        html = html_of(words(kind, booking))

        assert "prefers-color-scheme: dark" in html
        assert '<meta name="color-scheme" content="light dark">' in html
        # Nothing is loaded: no picture that tells the sender of the reader, no font, no script.
        assert not re.findall(r"<(?:img|link|script|iframe)\b|url\(|@import", html)
        assert html.count('role="presentation"') == html.count("<table")
        # Clients that drop the style element still have the colours.
        assert 'style="background-color:#FFFFFF' in html
        assert words(kind, booking).preheader.replace("'", "&#x27;") in html

    @pytest.mark.parametrize(("kind", "booking"), KINDS)
    def test_is_bent_by_nothing_that_somebody_typed(self, kind: str, booking: BookingView) -> None:
        written = words(
            kind, booking, movie_title=EVIL, buyer_name=EVIL, theatre_name=EVIL, address=EVIL, screen_name=EVIL
        )

        assert "<script>alert" not in html_of(written)
        assert "{{ 7|add:7 }}" in html_of(written)
        assert "\r" not in written.subject + written.preheader
        assert "\n" not in written.subject + written.preheader
        for fact in written.facts[:1]:
            assert "\n" not in fact.value

    def test_of_a_long_title_has_a_subject_that_is_read(self) -> None:
        assert len(words("confirmation", movie_title="दीया और तूफ़ान " * 20).subject) < 110


class TestTheConfirmation:
    def test_names_when_where_and_what(self) -> None:
        written = words("confirmation")

        assert written.subject == "Booked: The Lamplighter's Daughter, Fri 27 Nov at 7:30 pm"
        facts = {fact.label: (fact.value, fact.more) for fact in written.facts}
        assert facts["When"] == ("Fri 27 Nov, 7:30 pm", "Pune time")
        assert facts["Where"] == ("Lantern Talkies", "12 Lane of the Lamps, Pune")
        assert facts["Seats"] == ("F7, F8 and F9", "")
        assert facts["Paid"] == ("₹1,250", "")

    def test_of_one_seat_speaks_of_one(self) -> None:
        written = words("confirmation", seat_labels=("F7",))

        assert written.paragraphs[1].startswith("F7 is yours")
        assert "Seat" in {fact.label for fact in written.facts}


class TestTheCancellation:
    def test_of_the_buyers_own_says_what_he_did_and_where_the_money_is(self) -> None:
        written = words("cancellation", cancelled())

        assert "You cancelled your booking for The Lamplighter's Daughter" in written.paragraphs[1]
        assert written.money == "₹625 is on its way back to you. Banks take 5 to 7 working days."

    def test_of_the_cinemas_says_sorry(self) -> None:
        written = words("cancellation", cancelled("show cancelled", refund="due"), paise=125_000)

        assert written.title == "Cancelled by the cinema"
        assert "We are sorry" in written.paragraphs[1]
        assert written.money.startswith("₹1,250 goes back to you.")

    def test_so_close_to_the_show_says_that_nothing_comes_back(self) -> None:
        assert words("cancellation", cancelled(refund=None)).money == "Nothing is paid back for this booking."


class TestTheRefund:
    @pytest.mark.parametrize(
        ("refund", "title", "way"),
        [
            ("pending", "₹625 is on its way back", "It goes back the way you paid"),
            ("refunded", "₹625 was paid back", "It went back the way you paid"),
            ("manual", "We owe you ₹625", "You need to do nothing"),
        ],
    )
    def test_says_where_the_money_is(self, refund: str, title: str, way: str) -> None:
        written = words("refund", replace(REFUNDED, refund=refund))

        assert written.title == title
        assert way in written.after[0]

    def test_says_why(self) -> None:
        assert "came when the seats were gone already" in words("refund", REFUNDED).paragraphs[1]
        assert "You cancelled your booking" in words("refund", cancelled(refund="refunded")).paragraphs[1]
        assert "You paid twice" in words("refund", replace(BOOKING, refund="refunded")).paragraphs[1]


class TestTheReminder:
    @pytest.mark.parametrize(
        ("hour", "day", "title"),
        [
            (11, 0, "Today at 11:00 am"),
            (16, 0, "Today at 4:00 pm"),
            (17, 0, "Tonight at 5:00 pm"),
            (0, 1, "Tonight at 12:00 am"),
        ],
    )
    def test_says_today_or_tonight(self, hour: int, day: int, title: str) -> None:
        starts = datetime(2026, 11, 27, hour, 0, tzinfo=ZoneInfo("Asia/Kolkata")) + timedelta(days=day)

        assert words("reminder", starts_at=starts.astimezone(UTC)).title == title


class TestNames:
    @pytest.mark.parametrize(
        ("name", "called"),
        [
            ("Asha Rao", "Asha"),
            ("आशा राव", "आशा"),
            ("  Asha\tRao ", "Asha"),
            ('"Q" O\'Neil', '"Q"'),
            ("", ""),
            ("🎬🎬", ""),
            ("12345", ""),
            ("Asha\r\nBcc: x@y.z", "Asha"),
        ],
    )
    def test_are_what_people_are_called_by(self, name: str, called: str) -> None:
        assert first_name(name) == called

    @pytest.mark.parametrize(
        "name",
        [
            "Asha Rao",
            "आशा राव",
            "क्‍ष",
            "Asha 🎬 Rao",
            'Asha "the Lamp" Rao',
            "Rao, Asha (Pune) <cinema>; @home",
            "Back\\slash",
            "ü" * 300,
            "Asha\r\nBcc: everybody@example.org",
        ],
    )
    def test_reach_the_header_as_they_were_typed_and_never_another_header(self, name: str) -> None:
        message = EmailMultiAlternatives(
            subject=one_line(f"For {name}"),
            body="",
            from_email="a@b.example",
            to=[addressed(name, "asha@example.org")],
        )

        raw: Any = message.message()
        read: EmailMessage = message_from_bytes(raw.as_bytes(), policy=email.policy.default)

        (to,) = read["To"].addresses
        assert to.addr_spec == "asha@example.org"
        # Folding a long name in another script may leave a space between its parts.
        assert to.display_name.replace(" ", "") == one_line(name)[:80].replace(" ", "")
        assert read["Bcc"] is None
        assert set(read.keys()) <= {
            *("Content-Type", "MIME-Version", "Content-Transfer-Encoding"),
            *("Subject", "From", "To", "Date", "Message-ID"),
        }


class TestTheCinemasDay:
    @pytest.mark.parametrize(
        ("zone", "now", "begins", "hours"),
        [
            ("Asia/Kolkata", "2026-11-27T00:29:59Z", "2026-11-26T00:30:00Z", 24),
            ("Asia/Kolkata", "2026-11-27T00:30:00Z", "2026-11-27T00:30:00Z", 24),
            ("Asia/Kolkata", "2026-11-27T19:00:00Z", "2026-11-27T00:30:00Z", 24),
            # The clocks go forward in the night after the 28th, and back in the night after the 24th of October.
            ("Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-28T05:00:00Z", 23),
            ("Europe/Berlin", "2026-03-29T04:00:00Z", "2026-03-29T04:00:00Z", 24),
            ("Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-24T04:00:00Z", 25),
            ("America/New_York", "2026-11-01T05:30:00Z", "2026-10-31T10:00:00Z", 25),
            ("Pacific/Auckland", "2026-04-04T18:30:00Z", "2026-04-04T18:00:00Z", 24),
            ("Asia/Kathmandu", "2026-01-01T00:15:00Z", "2026-01-01T00:15:00Z", 24),
        ],
    )
    def test_begins_at_six_on_its_own_clock(self, zone: str, now: str, begins: str, hours: int) -> None:
        began, ends = day_of(datetime.fromisoformat(now), zone)

        assert began == datetime.fromisoformat(begins)
        assert ends.astimezone(UTC) - began.astimezone(UTC) == timedelta(hours=hours)


class TestWhatAServerSays:
    @pytest.mark.parametrize(
        ("code", "said", "outcome"),
        [
            (550, b"5.1.1 no such user", Outcome.REFUSED),
            (552, b"5.2.2 mailbox full", Outcome.REFUSED),
            (550, b"no such user", Outcome.REFUSED),
            (550, b"5.7.26 not authenticated", Outcome.LATER),
            (451, b"4.7.1 greylisted", Outcome.LATER),
            (421, b"4.3.2 closing", Outcome.AWAY),
        ],
    )
    def test_of_an_address_is_final_only_about_the_address(self, code: int, said: bytes, outcome: Outcome) -> None:
        assert of_recipient(code, said) is outcome

    @pytest.mark.parametrize(("code", "outcome"), [(554, Outcome.REFUSED), (452, Outcome.LATER), (421, Outcome.AWAY)])
    def test_of_a_letter(self, code: int, outcome: Outcome) -> None:
        assert of_message(code) is outcome

    def test_waits_are_what_the_contract_says(self) -> None:
        assert [wait_seconds(tries, Outcome.AWAY) for tries in (1, 2, 3, 7, 100)] == [300, 600, 1200, 14400, 14400]

    def test_one_that_may_have_arrived_waits_no_longer_for_having_been_tried_often(self) -> None:
        assert {wait_seconds(tries, Outcome.UNCLEAR) for tries in (1, 2, 7, 100)} == {300}

    def test_rests_end_soon_enough_for_mail_to_be_out_five_minutes_after_a_repair(self) -> None:
        assert [rest_seconds(failures) for failures in (1, 2, 3, 4, 100)] == [60, 120, 240, 240, 240]

    def test_a_lone_dot_does_not_end_the_letter(self) -> None:
        assert _dotted(b".\r\nBye\r\n..\r\n") == b"..\r\nBye\r\n...\r\n.\r\n"
        assert _dotted(b"no end") == b"no end\r\n.\r\n"
