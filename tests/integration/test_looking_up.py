"""A booking is found by whatever its buyer can tell; and what staff see of it."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import AsyncMock, patch

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from bookings import desk
from bookings.api import BookingWork, BoxOffice, Panel, issue_tickets
from bookings.domain.lifecycle import Status
from bookings.models import Booking, Show
from payments.admin.looking_up import look_up
from tests.support.buyer import Buyer, new_buyer
from tests.support.cinema import make_show
from tests.support.guards import unless, with_and_without_guard
from tests.support.razorpay import Razorpay
from tests.support.relay import relay
from tests.support.roles import somebody
from tests.support.staff import Browser, assert_books_are_right, audit, buy, cancel_of, refund_of
from tests.support.witness import insert_booking, live_claims, rows

FIND = "/admin/bookings/booking/"


@pytest.fixture
def clerk(database: str, settings: Settings, tmp_path: Path) -> Browser:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    return Browser(somebody("Box office", name="clerk"))


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


def sold_by_others(count: int) -> None:
    """A cinema's bookings of a week, which the planner of queries has counted."""
    show, now = make_show(), datetime.now(UTC)  # noqa: TID251
    Booking.objects.bulk_create(
        Booking(
            show=show,
            holder=f"holder {number}",
            status=Status.CONFIRMED.value,
            expires_at=now,
            buyer_email=f"buyer{number}@example.org",
        )
        for number in range(count)
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {Booking._meta.db_table}")


def page_of(booking: str) -> str:
    return f"{FIND}{booking}/change/"


class TestABooking:
    async def test_is_found_by_what_its_buyer_can_tell(
        self, clerk: Browser, buyer: Buyer, database: str, office: BoxOffice
    ) -> None:
        _, paid = await buy(buyer)
        other: Show = await sync_to_async(make_show)()
        insert_booking(database, other.pk, seats=[0], status="confirmed")
        code = buyer.booking.replace("-", "")[-8:].upper()
        tickets = await sync_to_async(issue_tickets)(buyer.booking)

        for told in (
            f"{code[:4]} {code[4:]}",
            code.lower(),
            tickets[1].code.lower(),
            buyer.booking,
            buyer.booking.replace("-", ""),
            "ASHA@example.org",
            "asha r",
            "+91 98765-43210",
            "98765 43210",
            "543210",
            paid.payment_id,
            buyer.order,
        ):
            found = await clerk.get(f"{FIND}?q={told.replace('+', '%2B')}")
            # One booking only, so its page is shown at once.
            assert (told, found.status_code, found.get("Location")) == (told, 302, page_of(buyer.booking))

    async def test_is_not_found_by_what_nobody_told(self, clerk: Browser, buyer: Buyer, office: BoxOffice) -> None:
        await buy(buyer)

        for told in ("0000 0000", "nobody@example.org", "pay_nobodys", "111111111", "Somebody Else", "%25"):
            page = await clerk.reads(f"{FIND}?q={told}")
            assert page_of(buyer.booking) not in page, told

    async def test_has_its_seats_its_code_and_its_buyer_on_its_page(
        self, clerk: Browser, buyer: Buyer, office: BoxOffice
    ) -> None:
        await buy(buyer)
        code = buyer.booking.replace("-", "")[-8:].upper()
        ticket, _ = await sync_to_async(issue_tickets)(buyer.booking)

        page = await clerk.reads(page_of(buyer.booking))

        for told in (
            f"{ticket.code[:4]} {ticket.code[4:]}",
            "not yet",
            "A1, A2",
            f"{code[:4]} {code[4:]}",
            "asha@example.org",
            "₹500",
            "Cancel a booking",
        ):
            assert told in page
        assert "Refund a booking" not in page, "a clerk may not"

    def test_is_found_by_an_index(self, database: str) -> None:
        # As many as make reading the whole table, or the whole of another index, the dearer way.
        sold_by_others(2000)

        with CaptureQueriesContext(connection) as asked:
            list(look_up(Booking.objects.order_by(), "3F9A 21C7"))
            list(look_up(Booking.objects.order_by(), "asha@example.org"))
        kept = [query["sql"] for query in asked if "'confirmed'" in query["sql"]]

        with connection.cursor() as cursor:
            plans = []
            for query in kept:
                cursor.execute(f"EXPLAIN {query}")
                plans.append(str(cursor.fetchall()))
        assert [re.findall(r"booking_\w+_\w+", plan)[:1] for plan in plans] == [
            ["booking_short_code"],
            ["booking_buyer_mail"],
        ]


class TestCancellingByThePolicy:
    async def test_gives_back_what_its_buyer_would_get(
        self, clerk: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        show, _ = await buy(buyer, starts_in=timedelta(hours=10))
        act = cancel_of(buyer)

        foreseen = (await clerk.post(act, reason="he is ill")).content.decode()
        assert "By the theatre’s policy ₹250 of ₹500 go back to asha@example.org." in foreseen
        assert (await buyer.look())["status"] == "confirmed"
        await clerk.post(act, reason="he is ill", confirmed="yes")
        await relay(database)

        assert [event["amount"] for event in razorpay.ledger("refund.created")] == [25_000]
        told = await buyer.look()
        assert (told["status"], told["refund"]) == ("cancelled", "refunded")
        assert live_claims(database, show.pk) == {}
        assert audit(database) == [("clerk", "cancel", buyer.booking, None, 25_000, "he is ill")]
        await assert_books_are_right(office)
        (refund,) = rows(database, "SELECT razorpay_id FROM payments_refund")[0]
        assert (await clerk.get(f"{FIND}?q={refund}"))["Location"] == page_of(buyer.booking)
        again = await clerk.post(act, reason="once more", confirmed="yes")
        assert "is cancelled already" in again.content.decode()

    async def test_is_all_that_the_box_office_may_give_back(
        self, clerk: Browser, buyer: Buyer, database: str, office: BoxOffice
    ) -> None:
        await buy(buyer, starts_in=timedelta(hours=10))

        refused = await clerk.post(refund_of(buyer), reason="he is ill", confirmed="yes")
        assert (refused.status_code, (await buyer.look())["status"]) == (403, "confirmed")
        await clerk.post(cancel_of(buyer), amount="500", reason="he is ill", confirmed="yes")

        assert [(a[1], a[4]) for a in audit(database)] == [("cancel", 25_000)]

    @with_and_without_guard
    async def test_is_over_once_somebody_has_come_in(
        self, clerk: Browser, buyer: Buyer, database: str, office: BoxOffice, guarded: bool
    ) -> None:
        await buy(buyer, starts_in=timedelta(hours=10))
        await sync_to_async(issue_tickets)(buyer.booking)
        rows(database, "UPDATE bookings_ticket SET admitted_at = now() WHERE seat_index = 0")

        told = AsyncMock(return_value=False)
        with unless(guarded, patch.object(BookingWork, "has_come_in", told)):
            foreseen = await clerk.post(cancel_of(buyer), reason="he left in the middle")
            await clerk.post(cancel_of(buyer), reason="he left in the middle", confirmed="yes")

        assert ("Somebody has come in with this booking" in foreseen.content.decode()) is guarded
        assert (audit(database) == []) is guarded, "money went back to somebody who sits inside"
        if guarded:
            accountant = await sync_to_async(lambda: Browser(somebody("Accountant")))()
            await accountant.post(refund_of(buyer), reason="the sound failed", confirmed="yes")
            assert [a[:2] + a[4:] for a in audit(database)] == [("Accountant", "refund", 50_000, "the sound failed")]

    async def test_ends_a_hold(self, clerk: Browser, buyer: Buyer, database: str, office: BoxOffice) -> None:
        show: Show = await sync_to_async(make_show)()
        await buyer.begin(show, "A1")

        foreseen = await clerk.post(cancel_of(buyer), reason="he left")
        await clerk.post(cancel_of(buyer), reason="he left", confirmed="yes")

        assert "The hold ends and its 1 seat go back on sale. Nothing was paid." in foreseen.content.decode()
        assert (await buyer.look())["status"] == "cancelled"
        assert live_claims(database, show.pk) == {}

    async def test_of_one_that_was_not_paid_here_gives_nothing_back(
        self, clerk: Browser, database: str, office: BoxOffice
    ) -> None:
        show: Show = await sync_to_async(make_show)()
        booking = insert_booking(database, show.pk, seats=[0], status="confirmed")

        foreseen = await clerk.post(f"{FIND}{booking}/cancel/", reason="an invitation")
        await clerk.post(f"{FIND}{booking}/cancel/", reason="an invitation", confirmed="yes")

        assert "Nothing was paid for it here." in foreseen.content.decode()
        assert live_claims(database, show.pk) == {}


class TestOtherRooms:
    @pytest.fixture(autouse=True)
    def _only_these(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desk, "_offers", desk._Offers(logs=desk._offers.logs))

    async def test_put_panels_on_its_page_for_those_who_may_see_them(
        self, clerk: Browser, buyer: Buyer, office: BoxOffice
    ) -> None:
        await buy(buyer)
        letters = Panel("Letters", ("When", "What"), [("today", "<b>confirmation</b>")], [("/again/", "Send again")])
        desk.offer_panel("bookings.view_booking", lambda booking, may: letters if may("bookings.view_show") else None)
        desk.offer_panel("bookings.view_staffact", lambda booking, may: Panel("Secrets"))

        page = await clerk.reads(page_of(buyer.booking))

        assert '<td data-label="What">&lt;b&gt;confirmation&lt;/b&gt;</td>' in page
        assert '<a class="desk-plain" href="/again/">Send again</a>' in page
        assert "Secrets" not in page

    def test_put_cards_on_today_in_order(self) -> None:
        now = datetime(2099, 11, 21, tzinfo=UTC)
        desk.offer_card("b", lambda _: desk.Card("second", "2"), order=2)
        desk.offer_card("a", lambda _: desk.Card("first", "1"), order=1)
        desk.offer_card("a", lambda _: None, order=0)

        assert [card.title for card in desk.cards_for(lambda _: True, now=now)] == ["first", "second"]
        assert [card.title for card in desk.cards_for(lambda name: name == "b", now=now)] == ["second"]
