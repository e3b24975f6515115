"""`manage.py ledger check`: what was missed is found and taken in, what contradicts itself is named; else silence."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest.mock import patch

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Show
from payments.razorpay_gateway import RazorpayGateway, gateway
from payments.services import ledger
from payments.services.ledger import Period, check_ledger
from payments.services.refunds import take_refund
from payments.services.settle import take_in
from payments.tasks import check_ledger_daily
from tests.support.buyer import Buyer, new_buyer
from tests.support.cinema import PRICE_PAISE, make_show
from tests.support.guards import unless, with_and_without_guard
from tests.support.razorpay import Paid, Razorpay
from tests.support.relay import relay
from tests.support.staff import buy
from tests.support.witness import rows

SOON = "2099-01-01"
DAY_SECONDS = 86_400


@pytest.fixture
async def buyer(office: BoxOffice, razorpay: Razorpay) -> AsyncIterator[Buyer]:
    async with new_buyer(razorpay) as buyer:
        yield buyer


async def check(*options: str) -> tuple[int, dict[str, Any]]:
    """Exit status and report, up to now."""
    status, text = await printed("--json", *options)
    report: dict[str, Any] = json.loads(text)
    return status, report


async def printed(*options: str) -> tuple[int, str]:
    out = StringIO()

    def run() -> int:
        try:
            call_command("ledger", "check", "--to", SOON, *options, stdout=out)
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    return await sync_to_async(run)(), out.getvalue()


def whats(report: dict[str, Any]) -> list[str]:
    return [difference["what"] for difference in report["differences"]]


async def pay_unheard(buyer: Buyer) -> Paid:
    """A buyer has paid, and nobody told the house."""
    show: Show = await sync_to_async(make_show)(starts_in=timedelta(days=3))
    await buyer.begin(show, "A1")
    return buyer.pay()


class TestALedgerInOrder:
    async def test_is_clean(self, buyer: Buyer, razorpay: Razorpay, database: str) -> None:
        await buy(buyer)
        async with new_buyer(razorpay) as other:
            await other.begin(await sync_to_async(make_show)(starts_in=timedelta(days=3)), "A1")
            await other.verify(other.pay())
            await other.cancel("user")
            await relay(database, rounds=2)

        status, report = await check()

        assert (status, report["ok"], report["payments"], report["refunds"]) == (0, True, 2, 1)
        assert report["totals_paise"] == {
            "captured": 3 * PRICE_PAISE,
            "refunded": PRICE_PAISE,
            "confirmed": 2 * PRICE_PAISE,
            "retained": 0,
            "on_its_way_back": 0,
            "undecided": 0,
        }

    async def test_is_clean_of_what_failed_and_of_what_came_to_nothing(self, buyer: Buyer, database: str) -> None:
        await buyer.begin(await sync_to_async(make_show)(), "A1")
        buyer.pay("fail")
        buyer.pay("never")

        assert (await check())[0] == 0

    async def test_leaves_out_other_days(self, buyer: Buyer) -> None:
        await pay_unheard(buyer)

        assert await check("--from", "2098-01-01") == (0, (await check("--from", "2098-01-01"))[1])
        assert (await check("--from", "2098-01-01"))[1]["payments"] == 0


class TestWhatWasMissed:
    async def test_is_found_and_only_said(self, buyer: Buyer) -> None:
        paid = await pay_unheard(buyer)

        status, report = await check()

        assert (status, whats(report), report["repaired"]) == (1, ["missing here"], [])
        assert report["differences"][0]["payment"] == paid.payment_id
        assert (await buyer.look())["status"] == "pending"

    async def test_is_taken_in_to_be_repaired(self, buyer: Buyer) -> None:
        paid = await pay_unheard(buyer)

        status, report = await check("--repair")

        assert (status, report["repaired"], report["breaches"]) == (1, [paid.payment_id], [])
        assert (await buyer.look())["status"] == "confirmed"
        assert (await check())[0] == 0

    async def test_is_a_capture(self, buyer: Buyer, database: str) -> None:
        paid = await pay_unheard(buyer)
        await buyer.verify(paid)

        assert whats((await check("--repair"))[1]) == ["state differs"]

        assert (await check())[0] == 0
        assert rows(database, "SELECT amount_paise FROM payments_ledgerentry") == [(PRICE_PAISE,)]

    async def test_is_a_refund_of_the_dashboard(self, buyer: Buyer, razorpay: Razorpay, database: str) -> None:
        _, paid = await buy(buyer)
        razorpay.sdk().payment.refund(paid.payment_id, {})

        status, report = await check("--repair")

        assert (status, report["repaired"], report["breaches"]) == (1, [paid.payment_id], [])
        assert ((await buyer.look())["status"], (await buyer.look())["refund"]) == ("cancelled", "refunded")
        assert (await check())[0] == 0

    async def test_is_a_part_given_back_in_the_dashboard(self, buyer: Buyer, razorpay: Razorpay) -> None:
        _, paid = await buy(buyer)
        razorpay.sdk().payment.refund(paid.payment_id, {"amount": 10_000})

        assert (await check())[0] == 1
        await check("--repair")

        status, report = await check()
        assert (status, report["totals_paise"]["confirmed"]) == (0, 2 * PRICE_PAISE - 10_000)
        assert (await buyer.look())["status"] == "confirmed"

    async def test_is_a_refund_of_a_payment_of_another_day(
        self, buyer: Buyer, razorpay: Razorpay, database: str
    ) -> None:
        _, paid = await buy(buyer)
        begin = rows(database, "SELECT extract(epoch FROM max(razorpay_created_at))::bigint FROM payments_payment")
        razorpay.advance(3600)
        razorpay.sdk().payment.refund(paid.payment_id, {})
        from_when = rows(
            database,
            "SELECT to_char(to_timestamp(%s) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')",
            begin[0][0] + 60,
        )[0][0]

        _, report = await check("--from", from_when)

        assert [what for what in whats(report) if what.endswith("missing here")]

    async def test_is_named_in_a_table(self, buyer: Buyer) -> None:
        paid = await pay_unheard(buyer)

        status, text = await printed("--repair")

        assert status == 1
        (line,) = [line for line in text.splitlines() if line.startswith(paid.payment_id)]
        assert line.split() == [paid.payment_id, "missing", "here", "–", "captured", str(PRICE_PAISE), "taken", "in"]
        assert text.splitlines()[-1] == "1 payments and 0 refunds compared, 1 differences, 0 contradictions"

    async def test_there_is_named_and_left_alone(self, buyer: Buyer, database: str) -> None:
        await buy(buyer)
        invented = "pay_InventedHere00"
        rows(
            database,
            "INSERT INTO payments_payment (id, order_id, amount_paise, currency, rank, resolution) "
            "VALUES (%s, 'order_x', 100, 'INR', 2, 'retained')",
            invented,
        )

        status, report = await check("--repair")

        assert (status, whats(report), report["repaired"]) == (1, ["missing there"], [])


class TestARefundThatTheBankRefusedAfterDays:
    async def refused(self, buyer: Buyer, razorpay: Razorpay, office: BoxOffice) -> Paid:
        """Staff gave it back in the dashboard, the house heard of that; six days later it fails, and nobody tells."""
        _, paid = await buy(buyer)
        razorpay.refund_outcome("pending")
        refund = razorpay.sdk().payment.refund(paid.payment_id, {})["id"]
        await take_in(office.works, gateway.fetch_payment(paid.payment_id))
        for told in gateway.refunds_of_payment(paid.payment_id):
            await take_refund(office.works, told)
        assert (await buyer.look())["refund"] == "refunded"
        razorpay.advance(6 * DAY_SECONDS)
        razorpay.settle_refund(refund, "failed")
        return paid

    @with_and_without_guard
    async def test_is_found_and_made_by_the_house(
        self, buyer: Buyer, razorpay: Razorpay, office: BoxOffice, database: str, guarded: bool
    ) -> None:
        paid = await self.refused(buyer, razorpay, office)

        with unless(guarded, patch.object(ledger, "REFUND_DAYS", ledger.DAYS)):
            today = Period.usual(razorpay.now_ms // 1000)
            report = await check_ledger(office.works, gateway, period=today, repair=True)

        # Off: the refund is older than what is compared, and the buyer waits for ever.
        assert [one.payment for one in report.differences] == ([paid.payment_id] if guarded else [])
        assert (await buyer.look())["refund"] == ("due" if guarded else "refunded")
        await relay(database, rounds=2)
        moved = [event["amount"] for event in razorpay.ledger("refund.created") if event.get("key")]
        assert moved == ([2 * PRICE_PAISE] if guarded else [])

    async def test_costs_no_look_at_the_payments_whose_refunds_agree(
        self, buyer: Buyer, razorpay: Razorpay, office: BoxOffice, database: str
    ) -> None:
        await buy(buyer, starts_in=timedelta(days=3))
        await buyer.cancel("user")
        await relay(database, rounds=2)
        razorpay.advance(6 * DAY_SECONDS)

        with patch.object(RazorpayGateway, "fetch_payment") as look:
            today = Period.usual(razorpay.now_ms // 1000)
            report = await check_ledger(office.works, gateway, period=today, repair=True)

        assert (report.is_clean, report.refunds, look.call_count) == (True, 1, 0)


class TestRowsThatContradictEachOther:
    @pytest.mark.parametrize(
        ("statement", "what"),
        [
            ("UPDATE bookings_booking SET status = 'cancelled'", "applied to a booking that is not confirmed"),
            ("UPDATE bookings_seatclaim SET price_paise = 1", "paid another amount than its seats cost"),
            ("UPDATE payments_payment SET resolution = 'none'", "confirmed without an applied payment"),
            ("UPDATE payments_payment SET resolution = 'refunded'", "not conserved"),
            ("TRUNCATE payments_ledgerentry", "captured otherwise than the ledger has it"),
        ],
    )
    async def test_are_named_without_any_difference_at_the_gateway(
        self, buyer: Buyer, database: str, statement: str, what: str
    ) -> None:
        await buy(buyer)

        rows(database, statement)

        status, report = await check()
        assert status == 1
        assert what in [breach["what"] for breach in report["breaches"]]

    async def test_do_not_include_an_audience_that_never_paid_here(self, database: str, razorpay: Razorpay) -> None:
        def seat_somebody() -> None:
            show = make_show()
            show.bookings.create(holder="demo-1", status="confirmed", expires_at=show.starts_at)
            rows(database, "UPDATE bookings_booking SET confirmed_at = clock_timestamp()")

        await sync_to_async(seat_somebody)()

        assert (await check())[0] == 0


class TestWhatCannotBeCompared:
    async def test_is_said_with_another_status(self, razorpay: Razorpay, database: str) -> None:
        razorpay.fault("error_500", "payments.list", count=9)

        with pytest.raises(CommandError, match=r"manage\.py doctor") as error:
            await check()

        assert error.value.returncode == 2

    async def test_is_a_house_without_a_gateway(self, settings: Settings) -> None:
        settings.RAZORPAY_KEY_ID = ""

        with pytest.raises(CommandError, match="RAZORPAY_KEY_ID"):
            await check()

    @pytest.mark.parametrize("when", ["yesterday", "2026-13-01", ""])
    async def test_is_a_period_nobody_understands(self, when: str) -> None:
        with pytest.raises(CommandError, match="is not a date"):
            await check("--from", when)


class TestTheDailyTask:
    async def test_takes_in_what_was_missed_and_alerts(
        self, buyer: Buyer, razorpay: Razorpay, database: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        paid = await pay_unheard(buyer)
        # It looks at what has had ten minutes to arrive.
        monkey = "payments.services.ledger.ON_ITS_WAY_SECONDS"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(monkey, -60)
            await sync_to_async(check_ledger_daily)()

        assert "the ledger differs: missing here" in caplog.text
        assert paid.payment_id in caplog.text
        assert (await buyer.look())["status"] == "confirmed"

    async def test_leaves_alone_what_is_on_its_way(self, buyer: Buyer, caplog: pytest.LogCaptureFixture) -> None:
        await pay_unheard(buyer)

        await sync_to_async(check_ledger_daily)()

        assert "the ledger" not in caplog.text
        assert (await buyer.look())["status"] == "pending"
