"""A result of a load test as it could have been: drawn from a seed, so that its parts agree with each other.

Not a mock of the engine: its numbers are invented, only their shape (schema 1) is real. `states_at` says what the
replay has to show, computed from the changes and nothing else.
"""

import json
import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import accumulate, count
from typing import Any, Final

# When everybody was seated and began; the run itself started a little before.
BEGAN: Final = datetime(2025, 11, 22, 13, 30, 5, tzinfo=UTC)
SEATING: Final = timedelta(seconds=4)
HOLD_MS: Final = 12_000
BUCKETS_PER_DOUBLING: Final = 16
# From the screen back: rows of places as layout files draw them, and the category they are in.
HALL: Final = (
    ("silver", "ABCD", "..VSSSSS..SSSSSSSS..SSSSSV.."),
    ("gold", "EFGHJK", ".SSSSSSS..SSSSSSSS..SSSSSSS."),
    ("gold", "L", ".WCSSSSS..SSHHHHSS..SSSSSCW."),
    ("lounge", "MN", "RR.RR.RR..()()()()..RR.RR.RR"),
)
_KINDS: Final = {
    "S": "standard",
    "R": "recliner",
    "(": "sofa",
    ")": "sofa",
    "W": "wheelchair",
    "C": "companion",
    "H": "house",
    "V": "restricted",
}


def hall() -> list[dict[str, Any]]:
    """A screen of 278 seats with every kind, three categories, and an aisle before each of them but the first."""
    seats, y = [], -1
    before = HALL[0][0]
    for category, rows, drawn in HALL:
        y += category != before
        before = category
        for row in rows:
            y += 1
            places = [(x, place) for x, place in enumerate(drawn) if place != "."]
            seats += [
                {"label": f"{row}{at}", "row": row, "x": x, "y": y, "kind": _KINDS[place], "category": category}
                for at, (x, place) in enumerate(places, 1)
            ]
    return seats


