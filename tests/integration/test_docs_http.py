"""docs/http-api.md, run: its commands answer as it shows, and what it says of keys and refusals is so."""

import argparse
import json
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as house

from bookings import door_errors, errors
from bookings.api import BoxOffice
from bookings.http import errors as http_errors
from bookings.models import Show
from tests.support.api import ROOT, ApiClient, api_client, assert_refused
from tests.support.cinema import make_show

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

PAGE = (Path(house.BASE_DIR) / "docs" / "http-api.md").read_text(encoding="utf-8")
HOLDS = "shows/{}/holds"


def shape_of(body: str) -> object:
    """A JSON text with what differs from run to run made equal."""
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "<booking>", body)
    text = re.sub(r'"\d{4}-\d\d-\d\dT[\d:.]+Z"', '"<time>"', text)
    text = re.sub(r'"token": ?"[\w.~-]+"', '"token": "<token>"', text)
    return json.loads(re.sub(r"\b\d{13}\b", "0", text))


def commands() -> Iterator[tuple[str, str]]:
    """(command, what the page shows of its reply), block after block."""
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL):
        for part in block.split("$ curl ")[1:]:
            command, _, reply = part.partition("\n")
            yield command, reply.strip()


class Curl:
    """The few options of curl that the page uses, as requests of one client."""

    def __init__(self, http: httpx.AsyncClient, show: Show) -> None:
        self._http = http
        self._show = show
        self._jar = httpx.Cookies()
        self._token = ""
        self._options = argparse.ArgumentParser(exit_on_error=False)
        for option in ("-X", "-d", "-b", "-c"):
            self._options.add_argument(option)
        self._options.add_argument("-H", action="append", default=[])
        self._options.add_argument("url")

    async def run(self, command: str) -> str:
        """The body of the reply; a jar and a token are kept for later commands."""
        for name, value in {"$TOKEN": self._token, "$CSRF": self._jar.get("csrftoken") or ""}.items():
            command = command.replace(name, value)
        typed = self._options.parse_args(shlex.split(command))
        path = typed.url.removeprefix("$HOUSE").replace("/shows/24/", f"/shows/{self._show.pk}/")
        self._http.cookies = httpx.Cookies(self._jar if typed.b else None)
        reply = await self._http.request(
            typed.X or "GET", path, headers=dict(h.split(": ", 1) for h in typed.H), content=typed.d
        )
        if typed.c:
            self._jar = httpx.Cookies(reply.cookies)
            return ""
        self._token = reply.json().get("token", self._token)
        return reply.text


class TestCommands:
    async def test_answer_as_the_page_shows(self, office: BoxOffice, show: Show) -> None:
        async with api_client() as client:
            curl = Curl(client.http, show)
            ran = 0
            for command, shown in commands():
                answered = await curl.run(command)
                if shown:
                    assert shape_of(answered) == shape_of(shown), command
                ran += 1

        assert ran == 6


class TestKeys:
    async def test_bring_the_stored_reply_and_refuse_another_request(self, guest: ApiClient, show: Show) -> None:
        other_show = await sync_to_async(make_show)()

        first = await guest.hold(show.pk, "A1", **{"Idempotency-Key": "k"})
        again = await guest.hold(show.pk, "A1", **{"Idempotency-Key": "k"})
        other_seats = await guest.hold(show.pk, "A2", **{"Idempotency-Key": "k"})
        elsewhere = await guest.hold(other_show.pk, "A1", **{"Idempotency-Key": "k"})

        assert (first.status_code, again.json()) == (201, first.json())
        for reply in (other_seats, elsewhere):
            assert_refused(reply, 422, "idempotency_mismatch")

    async def test_belong_to_a_holder_and_an_operation(self, guest: ApiClient, rival: ApiClient, show: Show) -> None:
        key = {"Idempotency-Key": "k"}
        holds = HOLDS.format(show.pk)

        replies = [
            await guest.hold(show.pk, "A1", **key),
            await rival.hold(show.pk, "B1", **key),
            await guest.ask("POST", f"{holds}/best", json={"count": 1}, headers=key),
            await guest.ask("DELETE", holds, headers=key),
        ]

        assert [reply.status_code for reply in replies] == [201, 201, 201, 200]

    async def test_keep_no_refusal(self, guest: ApiClient, rival: ApiClient, show: Show) -> None:
        await rival.hold(show.pk, "A1")
        refused = await guest.hold(show.pk, "A1", **{"Idempotency-Key": "k"})
        assert_refused(refused, 409, "seats_unavailable")

        await rival.ask("DELETE", HOLDS.format(show.pk))

        assert (await guest.hold(show.pk, "A1", **{"Idempotency-Key": "k"})).status_code == 201


