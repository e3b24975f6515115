"""POST /api/v1/checkin as strangers and ushers call it: who may, what is answered, and what no body can break."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings as house
from django.contrib.auth.models import User as AuthUser
from django.db import OperationalError
from pytest_django import Settings

from bookings.api import BoxOffice, SeatTicket, door_group, issue_tickets
from bookings.http import check_in as calls
from bookings.models import Show, Ticket
from tests.support.api import ApiClient, api_client, assert_refused
from tests.support.cinema import make_show
from tests.support.tickets import SOON, make_booking, make_usher, session_of

CSRF = "a" * 32


@pytest.fixture
def show(database: str) -> Show:
    return make_show(starts_in=SOON)


@pytest.fixture
def tickets(show: Show) -> list[SeatTicket]:
    return issue_tickets(make_booking(show).pk)


async def signed_in(client: ApiClient, user: AuthUser) -> ApiClient:
    """The client with the cookies and the header of a page that this user has open."""
    client.http.cookies.set(house.SESSION_COOKIE_NAME, await sync_to_async(session_of)(user))
    client.http.cookies.set("csrftoken", CSRF)
    client.http.headers["X-CSRFToken"] = CSRF
    return client


@pytest.fixture
async def nobody(office: BoxOffice) -> AsyncIterator[ApiClient]:
    async with api_client() as client:
        yield client


@pytest.fixture
async def usher(nobody: ApiClient, tickets: list[SeatTicket]) -> ApiClient:
    calls._limit.cache_clear()
    return await signed_in(nobody, await sync_to_async(make_usher)())


def scan(show: Show, code: str, **more: Any) -> dict[str, Any]:
    return {"json": {"show": show.pk, "code": code, "gate": "2", **more}}


class TestCheckIn:
    async def test_lets_in_once(self, usher: ApiClient, show: Show, tickets: list[SeatTicket]) -> None:
        first = await usher.ask("POST", "checkin", **scan(show, tickets[0].text))
        again = await usher.ask("POST", "checkin", **scan(show, tickets[0].text, gate="3"))

        assert first.status_code == 200
        body = first.json()
        assert (body["outcome"], body["seat"], body["admitted"], body["expected"]) == ("admitted", "A1", 1, 2)
        refusal = assert_refused(again, 409, "already_admitted")
        assert (refusal["gate"], refusal["admitted_ms"]) == ("2", body["admitted_ms"])
        assert (refusal["admitted"], refusal["expected"]) == (1, 2)

    async def test_answers_a_scan_that_comes_again_with_its_key_as_before(
        self, usher: ApiClient, show: Show, tickets: list[SeatTicket]
    ) -> None:
        key = {"headers": {"Idempotency-Key": "scan-1"}}
        first = await usher.ask("POST", "checkin", **scan(show, tickets[0].text), **key)
        again = await usher.ask("POST", "checkin", **scan(show, tickets[0].text), **key)
        another = await usher.ask("POST", "checkin", **scan(show, tickets[0].text))
        elsewhere = await usher.ask("POST", "checkin", **scan(show, tickets[0].text, gate="3"), **key)

        assert (first.status_code, again.status_code) == (200, 200)
        assert {**again.json(), "as_of_ms": 0} == {**first.json(), "as_of_ms": 0}
        assert_refused(another, 409, "already_admitted")
        assert_refused(elsewhere, 422, "idempotency_mismatch")

    @pytest.mark.parametrize("key", ["", "k" * 256])
    async def test_refuses_a_key_that_is_none(
        self, usher: ApiClient, show: Show, tickets: list[SeatTicket], key: str
    ) -> None:
        headers = {"Idempotency-Key": key}

        reply = await usher.ask("POST", "checkin", **scan(show, tickets[0].text), headers=headers)

        assert_refused(reply, 400, "bad_request")
        assert await Ticket.objects.filter(admitted_at__isnull=False).acount() == 0

    async def test_tells_every_door_of_the_show_once(
        self, usher: ApiClient, show: Show, tickets: list[SeatTicket]
    ) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(door_group(show.pk), channel)
        key = {"headers": {"Idempotency-Key": "scan-1"}}

        reply = (await usher.ask("POST", "checkin", **scan(show, tickets[1].code), **key)).json()
        await usher.ask("POST", "checkin", **scan(show, tickets[1].code), **key)
        await usher.ask("POST", "checkin", **scan(show, tickets[0].code))

        told, next_told = await layer.receive(channel), await layer.receive(channel)
        assert next_told["seat"] == "A1"
        assert told == {
            "type": "door.admitted",
            "show": show.pk,
            "seat": "A2",
            "gate": "2",
            "at_ms": reply["admitted_ms"],
            **{name: reply[name] for name in ("admitted", "expected", "as_of_ms")},
        }
        await layer.group_discard(door_group(show.pk), channel)

    async def test_refuses_what_it_cannot_read(self, usher: ApiClient, show: Show, tickets: list[SeatTicket]) -> None:
        good = {"show": show.pk, "code": tickets[0].text, "gate": "2"}
        bad: list[dict[str, Any]] = [{"code": code} for code in ("", "   ", "K7MQ\x003XPD", "9" * 201, 12, None)]
        bad += [{"gate": gate} for gate in ("", "g" * 21, "1\n2", 2)]
        bad += [{"show": number} for number in (0, -1, 2**63, "24", True, 1.5)]
        bad += [{"usher": 1}]

        for body in [{}, *({**good, **wrong} for wrong in bad)]:
            assert_refused(await usher.ask("POST", "checkin", json=body), 400, "bad_request")
        assert await Ticket.objects.filter(admitted_at__isnull=False).acount() == 0

    async def test_finds_no_ticket_in_nonsense(self, usher: ApiClient, show: Show) -> None:
        for code in ("\ud7ff\ufdd0", "%s%(show)s", "'; DROP TABLE", "HF1:" + "É" * 80, "😀" * 8):
            assert_refused(await usher.ask("POST", "checkin", **scan(show, code)), 404, "not_found")

    async def test_is_limited_for_each_usher(self, usher: ApiClient, show: Show, settings: Settings) -> None:
        settings.LIMIT_CHECK_INS_PER_MINUTE = 3

        replies = [await usher.ask("POST", "checkin", **scan(show, "3333 3333")) for _ in range(4)]

        assert [reply.status_code for reply in replies] == [404, 404, 404, 429]
        assert replies[-1].json()["retry_after_ms"] > 0

    async def test_says_so_when_postgresql_refuses(
        self, usher: ApiClient, show: Show, tickets: list[SeatTicket], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(**_: Any) -> None:
            raise OperationalError("the connection is lost")

        monkeypatch.setattr(calls, "admit", away)

        assert_refused(await usher.ask("POST", "checkin", **scan(show, tickets[0].text)), 503, "not_ready")


class TestWhoMayCheckIn:
    async def test_nobody_without_signing_in(self, nobody: ApiClient, show: Show, tickets: list[SeatTicket]) -> None:
        await nobody.become_guest()
        for session in (None, "nonsense", "x" * 5000, "\x7f"):
            if session is not None:
                nobody.http.cookies.set(house.SESSION_COOKIE_NAME, session)
            assert_refused(
                await nobody.ask("POST", "checkin", **scan(show, tickets[0].text)), 401, "identity_required"
            )

    async def test_nobody_without_the_permission(
        self, nobody: ApiClient, show: Show, tickets: list[SeatTicket]
    ) -> None:
        clerk = await sync_to_async(make_usher)("clerk", may_check_in=False, is_staff=True)
        await signed_in(nobody, clerk)

        assert_refused(await nobody.ask("POST", "checkin", **scan(show, tickets[0].text)), 403, "forbidden")

    async def test_nobody_whose_account_was_switched_off(self, usher: ApiClient, show: Show) -> None:
        await AuthUser.objects.aupdate(is_active=False)

        assert_refused(await usher.ask("POST", "checkin", **scan(show, "3333 3333")), 401, "identity_required")

    async def test_nobody_from_a_page_that_is_not_ours(
        self, usher: ApiClient, show: Show, tickets: list[SeatTicket]
    ) -> None:
        for proof in ("", "b" * 32):
            usher.http.headers["X-CSRFToken"] = proof
            assert_refused(await usher.ask("POST", "checkin", **scan(show, tickets[0].text)), 403, "csrf_failed")
        assert await Ticket.objects.filter(admitted_at__isnull=False).acount() == 0

    async def test_managers_with_every_right(self, nobody: ApiClient, show: Show, tickets: list[SeatTicket]) -> None:
        manager = await AuthUser.objects.acreate_superuser("manager", password="a-long-password")
        await signed_in(nobody, manager)

        reply = await nobody.ask("POST", "checkin", **scan(show, tickets[0].text))

        assert reply.status_code == 200
        assert (await Ticket.objects.aget(seat_index=0)).admitted_by_id == manager.pk
