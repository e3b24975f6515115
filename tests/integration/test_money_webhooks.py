"""Webhooks: durable before they are answered, known again, and nothing that Razorpay did not sign changes a row."""

import asyncio
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import httpx
import psycopg
import pytest

from bookings.api import BoxOffice
from bookings.models import Show
from payments.emulator.ids import signature
from payments.http.webhook import ANSWER_SECONDS_MAX
from tests.support.api import ApiClient
from tests.support.house import RunningHouse, running_house
from tests.support.money import assert_sound
from tests.support.money_evidence import checksums, read_evidence
from tests.support.money_house import House, Told
from tests.support.money_rest import brought_to_rest
from tests.support.patience import PATIENCE_SECONDS
from tests.support.razorpay import Forged, Razorpay
from tests.support.razorpay_keys import PREVIOUS_WEBHOOK_SECRET, WEBHOOK_SECRET
from tests.support.servers import paused_postgres
from tests.support.witness import settled

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

REFUSED: Final = {
    "flipped_byte": 400,
    "wrong_secret": 400,
    "empty_secret": 400,
    "api_secret": 400,
    "no_signature": 400,
    "latin1_header": 400,
    "upper_case": 400,
    "huge": 413,
    "gzip": 400,
}
RAZORPAY_WAITS_SECONDS: Final = 5.0


@pytest.fixture
async def told(house: House, show: Show) -> Told:
    """Somebody who has paid for A1; nobody has told the house."""
    told = await Told.begin(house, show, "A1")
    told.pay("capture")
    return told


async def send(house: House, forged: Forged) -> int:
    headers = {name.lower(): value for name, value in forged.headers.items()}
    return (await house.request("/payments/webhook/", forged.body, headers)).status_code


def body_of(told: Told, event: str = "payment.captured") -> bytes:
    (found,) = told.house.razorpay.webhooks(event)
    return bytes(found["body"].encode())


class TestAForgedWebhook:
    async def test_is_refused_and_changes_nothing(self, told: Told, house: House, database: str) -> None:
        before = checksums(database)

        statuses = {kind: await send(house, house.razorpay.forge(kind)) for kind in REFUSED}

        assert statuses == REFUSED
        assert checksums(database) == before

    async def test_is_refused_with_another_method(self, guest: ApiClient) -> None:
        reply = await guest.http.get("/payments/webhook/")

        assert (reply.status_code, reply.headers["Allow"]) == (405, "POST")


