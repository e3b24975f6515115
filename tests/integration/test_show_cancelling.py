"""A show is cancelled by a manager and the worker: once, to the end, through kills; every buyer gets his money."""

import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import IntegrityError, connection
from pytest_django import Settings

from bookings.api import AlreadyCancelled, BoxOffice, Event, SalesClosed, StaffMember, begin_cancelling
from bookings.claim_store import endings
from bookings.models import OutboxEvent, Show, StaffJob
from bookings.services import blocks, show_cancelling
from bookings.services.catalogue import ShowDraft, ShowIsCancelled, update_show
from tests.support.buyer import Buyer, new_buyer
from tests.support.cinema import make_show
from tests.support.money_crasher import running_crasher
from tests.support.razorpay import Razorpay
from tests.support.relay import relay
from tests.support.roles import somebody
from tests.support.staff import Browser, assert_books_are_right, buy
from tests.support.witness import live_claims, rows

# So that a relay begins with it, whatever else is due.
FIRST_OF_ALL = "UPDATE bookings_outboxevent SET next_at = '2000-01-01' WHERE kind = 'show.cancelling'"
SELL_OUT = """
WITH sold AS (SELECT seat, gen_random_uuid() AS id FROM generate_series(0, %s - 1) AS seat),
made AS (
    INSERT INTO bookings_booking (id, show_id, holder, status, expires_at)
    SELECT id, %s, 'holder-' || seat, 'confirmed', clock_timestamp() FROM sold RETURNING id
)
INSERT INTO bookings_seatclaim (show_id, seat_index, booking_id, price_paise)
SELECT %s, seat, id, 25000 FROM sold
"""
BUSY_BOOKINGS = 2 * blocks.CANCEL_BATCH_MAX + 7


@pytest.fixture
def manager(database: str, settings: Settings, tmp_path: Path) -> Browser:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    return Browser(somebody("Manager", name="manager"))


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


@pytest.fixture
def busy_show(database: str) -> Show:
    """A show with more confirmed bookings than one batch ends."""
    show = make_show()
    rows(database, SELL_OUT, BUSY_BOOKINGS, show.pk, show.pk)
    return show


def cancel_of(show: Show) -> str:
    return f"/admin/bookings/staffjob/cancel/{show.pk}/"


def begun(show: Show) -> StaffJob:
    user = somebody("Manager", name="manager")
    return begin_cancelling(show.pk, by=StaffMember(user.pk, "the projector broke"))


def due(job: StaffJob) -> Event:
    return Event(kind="show.cancelling", key=f"show.cancelling:{job.pk}", payload={"job": job.pk}, tries=1)


def state_of(job: StaffJob) -> tuple[str, int, int]:
    job.refresh_from_db()
    return job.state, job.done, job.of


class TestAManager:
    async def test_is_told_what_would_end_and_cost_and_must_mean_it(
        self, manager: Browser, buyer: Buyer, office: BoxOffice
    ) -> None:
        show, _ = await buy(buyer)
        title = await sync_to_async(lambda: show.movie.title)()

        page = await manager.reads(cancel_of(show))
        refused = await manager.post(cancel_of(show), reason="the projector broke", typed="some other film")
        unreasoned = await manager.post(cancel_of(show), reason="", typed=title)

        assert "1 payment of ₹500 together go back" in page
        assert f"That is not “{title}”" in refused.content.decode()
        assert unreasoned.status_code == 200
        assert ((await buyer.look())["status"], await StaffJob.objects.acount()) == ("confirmed", 0)

    async def test_cancels_a_show_to_the_last_rupee(
        self, manager: Browser, buyer: Buyer, database: str, razorpay: Razorpay, office: BoxOffice
    ) -> None:
        show, _ = await buy(buyer)
        title = await sync_to_async(lambda: show.movie.title)()

        reply = await manager.post(cancel_of(show), reason="the projector broke", typed=f"  {title.upper()} ")
        page = reply["Location"]

        assert 'data-state="waiting"' in await manager.reads(page)
        await office._plans.refresh(show.pk)
        with pytest.raises(SalesClosed):
            await office.hold(show_id=show.pk, holder="late", labels=["C1"])
        await relay(database, rounds=3)

        told = await buyer.look()
        assert (told["status"], told["refund"]) == ("cancelled", "refunded")
        assert live_claims(database, show.pk) == {}
        assert [event["amount"] for event in razorpay.ledger("refund.created")] == [50_000]
        done = await manager.reads(page)
        assert 'data-state="over"' in done
        assert "<b>1 of 1</b>" in done
        assert "hx-get" not in done[done.index('id="progress"') :][:200]
        job = await StaffJob.objects.aget()
        assert (await manager.get(f"/admin/bookings/staffjob/{job.pk}/progress/")).status_code == 286
        act = rows(database, "SELECT action, show_id, subject, reason FROM bookings_staffact")
        assert act == [("cancel show", show.pk, "1 live bookings", "the projector broke")]
        await assert_books_are_right(office)

    async def test_sees_the_refunds_that_need_a_person(
        self, manager: Browser, buyer: Buyer, database: str, razorpay: Razorpay, office: BoxOffice
    ) -> None:
        show, _ = await buy(buyer)
        razorpay.refund_outcome("failed", count=3)
        title = await sync_to_async(lambda: show.movie.title)()

        reply = await manager.post(cancel_of(show), reason="the projector broke", typed=title)
        await relay(database, rounds=8)

        page = await manager.reads(reply["Location"])
        assert "Refunds that need a person" in page
        assert f"/admin/bookings/booking/{buyer.booking}/change/" in page
        assert "1 need a person" in page

    async def test_is_shown_what_another_has_begun(self, manager: Browser, office: BoxOffice) -> None:
        show: Show = await sync_to_async(make_show)()
        form = {"reason": "the projector broke", "typed": await sync_to_async(lambda: show.movie.title)()}
        first = await manager.post(cancel_of(show), **form)

        second = await manager.post(cancel_of(show), **form)

        assert second["Location"] == first["Location"]
        assert await StaffJob.objects.acount() == 1


