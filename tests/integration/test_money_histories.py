"""Random histories of money: any order and repetition, cancels and deadlines in between, and the books come right."""

import asyncio
from collections.abc import Iterator
from unittest.mock import patch

import pytest
import redis
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bookings.api import BoxOffice
from bookings.services import pictures
from tests.support.money_histories import Ground, MoneyHistories
from tests.support.money_house import House
from tests.support.razorpay import Razorpay

# The same histories each time: what fails here fails everywhere. To explore, raise the numbers and derandomize not.
BOUNDED = settings(
    max_examples=4,
    stateful_step_count=16,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
)


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


def machine_on(on: Ground) -> type[MoneyHistories]:
    class Machine(MoneyHistories):
        ground = on

    return Machine


class TestHistoriesOfMoney:
    # One that fails is made shorter before it is told, for which Hypothesis takes up to five minutes.
    @pytest.mark.timeout(480)
    @pytest.mark.parametrize("mode", ["automatic", "manual"])
    def test_end_with_every_rupee_and_every_seat_where_it_belongs(self, ground: Ground, mode: str) -> None:
        with override_settings(CAPTURE_MODE=mode):
            run_state_machine_as_test(machine_on(ground), settings=BOUNDED)
