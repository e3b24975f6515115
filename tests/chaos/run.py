"""A run: round after round one fault under load, then silence until everybody sees the truth, then the verdicts.

Owns the order of things and what a breach is. The faults are in faults.py, the verdicts in judges.py, the look of
the report in page.py.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg

from tests.chaos.crowd import Crowd
from tests.chaos.faults import AT_ONCE_SECONDS, FAULTS, Fault, Scene
from tests.chaos.judges import keys_left, promises_broken
from tests.chaos.ledger import Ledger
from tests.chaos.truth import Rows, Truth

TRAFFIC_SECONDS: Final = (2.0, 4.5)
# People go on for so long after the fault has ended, for changes are what shows that a viewer was forgotten.
AFTERMATH_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.1
# Less than this is the ordinary lateness of a loop with work to do.
STALL_SECONDS_MIN: Final = 0.05
# A map that is wrong past its bound is watched for so long: whether it heals at all is part of the evidence.
WATCHED_SECONDS: Final = 20.0
# Viewers see the end of a hold at its deadline; its row says so at once, or after the next sweeps of Beat (60 s)
# where the process that ended it died, at the latest when the worker has found its broker again.
ROW_OVERDUE_SECONDS_MAX: Final = 130.0
EMPTY_SECONDS_MAX: Final = 30.0
BREACHES_MAX: Final = 10

Say = Callable[[str], None]


class Stalls:
    """How long this process itself could not run: a machine that is too busy is no fault of the house's."""

    def __init__(self) -> None:
        self.seconds = 0.0

    async def watch(self) -> None:
        """Count for ever how much too late this loop wakes up."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            self.seconds += max(0.0, loop.time() - due - STALL_SECONDS_MIN)


@dataclass
class Round:
    """What happened in one round. Seconds are of the run's own clock; `converged` counts from `healed`.

    `stalled` is for how much of that time the suite itself could not run; the round is allowed as much more.
    """

    number: int
    fault: str
    within_seconds: float
    broken_at: float = 0.0
    healed_at: float = 0.0
    hit: str = ""
    converged_seconds: float | None = None
    waited_for: str = ""
    stalled_seconds: float = 0.0
    overdue_seconds: float = 0.0
    breaches: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run shall do. Without `rounds` it goes on for `seconds`."""

    seed: int
    seconds: float
    faults: Sequence[str] = tuple(FAULTS)
    rounds: int | None = None
    watched_seconds: float = WATCHED_SECONDS