class TestTwoManagers:
    @staticmethod
    def _at_once(show: Show, users: list[Any]) -> list[Exception | StaffJob]:
        together = threading.Barrier(len(users))

        def cancel(user: Any) -> Exception | StaffJob:
            try:
                together.wait(10)
                return begin_cancelling(show.pk, by=StaffMember(user.pk, "at once"))
            except (AlreadyCancelled, IntegrityError) as refused:
                return refused
            finally:
                connection.close()

        with ThreadPoolExecutor(len(users)) as pool:
            return list(pool.map(cancel, users))

    def test_cancel_one_show_once(self, show: Show) -> None:
        managers = [somebody("Manager", name=f"manager-{number}") for number in range(4)]

        found = self._at_once(show, managers)

        assert sorted(type(one).__name__ for one in found) == ["AlreadyCancelled"] * 3 + ["StaffJob"]
        assert (StaffJob.objects.count(), OutboxEvent.objects.count()) == (1, 1)

    def test_are_kept_apart_by_the_table_as_well(self, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
        """The control: without the look at the status, the second guard still lets one job be."""
        monkeypatch.setattr(show_cancelling, "_require_uncancelled", lambda found: found)
        managers = [somebody("Manager", name=f"manager-{number}") for number in range(4)]

        found = self._at_once(show, managers)

        assert sorted(type(one).__name__ for one in found) == ["IntegrityError"] * 3 + ["StaffJob"]
        assert StaffJob.objects.count() == 1


class TestTheWorker:
    def test_goes_on_where_one_that_was_killed_left_off(self, busy_show: Show, database: str) -> None:
        job = begun(busy_show)
        with running_crasher() as crasher:
            for killed_after in (1, 2, 3):
                rows(database, FIRST_OF_ALL)
                assert crasher.run({"do": "task", "task": "relay_outbox"}, point="show.cancelling")
                done = min(killed_after * blocks.CANCEL_BATCH_MAX, BUSY_BOOKINGS)
                assert state_of(job) == ("running", done, BUSY_BOOKINGS)

        show_cancelling.go_on(due(job))

        assert state_of(job) == ("done", BUSY_BOOKINGS, BUSY_BOOKINGS)
        assert live_claims(database, busy_show.pk) == {}
        ended = rows(database, "SELECT status, count(*) FROM bookings_booking GROUP BY status")
        assert ended == [("cancelled", BUSY_BOOKINGS)]
        told = rows(database, "SELECT count(*) FROM bookings_outboxevent WHERE kind = 'booking.cancelled'")
        assert told == [(BUSY_BOOKINGS,)]

    def test_counts_nothing_that_was_not_committed(self, busy_show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
        job = begun(busy_show)
        real = endings.cancel_bookings_of_show

        async def dies_before_commit(connection: Any, **which: Any) -> Any:
            await real(connection, **which)
            raise RuntimeError("killed")

        monkeypatch.setattr(blocks, "cancel_bookings_of_show", dies_before_commit)
        with pytest.raises(RuntimeError, match="killed"):
            show_cancelling.go_on(due(job))

        assert state_of(job) == ("running", 0, BUSY_BOOKINGS)

    def test_says_why_it_cannot_go_on_and_comes_again(
        self, busy_show: Show, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = begun(busy_show)
        with monkeypatch.context() as broken:
            broken.setattr(show_cancelling, "with_box_office", _fails)
            with pytest.raises(RuntimeError, match="no lamp"):
                show_cancelling.go_on(due(job))
        job.refresh_from_db()
        assert (job.state, job.failed, job.error) == ("running", 1, "RuntimeError: no lamp")

        show_cancelling.go_on(due(job))
        show_cancelling.go_on(due(job))
        job.refresh_from_db()
        assert (job.state, job.done, job.error) == ("done", BUSY_BOOKINGS, "")


def _fails(_: object) -> None:
    raise RuntimeError("no lamp")


class TestACancelledShow:
    @pytest.fixture
    def draft(self, show: Show) -> ShowDraft:
        return ShowDraft(
            movie=show.movie,
            screen=show.screen,
            starts_at=show.starts_at,
            prices=show.prices,
            sales_open_at=show.sales_open_at,
        )

    def test_is_not_opened_again_by_a_form_that_was_open_before(self, show: Show, draft: ShowDraft) -> None:
        seen_open = Show.objects.get(pk=show.pk)
        begun(show)

        with pytest.raises(ShowIsCancelled):
            update_show(seen_open, draft, now=show.starts_at - timedelta(days=1))

        show.refresh_from_db()
        assert show.status == "cancelled"

    async def test_cannot_be_made_by_the_form_of_a_show(self, manager: Browser, office: BoxOffice) -> None:
        show: Show = await sync_to_async(make_show)(starts_in=timedelta(days=3))
        path = f"/admin/bookings/show/{show.pk}/change/"

        reply = await manager.post(path, status="cancelled", prices="standard: 250", movie=str(show.movie_id))

        assert "cancelled is not one of the available choices" in reply.content.decode()
        await sync_to_async(begun_by)(show, manager)
        assert 'name="_save"' not in await manager.reads(path)


def begun_by(show: Show, manager: Browser) -> None:
    begin_cancelling(show.pk, by=StaffMember(manager.user.pk, "the projector broke"))
