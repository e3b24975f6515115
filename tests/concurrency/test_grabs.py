"""Real processes fight for the same seats: one winner a seat, all or none; without guards the harness sees the harm.

The evidence is what the processes were told, held against the raw rows of PostgreSQL; the app is not asked.
"""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from asgiref.sync import sync_to_async

from bookings.models import Show
from tests.support.cinema import make_show
from tests.support.guards import without_index

PROCESSES = 3
CLIENTS_PER_PROCESS = 70
SEED = 20_261_122
PATIENCE_SECONDS = 90
Try = tuple[int, str, list[str]]
Outcome = dict[str, Any]


async def grab(tries: Sequence[Try], *, guarded: bool = True) -> list[Outcome]:
    """Have several processes make these tries at once; what each try came to."""
    processes = [await _start(tries[number::PROCESSES], guarded=guarded) for number in range(PROCESSES)]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            for process in processes:
                assert process.stdout is not None
                assert await process.stdout.readline() == b"ready\n"
            answers = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
    return [outcome for answer, _ in answers for outcome in json.loads(answer)]


async def _start(tries: Sequence[Try], *, guarded: bool) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.concurrency.grabber",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "LIMIT_PROFILE": "bench", "LOG_LEVEL": "ERROR"},
    )
    assert process.stdin is not None
    job = {"tries": tries, "clients": CLIENTS_PER_PROCESS, "guarded": guarded}
    process.stdin.write(json.dumps(job).encode() + b"\n")
    await process.stdin.drain()
    return process


def live_claims(database: str) -> list[tuple[int, int, str]]:
    """(show, seat, booking) of every live claim, as the rows have them."""
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "SELECT show_id, seat_index, booking_id::text FROM bookings_seatclaim WHERE released_at IS NULL"
        )
        return rows.fetchall()


def assert_one_owner_and_all_or_none(outcomes: Sequence[Outcome], shows: Sequence[Show], database: str) -> None:
    index_of = {show.pk: {seat["label"]: seat["index"] for seat in show.layout.seats} for show in shows}
    granted = {
        (outcome["show"], index_of[outcome["show"]][label], outcome["booking"])
        for outcome in outcomes
        if "held" in outcome
        for label in outcome["held"]
    }
    owners = Counter((show, seat) for show, seat, _ in granted)
    assert max(owners.values()) == 1, "a seat was granted to two"
    assert granted == set(live_claims(database)), "what was granted is not what is written"
    taken = {(show, seat) for show, seat, _ in granted}
    for outcome in outcomes:
        assert "failed" not in outcome, outcome
        if "held" in outcome:
            assert sorted(outcome["held"]) == sorted(outcome["labels"]), "part of a request was granted"
        else:
            assert set(outcome["refused"]) <= set(outcome["labels"])
            named = {(outcome["show"], index_of[outcome["show"]][label]) for label in outcome["refused"]}
            assert named, "a refusal that names no seat"
            assert named <= taken, "a seat was called taken that nobody has"


def wishes(shows: Sequence[Show], *, count: int, seats_max: int) -> list[Try]:
    """Random sets of neighbouring-or-not seats, each by another holder."""
    chance = random.Random(SEED)
    tries = []
    for number in range(count):
        show = chance.choice(shows)
        labels = [seat["label"] for seat in show.layout.seats]
        tries.append((show.pk, f"holder-{number}", chance.sample(labels, chance.randint(1, seats_max))))
    return tries


class TestTwoHundredWantOneSeat:
    async def test_and_one_gets_it(self, database: str) -> None:
        show = await sync_to_async(make_show)()

        outcomes = await grab([(show.pk, f"holder-{number}", ["F7"]) for number in range(200)])

        assert sum("held" in outcome for outcome in outcomes) == 1
        assert_one_owner_and_all_or_none(outcomes, [show], database)


class TestManyWantOverlappingSeats:
    async def test_and_each_gets_all_or_none(self, database: str) -> None:
        shows = [await sync_to_async(make_show)() for _ in range(2)]

        outcomes = await grab(wishes(shows, count=1_200, seats_max=6))

        assert len(outcomes) == 1_200
        assert_one_owner_and_all_or_none(outcomes, shows, database)

    async def test_twenty_thousand_times(self, database: str) -> None:
        shows = [await sync_to_async(make_show)() for _ in range(8)]

        outcomes = await grab(wishes(shows, count=20_000, seats_max=3))

        assert len(outcomes) == 20_000
        assert_one_owner_and_all_or_none(outcomes, shows, database)


class TestTheHarness:
    async def test_sees_a_double_sale_where_the_guards_are_off(self, database: str) -> None:
        show = await sync_to_async(make_show)()

        with without_index(database, "one_live_claim_per_seat"):
            outcomes = await grab([(show.pk, f"holder-{number}", ["F7"]) for number in range(60)], guarded=False)
            rows = live_claims(database)

        assert sum("held" in outcome for outcome in outcomes) > 1
        assert len(rows) > 1
