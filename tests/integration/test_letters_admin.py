"""Letters in the admin: seen by whoever may see them, edited by nobody, sent again by whoever may."""

from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from bookings.api import find_addressee
from bookings.models import Booking
from frontend import admin as letters_admin
from frontend.letters.post import Wanted, write_down
from frontend.models import Letter
from tests.support.bought import make_booking
from tests.support.staff import new_user

LIST = "/admin/frontend/letter/"


@pytest.fixture(autouse=True)
def nudged(database: str, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The letters that Celery is told of."""
    settings.STATIC_ROOT = tmp_path
    told: list[int] = []
    monkeypatch.setattr(letters_admin, "nudge", lambda _task, letter: told.append(letter))
    return told


def client_of(*permissions: str) -> Client:
    client = Client()
    client.force_login(new_user(f"user-{len(permissions)}", *permissions))
    return client


@pytest.fixture
def clerk() -> Client:
    return client_of("view_letter", "view_booking")


@pytest.fixture
def manager() -> Client:
    return client_of("view_letter", "view_booking", "resend_letter")


def letter_of(booking: Booking, **fields: object) -> Letter:
    addressee = find_addressee(booking.pk)
    assert addressee is not None
    (number,) = write_down([Wanted(addressee, Letter.Kind.CONFIRMATION)])
    Letter.objects.filter(pk=number).update(**fields)
    return Letter.objects.get(pk=number)


@pytest.fixture
def failed() -> Letter:
    return letter_of(
        make_booking(), state="failed", tries=1, last_error="the address was refused: 550 no such mailbox"
    )


class TestTheList:
    def test_says_what_failed_and_why(self, clerk: Client, failed: Letter) -> None:
        other = letter_of(make_booking(buyer_email="ravi@example.org"))

        everything = clerk.get(LIST).content.decode()
        page = clerk.get(f"{LIST}?state__exact=failed").content.decode()

        assert other.to in everything
        assert failed.to in page
        assert "550 no such mailbox" in page
        assert other.to not in page

    @pytest.mark.parametrize("what", ["to", "booking", "message id"])
    def test_finds_a_letter(self, clerk: Client, failed: Letter, what: str) -> None:
        letter_of(make_booking(buyer_email="ravi@example.org"))
        asked = {"to": "asha@", "booking": str(failed.booking_id), "message id": failed.message_id}[what]

        page = clerk.get(LIST, {"q": asked}).content.decode()

        assert failed.to in page
        assert "ravi@example.org" not in page

    @pytest.mark.parametrize("path", ["add/", "{}/change/", "{}/delete/"])
    def test_lets_nobody_edit(self, manager: Client, failed: Letter, path: str) -> None:
        assert manager.post(LIST + path.format(failed.pk), {"to": "x@example.org"}).status_code == 403

        assert Letter.objects.get().to == failed.to


class TestSendingAgain:
    def test_takes_one_click(self, manager: Client, failed: Letter, nudged: list[int]) -> None:
        page = manager.get(f"{LIST}{failed.pk}/change/").content.decode()
        address = reverse("admin:frontend_letter_again", args=[failed.pk])
        assert f'action="{address}"' in page

        reply = manager.post(address, follow=True)

        assert f"The letter to {failed.to} is on its way again" in reply.content.decode()
        assert (Letter.objects.get().state, Letter.objects.get().tries) == ("due", 0)
        assert nudged == [failed.pk]
        told = LogEntry.objects.get()
        assert (told.object_repr, told.change_message) == (f"confirmation letter {failed.pk}", "Sent again")

    def test_of_one_that_was_sent_leaves_word_which_letter_it_is_now(
        self, manager: Client, nudged: list[int]
    ) -> None:
        sent = letter_of(make_booking(), state="sent", sent_at=Now())

        manager.post(reverse("admin:frontend_letter_again", args=[sent.pk]))

        assert LogEntry.objects.get().change_message == f"Sent again, as letter {Letter.objects.latest('id').pk}"

    def test_answers_a_second_click_like_the_first(self, manager: Client, nudged: list[int]) -> None:
        sent = letter_of(make_booking(), state="sent", sent_at=Now())
        address = reverse("admin:frontend_letter_again", args=[sent.pk])

        first, second = manager.post(address), manager.post(address)

        assert (first.status_code, second.headers["Location"]) == (302, first.headers["Location"])
        assert Letter.objects.count() == 2
        assert len(set(nudged)) == 1

    def test_takes_one_for_all_that_failed(self, manager: Client, failed: Letter, nudged: list[int]) -> None:
        other = letter_of(make_booking(), state="failed")
        chosen = {"action": "send_selected_again", "_selected_action": [failed.pk, other.pk]}

        manager.post(LIST, chosen)

        assert sorted(nudged) == [failed.pk, other.pk]

    def test_of_a_booking_sends_its_confirmation(self, manager: Client, nudged: list[int]) -> None:
        booking = make_booking()
        address = reverse("admin:frontend_letter_confirmation", args=[booking.pk])
        page = manager.get(f"/admin/bookings/booking/{booking.pk}/change/").content.decode()
        assert f'action="{address}"' in page

        reply = manager.post(address, follow=True)

        assert f"on its way to {booking.buyer_email}" in reply.content.decode()
        assert nudged == [Letter.objects.get().pk]

    def test_of_a_booking_that_is_over_says_so(self, manager: Client, nudged: list[int]) -> None:
        booking = make_booking(status="cancelled")

        reply = manager.post(reverse("admin:frontend_letter_confirmation", args=[booking.pk]), follow=True)

        assert "it has no ticket" in reply.content.decode()
        assert not Letter.objects.exists()
        assert nudged == []

    def test_is_for_those_who_may(self, clerk: Client, failed: Letter, nudged: list[int]) -> None:
        addresses = (
            reverse("admin:frontend_letter_again", args=[failed.pk]),
            reverse("admin:frontend_letter_confirmation", args=[failed.booking_id]),
        )

        for address in addresses:
            assert clerk.post(address).status_code == 403
            assert Client().post(address).status_code == 302
            assert clerk.get(address).status_code == 405
        clerk.post(LIST, {"action": "send_selected_again", "_selected_action": [failed.pk]})

        assert nudged == []
        assert Letter.objects.get().state == "failed"
        assert addresses[0] not in clerk.get(f"{LIST}{failed.pk}/change/").content.decode()

    def test_of_what_there_is_not_says_so(self, manager: Client) -> None:
        for address in (
            reverse("admin:frontend_letter_again", args=[2_000_000]),
            reverse("admin:frontend_letter_confirmation", args=["0192f0c1-2345-7abc-8def-0123456789ab"]),
        ):
            assert manager.post(address).status_code == 404


class TestElsewhere:
    def test_stand_on_the_page_of_their_booking(self, failed: Letter) -> None:
        page = client_of("view_letter", "view_booking").get(f"/admin/bookings/booking/{failed.booking_id}/change/")

        assert f"/admin/frontend/letter/{failed.pk}/change/" in page.content.decode()
        assert "failed: the address was refused: 550 no such mailbox" in page.content.decode()

    def test_are_hidden_there_from_who_may_not_read_them(self, failed: Letter) -> None:
        page = client_of("view_booking").get(f"/admin/bookings/booking/{failed.booking_id}/change/")

        assert "550 no such mailbox" not in page.content.decode()

    def test_that_failed_are_counted_on_today(self, clerk: Client, failed: Letter) -> None:
        assert "Letters that failed" in clerk.get("/admin/").content.decode()

        Letter.objects.update(state="due")
        assert "Letters that failed" not in clerk.get("/admin/").content.decode()
