"""Who gets which form of a ticket: the holder, whoever has the link, ushers, and nobody else."""

import re
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import zxingcpp
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

from bookings.api import HOLDER_COOKIE, BoxOffice, issue_holder, issue_tickets, read_holder
from bookings.models import Booking, Show, Ticket
from frontend.tickets.facts import facts_of
from frontend.tickets.links import read_ticket_token, ticket_path, ticket_token, ticket_url
from tests.support.api import ApiClient, api_client, assert_refused
from tests.support.cinema import make_movie, make_screen, make_show, make_theatre
from tests.support.paper import pages_of, texts_of
from tests.support.tickets import SOON, end_booking, make_booking, make_usher

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _collected(settings: Settings, tmp_path: Path) -> None:
    """A folder of static files, without which WhiteNoise warns outside DEBUG."""
    settings.STATIC_ROOT = tmp_path


@pytest.fixture
def token() -> str:
    return issue_holder()


@pytest.fixture
def visitor(token: str) -> Client:
    client = Client()
    client.cookies[HOLDER_COOKIE] = token
    return client


@pytest.fixture
def booking(database: str, token: str) -> Booking:
    show = make_show(starts_in=SOON, movie=make_movie(title="चाँद का पता", language="Hindi"))
    return make_booking(show, (3, 4), holder=read_holder(token) or "")


class TestTheOwner:
    def test_gets_page_paper_and_calendar(self, visitor: Client, booking: Booking) -> None:
        tickets = issue_tickets(booking.pk)

        page = visitor.get(f"/bookings/{booking.pk}/").content.decode()
        paper = visitor.get(f"/bookings/{booking.pk}/ticket.pdf")
        entry = visitor.get(f"/bookings/{booking.pk}/ticket.ics")

        assert page.count("<svg") == 2
        assert all(f"{ticket.code[:4]} {ticket.code[4:]}" in page for ticket in tickets)
        assert paper["Content-Type"] == "application/pdf"
        assert paper["Content-Disposition"].startswith('attachment; filename="housefull-')
        read = [code.text for sheet in pages_of(paper.content) for code in zxingcpp.read_barcodes(sheet)]
        assert read == [ticket.text for ticket in tickets]
        assert "चाँद का पता" in texts_of(paper.content)[0]
        (event,) = icalendar.Calendar.from_ical(entry.content).events
        assert abs(event.start - booking.show.starts_at) < timedelta(seconds=1)
        for reply in (paper, entry):
            assert "no-store" in reply["Cache-Control"]

    def test_alone_gets_them(self, booking: Booking) -> None:
        stranger = Client()
        stranger.cookies[HOLDER_COOKIE] = issue_holder()
        for client in (Client(), stranger):
            for name in ("", "ticket.pdf", "ticket.ics"):
                assert client.get(f"/bookings/{booking.pk}/{name}").status_code == 404
                assert client.get(f"/bookings/{uuid.uuid4()}/{name}").status_code == 404
        assert Ticket.objects.count() == 0

    def test_has_no_paper_before_paying_and_none_after_the_end(
        self, visitor: Client, token: str, booking: Booking
    ) -> None:
        pending = make_booking(
            booking.show, (9,), holder=read_holder(token) or "", status="pending", confirmed_at=None
        )
        for name in ("ticket.pdf", "ticket.ics"):
            assert visitor.get(f"/bookings/{pending.pk}/{name}").status_code == 404

        end_booking(booking)

        assert visitor.get(f"/bookings/{booking.pk}/ticket.pdf").status_code == 404
        calendar = icalendar.Calendar.from_ical(visitor.get(f"/bookings/{booking.pk}/ticket.ics").content)
        assert (calendar["METHOD"], calendar.events[0]["STATUS"]) == ("CANCEL", "CANCELLED")
        assert "<svg" not in visitor.get(f"/bookings/{booking.pk}/").content.decode()

    def test_reads_times_of_the_theatre(self, visitor: Client, token: str) -> None:
        theatre = make_theatre(city="London", time_zone="Europe/London")
        show = make_show(screen=make_screen(theatre=theatre), starts_in=SOON)
        Show.objects.filter(pk=show.pk).update(
            starts_at="2026-10-25T00:30Z",
            ends_at="2026-10-25T03:00Z",
            sales_open_at="2026-10-20T00:00Z",
            sales_close_at="2026-10-25T00:30Z",
        )
        booking = make_booking(show, (0,), holder=read_holder(token) or "")

        page = visitor.get(f"/bookings/{booking.pk}/").content.decode()
        (text,) = texts_of(visitor.get(f"/bookings/{booking.pk}/ticket.pdf").content)

        assert re.search(r'data-zone="Europe/London">1:30 am<', page)
        assert "1:30 am BST" in text
        assert "Sun 25 Oct" in text