def block(rows: int, columns: int) -> list[dict[str, Any]]:
    """A plain screen of rows times columns seats."""
    names = [f"{first}{second}" for first in ("", "A", "B") for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
    return [
        {"label": f"{row}{x + 1}", "row": row, "x": x, "y": y, "kind": "standard", "category": "gold"}
        for y, row in enumerate(names[:rows])
        for x in range(columns)
    ]


def states_at(result: dict[str, Any], ms: float) -> str:
    """The states string of a moment: the start, and every change up to and including that moment."""
    states = list(result["replay"]["start"])
    for t_ms, _, changes in result["replay"]["changes"]:
        if t_ms <= ms:
            for index, state in changes:
                states[index] = state
    return "".join(states)


def version_at(result: dict[str, Any], ms: float) -> int | None:
    """The version of the last change up to and including a moment; None before the first."""
    return next((version for t_ms, version, _ in reversed(result["replay"]["changes"]) if t_ms <= ms), None)


def with_a_storm(result: dict[str, Any], changes: int, *, seed: int = 7) -> dict[str, Any]:
    """The same run with that many changes of random seats, a few in each frame, over its whole length."""
    chance = random.Random(seed)
    seats = len(result["replay"]["seats"])
    length_ms = result["about"]["duration_seconds"] * 1000
    frames, version, done = [], 40, 0
    while done < changes:
        # Several frames share a moment now and then, and versions skip what was changed back.
        version += chance.randint(1, 3)
        picked = chance.sample(range(seats), min(chance.randint(1, 12), changes - done))
        frames.append([length_ms * done // changes, version, [[at, chance.choice("AHHBX")] for at in picked]])
        done += len(picked)
    return result | {"replay": result["replay"] | {"changes": frames}}


@dataclass
class _Night:
    """An opening night, event by event, on a clock of its own."""

    chance: random.Random
    seats: list[dict[str, Any]]
    length_ms: int
    clicks: int
    is_anybody_paying: bool
    changes: list[list[Any]] = field(default_factory=list)
    outcomes: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(
            ("granted", "refused", "released", "expired", "confirmed", "abandoned"), 0
        )
    )
    rows: list[dict[str, float]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.states = [
            "X" if seat["kind"] == "house" else "B" if self.chance.random() < 0.06 else "A" for seat in self.seats
        ]
        self.start = "".join(self.states)
        self.rows = [
            {"sent": 0, "granted": 0, "refused": 0, "changes": 0, "errors": 0} for _ in range(self.length_ms // 1000)
        ]
        # The middle of the house goes first.
        middle_x = max(seat["x"] for seat in self.seats) / 2
        middle_y = max(seat["y"] for seat in self.seats) * 0.6
        ranked = sorted(
            range(len(self.seats)),
            key=lambda at: math.hypot(self.seats[at]["x"] - middle_x, 2 * (self.seats[at]["y"] - middle_y)),
        )
        self.ranked = ranked
        self.wanted = list(accumulate(1 / rank**0.7 for rank in range(1, len(ranked) + 1)))
        self.holds: list[tuple[float, str, list[int]]] = []
        self.versions = count(41)

    def run(self) -> None:
        # So few pay that there is something to grab until the end.
        ways = (4 if self.is_anybody_paying else 0, 14, 7, 6)
        for click in range(self.clicks):
            # Busy at the start, calmer towards the end.
            now = self.length_ms * (click / self.clicks) ** 1.4
            self._end_holds(now)
            first = self.chance.choices(self.ranked, cum_weights=self.wanted)[0]
            wanted = [at for at in range(first, first + self.chance.randint(1, 4)) if at < len(self.seats)]
            row = self.rows[min(int(now // 1000), len(self.rows) - 1)]
            row["sent"] += 1
            if any(self.states[at] != "A" for at in wanted):
                self.outcomes["refused"] += 1
                row["refused"] += 1
                continue
            self.outcomes["granted"] += 1
            row["granted"] += 1
            self._change(now, [(at, "H") for at in wanted])
            how = self.chance.choices(("confirmed", "released", "expired", "abandoned"), ways)[0]
            lasts = HOLD_MS if how in ("expired", "abandoned") else self.chance.uniform(600, HOLD_MS - 500)
            heappush(self.holds, (now + lasts, how, wanted))

    def _end_holds(self, now: float) -> None:
        while self.holds and self.holds[0][0] <= now:
            at_ms, how, seats = heappop(self.holds)
            self.outcomes[how] += 1
            self._change(at_ms, [(at, "B" if how == "confirmed" else "A") for at in seats])

    def _change(self, at_ms: float, changes: list[tuple[int, str]]) -> None:
        self.changes.append([round(at_ms), next(self.versions), [[at, state] for at, state in changes]])
        for at, state in changes:
            self.states[at] = state
        self.rows[min(int(at_ms // 1000), len(self.rows) - 1)]["changes"] += len(changes)


def sample(
    *,
    seed: int = 7,
    seconds: int = 60,
    clicks: int = 2_000,
    is_anybody_paying: bool = True,
    seats: list[dict[str, Any]] | None = None,
    verdict: str = "passed",
) -> dict[str, Any]:
    """A whole document. Where nobody pays, seats change hands until the end; a breached one has evidence."""
    chance = random.Random(seed)
    night = _Night(chance, hall() if seats is None else seats, seconds * 1000, clicks, is_anybody_paying)
    night.run()
    viewers = 5_000
    return {
        "schema": 1,
        "about": _about(seed, seconds, night, viewers, verdict),
        "ceiling": {"frames_per_second": 412_800.0, "answers_per_second": 31_450.0, "used_share": 0.31},
        "verdict": verdict,
        "checks": _checks(night, verdict),
        "latency": [
            _measured(chance, "hold", "Hold: from the scheduled click to the answer", night, 6.5, 0.55),
            _measured(chance, "show", "Shown: from the answer to the change on another map", night, 14.0, 0.4),
            _measured(chance, "release", "Release: from the scheduled click to the answer", night, 4.2, 0.5),
        ],
        "series": {"step_seconds": 1, "rows": [_row(chance, t, row, viewers) for t, row in enumerate(night.rows)]},
        "outcomes": night.outcomes,
        "counters": night.outcomes | {"frames": sum(row["changes"] for row in night.rows) * 2_000, "reconnects": 4},
        "errors": [
            {"code": "rate_limited", "count": 3, "detail": "Too many holds in a minute. Try again in 1.2 s."},
            {"code": "hold_expired", "count": 11, "detail": "Your hold on F7 ended a moment ago."},
        ],
        "cpu": {"generator": [0.46, 0.42], "server": 0.83},
        "replay": {
            "seats": night.seats,
            "start": night.start,
            "changes": night.changes,
            "left_out": 0,
            "began_ms": _at_ms(night, 0),
        },
        "findings": [
            {"title": "Seats booked at the end", "value": night.states.count("B"), "unit": "seats"},
            {"title": "Most wanted seat", "value": "F10", "unit": "asked for 214 times"},
            {"title": "Refused although a seat beside was free", "value": 0, "unit": None},
            {"title": "From refusal to the next try", "value": 1_840.2, "unit": "ms, median"},
        ],
        "notes": ["The server runs with LIMIT_PROFILE=bench: its limits for each address are lifted."],
    }


def interrupted() -> dict[str, Any]:
    """A run stopped before anything happened: lists are empty, what was not measured is null."""
    whole = sample(seconds=2, clicks=10)
    nothing = {"count": 0, "buckets": []} | dict.fromkeys(
        ("mean_ms", "p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms")
    )
    return {
        "schema": 1,
        "about": whole["about"] | {"interrupted": True, "ended_at": None, "server": {"name": None, "version": None}},
        "ceiling": {"frames_per_second": 400_000, "answers_per_second": None, "used_share": None},
        "verdict": "incomplete",
        "checks": [],
        "latency": [{"name": "hold", "title": "Hold: from the scheduled click to the answer", **nothing}],
        "series": {"step_seconds": 1, "rows": []},
        "outcomes": {},
        "errors": [],
        "cpu": {"generator": [], "server": None},
        "replay": {"seats": [], "start": "", "changes": [], "left_out": 0},
        "findings": [],
        "notes": [],
    }


def _about(seed: int, seconds: int, night: _Night, viewers: int, verdict: str) -> dict[str, Any]:
    return {
        "url": "http://127.0.0.1:8000",
        "show": {
            "id": 24,
            "movie": "Monsoon Over Marine Drive",
            "screen": "Audi 1",
            "theatre": "Monsoon Cinemas, Andheri",
            "starts_at": "2025-11-22T18:30:00+05:30",
            "seats": len(night.seats),
        },
        "scenario": "opening-night",
        "about_scenario": "The first minute of a premiere: the middle goes first, people think, pay or walk away.",
        "seed": seed,
        "viewers": viewers,
        "grabbers": 400,
        "rate": 33.3,
        "duration_seconds": seconds,
        "processes": 2,
        "started_at": (BEGAN - SEATING).isoformat(),
        "ended_at": (BEGAN + timedelta(seconds=seconds + 2)).isoformat(),
        "interrupted": verdict == "incomplete",
        "replay_with": "manage.py loadtest --url http://127.0.0.1:8000 --show 24 --scenario opening-night "
        f"--viewers {viewers} --grabbers 400 --duration {seconds} --processes 2 --seed {seed}",
        "generator": {
            "python": "3.12.7",
            "picows": "2.1.1",
            "uvloop": "0.22.1",
            "processor": "AMD EPYC 7763 64-Core Processor",
            "cores": 2,
            "system": "Linux 6.8.0",
        },
        "server": {"name": "Housefull", "version": "0.1.0", "hold_seconds": HOLD_MS // 1000},
    }


def _checks(night: _Night, verdict: str) -> list[dict[str, Any]]:
    granted, changes = night.outcomes["granted"], len(night.changes)
    checks: list[dict[str, Any]] = [
        {"name": "one-holder", "title": "No seat is granted to two at once", "examined": granted},
        {"name": "all-or-none", "title": "A hold is granted whole or not at all", "examined": granted},
        {"name": "refused-unchanged", "title": "Refused means unchanged", "examined": night.outcomes["refused"]},
        {"name": "deadline", "title": "No hold outlives its deadline", "examined": night.outcomes["expired"]},
        {"name": "maps-agree", "title": "Every map and the snapshot agree at the end", "examined": 5_000},
        {"name": "versions", "title": "Versions never go back", "examined": changes * 50},
        {"name": "reconnect", "title": "Who comes back misses nothing", "examined": 0},
    ]
    for check in checks:
        check |= {"breaches": [], "breaches_left_out": 0}
    if verdict == "breached":
        checks[0] |= {"breaches": [_breach(night, at) for at in (0.31, 0.54)], "breaches_left_out": 3}
        checks[3]["breaches"] = [
            {
                "summary": "The hold of c204 on K3 was still there 2.4 s after its deadline",
                "at_ms": _at_ms(night, 0.82),
                "who": ["c204"],
                "frames": [json.dumps({"type": "held", "id": "9", "seats": ["K3"], "version": 1201})],
            }
        ]
    return checks


def _breach(night: _Night, part: float) -> dict[str, Any]:
    at_ms = _at_ms(night, part)
    frame = {"type": "held", "booking": "bk_7Q2", "seats": ["F7"], "expires_ms": at_ms + HOLD_MS, "version": 417}
    return {
        "summary": "F7 was held by c12 and c90 at once",
        "at_ms": at_ms,
        "who": ["c12", "c90"],
        "frames": [
            json.dumps(frame | {"id": "c12-31"}),
            json.dumps(frame | {"id": "c90-7", "booking": "bk_91F", "version": 419}),
        ],
    }


def _at_ms(night: _Night, part: float) -> int:
    return round(BEGAN.timestamp() * 1000 + night.length_ms * part)


def _measured(
    chance: random.Random, name: str, title: str, night: _Night, middle_ms: float, spread: float
) -> dict[str, Any]:
    answers = sorted(
        chance.lognormvariate(math.log(middle_ms), spread) * (1 if chance.random() > 0.004 else chance.uniform(4, 30))
        for _ in range(max(1, night.outcomes["granted"] * 20))
    )
    buckets: dict[float, int] = {}
    for answer in answers:
        upper = 2 ** (math.ceil(math.log2(answer) * BUCKETS_PER_DOUBLING) / BUCKETS_PER_DOUBLING)
        buckets[upper] = buckets.get(upper, 0) + 1

    def at(share: float) -> float:
        return round(answers[min(len(answers) - 1, int(share * len(answers)))], 3)

    return {
        "name": name,
        "title": title,
        "count": len(answers),
        "mean_ms": round(sum(answers) / len(answers), 3),
        "p50_ms": at(0.5),
        "p90_ms": at(0.9),
        "p99_ms": at(0.99),
        "p999_ms": at(0.999),
        "max_ms": round(answers[-1], 3),
        "buckets": [[upper, number] for upper, number in buckets.items()],
    }


def _row(chance: random.Random, t: int, row: dict[str, float], viewers: int) -> dict[str, Any]:
    slow = 4.0 if t in (22, 23) else 1.0
    near = chance.uniform(0.85, 1.2) * slow
    load = min(1.0, row["changes"] / 120)
    answered = row["granted"] + row["refused"] > 0
    return {
        "t": t,
        "sockets": min(viewers + 400, 1_800 * (t + 1)),
        **row,
        "frames": int(row["changes"] * viewers * 0.4),
        "hold_p50_ms": round(6.5 * near, 2) if answered else None,
        "hold_p99_ms": round(27 * near * chance.uniform(0.8, 1.6), 2) if answered else None,
        "show_p50_ms": round(14 * near, 2) if row["changes"] else None,
        "show_p99_ms": round(39 * near * chance.uniform(0.8, 1.5), 2) if row["changes"] else None,
        "generator_cpu": round(0.2 + 0.4 * load * chance.uniform(0.8, 1.1), 3),
        "server_cpu": None if t == 0 else round(0.3 + 0.65 * load * chance.uniform(0.85, 1.05), 3),
    }