class Run:
    """One run over one house. `meddle` is for negative controls: it is called when a round has gone silent."""

    def __init__(
        self,
        plan: Plan,
        scene: Scene,
        *,
        ledger: Ledger,
        rows: Rows,
        seat_numbers: dict[int, dict[str, int]],
        evidence: Path,
        say: Say,
        meddle: Callable[[Crowd], None] | None = None,
    ) -> None:
        self.rounds: list[Round] = []
        self.lateness_seconds: list[float] = []
        self.final_breaches: list[str] = []
        self.ledger = ledger
        self.crowd = scene.crowd
        self._plan = plan
        self._scene = scene
        self._rows = rows
        self._seat_numbers = seat_numbers
        self._evidence = evidence
        self._say = say
        self._meddle = meddle
        self._stalls = Stalls()
        self._overlaps_told: set[str] = set()
        self._began = time.monotonic()

    @property
    def breaches(self) -> list[str]:
        """Everything that was wrong."""
        return [breach for round_ in self.rounds for breach in round_.breaches] + self.final_breaches

    async def go(self) -> None:
        """Do the whole run. A breach does not end it, ten do."""
        self._began = time.monotonic()
        self.crowd.come()
        watching = asyncio.create_task(self._stalls.watch())
        try:
            for number, name in enumerate(self._names(), 1):
                await self._round(number, FAULTS[name])
                if len(self.breaches) >= BREACHES_MAX:
                    break
            await self._end_empty()
            self.lateness_seconds = await self._rows.lateness_seconds()
        finally:
            watching.cancel()
            await self._rows.close()
            await self.crowd.go()

    def _names(self) -> Any:
        """Faults in shuffled decks, so that each comes before any comes twice; the run ends when its time is over."""
        rng, dealt = random.Random(f"{self._plan.seed} order"), 0
        while True:
            for name in rng.sample(self._plan.faults, len(self._plan.faults)):
                over = self._now() > self._plan.seconds if self._plan.rounds is None else dealt >= self._plan.rounds
                if over:
                    return
                dealt += 1
                yield name

    # --- a round

    async def _round(self, number: int, fault: Fault) -> None:
        rng = self._scene.rng = random.Random(f"{self._plan.seed} round {number}")
        round_ = Round(number, fault.name, fault.within_seconds)
        self.rounds.append(round_)
        self.crowd.let_act()
        await asyncio.sleep(rng.uniform(*TRAFFIC_SECONDS))
        round_.broken_at = self._now()
        self._scene.hit = ""
        await fault.breaks(self._scene)
        await asyncio.sleep(rng.uniform(*fault.lasts_seconds))
        if fault.heals is not None:
            await fault.heals(self._scene)
        round_.healed_at, round_.hit = self._now(), self._scene.hit
        stalled_before = self._stalls.seconds
        await asyncio.sleep(AFTERMATH_SECONDS)
        self.crowd.hush()
        if self._meddle is not None:
            self._meddle(self.crowd)
        truth, differing = await self._converge(round_, stalled_before)
        self._judge(round_, truth)
        self.crowd.failures()
        if round_.breaches:
            self._keep_evidence(round_, truth, differing)
        self._tell(round_)
        await self.crowd.dismiss_guests()

    async def _converge(self, round_: Round, stalled_before: float) -> tuple[Truth | None, dict[str, str]]:
        """Wait until the grabbers are idle and everybody sees the truth at one moment; past the bound, watch on."""
        truth, differing, at_bound = None, dict[str, str](), None
        while True:
            try:
                truth = await self._rows.read()
            except psycopg.OperationalError as away:
                differing = {"PostgreSQL": str(away)}
            else:
                differing = self.crowd.differing(truth)
            took = self._now() - round_.healed_at
            round_.stalled_seconds = round(self._stalls.seconds - stalled_before, 3)
            allowed = round_.within_seconds + round_.stalled_seconds
            if not differing and not self.crowd.busy:
                round_.converged_seconds = round(took, 3)
                break
            differing = differing or {"grabbers": f"{self.crowd.busy} still wait for an answer"}
            round_.waited_for = f"{len(differing)}: {' '.join(next(iter(differing.items())))}"
            if took > allowed and at_bound is None:
                at_bound = differing
            if took > allowed + self._plan.watched_seconds:
                break
            await asyncio.sleep(LOOK_SECONDS)
        if at_bound is not None:
            who, wrong = next(iter(at_bound.items()))
            took_text = "never" if round_.converged_seconds is None else f"after {round_.converged_seconds:.1f} s"
            round_.breaches.append(
                f"{len(at_bound)} did not see the truth within {round_.within_seconds:.0f} s of {round_.fault}"
                f" ({took_text}); {who} {wrong}"
            )
        return truth, at_bound or differing

    def _judge(self, round_: Round, truth: Truth | None) -> None:
        round_.breaches += self.crowd.complaints()
        overlaps = [said for said in self.ledger.overlaps() if said not in self._overlaps_told]
        self._overlaps_told.update(overlaps)
        round_.breaches += overlaps
        if truth is None:
            return
        round_.overdue_seconds = truth.overdue_seconds()
        round_.breaches += truth.impossible()
        if round_.converged_seconds is not None:
            round_.breaches += promises_broken(truth, self.ledger, self._seat_numbers)
        if round_.overdue_seconds > ROW_OVERDUE_SECONDS_MAX:
            round_.breaches.append(f"a hold is {round_.overdue_seconds:.0f} s past its deadline in PostgreSQL")

    async def _end_empty(self) -> None:
        """With nobody acting every hold ends by itself, and then Redis keeps nothing of any."""
        self.crowd.hush()
        ends_at = self._now() + EMPTY_SECONDS_MAX
        while True:
            truth = await self._rows.read()
            held = sum(claim.status == "pending" and (claim.expires_ms or 0) > truth.now_ms for claim in truth.claims)
            left = keys_left(await asyncio.to_thread(self._keys))
            if not held and not left and not self.crowd.busy:
                return
            if self._now() > ends_at:
                self.final_breaches.append(f"with nothing held, {held} claims live and Redis keeps {left[:5]}")
                return
            await asyncio.sleep(LOOK_SECONDS)

    def _keys(self) -> list[str]:
        with self._scene.redis() as client:
            return [str(key) for key in client.scan_iter(count=1000)]

    # --- saying

    def _tell(self, round_: Round) -> None:
        took = "NEVER" if round_.converged_seconds is None else f"{round_.converged_seconds:5.2f} s"
        granted = self.ledger.outcomes["granted"]
        self._say(
            f"{self._now():6.1f} s  {round_.number:3}  {round_.fault + ' ' + round_.hit:34} truth after {took}"
            f" (of {round_.within_seconds:.0f}; stalled {round_.stalled_seconds:.1f})  granted {granted}"
        )
        if round_.converged_seconds is not None and round_.converged_seconds > AT_ONCE_SECONDS:
            self._say(f"          waited last for {round_.waited_for[:300]}")
        for breach in round_.breaches:
            self._say(f"          BREACH: {breach}")

    def _keep_evidence(self, round_: Round, truth: Truth | None, differing: dict[str, str]) -> None:
        evidence = {
            "seed": self._plan.seed,
            "round": asdict(round_),
            "rounds before": [asdict(before) for before in self.rounds[:-1]],
            "who differed": differing,
            "rows": None if truth is None else [asdict(claim) for claim in truth.claims],
            "rows at ms": None if truth is None else truth.now_ms,
            "grants": [grant.as_json() for grant in self.ledger.grants[-500:]],
            "frames": self.crowd.frames(),
            "log": self._scene.house.log().splitlines()[-400:],
        }
        self._evidence.mkdir(parents=True, exist_ok=True)
        path = self._evidence / f"round-{round_.number}-{round_.fault}.json"
        path.write_text(json.dumps(evidence, indent=1, ensure_ascii=False), encoding="utf-8")
        self._say(f"          evidence: {path}")

    def _now(self) -> float:
        return time.monotonic() - self._began
