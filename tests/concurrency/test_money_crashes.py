"""A process dies at each named point of the money core; the house goes on, and no rupee and no seat is lost.

Each point once, all in one house; tests/chaos has every scenario with every point.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
import redis
from asgiref.sync import sync_to_async
from pytest_django import Settings

from bookings import waypoints
from bookings.api import BoxOffice
from bookings.models import Show
from tests.support.api import serving_office
from tests.support.cinema import make_show
from tests.support.money import assert_sound, fences_fell
from tests.support.money_crasher import Crasher, do, running_crasher
from tests.support.money_evidence import Evidence, read_evidence
from tests.support.money_house import House
from tests.support.money_rest import brought_to_rest, make_due
from tests.support.money_scenarios import SCENARIOS, Begun
from tests.support.razorpay import Razorpay
from tests.support.witness import move_back

# A worker's process takes whatever is due, so those that kill one come first, each with its own work.
CRASHES: Final = (
    ("capture", "capture.asked"),
    ("refund", "refund.asked"),
    ("poll", "settle.decided"),
    ("checkout", "order.leased"),
    ("checkout", "order.made"),
    ("verify", "settle.recorded"),
    ("verify", "work.committed"),
    ("verify", "picture.painting"),
    ("webhook", "inbox.kept"),
    ("webhook", "settle.decided"),
    ("webhook", "work.written"),
    ("late verify", "settle.grabbed"),
    ("late webhook", "late.grabbed"),
    ("too late", "work.committed"),
    ("give up", "work.written"),
    ("give up", "work.committed"),
    ("give back", "work.committed"),
    ("change seats", "work.committed"),
    ("paid twice", "settle.decided"),
)
ORPHAN_MS: Final = 11_000


@pytest.fixture
def show(database: str) -> Show:
    # So near that a buyer who returns a paid booking gets half of his money.
    return make_show(starts_in=timedelta(hours=10))


@pytest.fixture
async def office(settings: Settings, tmp_path: Path, show: Show) -> AsyncIterator[BoxOffice]:
    async with serving_office(settings, tmp_path) as office:
        yield office


@pytest.fixture
def house(office: BoxOffice, razorpay: Razorpay) -> House:
    house = House(razorpay)
    house.hold_webhooks_back()
    return house


@pytest.fixture
def crasher(database: str, razorpay: Razorpay) -> Iterator[Crasher]:
    with running_crasher() as crasher:
        yield crasher


def ends_of(found: Evidence, begun: Begun) -> tuple[str, str]:
    (booking,) = [row for row in found.bookings if row["id"] == begun.booking]
    return booking["status"], booking["refund"]


class TestAProcessThatDies:
    def test_may_die_at_every_point_of_money(self) -> None:
        points = {point for point in waypoints.POINTS if point.split(".")[0] in _PARTS_OF_MONEY}
        points |= {"work.written", "work.committed", "late.grabbed"}

        assert points <= {point for _, point in CRASHES}

    async def test_leaves_no_rupee_and_no_seat_behind(
        self,
        database: str,
        redis_client: "redis.Redis",
        show: Show,
        house: House,
        crasher: Crasher,
    ) -> None:
        begun = []
        for number, (scenario, point) in enumerate(CRASHES):
            one = await SCENARIOS[scenario](house, show, show.layout.seats[number]["label"])
            make_due(database)
            assert crasher.run(one.act, point=point), f"{scenario} does not pass {point}"
            begun.append(one)
        # What Redis alone has heard of is given up after ten seconds.
        await sync_to_async(move_back)(database, redis_client, show.pk, ms=ORPHAN_MS)

        await brought_to_rest(database)

        rested = read_evidence(database, house.razorpay.ledger(), redis_client)
        assert_sound(rested, at_rest=True)
        # Whoever heard no answer asks again.
        for one in begun:
            await do(one.act)
        await brought_to_rest(database)
        found = read_evidence(database, house.razorpay.ledger(), redis_client)
        assert_sound(found, at_rest=True)
        assert fences_fell(rested, found) == []
        assert {c: ends_of(found, one) for c, one in zip(CRASHES, begun, strict=True)} == {
            c: one.ends for c, one in zip(CRASHES, begun, strict=True)
        }
        receipts = [event["receipt"] for event in house.razorpay.ledger("order.created")]
        assert len(receipts) == len(set(receipts)), "two orders for one booking"


_PARTS_OF_MONEY: Final = {"settle", "order", "inbox", "refund", "capture"}
