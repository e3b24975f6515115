"""The long proof of money: every scenario with a death at every point, and many random histories.

What `make test` does once, this does exhaustively; `--chaos-seed` lives the same histories again.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest
import redis
from asgiref.sync import sync_to_async
from django.test import override_settings
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from pytest_django import Settings

from bookings import waypoints
from bookings.api import BoxOffice
from bookings.models import Show
from bookings.services import pictures
from tests.chaos.run import Plan
from tests.support.api import serving_office
from tests.support.cinema import make_show
from tests.support.money import assert_sound, fences_fell
from tests.support.money_crasher import Crasher, do, running_crasher
from tests.support.money_evidence import Evidence, read_evidence
from tests.support.money_guards import second_payments_are_kept
from tests.support.money_histories import Ground, MoneyHistories
from tests.support.money_house import House
from tests.support.money_rest import brought_to_rest, make_due
from tests.support.money_scenarios import SCENARIOS, Begun
from tests.support.razorpay import Razorpay
from tests.support.witness import move_back

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(0)]

PARTS: Final = ("settle", "order", "inbox", "refund", "capture", "work", "late", "picture")
POINTS: Final = sorted(point for point in waypoints.POINTS if point.split(".")[0] in PARTS)
# Settling opens several units of work: at which time of passing a point a process dies matters.
TIMES: Final = (1, 2, 3)
SEATS: Final = 400
ORPHAN_MS: Final = 11_000
EXAMPLES: Final = 100
STEPS: Final = 30


@pytest.fixture
def show(database: str) -> Show:
    return make_show(seats=SEATS, starts_in=timedelta(hours=10))


@pytest.fixture
async def office(app_settings: Settings, tmp_path: Path, show: Show) -> AsyncIterator[BoxOffice]:
    async with serving_office(app_settings, tmp_path) as office:
        yield office


@pytest.fixture
def app_settings(request: pytest.FixtureRequest) -> Settings:
    """Django's settings; Hypothesis' have the name here."""
    found: Settings = request.getfixturevalue("settings")
    return found


@pytest.fixture
def house(office: BoxOffice, razorpay: Razorpay) -> House:
    house = House(razorpay)
    house.hold_webhooks_back()
    return house


def end_of(found: Evidence, begun: Begun) -> tuple[str, str]:
    (booking,) = [row for row in found.bookings if row["id"] == begun.booking]
    return booking["status"], booking["refund"]


class TestADeath:
    @pytest.mark.parametrize("mode", ["automatic", "manual"])
    @pytest.mark.parametrize("scenario", SCENARIOS)
    async def test_at_any_point_costs_no_rupee_and_no_seat(
        self,
        database: str,
        redis_client: "redis.Redis",
        app_settings: Settings,
        show: Show,
        house: House,
        scenario: str,
        mode: str,
    ) -> None:
        app_settings.CAPTURE_MODE = mode
        with running_crasher(CAPTURE_MODE=mode) as crasher:
            begun = await self._die_everywhere(crasher, house, show, database, scenario)
        assert begun, f"{scenario} passes no point"
        await sync_to_async(move_back)(database, redis_client, show.pk, ms=ORPHAN_MS)

        await brought_to_rest(database)

        rested = read_evidence(database, house.razorpay.ledger(), redis_client)
        assert_sound(rested, at_rest=True)
        for one in begun.values():
            await do(one.act)
        await brought_to_rest(database)
        found = read_evidence(database, house.razorpay.ledger(), redis_client)
        assert_sound(found, at_rest=True)
        assert fences_fell(rested, found) == []
        assert {died: end_of(found, one) for died, one in begun.items()} == {
            died: one.ends for died, one in begun.items()
        }

    async def _die_everywhere(
        self, crasher: Crasher, house: House, show: Show, database: str, scenario: str
    ) -> dict[tuple[str, int], Begun]:
        """Every (point, time) at which a process died, with what it died of."""
        seats = iter(seat["label"] for seat in show.layout.seats)
        begun = {}
        for point in POINTS:
            for nth in TIMES:
                one = await SCENARIOS[scenario](house, show, next(seats))
                make_due(database)
                if not await asyncio.to_thread(crasher.run, one.act, point=point, nth=nth):
                    break
                begun[point, nth] = one
        return begun


@pytest.fixture
def ground(database: str, redis_client: "redis.Redis", razorpay: Razorpay) -> Iterator[Ground]:
    with (
        asyncio.Runner() as runner,
        override_settings(LIMIT_HOLDS_PER_MINUTE=0, LIMIT_PAYMENT_CALLS_PER_MINUTE=0, HOLD_BUDGET_SECONDS=10**6),
        patch.object(pictures, "TICK_OFF_SECONDS", 0),
    ):
        office = runner.run(BoxOffice.current())
        yield Ground(runner.run, office, House(razorpay), database, redis_client)
        runner.run(BoxOffice.close_current())


LONG: Final = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    report_multiple_bugs=False,
)


def machine_on(on: Ground, plan: Plan) -> type[MoneyHistories]:
    class Machine(MoneyHistories):
        ground = on

    return seed(plan.seed)(Machine)


class TestManyHistories:
    @pytest.mark.parametrize("mode", ["automatic", "manual"])
    def test_end_with_every_rupee_and_every_seat_where_it_belongs(
        self, ground: Ground, plan: Plan, mode: str
    ) -> None:
        with override_settings(CAPTURE_MODE=mode):
            run_state_machine_as_test(machine_on(ground, plan), settings=LONG)

    def test_find_what_a_missing_guard_does(self, ground: Ground, plan: Plan) -> None:
        with second_payments_are_kept(), pytest.raises(AssertionError):
            run_state_machine_as_test(machine_on(ground, plan), settings=LONG)