class TestTheLink:
    def test_opens_the_ticket_for_looking_only(self, booking: Booking) -> None:
        anybody = Client()

        reply = anybody.get(ticket_path(str(booking.pk)))
        page = reply.content.decode()

        assert page.count('class="seat-qr"') == 2
        for act in ("Cancel booking", 'id="booking-data"', "js/pay/booking.js", '/pay/"'):
            assert act not in page
        assert reply["X-Robots-Tag"] == "noindex"
        assert reply.cookies.keys() == set()
        assert anybody.get(f"{ticket_path(str(booking.pk))}ticket.pdf").content[:5] == b"%PDF-"
        assert b"BEGIN:VCALENDAR" in anybody.get(f"{ticket_path(str(booking.pk))}ticket.ics").content
        assert anybody.post(ticket_path(str(booking.pk))).status_code == 405
        assert anybody.get(f"/bookings/{booking.pk}/").status_code == 404

    def test_never_leads_to_paying(self, booking: Booking) -> None:
        pending = make_booking(booking.show, (9,), status="pending", expires_at=booking.show.starts_at)

        page = Client().get(ticket_path(str(pending.pk))).content.decode()

        assert "Not paid yet" in page
        assert '/pay/"' not in page

    def test_is_ours_or_nothing(self, booking: Booking, settings: Settings) -> None:
        token = ticket_token(str(booking.pk))

        for place, letter in enumerate(token):
            wrong = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
            # The last letters of base64 have bits that mean nothing; the signature is over the letters themselves.
            assert read_ticket_token(wrong) is None, place
        for nonsense in ("", "~", "é", "a" * 200, token.replace("~", "."), f"{token}=", issue_holder()):
            assert read_ticket_token(nonsense) is None
        assert Client().get(f"/t/{token[:-1]}/").status_code == 404
        assert Client().get(f"/t/{ticket_token(str(uuid.uuid4()))}/").status_code == 404
        settings.SECRET_KEY = "another house"
        assert read_ticket_token(token) is None

    def test_is_whole_where_it_leaves_the_house(self, booking: Booking, settings: Settings) -> None:
        settings.PUBLIC_URL = "https://cinema.example"

        assert ticket_url(str(booking.pk)) == f"https://cinema.example{ticket_path(str(booking.pk))}"
        assert facts_of(str(booking.pk)).url == ticket_url(str(booking.pk))


class TestTheWorker:
    def test_is_served_as_a_script_for_any_ticket(self, client: Client) -> None:
        reply = client.get("/ticket-worker.js")

        assert reply["Content-Type"] == "text/javascript; charset=utf-8"
        assert reply["Service-Worker-Allowed"] == "/"
        assert reply["Cache-Control"] == "no-cache"
        assert b"addEventListener" in reply.content


class TestTheDoors:
    def test_are_for_ushers(self, booking: Booking) -> None:
        for path in ("/checkin/", f"/checkin/{booking.show_id}/"):
            nobody, clerk, usher = Client(), Client(), Client()
            clerk.force_login(make_usher(f"clerk{path}", may_check_in=False, is_staff=True))
            usher.force_login(make_usher(f"usher{path}"))

            assert nobody.get(path)["Location"] == f"/accounts/login/?next={path}"
            assert clerk.get(path).status_code == 403
            page = usher.get(path)
            assert page.status_code == 200
            assert "चाँद का पता" in page.content.decode()
            assert "csrftoken" in usher.cookies
            assert 'href="/checkin/"' in usher.get("/").content.decode()
            assert 'href="/checkin/"' not in clerk.get("/").content.decode()
            assert usher.get("/checkin/999999/").status_code == 404

    def test_are_those_of_today(self) -> None:
        usher = Client()
        usher.force_login(make_usher())
        names = {
            "runs": make_show(starts_in=-timedelta(minutes=30)),
            "soon": make_show(starts_in=timedelta(hours=2)),
            "is over": make_show(starts_in=-timedelta(hours=3)),
            "tomorrow": make_show(starts_in=timedelta(hours=30)),
            "cancelled": make_show(starts_in=SOON, status="cancelled"),
        }

        page = usher.get("/checkin/").content.decode()

        listed = {name for name, show in names.items() if f'data-show="{show.pk}"' in page}
        assert listed == {"runs", "soon"}


class TestCancellingAfterwards:
    @pytest.fixture
    async def buyer(self, office: BoxOffice, token: str) -> AsyncIterator[ApiClient]:
        async with api_client() as client:
            client.http.headers["Authorization"] = f"Bearer {token}"
            yield client

    async def test_is_refused_once_somebody_has_come_in(self, buyer: ApiClient, booking: Booking) -> None:
        await sync_to_async(issue_tickets)(booking.pk)
        await Ticket.objects.filter(seat_index=3).aupdate(admitted_at=booking.show.starts_at)
        wish: dict[str, Any] = {"json": {"booking": str(booking.pk), "reason": "user"}}

        assert_refused(await buyer.http.post("/api/cancel_booking/", **wish), 409, "ticket_used")
        assert (await Booking.objects.aget(pk=booking.pk)).status == "confirmed"

        await Ticket.objects.aupdate(admitted_at=None)
        assert (await buyer.http.post("/api/cancel_booking/", **wish)).json()["status"] == "cancelled"
