"""Each guard of the letters switched off: then the harm that it prevents is seen."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.core.cache import cache
from django.db.models import F
from pytest_django import Settings

from bookings.api import find_addressee
from frontend.letters import carrier, post
from frontend.letters.rules import Outcome
from frontend.letters.transport import Told
from frontend.models import Letter
from frontend.tasks import send_due_letters
from tests.support.bought import make_booking
from tests.support.guards import unless, with_and_without_guard
from tests.support.mail import MailServer

pytestmark = pytest.mark.usefixtures("short")


def write_down() -> list[int]:
    addressee = find_addressee(make_booking().pk)
    assert addressee is not None
    return post.write_down([post.Wanted(addressee, Letter.Kind.CONFIRMATION)])


def minutes_pass(minutes: int) -> None:
    cache.clear()
    Letter.objects.update(next_at=F("next_at") - timedelta(minutes=minutes))


@contextmanager
def without(module: object, name: str, cut: str, instead: str = "") -> Iterator[None]:
    """A statement without this text; when it is no longer there, the test fails instead of proving nothing."""
    whole = getattr(module, name)
    assert cut in whole, f"{name} has no {cut} any more"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, name, whole.replace(cut, instead))
        yield


@contextmanager
def without_uniqueness(database: str) -> Iterator[None]:
    """A table of letters in which nothing is once."""
    constraints = ("letter_once", "frontend_letter_message_id_key")
    with psycopg.connect(database, autocommit=True) as other:
        told = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = ANY(%s)"
        found = other.execute(told, [list(constraints)]).fetchall()
        assert len(found) == len(constraints), found
        for name, _ in found:
            other.execute(f'ALTER TABLE frontend_letter DROP CONSTRAINT "{name}"')
    try:
        with without(post, "_WRITE_DOWN", "ON CONFLICT (booking_id, kind, reference) DO NOTHING"):
            yield
    finally:
        with psycopg.connect(database, autocommit=True) as other:
            other.execute("TRUNCATE frontend_letter")
            for name, definition in found:
                other.execute(f'ALTER TABLE frontend_letter ADD CONSTRAINT "{name}" {definition}')


@with_and_without_guard
def test_a_letter_is_written_down_once(mail: MailServer, database: str, guarded: bool) -> None:
    addressee = find_addressee(make_booking().pk)
    assert addressee is not None
    wanted = [post.Wanted(addressee, Letter.Kind.CONFIRMATION)]

    with unless(guarded, without_uniqueness(database)):
        for _ in range(2):
            post.write_down(wanted)
        send_due_letters()

        assert len(mail.mails) == (1 if guarded else 2)


@with_and_without_guard
def test_a_letter_belongs_to_one_carrier_at_a_time(mail: MailServer, guarded: bool) -> None:
    write_down()

    with unless(guarded, without(carrier, "_TAKE", "AND next_at <= clock_timestamp()")):
        first, second = carrier._take(None), carrier._take(None)

    assert first is not None
    assert (second is None) == guarded


@with_and_without_guard
def test_who_comes_back_late_changes_nothing(mail: MailServer, guarded: bool) -> None:
    write_down()
    late = carrier._take(None)
    assert late is not None
    minutes_pass(1)
    send_due_letters()

    with unless(guarded, without(carrier, "_MARK", "AND state = 'sending' AND tries = %(tries)s")):
        carrier._mark(late, "due", Told(Outcome.AWAY, "slept"))
    minutes_pass(10)
    send_due_letters()

    assert len(mail.mails) == (1 if guarded else 2)


@with_and_without_guard
def test_a_server_that_never_says_that_it_took_a_letter_gets_one_copy_at_most(
    mail: MailServer, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_down()
    mail.fail("drop", count=None)
    if not guarded:
        monkeypatch.setattr(carrier, "UNCLEAR_MAX", 1000)

    for _ in range(6):
        send_due_letters()
        minutes_pass(300)

    assert len(mail.mails) == (2 if guarded else 6)


@with_and_without_guard
def test_letters_that_a_server_fell_silent_on_go_out_when_it_is_back(
    mail: MailServer, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_down()
    if not guarded:
        monkeypatch.setattr(carrier, "WAITS_FOR_SERVER", {Outcome.UNREACHABLE})
    mail.fail("busy", at="recipient", count=None)
    for minutes in (5, 10, 20):
        send_due_letters()
        minutes_pass(minutes)
    send_due_letters()

    mail.faults.clear()
    minutes_pass(5)
    send_due_letters()

    assert len(mail.mails) == guarded


@with_and_without_guard
def test_a_dead_server_is_left_in_peace(
    mail: MailServer, settings: Settings, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        write_down()
    settings.EMAIL_URL = "smtp://127.0.0.1:1"
    if not guarded:
        monkeypatch.setattr(carrier, "server_rests", lambda: False)

    for _ in range(3):
        send_due_letters()

    assert Letter.objects.filter(tries=0).count() == (2 if guarded else 0)
