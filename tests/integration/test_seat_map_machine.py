"""Random histories of two processes, held against a model and against PostgreSQL after each step."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from unittest.mock import patch

import psycopg
import pytest
import redis
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bookings.api import (
    BookingError,
    BoxOffice,
)
from bookings.services import pictures, rebuild
from tests.support.guards import lua_without
from tests.support.histories import Ground, Histories
from tests.support.seat_events import without_trigger
from tests.support.witness import (
    another_office,
)


@pytest.fixture
def ground(database: str, redis_client: "redis.Redis") -> Iterator[Ground]:
    with (
        asyncio.Runner() as runner,
        psycopg.connect(database, autocommit=True) as books,
        override_settings(HOLD_BUDGET_SECONDS=10**6, LIMIT_HOLDS_PER_MINUTE=0),
        patch.object(pictures, "TICK_OFF_SECONDS", 0),
        # The loop stands still between steps, so nothing may be left to run in the background.
        patch.object(rebuild, "LOOK_AGAIN_SECONDS", 10**6),
    ):
        stack = AsyncExitStack()

        async def open_both() -> tuple[BoxOffice, BoxOffice]:
            return (
                await stack.enter_async_context(another_office()),
                await stack.enter_async_context(another_office()),
            )

        yield Ground(runner.run, runner.run(open_both()), database, books, redis_client)
        runner.run(stack.aclose())


# The same histories each time: what fails here fails everywhere. To explore, raise the numbers and derandomize not.
BOUNDED = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
NO_SHRINKING = settings(BOUNDED, phases=[Phase.generate], report_multiple_bugs=False)


class TestHistories:
    def test_leave_one_owner_a_seat_and_one_picture_for_everyone(self, ground: Ground) -> None:
        run_state_machine_as_test(_machine_on(ground), settings=BOUNDED)

    @pytest.mark.parametrize(
        ("verb", "guard", "instead"),
        [
            ("acquire_seats", "elseif state ~= 'mine' then", "elseif state == 'X' then"),
            ("release_seats", "    kept[#kept + 1] = seat\n", ""),
            ("reap", "  redis.call('HDEL', RESERVED, label)\n", ""),
            ("paint_seats", "  changes[#changes + 1] = { idx, state }\n", ""),
        ],
    )
    def test_find_what_a_missing_line_does(self, ground: Ground, verb: str, guard: str, instead: str) -> None:
        with lua_without(verb, guard, instead), pytest.raises((AssertionError, BookingError, KeyError)):
            run_state_machine_as_test(_machine_on(ground), settings=NO_SHRINKING)

    def test_find_what_nobody_told_of_a_seat(self, ground: Ground) -> None:
        silent = without_trigger(ground.database, "seat_history_changed", "bookings_seatclaim")
        with silent, pytest.raises(AssertionError):
            run_state_machine_as_test(_machine_on(ground), settings=NO_SHRINKING)


def _machine_on(on: Ground) -> type[Histories]:
    class Machine(Histories):
        ground = on

    return Machine