# One of each, as a reply could be.
AT = datetime(2026, 11, 21, tzinfo=UTC)
BASES = (errors.BookingError, door_errors.DoorRefusal)
SAMPLES = (
    errors.BadRequest("…"),
    http_errors.InvalidFields([{"field": "seats", "detail": "is missing"}]),
    http_errors.MethodNotAllowed(["GET"]),
    http_errors.BodyTooLarge(),
    http_errors.NotJson(),
    http_errors.CsrfFailed(),
    http_errors.Internal(),
    errors.IdentityRequired(),
    errors.NotFound("…"),
    errors.UnknownSeat(["Z9"]),
    errors.DuplicateSeats(["A1"]),
    errors.TooManySeats(10),
    errors.SeatsUnavailable(["A1"]),
    errors.HoldExpired(),
    errors.CheckoutStarted(),
    errors.CheckoutInProgress(),
    errors.SalesClosed("…"),
    errors.BookingConfirmed(),
    errors.InProgress(),
    errors.IdempotencyMismatch(),
    errors.RateLimited("…", retry_after_ms=250),
    errors.NotReady(),
    errors.OutcomeUnknown(),
    door_errors.SignInRequired(),
    door_errors.NotYourTask(),
    door_errors.TicketUsed(),
    door_errors.NoSuchTicket("…"),
    door_errors.AlreadyAdmitted(seat="A1", at=AT, gate="2", time_zone="UTC"),
    door_errors.WrongShow(show=1, movie="…", screen="…", starts_at=AT, time_zone="UTC"),
    door_errors.TicketCancelled(seat="A1", is_show=True),
    door_errors.TicketRefunded(seat="A1"),
    door_errors.TicketReplaced(seat="A1"),
    door_errors.TooEarly(seat="A1", opens_at=AT, time_zone="UTC"),
    door_errors.ShowOver(seat="A1"),
    door_errors.Forged(),
)


class TestRefusals:
    def test_are_listed_as_they_are(self) -> None:
        rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (yes|no) \|(.*)\|$", PAGE, re.MULTILINE)
        listed = {
            (code, int(status), retryable == "yes", frozenset(re.findall(r"`(\w+)`", fields)))
            for code, status, retryable, fields in rows
        }

        there_are = {(e.code, e.http_status, e.retryable, frozenset(e.fields)) for e in SAMPLES}
        # The plain bad request has no fields; it shares the row of the one that names problems.
        assert listed == there_are - {("bad_request", 400, False, frozenset())}
        assert len(rows) == len(listed)

    @pytest.mark.parametrize("module", [errors, http_errors, door_errors])
    def test_are_all_looked_at(self, module: ModuleType) -> None:
        kinds = {
            kind
            for kind in vars(module).values()
            if isinstance(kind, type) and issubclass(kind, errors.BookingError) and kind not in BASES
        }

        assert kinds <= {type(sample) for sample in SAMPLES}

    async def test_of_a_call_that_is_not_understood(self, guest: ApiClient, show: Show) -> None:
        holds = HOLDS.format(show.pk)

        wrong = await guest.ask("POST", holds, json={})
        method = await guest.http.put(f"{ROOT}{holds}", json={})
        large = await guest.ask("POST", holds, json={"seats": ["A" * 9000]})
        text = await guest.ask("POST", holds, content="A1", headers={"Content-Type": "text/plain"})

        assert assert_refused(wrong, 400, "bad_request")["problems"]
        assert assert_refused(method, 405, "bad_request")["allowed"] == method.headers["Allow"].split(", ")
        assert assert_refused(large, 413, "bad_request")["bytes_max"] == 8192
        assert_refused(text, 415, "bad_request")


class TestVersions:
    async def test_are_null_while_redis_is_away(
        self, guest: ApiClient, show: Show, servers: "EmbeddedServers"
    ) -> None:
        servers.kill_redis()

        held = await guest.hold(show.pk, "A1")
        released = await guest.ask("DELETE", HOLDS.format(show.pk))

        assert (held.status_code, held.json()["version"]) == (201, None)
        assert released.json() == {"seats": ["A1"], "version": None}
