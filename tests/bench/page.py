"""The report as one self-contained HTML page: tables, bars, floors met and not met. No script, nothing fetched."""

import html
from typing import Any, Final

from tests.bench.figures import number

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2430; --paper: #fbfaf7; --line: #dfdcd3; --soft: #6b7280;
  --bar: #3d6fb4; --good: #1f7a4d; --bad: #b3372f; --void: #9a6b00; --card: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e6e0; --paper: #14171c; --line: #2d333c; --soft: #9aa3af;
  --bar: #6d9fe8; --good: #55c08a; --bad: #f0857c; --void: #e0b13f; --card: #1b2027; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 0; }
p, dl { color: var(--soft); margin: .25rem 0; font-size: .9rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.1rem 1.25rem;
  margin-top: 1.25rem; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: .75rem; font-size: .92rem; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line);
  padding: .3rem .5rem; }
td { padding: .35rem .5rem; border-bottom: 1px solid var(--line); vertical-align: middle; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { width: 22%; min-width: 6rem; } .bar i { display: block; height: .6rem; border-radius: .3rem;
  background: var(--bar); min-width: 2px; }
.met { color: var(--good); } .missed { color: var(--bad); } .void { color: var(--void); font-weight: 600; }
small { color: var(--soft); display: block; }
"""


def draw(report: dict[str, Any]) -> str:
    """The page of a report."""
    about, benchmarks = report["about"], report["benchmarks"]
    floors = [figure for benchmark in benchmarks for figure in benchmark["figures"] if figure["met"] is not None]
    met = sum(figure["met"] for figure in floors)
    return "\n".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Housefull benchmarks</title><style>{STYLE}</style></head><body>",
            f"<h1>Housefull benchmarks</h1><p>{_text(about['at'])} · {met} of {len(floors)} floors met"
            + (" · quick run" if about["quick"] else "")
            + (" · interrupted" if about.get("interrupted") else "")
            + "</p>",
            *(_benchmark(benchmark) for benchmark in benchmarks),
            _conditions(about),
            "</body></html>",
        )
    )


def _benchmark(benchmark: dict[str, Any]) -> str:
    longest: dict[str, float] = {}
    for figure in benchmark["figures"]:
        longest[figure["unit"]] = max(longest.get(figure["unit"], 0), figure["median"] or 0)
    rows = "".join(_row(figure, longest[figure["unit"]]) for figure in benchmark["figures"])
    verdict = ""
    if benchmark["void"]:
        verdict = '<p class="void">Void: the generator itself was too busy.</p>'
    if benchmark["error"]:
        verdict += f'<p class="missed">Broken: {_text(benchmark["error"])}</p>'
    cores = {"generator": max(benchmark["generator_busy"], default=None), **benchmark["core_share"]}
    shares = " · ".join(f"{_text(part)} {share:.0%}" for part, share in cores.items() if share is not None)
    load = benchmark["load_average"]
    load_text = f"{load['before'][0]:.1f} → {load['after'][0]:.1f}" if load["before"] and load["after"] else "–"
    return (
        f"<section><h2>{_text(benchmark['title'])}</h2>{verdict}"
        f"<table><thead><tr><th>measured</th><th></th><th class='number'>median</th><th class='number'>range</th>"
        f"<th>floor</th></tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{benchmark['seconds']:.0f} s · load {load_text} · of a core: {shares or '–'}</p></section>"
    )


def _row(figure: dict[str, Any], longest: float) -> str:
    value = figure["median"]
    width = 0 if value is None or not longest else 100 * value / longest
    floor = ""
    if figure["floor"] is not None:
        kind, word = ("met", "met") if figure["met"] else ("missed", "not met")
        floor = f'<span class="{kind}">{_text(figure["floor"])} {word}</span>'
    span = "" if len(figure["values"]) < 2 else f"{_number(figure['low'])} – {_number(figure['high'])}"
    note = f"<small>{_text(figure['note'])}</small>" if figure["note"] else ""
    return (
        f"<tr><td>{_text(figure['label'])}{note}</td><td class='bar'><i style='width:{width:.1f}%'></i></td>"
        f"<td class='number'>{_number(value)} {_text(figure['unit'])}</td><td class='number'>{span}</td>"
        f"<td>{floor}</td></tr>"
    )


def _conditions(about: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{_text(name)}</td><td>{_text(_flat(value))}</td></tr>"
        for name, value in about.items()
        if name not in ("at", "quick", "interrupted")
    )
    return f"<section><h2>Conditions</h2><table><tbody>{rows}</tbody></table></section>"


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)


def _number(value: float | None) -> str:
    return "–" if value is None else number(value)


def _text(value: object) -> str:
    return html.escape(str(value))
