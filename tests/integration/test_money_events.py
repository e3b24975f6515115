"""Staff and an event that could not be taken in: tried again or closed, with a reason, and open no more."""

import json
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from asgiref.sync import sync_to_async
from pytest_django import Settings

from bookings.models import Show
from payments.services import inbox
from tests.support.money_evidence import checksums, read_evidence
from tests.support.money_house import House, Told
from tests.support.money_rest import brought_to_rest
from tests.support.staff import OPEN_MONEY, Browser, act_on_event, audit, fail_an_event, new_clerk, new_manager
from tests.support.witness import rows

ODD = b'{"event":"payment.captured","payload":{}}'


@pytest.fixture
def manager(database: str, settings: Settings, tmp_path: Path) -> Browser:
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns where nothing was collected.
    return new_manager()


@pytest.fixture
async def told(house: House, show: Show) -> Told:
    """Somebody who has paid for A1; what Razorpay tells of it fails."""
    told = await Told.begin(house, show, "A1")
    told.pay("capture")
    return told


@pytest.fixture
async def failed(told: Told, house: House, database: str) -> int:
    """The event of his payment, which fails by a fault that is mended by now."""
    (event,) = house.razorpay.webhooks("payment.captured")
    with patch.object(inbox, "take_in", side_effect=psycopg.errors.UniqueViolation("a fault of ours")):
        return await fail_an_event(house, database, event["body"].encode())


class TestWhoeverMayNot:
    async def test_is_refused(self, failed: int, database: str, settings: Settings, tmp_path: Path) -> None:
        settings.STATIC_ROOT = tmp_path
        clerk = await sync_to_async(new_clerk)()
        before = checksums(database)

        for name in ("try-again", "close"):
            page = act_on_event(failed, name)
            assert page not in await clerk.reads(OPEN_MONEY)
            assert (await clerk.get(page)).status_code == 403
            assert (await clerk.post(page, reason="because", confirmed="yes")).status_code == 403

        assert checksums(database) == before


class TestAnEventThatFailed:
    async def test_is_open_with_what_can_be_done(self, manager: Browser, failed: int) -> None:
        page = await manager.reads(OPEN_MONEY)

        assert "Told by Razorpay and not understood (1)" in page
        assert "a fault of ours" in page
        assert [name for name in ("try-again", "close") if act_on_event(failed, name) not in page] == []

    async def test_is_left_alone_by_the_worker(self, told: Told, failed: int, database: str) -> None:
        await brought_to_rest(database)

        assert rows(database, "SELECT processed_at, tries FROM payments_webhookevent") == [(None, 20)]


class TestAnEventTriedAgain:
    async def test_is_taken_in_at_once(self, manager: Browser, told: Told, failed: int, database: str) -> None:
        page = act_on_event(failed, "try-again")

        foreseen = (await manager.post(page, reason="it is mended")).content.decode()
        assert "a fault of ours" in foreseen
        assert read_evidence(database).bookings[0]["status"] == "pending"
        reply = await manager.post(page, reason="it is mended", confirmed="yes")

        assert (reply.status_code, reply["Location"]) == (302, OPEN_MONEY)
        assert read_evidence(database).bookings[0]["status"] == "confirmed"
        assert "not understood" not in await manager.reads(OPEN_MONEY)
        assert [entry[:2] + entry[5:] for entry in audit(database)] == [
            ("manager", "try event again", f"Event {failed} (payment.captured): it is mended")
        ]

    async def test_is_tried_like_a_new_one_when_it_fails_once_more(
        self, manager: Browser, failed: int, database: str
    ) -> None:
        with patch.object(inbox, "take_in", side_effect=psycopg.errors.UniqueViolation("still there")):
            await manager.post(act_on_event(failed, "try-again"), reason="perhaps", confirmed="yes")

        assert rows(database, "SELECT tries, error FROM payments_webhookevent") == [
            (0, "UniqueViolation('still there')")
        ]
        await brought_to_rest(database)
        assert read_evidence(database).bookings[0]["status"] == "confirmed"


class TestAnEventClosed:
    async def test_is_open_no_more_and_changes_no_money(self, manager: Browser, house: House, database: str) -> None:
        odd = await fail_an_event(house, database, json.dumps({"event": "payment.captured", "payload": 1}).encode())
        page = act_on_event(odd, "close")
        before = checksums(database)

        assert "is ticked off as it is" in (await manager.post(page, reason="nonsense")).content.decode()
        await manager.post(page, reason="nonsense", confirmed="yes")

        after = checksums(database)
        changed = {table for table in after if after[table] != before[table]}
        assert changed & {"payments_payment", "payments_refund", "bookings_booking"} == set()
        assert "Nothing is open" in await manager.reads(OPEN_MONEY)
        assert rows(database, "SELECT error FROM payments_webhookevent") == [
            ("closed: nonsense; before: NotAnEvent('no payload')",)
        ]
        assert [entry[:2] + entry[5:] for entry in audit(database)] == [
            ("manager", "close event", f"Event {odd} (without a name): nonsense")
        ]

    async def test_is_not_closed_twice_nor_tried_again(self, manager: Browser, house: House, database: str) -> None:
        odd = await fail_an_event(house, database, ODD)
        await manager.post(act_on_event(odd, "close"), reason="nonsense", confirmed="yes")

        for name in ("close", "try-again"):
            reply = await manager.post(act_on_event(odd, name), reason="once more", confirmed="yes")
            assert "by now" in reply.content.decode()

        assert len(audit(database)) == 1


class TestAnEventThatIsNotForAPerson:
    @pytest.mark.parametrize("name", ["close", "try-again"])
    async def test_is_left_to_the_worker(self, manager: Browser, failed: int, database: str, name: str) -> None:
        rows(database, "UPDATE payments_webhookevent SET tries = 19")

        reply = await manager.post(act_on_event(failed, name), reason="impatience", confirmed="yes")

        assert "The worker still tries" in reply.content.decode()
        assert audit(database) == []

    async def test_is_named_when_there_is_none(self, manager: Browser) -> None:
        reply = await manager.post(act_on_event(4711, "close"), reason="why not", confirmed="yes")

        assert "There is no such event" in reply.content.decode()
