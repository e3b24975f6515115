"""Six facts about one payment, in all 720 orders: the same rows in the end, whoever said what first.

Each order has a booking and a payment of its own, so that many are told at a time; the bodies are the emulator's
genuine webhooks, and they enter where Razorpay's and the browser's requests enter.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from pytest_django import Settings

from bookings.api import BoxOffice
from bookings.models import Show
from tests.support.api import serving_office
from tests.support.cinema import make_show
from tests.support.money import assert_sound, told_alike
from tests.support.money_evidence import Evidence, read_evidence
from tests.support.money_guards import every_fact_is_recorded, money_sql_without
from tests.support.money_house import House, Told, hand_out_webhooks

FACTS: Final = ("verify", "payment.authorized", "payment.captured", "order.paid", "duplicate", "payment.failed")
ALL_ORDERS: Final = list(itertools.permutations(FACTS))
# One of each first fact and each last one.
A_FEW_ORDERS: Final = ALL_ORDERS[::29]
AT_ONCE: Final = 8

Order = tuple[str, ...]


@pytest.fixture
def show(database: str) -> Show:
    return make_show(seats=760)


@pytest.fixture
async def office(settings: Settings, tmp_path: Path, show: Show) -> AsyncIterator[BoxOffice]:
    async with serving_office(settings, tmp_path) as office:
        yield office


async def say_in(orders: Sequence[Order], house: House, show: Show, database: str) -> tuple[Evidence, Counter[str]]:
    """Tell each order of facts of a payment of its own. What was found then, and how the bookings ended."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def begin(label: str) -> Told:
        async with gate:
            return await Told.begin(house, show, label)

    async def say_all(one: Told, order: Order) -> None:
        async with gate:
            for fact in order:
                await one.say(fact)

    labels = [seat["label"] for seat in show.layout.seats[: len(orders)]]
    told = await asyncio.gather(*(begin(label) for label in labels))
    for one in told:
        one.pay()
    hand_out_webhooks(house.razorpay, told)
    await asyncio.gather(*(say_all(one, order) for one, order in zip(told, orders, strict=True)))
    found = read_evidence(database, house.razorpay.ledger("payment.", "refund."))
    return found, Counter(told_alike(found, one.booking) for one in told)


class TestSixFacts:
    async def test_end_in_the_same_rows_in_all_720_orders(self, database: str, show: Show, house: House) -> None:
        found, ends = await say_in(ALL_ORDERS, house, show, database)

        assert_sound(found, at_rest=False)
        assert len(ends) == 1, f"{len(ends)} different ends, among them {ends.most_common(2)}"
        (end,) = ends
        assert end.count("'resolution': 'applied'") == 1
        assert "'status': 'confirmed'" in end
        assert len(found.inbox) == len(ALL_ORDERS) * (len(FACTS) - 1)

    async def test_end_so_by_their_merging_alone(self, database: str, show: Show, house: House) -> None:
        with every_fact_is_recorded():
            _, ends = await say_in(A_FEW_ORDERS, house, show, database)

        assert len(ends) == 1

    @pytest.mark.parametrize(
        ("merge", "instead"),
        [
            ("rank = GREATEST(p.rank, EXCLUDED.rank),", "rank = EXCLUDED.rank,"),
            ("fee_paise = GREATEST(p.fee_paise, EXCLUDED.fee_paise)", "fee_paise = EXCLUDED.fee_paise"),
            ("method = COALESCE(NULLIF(p.method, ''), EXCLUDED.method)", "method = EXCLUDED.method"),
        ],
        ids=["rank", "fee", "method"],
    )
    async def test_end_otherwise_where_a_fact_does_not_merge(
        self, database: str, show: Show, house: House, merge: str, instead: str
    ) -> None:
        with every_fact_is_recorded(), money_sql_without("record_payment", merge, instead):
            _, ends = await say_in(A_FEW_ORDERS, house, show, database)

        assert len(ends) > 1