class TestASignedWebhook:
    @pytest.mark.parametrize("secret", [WEBHOOK_SECRET, PREVIOUS_WEBHOOK_SECRET], ids=["current", "previous"])
    async def test_is_taken_with_either_secret(self, told: Told, house: House, database: str, secret: str) -> None:
        assert await house.deliver(body_of(told), "evt_1", secret=secret) == 200

        assert read_evidence(database).bookings[0]["status"] == "confirmed"

    async def test_is_taken_once_under_whatever_id(
        self, told: Told, house: House, office: BoxOffice, database: str
    ) -> None:
        await house.deliver(body_of(told), "evt_1")
        await settled(office)
        rows = checksums(database)

        for number in range(3):
            assert await house.deliver(body_of(told), f"evt_again_{number}") == 200

        assert checksums(database) == rows

    @pytest.mark.parametrize("kind", ["not_json", "not_an_object", "empty_body", "unknown_event"])
    async def test_that_says_nothing_changes_no_money(
        self, told: Told, house: House, database: str, kind: str
    ) -> None:
        before = checksums(database)

        assert await send(house, house.razorpay.forge(kind)) == 200

        after = checksums(database)
        assert {table for table in after if after[table] != before[table]} == {"payments_webhookevent"}

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda p: p.update(amount="12.50"),
            lambda p: p.update(amount=-1),
            lambda p: p.update(amount=1.5),
            lambda p: p.update(amount=2**63),
            lambda p: p.update(amount=2**70, fee=2**70),
            lambda p: p.update(amount_refunded=2**63),
            lambda p: p.update(created_at=2**62),
            lambda p: p.update(created_at=-(2**62)),
            lambda p: p.update(created_at="yesterday"),
            lambda p: p.update(status="levitating"),
            lambda p: p.update(id=None),
            lambda p: p.update(id=""),
            lambda p: p.update(id={"a": 1}),
            lambda p: p.update(order_id=["x"]),
            lambda p: p.update(method="\ud800", error_description="\ud800"),
            lambda p: p.update(method="\x00upi"),
            lambda p: p.update(notes={"booking": "\ud800"}),
            lambda p: p.update(notes={"booking": "not a uuid"}),
            lambda p: p.clear(),
        ],
    )
    async def test_that_nobody_can_understand_is_kept_for_a_person(
        self, told: Told, house: House, database: str, spoil: Any
    ) -> None:
        event = json.loads(body_of(told))
        spoil(event["payload"]["payment"]["entity"])
        body = json.dumps(event).encode()

        assert await house.deliver(body, "evt_odd") == 200

        # And the house goes on: the sweep does not stumble over it, and the truth is taken in.
        assert await house.deliver(body_of(told), "evt_true") == 200
        await brought_to_rest(database)
        found = read_evidence(database)
        assert len(found.inbox) == 2
        assert found.bookings[0]["status"] == "confirmed"

    @pytest.mark.parametrize(
        "body",
        [
            b'{"event":"payment.captured","payload":[]}',
            b'{"event":"payment.captured","payload":{"payment":[]}}',
            b'{"event":"payment.captured","payload":{"payment":{"entity":"x"}}}',
            b'{"event":["payment.captured"],"payload":{}}',
            b'{"event":"\\ud800","payload":{}}',
            b'{"event":"payment.\\u0000captured","payload":{}}',
            b"[" * 40_000,
            b"\xff\xfe",
            b"NaN",
        ],
    )
    async def test_of_any_form_is_answered_and_kept(self, house: House, database: str, body: bytes) -> None:
        assert await house.deliver(body, "evt_odd") == 200

        await brought_to_rest(database)
        assert len(read_evidence(database).inbox) == 1

    async def test_with_an_odd_event_id_is_taken(self, told: Told, house: House, database: str) -> None:
        assert await house.deliver(body_of(told), "é" * 300) == 200

        assert read_evidence(database).bookings[0]["status"] == "confirmed"


@pytest.fixture
def running(database: str, razorpay: Razorpay) -> Iterator[RunningHouse]:
    with running_house() as running:
        running.start_web()
        yield running


async def post(running: RunningHouse, body: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json", "X-Razorpay-Signature": signature(WEBHOOK_SECRET, body)}
    async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE_SECONDS, trust_env=False) as http:
        return await http.post("/payments/webhook/", content=body, headers=headers)


class TestAnAnsweredWebhook:
    async def test_survives_the_process_that_answered_it(
        self, told: Told, running: RunningHouse, database: str
    ) -> None:
        body = body_of(told)
        with psycopg.connect(database) as somebody:
            # The booking is busy for so long that the event can be kept, and not more.
            somebody.execute("SELECT 1 FROM bookings_booking WHERE id = %s FOR UPDATE", (told.booking,))
            reply = await post(running, body)
            await asyncio.to_thread(running.crash, "web")
        assert reply.status_code == 200
        assert ANSWER_SECONDS_MAX < RAZORPAY_WAITS_SECONDS
        found = read_evidence(database)
        assert [event["processed"] for event in found.inbox] == [False]
        assert found.bookings[0]["status"] == "pending"

        await brought_to_rest(database)

        found = read_evidence(database, told.house.razorpay.ledger())
        assert_sound(found, at_rest=True)
        assert found.bookings[0]["status"] == "confirmed"

    async def test_is_asked_for_again_when_it_could_not_be_kept(
        self, told: Told, running: RunningHouse, database: str, servers: "EmbeddedServers"
    ) -> None:
        body = body_of(told)
        assert (await post(running, b"{}")).status_code == 200

        with paused_postgres(servers):
            refused = await post(running, body)

        assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
        assert (await post(running, body)).status_code == 200
        found = read_evidence(database)
        assert len(found.inbox) == 2
        assert found.bookings[0]["status"] == "confirmed"
