"""What nobody may do to somebody's money: forge, guess, swap, tamper; and what he never gets to read."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg
import pytest
from django.conf import settings as django_settings
from django.middleware.csrf import _get_new_csrf_string
from pytest_django import Settings

from bookings.api import HOLDER_COOKIE, BoxOffice, issue_holder
from bookings.models import Show
from payments.emulator.ids import checkout_signature
from tests.support.api import ApiClient, api_client
from tests.support.buyer import BUYER
from tests.support.cinema import PRICE_PAISE
from tests.support.house import RunningHouse, running_house
from tests.support.money_evidence import checksums, read_evidence
from tests.support.money_house import House, Told
from tests.support.processes import wait_until
from tests.support.razorpay import Razorpay
from tests.support.razorpay_keys import KEY_SECRET, PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET
from tests.support.witness import settled

NOBODYS: Final = "00000000-0000-4000-8000-000000000000"
MONEY: Final = frozenset({"checkout", "change_seats", "verify_payment", "cancel_booking"})


@pytest.fixture
def house(office: BoxOffice, razorpay: Razorpay, settings: Settings) -> House:
    settings.LIMIT_PAYMENT_CALLS_PER_MINUTE = 0
    house = House(razorpay)
    house.hold_webhooks_back()
    return house


@pytest.fixture
async def told(house: House, show: Show) -> Told:
    """Somebody who has paid for A1; nobody has told the house."""
    told = await Told.begin(house, show, "A1")
    told.pay("capture")
    return told


def calls_of(booking: str, handed: dict[str, str]) -> dict[str, tuple[str, Any]]:
    """Every call about the money of a booking."""
    return {
        "checkout": (f"/api/v1/bookings/{booking}/checkout", BUYER),
        "change_seats": (f"/api/v1/bookings/{booking}/change_seats", {}),
        "verify_payment": ("/verify_payment/", handed),
        "cancel_booking": ("/api/cancel_booking/", {"booking": booking, "reason": "user"}),
    }


async def quiet_checksums(office: BoxOffice, database: str) -> dict[str, str]:
    """Of all tables, when nothing is on its way to them."""
    await settled(office)
    return checksums(database)


class TestACookieWithoutACsrfToken:
    @pytest.fixture
    async def browser(self, office: BoxOffice, told: Told) -> AsyncIterator[ApiClient]:
        async with api_client() as browser:
            browser.http.cookies.set(HOLDER_COOKIE, told.token)
            yield browser

    @pytest.mark.parametrize("call", sorted(MONEY))
    async def test_moves_no_money(
        self, browser: ApiClient, told: Told, office: BoxOffice, database: str, call: str
    ) -> None:
        assert told.paid is not None
        path, body = calls_of(told.booking, told.paid.handed)[call]
        before = await quiet_checksums(office, database)

        reply = await browser.http.post(path, json=body)

        assert (reply.status_code, reply.json()["code"]) == (403, "csrf_failed")
        assert await quiet_checksums(office, database) == before

    @pytest.mark.parametrize("call", sorted(MONEY))
    async def test_is_all_that_was_missing(self, browser: ApiClient, told: Told, call: str) -> None:
        assert told.paid is not None
        path, body = calls_of(told.booking, told.paid.handed)[call]
        token = _get_new_csrf_string()
        browser.http.cookies.set("csrftoken", token)

        reply = await browser.http.post(path, json=body, headers={"X-CSRFToken": token})

        assert reply.status_code == 200, reply.text


class TestSomebodyElse:
    @pytest.mark.parametrize("call", sorted(MONEY))
    async def test_cannot_tell_a_booking_of_others_from_none(
        self, told: Told, house: House, office: BoxOffice, database: str, call: str
    ) -> None:
        assert told.paid is not None
        stranger = issue_holder()
        nothing = {
            "razorpay_order_id": "order_AAAAAAAAAAAAAA",
            "razorpay_payment_id": told.paid.payment_id,
            "razorpay_signature": told.paid.signature,
        }
        before = await quiet_checksums(office, database)

        others = await house.call(*_with(calls_of(told.booking, told.paid.handed)[call], stranger))
        nobodys = await house.call(*_with(calls_of(NOBODYS, nothing)[call], stranger))

        assert others == nobodys
        assert (others[0], others[1]["code"]) == (404, "not_found")
        assert await quiet_checksums(office, database) == before


def _with(call: tuple[str, Any], token: str) -> tuple[str, str, Any]:
    return call[0], token, call[1]


class TestAPaymentThatIsVerified:
    async def test_pays_only_for_its_own_booking(
        self, told: Told, house: House, show: Show, office: BoxOffice, database: str
    ) -> None:
        """His own old signature does not pay for his next booking."""
        await told.say("verify")
        assert told.paid is not None
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", told.token, {"seats": ["A2"]})
        checkout = await house.post(f"/api/v1/bookings/{held['booking']}/checkout", told.token, BUYER)
        before = await quiet_checksums(office, database)

        swapped = {**told.paid.handed, "razorpay_order_id": checkout["order_id"]}
        status, reply = await house.call("/verify_payment/", told.token, swapped)
        assert (status, reply["code"]) == (400, "bad_request")
        again = await house.post("/verify_payment/", told.token, told.paid.handed)

        assert again == {"booking": told.booking, "status": "confirmed"}
        assert await quiet_checksums(office, database) == before

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"razorpay_signature": "0" * 64},
            {"razorpay_signature": ""},
            {"razorpay_signature": "é" * 64},
            {"razorpay_signature": "\ud800" * 64},
            {"razorpay_signature": "a" * 1_000_000},
            {"razorpay_signature": None},
            {"razorpay_signature": ["x"]},
            {"razorpay_payment_id": "pay_'; DROP TABLE--"},
            {"razorpay_payment_id": "pay_\x00AAAAAAAAAAAA"},
            {"razorpay_payment_id": ""},
            {"razorpay_payment_id": 7},
            {"amount_paise": 1},
            {"booking": NOBODYS},
        ],
    )
    async def test_must_be_as_razorpay_signed_it(
        self, told: Told, house: House, office: BoxOffice, database: str, spoilt: dict[str, Any]
    ) -> None:
        assert told.paid is not None
        before = await quiet_checksums(office, database)

        status, reply = await house.call("/verify_payment/", told.token, {**told.paid.handed, **spoilt})

        assert status in {400, 413, 422}, reply
        assert await quiet_checksums(office, database) == before

    @pytest.mark.parametrize("order", ["order_\x00", "\ud800", "", "é" * 64, "order_" + "A" * 58])
    async def test_must_be_for_an_order_of_his(self, told: Told, house: House, order: str) -> None:
        assert told.paid is not None

        status, reply = await house.call(
            "/verify_payment/", told.token, {**told.paid.handed, "razorpay_order_id": order}
        )

        assert (status, reply["code"]) in {(404, "not_found"), (400, "bad_request")}, reply

    async def test_must_be_signed_with_our_secret(self, told: Told, house: House) -> None:
        assert told.paid is not None
        for secret in ("", "another", WEBHOOK_SECRET):
            forged = checkout_signature(secret, told.order, told.paid.payment_id)
            status, _ = await house.call(
                "/verify_payment/", told.token, {**told.paid.handed, "razorpay_signature": forged}
            )
            assert status == 400


class TestThePrice:
    @pytest.mark.parametrize("tampered", [{"amount_paise": 1}, {"amount": 0}, {"price": -1}, {"currency": "USD"}])
    async def test_is_never_the_browsers(
        self, house: House, show: Show, razorpay: Razorpay, tampered: dict[str, Any]
    ) -> None:
        token = issue_holder()
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["A1", "A2"]})
        checkout = f"/api/v1/bookings/{held['booking']}/checkout"

        status, _ = await house.call(checkout, token, {**BUYER, **tampered})
        reply = await house.post(checkout, token, BUYER)

        assert status == 400
        (order,) = razorpay.ledger("order.created")
        assert order["amount"] == reply["amount_paise"] == 2 * PRICE_PAISE

    @pytest.mark.parametrize(
        "odd",
        [
            {"name": ""},
            {"name": "  "},
            {"name": "x" * 101},
            {"name": "\x00"},
            {"name": "\ud800"},
            {"email": "nobody"},
            {"email": "a@b.c" * 100},
            {"email": "\x00@b.c"},
            {"phone": "call me"},
            {"phone": "+91 98765 43210 98765 43210"},
        ],
    )
    async def test_is_asked_of_somebody_who_can_be_written_to(
        self, house: House, show: Show, odd: dict[str, Any]
    ) -> None:
        token = issue_holder()
        held = await house.post(f"/api/v1/shows/{show.pk}/holds", token, {"seats": ["A1"]})

        status, reply = await house.call(f"/api/v1/bookings/{held['booking']}/checkout", token, {**BUYER, **odd})

        assert status == 400, reply

    async def test_cannot_be_paid_for_a_show_that_has_begun(self, house: House, show: Show, database: str) -> None:
        told = await Told.begin(house, show, "A1")
        told.pay("capture")
        with psycopg.connect(database, autocommit=True) as books:
            books.execute("UPDATE bookings_booking SET expires_at = now() - interval '1 minute'")
        office = await BoxOffice.current()
        await office.expire_due()
        with psycopg.connect(database, autocommit=True) as books:
            books.execute(
                "UPDATE bookings_show SET starts_at = now() - interval '1 minute', "
                "sales_close_at = now() - interval '1 minute'"
            )

        assert told.paid is not None
        reply = await house.post("/verify_payment/", told.token, told.paid.handed)

        assert reply["status"] == "expired"
        (booking,) = read_evidence(database).bookings
        assert booking["refund"] == "due"


class TestSecrets:
    @pytest.fixture
    def running(self, database: str, razorpay: Razorpay, tmp_path: Path) -> Iterator[RunningHouse]:
        with running_house(LOG_LEVEL="DEBUG", LOGS_DIR=str(tmp_path)) as running:
            running.start_web()
            running.start_worker()
            yield running

    async def test_are_in_no_page_and_no_log_of_a_run(
        self, show: Show, running: RunningHouse, razorpay: Razorpay, tmp_path: Path
    ) -> None:
        razorpay.webhooks_to(f"{running.url}/payments/webhook/")
        razorpay.switch(second_success="capture")
        said: list[str] = []
        async with httpx.AsyncClient(base_url=running.url, timeout=30, trust_env=False) as http:
            token = (await http.post("/api/v1/guests")).json()["token"]
            http.headers["Authorization"] = f"Bearer {token}"
            http.cookies.set(HOLDER_COOKIE, token)
            held = (await http.post(f"/api/v1/shows/{show.pk}/holds", json={"seats": ["A1"]})).json()
            booking = held["booking"]
            pages = [f"/bookings/{booking}/pay/", f"/bookings/{booking}/", "/", f"/shows/{show.pk}/", "/nowhere"]

            async def read(*paths: str) -> None:
                for path in paths:
                    page = await http.get(path, follow_redirects=True)
                    assert page.status_code in {200, 404}, f"{path}: {page.status_code}"
                    said.append(page.text)

            await read(*pages)
            checkout = await http.post(f"/api/v1/bookings/{booking}/checkout", json=BUYER)
            said.append(checkout.text)
            await read(*pages)
            paid = razorpay.pay(checkout.json()["order_id"], "capture")
            wrong = {**paid.handed, "razorpay_signature": "0" * 64}
            said += [(await http.post("/verify_payment/", json=body)).text for body in (wrong, paid.handed)]
            razorpay.send_forged("wrong_secret")
            # Paid twice: the worker asks Razorpay to give it back, with the house's keys.
            razorpay.pay(checkout.json()["order_id"], "capture", forced=True)
            razorpay.webhooks_settled()
            await asyncio.to_thread(
                wait_until, lambda: bool(razorpay.ledger("refund.created")), what="the worker has given one back"
            )
            await read(*pages, "/api/v1/openapi.json", "/api/v1/docs", "/metrics")
        running.stop("worker")
        logs = _texts_in(tmp_path)
        said += [running.log(), *logs.values()]

        assert len(running.log()) > 500
        assert {"booking.log", "celery_worker.log"} <= set(logs)
        assert "/refund HTTP/1.1" in logs["celery_worker.log"], "the worker did not speak with Razorpay"
        secrets = (KEY_SECRET, WEBHOOK_SECRET, PREVIOUS_WEBHOOK_SECRET, django_settings.SECRET_KEY, paid.signature)
        for secret in secrets:
            assert not [text for text in said if secret in text], f"{secret[:6]}… was told"


def _texts_in(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text(errors="replace") for file in folder.iterdir()}
