"""The long fault suite: a house in use, one fault after another, and everybody ends on the truth each time.

And its negative control: one map falsified by hand must be called a breach.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import sync_to_async

from bookings.models import Booking, SeatClaim, Show
from tests.chaos.crowd import Crowd
from tests.chaos.faults import Scene
from tests.chaos.ledger import Ledger
from tests.chaos.report import page, summary
from tests.chaos.run import Plan, Run
from tests.chaos.truth import Rows
from tests.support.cinema import make_show
from tests.support.house import RunningHouse

if TYPE_CHECKING:
    from config.embedded import EmbeddedServers

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(0)]
HALLS = (60, 120, 300)
BLOCKED_SEAT = 6

Say = Callable[[str], None]


class TestUnderFaults:
    async def test_nothing_is_sold_twice_and_everybody_ends_on_the_truth(
        self,
        database: str,
        servers: "EmbeddedServers",
        chaos_house: RunningHouse,
        plan: Plan,
        reports: Path,
        say: Say,
    ) -> None:
        say(f"\nchaos: seed {plan.seed}, {plan.seconds / 60:g} minutes")
        run = await make_run(plan, database, servers, chaos_house, reports / "chaos-evidence", say)

        try:
            await run.go()
        finally:
            report = summary(run, plan)
            for path, text in (
                (reports / "chaos.json", json.dumps(report, indent=2, ensure_ascii=False)),
                (reports / "chaos.html", page(report)),
            ):
                path.write_text(text, encoding="utf-8")
                say(f"written: {path}")

        assert not run.breaches, f"{len(run.breaches)} breaches (seed {plan.seed}): {run.breaches[0]}"
        assert run.ledger.outcomes["granted"] > 0
        assert run.ledger.outcomes["refused: seats_unavailable"] > 0


class TestTheSuiteItself:
    async def test_calls_a_falsified_map_a_breach(
        self, database: str, servers: "EmbeddedServers", chaos_house: RunningHouse, tmp_path: Path, say: Say
    ) -> None:
        plan = Plan(seed=1, seconds=0, faults=["calm"], rounds=1, watched_seconds=0.5)
        liar = "onlooker 7"

        def falsify(crowd: Crowd) -> None:
            follower = next(one for one in crowd.onlookers if one.name == liar).follower
            assert follower is not None
            assert follower.states is not None
            assert follower.states[BLOCKED_SEAT] == "X"
            follower.states[BLOCKED_SEAT] = "A"

        run = await make_run(plan, database, servers, chaos_house, tmp_path, lambda _: None, meddle=falsify)
        await run.go()

        # By the comparison with the rows, or by the server's own checksum where that came first.
        assert run.breaches
        assert all(liar in breach for breach in run.breaches), run.breaches
        evidence = json.loads((tmp_path / "round-1-calm.json").read_text())
        assert evidence["round"]["breaches"] == run.breaches
        assert evidence["rows"]
        assert any(name.startswith(liar) for name in evidence["frames"])
        assert 'class="breach"' in page(summary(run, plan))


async def make_run(
    plan: Plan,
    database: str,
    servers: "EmbeddedServers",
    house: RunningHouse,
    evidence: Path,
    say: Say,
    meddle: Callable[[Crowd], None] | None = None,
) -> Run:
    """A run over new shows in this house."""
    shows = [await sync_to_async(_make_sold_show)(seats) for seats in HALLS]
    labels = {show.pk: [str(seat["label"]) for seat in show.layout.seats] for show in shows}
    ledger = Ledger()
    crowd = Crowd(labels=labels, houses=[house.url_of(name) for name in house.ports], seed=plan.seed, ledger=ledger)
    scene = Scene(servers, house, crowd, random.Random(plan.seed))
    return Run(
        plan,
        scene,
        ledger=ledger,
        rows=Rows(database, list(labels)),
        seat_numbers={show: {label: number for number, label in enumerate(seats)} for show, seats in labels.items()},
        evidence=evidence,
        say=say,
        meddle=meddle,
    )


def _make_sold_show(seats: int) -> Show:
    """A show with a few seats sold and a few blocked, so that every state is in every picture."""
    show = make_show(seats=seats)
    sold = Booking.objects.create(
        show=show, holder="somebody-before", status="confirmed", expires_at=show.sales_open_at
    )
    SeatClaim.objects.create(show=show, seat_index=4, booking=sold)
    SeatClaim.objects.create(show=show, seat_index=5, booking=sold)
    SeatClaim.objects.create(show=show, seat_index=BLOCKED_SEAT, kind="block", reason="broken")
    return show
