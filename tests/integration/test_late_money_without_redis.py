"""Late money while Redis is away (consistency rule 14): PostgreSQL alone says whose the seats are."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest
import redis

from bookings.api import BookingWork, BookingWorks, BoxOffice, Grab, NotReady
from bookings.claim_store import endings
from bookings.models import Show
from tests.support.guards import unless, with_and_without_guard, without_index
from tests.support.money import breaches
from tests.support.money_evidence import read_evidence
from tests.support.money_guards import settling_without
from tests.support.money_house import House, Told
from tests.support.redis_away import without_redis
from tests.support.witness import booking_status, insert_booking, live_claims, rows, shown

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

SECOND_MS = 1000
MINUTE_MS = 60_000


@pytest.fixture
async def late(house: House, show: Show) -> Told:
    """Somebody who has let A1 go, and whose money comes all the same; nobody has told the house."""
    late = await Told.begin(house, show, "A1")
    await house.post("/api/cancel_booking/", late.token, {"booking": late.booking, "reason": "dismiss"})
    late.pay("capture")
    return late


async def comes(late: Told) -> tuple[int, Any]:
    """The house hears of the money."""
    assert late.paid is not None
    return await late.house.call("/verify_payment/", late.token, late.paid.handed)


def sent_back(database: str) -> list[str]:
    """Why money goes back."""
    return [reason for (reason,) in rows(database, "SELECT reason FROM payments_refund WHERE status = 'due'")]


class TestLateMoneyWithoutRedis:
    @with_and_without_guard
    async def test_takes_its_seats_again_and_they_are_shown_when_redis_is_back(
        self, late: Told, show: Show, office: BoxOffice, database: str, redis_client: redis.Redis,
        servers: "EmbeddedServers", guarded: bool,
    ) -> None:  # fmt: skip
        async with without_redis(office, servers, how="killed"):
            with unless(guarded, only_with_redis()):
                status, reply = await comes(late)

        # Off: the money waits until Redis is back, and the buyer with it.
        assert (status, reply.get("status")) == ((200, "confirmed") if guarded else (503, None))
        assert live_claims(database, show.pk) == ({0: late.booking} if guarded else {})
        if guarded:
            await office.picture(show.pk)
            assert shown(redis_client, show.pk)[0] == "B"

    @with_and_without_guard
    async def test_goes_back_where_somebody_else_has_a_seat_by_now(
        self, late: Told, house: House, show: Show, office: BoxOffice, database: str, servers: "EmbeddedServers",
        guarded: bool,
    ) -> None:  # fmt: skip
        async with without_redis(office, servers, how="killed"):
            rival = await Told.begin(house, show, "A1")
            with (
                unless(guarded, claims_that_are_not_asked()),
                unless(guarded, without_index(database, "one_live_claim_per_seat")),
            ):
                await comes(late)
                # Off: the seat is sold to one and held by the other.
                said = breaches(read_evidence(database), at_rest=False)

        if guarded:
            assert live_claims(database, show.pk) == {0: rival.booking}
            assert (booking_status(database, late.booking), sent_back(database)) == ("cancelled", ["late"])
        else:
            assert [breach for breach in said if "live claims" in breach]

    @with_and_without_guard
    async def test_ends_no_rival_before_his_deadline(
        self, late: Told, show: Show, office: BoxOffice, database: str, servers: "EmbeddedServers", guarded: bool
    ) -> None:
        async with without_redis(office, servers, how="killed"):
            # So little time is left to him that Redis, if it had said so, would be believed: here a minute.
            rival = insert_booking(database, show.pk, seats=[0], ends_in_ms=MINUTE_MS)
            with patch.object(endings, "CLOCK_SLACK_MS", 2 * MINUTE_MS), unless(guarded, as_if_let_through()):
                await comes(late)

        assert booking_status(database, rival) == ("pending" if guarded else "expired")
        assert booking_status(database, late.booking) == ("cancelled" if guarded else "confirmed")
        assert sent_back(database) == (["late"] if guarded else [])

    async def test_ends_a_rival_after_his_deadline(
        self, late: Told, show: Show, office: BoxOffice, database: str, servers: "EmbeddedServers"
    ) -> None:
        async with without_redis(office, servers, how="killed"):
            rival = insert_booking(database, show.pk, seats=[0], ends_in_ms=-SECOND_MS)
            await comes(late)

        assert (booking_status(database, rival), booking_status(database, late.booking)) == ("expired", "confirmed")


async def test_a_hold_without_redis_ends_no_rival_before_his_deadline(
    office: BoxOffice, show: Show, house: House, database: str, servers: "EmbeddedServers"
) -> None:
    async with without_redis(office, servers, how="killed"):
        rival = insert_booking(database, show.pk, seats=[0], ends_in_ms=MINUTE_MS)
        slack = patch.object(endings, "CLOCK_SLACK_MS", 2 * MINUTE_MS)
        with slack, pytest.raises(AssertionError, match="seats_unavailable"):
            await Told.begin(house, show, "A1")

    assert booking_status(database, rival) == "pending"


def only_with_redis() -> AbstractContextManager[object]:
    """Late money needs Redis."""
    grab = BookingWorks.grab

    async def strict(self: BookingWorks, *arguments: Any) -> Grab:
        granted = await grab(self, *arguments)
        if granted is Grab.AWAY:
            raise NotReady
        return granted

    return patch.object(BookingWorks, "grab", strict)


def claims_that_are_not_asked() -> AbstractContextManager[object]:
    clause = "ON CONFLICT (show_id, seat_index) WHERE released_at IS NULL DO NOTHING"
    return settling_without("reclaim_seats", clause)


def as_if_let_through() -> AbstractContextManager[object]:
    """Redis, which was not asked, is taken to have granted the seats."""
    reclaim = BookingWork.reclaim

    async def trusting(self: BookingWork, *arguments: Any, **_: Any) -> bool:
        return await reclaim(self, *arguments, let_through=True)

    return patch.object(BookingWork, "reclaim", trusting)
