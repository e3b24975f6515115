"""Money in the admin, to be looked at: records, a booking's story, what is open."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User as AuthUser
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Show
from payments.models import RefundPolicy
from tests.support.buyer import Buyer, new_buyer
from tests.support.cinema import make_show
from tests.support.razorpay import Razorpay
from tests.support.relay import relay
from tests.support.staff import (
    OPEN_MONEY,
    READ_ONLY,
    Browser,
    act_on,
    buy,
    fail_for_good,
    new_clerk,
    new_manager,
    new_user,
    park,
    refund_of,
)
from tests.support.witness import rows


@pytest.fixture
def clerk(database: str, settings: Settings, tmp_path: Path) -> Browser:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    return new_clerk()


@pytest.fixture
def manager(database: str, settings: Settings, tmp_path: Path) -> Browser:
    settings.STATIC_ROOT = tmp_path
    return new_manager()


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


class TestRecords:
    @pytest.mark.parametrize("model", READ_ONLY, ids=lambda model: model.__name__)
    def test_are_added_changed_and_deleted_by_nobody(self, model: Any, rf: Any) -> None:
        request = rf.get("/")
        request.user = AuthUser(is_superuser=True, is_staff=True, is_active=True)
        site: Any = admin.site._registry[model]

        assert site.has_view_permission(request)
        assert not site.has_add_permission(request)
        assert not site.has_change_permission(request)
        assert not site.has_delete_permission(request)

    async def test_are_read_in_lists_and_alone(
        self, clerk: Browser, buyer: Buyer, database: str, razorpay: Razorpay, office: BoxOffice
    ) -> None:
        await fail_for_good(buyer, razorpay, database)
        rows(
            database,
            "INSERT INTO payments_webhookevent (body_sha256, event_id, event, body) "
            "VALUES ('a', 'e', 'payment.captured', '{}')",
        )
        rows(database, "INSERT INTO payments_auditentry (action) VALUES ('refund')")

        for model in READ_ONLY:
            name = model._meta.model_name
            listed = await clerk.reads(f"/admin/payments/{name}/")
            ((key,),) = rows(database, f"SELECT id FROM payments_{name} ORDER BY id LIMIT 1")
            assert f"/admin/payments/{name}/{quote(key)}/change/" in listed
            page = await clerk.reads(f"/admin/payments/{name}/{quote(key)}/change/")
            assert 'name="_save"' not in page

    async def test_refund_policies_are_edited(self, database: str, settings: Any, tmp_path: Path) -> None:
        settings.STATIC_ROOT = tmp_path
        show: Show = await sync_to_async(make_show)()
        theatre = await sync_to_async(lambda: show.screen.theatre)()
        rights = ("add_refundpolicy", "change_refundpolicy", "view_theatre")
        browser = await sync_to_async(lambda: Browser(new_user("owner", *rights)))()
        form = {
            "theatre": str(theatre.pk),
            "share_percent": "101",
            "full_until_hours": "48",
            "share_until_hours": "4",
        }

        assert (
            "less than or equal to 100"
            in (await browser.post("/admin/payments/refundpolicy/add/", **form)).content.decode()
        )
        assert (
            await browser.post("/admin/payments/refundpolicy/add/", **form | {"share_percent": "75"})
        ).status_code == 302

        policy = await sync_to_async(RefundPolicy.objects.get)()
        assert (policy.theatre_id, policy.full_until_hours, policy.share_percent) == (theatre.pk, 48, 75)


class TestABooking:
    async def test_tells_the_story_of_its_money(
        self, manager: Browser, buyer: Buyer, database: str, office: BoxOffice
    ) -> None:
        _, paid = await buy(buyer)
        await manager.post(refund_of(buyer), reason="the projector broke", confirmed="yes")
        await relay(database)

        page = await manager.reads(f"/admin/bookings/booking/{buyer.booking}/change/")

        story = page[page.index("Money and time") :]
        told = [
            "seats held",
            "order created",
            "checkout",
            "paid by upi",
            "confirmed",
            "ledger: captured",
            "staff: refund",
        ]
        told += ["cancelled", "ledger: refunded"]
        assert [word for word in told if word not in story] == []
        # In the order in which it happened, whole seconds of Razorpay's or not.
        assert sorted(told[:6], key=story.index) == told[:6]
        assert "manager: the projector broke" in story
        assert paid.payment_id in story
        assert "−₹500" in story

    async def test_offers_a_refund_to_whoever_may(
        self, manager: Browser, clerk: Browser, buyer: Buyer, office: BoxOffice
    ) -> None:
        await buy(buyer)
        page = f"/admin/bookings/booking/{buyer.booking}/change/"

        assert refund_of(buyer) in await manager.reads(page)
        assert refund_of(buyer) not in await clerk.reads(page)


class TestOpenMoney:
    async def test_is_empty_at_rest(self, manager: Browser, buyer: Buyer, database: str, office: BoxOffice) -> None:
        await buy(buyer)

        assert "Nothing is open" in await manager.reads(OPEN_MONEY)
        index = await manager.reads("/admin/")
        assert OPEN_MONEY in index
        assert "<span>Open money</span><b>none</b>" in index

    async def test_shows_what_is_open_how_old_and_what_is_next(
        self, manager: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        paid = await fail_for_good(buyer, razorpay, database)
        parked = await park(office, razorpay)
        rows(
            database,
            "UPDATE payments_payment SET first_seen_at = first_seen_at - interval '2 hours' WHERE id = %s",
            parked.payment_id,
        )

        page = await manager.reads(OPEN_MONEY)

        assert "A refund that needs a person (1)" in page
        assert act_on(paid, "retry") in page
        assert "For an order that nobody knows (1)" in page
        assert act_on(parked, "match") in page
        assert "<strong>2 hours</strong> (too long)" in page
        index = await manager.reads("/admin/")
        assert "2 for longer than is normal" in index

    @pytest.mark.parametrize(
        ("statement", "title"),
        [
            ("UPDATE payments_payment SET resolution = 'none'", "Paid and not decided"),
            ("UPDATE payments_payment SET rank = 2", "Confirmed and not captured"),
            ("UPDATE bookings_booking SET status = 'cancelled'", "Paid, but not confirmed any more"),
            ("UPDATE payments_payment SET resolution = 'refund_due'", "To be given back, not yet asked for"),
            (
                "INSERT INTO payments_webhookevent (body_sha256, event_id, event, body) VALUES ('a', 'e', 'x', '{}')",
                "Told by Razorpay and not taken in",
            ),
            (
                "INSERT INTO payments_webhookevent (body_sha256, event_id, event, body, tries, error) "
                "VALUES ('a', 'e', 'x', '{}', 20, 'not JSON')",
                "Told by Razorpay and not understood",
            ),
        ],
    )
    async def test_misses_nothing(
        self, manager: Browser, buyer: Buyer, database: str, office: BoxOffice, statement: str, title: str
    ) -> None:
        await buy(buyer)

        rows(database, statement)

        assert f"{title} (1)" in await manager.reads(OPEN_MONEY)

    async def test_shows_an_order_that_was_never_made_while_its_buyer_waits(
        self, manager: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
    ) -> None:
        await buyer.hold(await sync_to_async(make_show)(), "A1")
        razorpay.fault("error_500", "orders.create")
        assert (await buyer.check_out()).status_code == 503

        assert "A buyer waits for his order (1)" in await manager.reads(OPEN_MONEY)

        assert (await buyer.check_out()).status_code == 200
        assert "Nothing is open" in await manager.reads(OPEN_MONEY)


async def test_a_refund_under_way_is_open_until_the_banks_have_answered(
    manager: Browser, buyer: Buyer, razorpay: Razorpay, database: str, office: BoxOffice
) -> None:
    await buy(buyer)
    razorpay.refund_outcome("pending")
    await manager.post(refund_of(buyer), reason="a broken seat", confirmed="yes")
    await relay(database)

    assert "on its way through the banks (1)" in await manager.reads(OPEN_MONEY)

    (refund,) = rows(database, "SELECT razorpay_id FROM payments_refund")[0]
    razorpay.settle_refund(refund, "processed")
    await relay(database)
    assert "Nothing is open" in await manager.reads(OPEN_MONEY)
