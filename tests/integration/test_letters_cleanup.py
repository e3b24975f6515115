"""Letters and clean-up: they go when nobody needs them, half a year after the show, and no log keeps an address."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from psycopg import sql
from pytest_django import Settings

from bookings.api import find_addressee
from bookings.models import Booking, Show
from bookings.services.cleanup.run import clean_up
from frontend import admin as letters_admin
from frontend.letters.post import Wanted, write_down
from frontend.models import Letter
from tests.support.guards import with_and_without_guard
from tests.support.retention import ago
from tests.support.sales import make_cinema, sell
from tests.support.staff import new_user

pytestmark = pytest.mark.usefixtures("database")
ADDRESS = "asha@example.org"


def letter_about(show: Show, *, seat: int = 0, **fields: object) -> int:
    booking = sell(show, at=show.starts_at - timedelta(days=1), seats=[seat])
    Booking.objects.filter(pk=booking.pk).update(buyer_email=ADDRESS)
    addressee = find_addressee(booking.pk)
    assert addressee is not None
    (number,) = write_down([Wanted(addressee, Letter.Kind.CONFIRMATION)])
    Letter.objects.filter(pk=number).update(**{"state": "failed", **fields})
    return number


def clean() -> int:
    return clean_up(asked_by="test", monotonic=time.monotonic).removed["letters"]


def tables_with(text: str) -> set[str]:
    """Every table of the database that has a row in which this is written anywhere."""
    with connection.cursor() as cursor:
        found = set()
        for table in connection.introspection.table_names(cursor):
            named = sql.SQL("SELECT EXISTS (SELECT FROM {} AS t WHERE t::text LIKE %s)").format(sql.Identifier(table))
            cursor.execute(named.as_string(), [f"%{text}%"])
            if cursor.fetchone()[0]:
                found.add(table)
    return found


class TestAnAddress:
    @with_and_without_guard
    def test_is_nowhere_when_a_letter_that_staff_sent_again_is_gone(
        self, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
    ) -> None:
        settings.STATIC_ROOT = tmp_path
        monkeypatch.setattr(letters_admin, "nudge", lambda _task, letter: None)
        if not guarded:
            monkeypatch.setattr(Letter, "__str__", lambda letter: f"{letter.kind} to {letter.to}")
        manager = Client()
        manager.force_login(new_user("manager", "view_letter", "resend_letter"))
        letter = letter_about(make_cinema(starts_at=ago(days=181)))
        chosen = {"action": "send_selected_again", "_selected_action": [letter]}

        manager.post(reverse("admin:frontend_letter_again", args=[letter]))
        manager.post(reverse("admin:frontend_letter_changelist"), chosen)
        assert tables_with(f"confirmation letter {letter}" if guarded else ADDRESS) >= {"django_admin_log"}
        Letter.objects.update(state="failed")
        clean()

        assert tables_with(ADDRESS) == (set() if guarded else {"django_admin_log"})


class TestCleanUp:
    def test_lets_letters_about_past_shows_go(self) -> None:
        letter_about(make_cinema(starts_at=ago(days=181)))
        young = letter_about(make_cinema(starts_at=ago(days=179)))

        assert clean() == 1
        assert list(Letter.objects.values_list("pk", flat=True)) == [young]

    @pytest.mark.parametrize("state", ["due", "sending"])
    def test_leaves_one_that_is_still_on_its_way(self, state: str) -> None:
        letter_about(make_cinema(starts_at=ago(days=400)), state=state)

        assert clean() == 0

    def test_leaves_those_of_a_buyer_whose_money_is_open(self) -> None:
        letter_about(make_cinema(starts_at=ago(days=400)))
        Booking.objects.update(refund="manual")

        assert clean() == 0
