"""What a run found, as data (chaos.json) and as one self-contained page (chaos.html). No script, nothing fetched."""

import html
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from tests.chaos.run import Plan, Round, Run

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2430; --paper: #fbfaf7; --line: #dfdcd3; --soft: #6b7280;
  --fault: #c4572b; --heal: #3d6fb4; --good: #1f7a4d; --bad: #b3372f; --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e0; --paper: #14171c; --line: #2d333c; --soft: #9aa3af;
  --fault: #e8895f; --heal: #6d9fe8; --good: #55c08a; --bad: #f0857c; --card: #1b2027; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 66rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 0; }
p { color: var(--soft); margin: .25rem 0; font-size: .9rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.1rem 1.25rem;
  margin-top: 1.25rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: .75rem; font-size: .92rem; }
th { text-align: left; color: var(--soft); } th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); } li.bad { margin: .4rem 0; overflow-wrap: anywhere; }
svg { width: 100%; min-width: 40rem; height: auto; margin-top: .75rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--soft); } svg line { stroke: var(--line); }
svg .fault { fill: var(--fault); } svg .heal { fill: var(--heal); } svg .breach { fill: var(--bad); }
"""
LABEL_WIDTH: Final = 170
WIDTH: Final = 1000
ROW_HEIGHT: Final = 20


def summary(run: Run, plan: Plan) -> dict[str, Any]:
    """Everything that was found, ready for JSON."""
    late = run.lateness_seconds
    return {
        "about": {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251  (a report is dated)
            "seed": plan.seed,
            "seconds": round(max((one.healed_at for one in run.rounds), default=0.0), 1),
            "cores": os.cpu_count(),
            "load_average": [round(load, 1) for load in os.getloadavg()],
            "system": f"{platform.system()} {platform.release()}",
            "python": platform.python_version(),
        },
        "clients": {"onlookers": len(run.crowd.onlookers), "grabbers": len(run.crowd.grabbers)},
        "outcomes": dict(run.ledger.outcomes.most_common()),
        "seats_granted": len(run.ledger.grants),
        "socket_ends": dict(run.crowd.closes().most_common()),
        "expired_holds": {
            "count": len(late),
            "row_late_seconds_p50": round(statistics.median(late), 3) if late else None,
            "row_late_seconds_max": round(late[-1], 3) if late else None,
        },
        "faults": _by_kind(run.rounds),
        "rounds": [asdict(one) for one in run.rounds],
        "breaches": run.breaches,
    }


def _by_kind(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    kinds: dict[str, list[Round]] = {}
    for one in rounds:
        kinds.setdefault(one.fault, []).append(one)
    return [
        {
            "fault": name,
            "rounds": len(those),
            "within_seconds": those[0].within_seconds,
            "p50_seconds": round(statistics.median(took), 2) if took else None,
            "max_seconds": round(max(took), 2) if took else None,
            "never": len(those) - len(took),
            "stalled_max_seconds": max(one.stalled_seconds for one in those),
            "breaches": sum(len(one.breaches) for one in those),
        }
        for name, those in sorted(kinds.items())
        for took in [[one.converged_seconds for one in those if one.converged_seconds is not None]]
    ]


def page(report: dict[str, Any]) -> str:
    """The report as one page."""
    about, breaches = report["about"], report["breaches"]
    verdict = (
        f'<p class="bad">{len(breaches)} breaches</p>' if breaches else '<p class="good">No invariant was broken.</p>'
    )
    facts = {
        **{f"clients: {name}": value for name, value in report["clients"].items()},
        **{f"replies: {name}": value for name, value in report["outcomes"].items()},
        "seats granted": report["seats_granted"],
        **{f"sockets ended: {name}": value for name, value in report["socket_ends"].items()},
        **{f"expired holds: {name}": value for name, value in report["expired_holds"].items()},
        **about,
    }
    return "\n".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Housefull under faults</title><style>{STYLE}</style></head><body>",
            f"<h1>Housefull under faults</h1><p>{_text(about['at'])} · seed {about['seed']} ·"
            f" {about['seconds']:.0f} s · {len(report['rounds'])} rounds</p>{verdict}",
            _breaches(breaches),
            "<section><h2>Timeline</h2><p>Orange: the fault lasts. Blue: until every map is true again."
            f" Red: a breach.</p>{_timeline(report['rounds'])}</section>",
            _kinds(report["faults"]),
            "<section><h2>What was said and done</h2><table>",
            *(
                f"<tr><td>{_text(name)}</td><td class='number'>{_text(value)}</td></tr>"
                for name, value in facts.items()
            ),
            "</table></section></body></html>",
        )
    )


def _breaches(breaches: Sequence[str]) -> str:
    if not breaches:
        return ""
    items = "".join(f"<li class=bad>{_text(one)}</li>" for one in breaches)
    return f"<section><h2>Breaches</h2><ul>{items}</ul></section>"


def _timeline(rounds: Sequence[dict[str, Any]]) -> str:
    kinds = sorted({one["fault"] for one in rounds})
    end = max((one["healed_at"] + (one["converged_seconds"] or one["within_seconds"]) for one in rounds), default=1.0)

    def at(seconds: float) -> float:
        return LABEL_WIDTH + (WIDTH - LABEL_WIDTH) * seconds / end

    def bar(kind: str, begin: float, until: float, row: int, says: str) -> str:
        width = max(2.0, at(until) - at(begin))
        return (
            f'<rect class="{kind}" x="{at(begin):.1f}" y="{row * ROW_HEIGHT + 5}" width="{width:.1f}"'
            f' height="{ROW_HEIGHT - 8}"><title>{_text(says)}</title></rect>'
        )

    drawn = [
        f'<text x="0" y="{row * ROW_HEIGHT + 15}">{_text(kind)}</text>'
        f'<line x1="0" x2="{WIDTH}" y1="{(row + 1) * ROW_HEIGHT}" y2="{(row + 1) * ROW_HEIGHT}"/>'
        for row, kind in enumerate(kinds)
    ]
    for one in rounds:
        row, took = kinds.index(one["fault"]), one["converged_seconds"]
        says = (
            f"round {one['number']}: {one['fault']} {one['hit']}, {'never true' if took is None else f'{took:.2f} s'}"
        )
        drawn.append(bar("fault", one["broken_at"], one["healed_at"], row, says))
        healed = one["healed_at"] + (one["within_seconds"] if took is None else took)
        drawn.append(bar("breach" if one["breaches"] else "heal", one["healed_at"], healed, row, says))
    height = len(kinds) * ROW_HEIGHT + 18
    drawn += [
        f'<text x="{at(end * part / 5):.0f}" y="{height - 4}" text-anchor="middle">{end * part / 5:.0f} s</text>'
        for part in range(5)
    ]
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="faults over time">{"".join(drawn)}</svg>'


def _kinds(kinds: Sequence[dict[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td>{_text(kind['fault'])}</td><td class='number'>{kind['rounds']}</td>"
        f"<td class='number'>{_seconds(kind['p50_seconds'])}</td>"
        f"<td class='number'>{_seconds(kind['max_seconds'])}</td>"
        f"<td class='number'>{kind['within_seconds']:.0f} s</td>"
        f"<td class='number'>{_seconds(kind['stalled_max_seconds'])}</td>"
        f"<td class='number {'bad' if kind['breaches'] else 'good'}'>{kind['breaches']}</td></tr>"
        for kind in kinds
    )
    return (
        "<section><h2>How soon everybody saw the truth again</h2>"
        "<table><tr><th>fault</th><th class='number'>rounds</th>"
        "<th class='number'>median</th><th class='number'>longest</th><th class='number'>allowed</th>"
        "<th class='number'>machine stalled</th>"
        f"<th class='number'>breaches</th></tr>{rows}</table></section>"
    )


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f} s"


def _text(value: object) -> str:
    return html.escape(str(value))
