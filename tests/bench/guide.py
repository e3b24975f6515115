"""`python -m tests.bench.guide`: docs/performance.md from the published run, docs/performance.json, and guide.md.

`--from FILE` publishes another run first; `--check` writes nothing and exits 1 when a document is stale.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.bench.aims import aims_table
from tests.bench.figures import median, number, quotients

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
TEXT: Final = Path(__file__).with_name("guide.md")
# What Daphne and uvicorn both did in one run: words, benchmark, and the label of the figure without the server.
BOTH_SERVERS: Final = (
    ("frames to viewers", "fan-out", "frames delivered, ours on {}"),
    ("seat changes to viewers", "fan-out", "seat changes delivered, ours on {}, coalescing"),
    ("seats granted", "granted", "granted, ours on {}"),
    ("seats refused", "refused", "refused, ours on {}"),
    ("viewers let in", "connections", "let in, ours on {}"),
)
# A difference that turns on other machines, or other days, is none.
AHEAD: Final = 1.15

# A load average of more than this for each core, before a run begins, is somebody else's.
QUIET: Final = 0.25

Report = Mapping[str, Any]


class NotAReport(Exception):
    """The file holds no run of the benchmarks; the text says why."""


def main(arguments: Sequence[str] | None = None, *, docs: Path = DOCS) -> int:
    """Write, or check, the page. The exit status is 1 when it is stale or there is no run to show."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.guide", description=__doc__)
    parser.add_argument(
        "--from",
        dest="reports",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="publish this run of make bench; what a later file has measured again takes the place of the first's",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the page is stale")
    options = parser.parse_args(arguments)
    published, page = docs / "performance.json", docs / "performance.md"
    try:
        first, *later = [read_report(path) for path in options.reports or [published]]
    except NotAReport as problem:
        print(problem, file=sys.stderr)
        return 1
    report = joined(first, later)
    wanted = {page: draw(report, TEXT.read_text(encoding="utf-8"))}
    if options.reports:
        wanted[published] = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if options.check:
            print(f"stale: {path.name}; run python -m tests.bench.guide", file=sys.stderr)
        else:
            path.write_text(wanted[path], encoding="utf-8")
            print(f"wrote {path.name}")
    return 1 if stale and options.check else 0


def read_report(path: Path) -> Report:
    """A run as make bench wrote it, whole or interrupted. Raises NotAReport."""
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotAReport(f"{path.name}: {error}") from error
    if not isinstance(report, dict) or not {"about", "benchmarks"} <= report.keys():
        raise NotAReport(f"{path.name}: no conditions and benchmarks in it")
    return report


def joined(report: Report, later: Sequence[Report]) -> Report:
    """A run with benchmarks that were measured again in later ones; which they are is kept for the reader."""
    about, benchmarks = dict(report["about"]), {found["name"]: found for found in report["benchmarks"]}
    for other in later:
        again = {found["name"]: found for found in other["benchmarks"] if found["name"] != "ceiling"}
        benchmarks |= again
        about["measured_apart"] = sorted({*about.get("measured_apart", ()), *again})
    return {"about": about, "benchmarks": list(benchmarks.values())}


def draw(report: Report, text: str) -> str:
    """The page: the text with what was found put into its places."""
    parts = {
        "conditions": conditions(report),
        "aims": aims_table(report),
        "results": results(report),
        "advice": advice(report),
    }
    for name, part in parts.items():
        text = text.replace("{{ " + name + " }}", part)
    return text


def conditions(report: Report) -> str:
    """Machine, versions, seed and date, as a table, and what keeps the run from being a whole one."""
    about = report["about"]
    postgres = about.get("postgresql", {})
    database = f"{postgres.get('server_version', '–')}, fsync {postgres.get('fsync', '–')}"
    memory, system = about.get("memory_gb", "–"), about.get("system", "–")
    machine = f"{about.get('processor', '–')}, {about.get('cores', '–')} cores, {memory} GB, {system}"
    rows = [
        ("date", about.get("at", "–")),
        ("machine", machine),
        ("load before it", number(about["load_average"][0]) if about.get("load_average") else "–"),
        ("Python", about.get("python", "–")),
        ("PostgreSQL", database),
        ("Redis", about.get("redis server", "–")),
        ("packages", _versions(about.get("packages", {}))),
        ("Node peers", _versions(about.get("node", {}))),
        ("seed", about.get("seed", "–")),
        ("turns of each", about.get("repeats", "–")),
        ("Housefull where one server is measured", about.get("server", "–")),
    ]
    lines = ["| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in rows)]
    for doubt in doubts(report):
        lines += ["", f"**{doubt}**"]
    return "\n".join(lines)


def doubts(report: Report) -> list[str]:
    """What a reader must know before he believes the numbers."""
    about = report["about"]
    found = []
    if about.get("interrupted"):
        found.append("This run was interrupted: only what it had found until then is here.")
    if about.get("quick"):
        found.append("This was a quick run: for a look, not for numbers.")
    if apart := about.get("measured_apart"):
        found.append(f"Measured again after the run, on the same machine and day: {', '.join(apart)}.")
    load, cores = (about.get("load_average") or [0.0])[0], about.get("cores") or 1
    if load > QUIET * cores:
        found.append(
            f"The machine had other work (load average {number(load)} on {cores} cores before the run): every rate is"
            " too low, ranges are wide, and ratios say more."
        )
    return found


def results(report: Report) -> str:
    """A table for each benchmark."""
    return "\n\n".join(_benchmark(benchmark) for benchmark in report["benchmarks"])


def advice(report: Report) -> str:
    """Daphne and uvicorn side by side, and which to choose by that."""
    rows, ahead = [], dict[str, list[str]]({"Daphne": [], "uvicorn": []})
    for words, benchmark, label in BOTH_SERVERS:
        sides = [_values(report, benchmark, label.format(server)) for server in ("Daphne", "uvicorn")]
        if not all(sides):
            continue
        ratio = median(quotients(sides[1], sides[0]))
        better = "uvicorn" if ratio >= AHEAD else "Daphne" if ratio <= 1 / AHEAD else ""
        if better:
            ahead[better].append(words)
        daphne, uvicorn = (number(median(values)) for values in sides)
        rows.append(f"| {words}, a second | {daphne} | {uvicorn} | {number(ratio)} × | {better or 'either'} |")
    if not rows:
        return "This run did not measure both."
    table = ["| | Daphne | uvicorn | uvicorn ÷ Daphne | choose |", "|---|---:|---:|---:|---|", *rows]
    return "\n".join([*table, "", _verdict(ahead)])


def _verdict(ahead: Mapping[str, list[str]]) -> str:
    leading = {server: words for server, words in ahead.items() if words}
    if not leading:
        return "In this run neither was ahead in anything: choose by what you know how to run."
    said = "; ".join(f"{server} for {_listed(words)}" for server, words in leading.items())
    if len(leading) == 1:
        (server,) = leading
        return f"By this run choose {said}, and where nothing speaks for either: {server} then."
    return f"By this run choose {said}."


def _benchmark(benchmark: Mapping[str, Any]) -> str:
    lines = [f"### {benchmark['title']} (`{benchmark['name']}`)", ""]
    if benchmark.get("error"):
        lines += [f"**Not finished: {_cell(benchmark['error'])}**", ""]
    if benchmark.get("void"):
        lines += ["**Void: the generator itself was too busy.**", ""]
    left_out = benchmark.get("details", {}).get("left out")
    if left_out:
        lines += [f"**{_cell(left_out)}**", ""]
    if benchmark["figures"]:
        lines += ["| measured | median | range | floor |", "|---|---:|---:|---|"]
        lines += [_row(figure) for figure in benchmark["figures"]]
    else:
        lines.append("Nothing was found.")
    return "\n".join(lines).rstrip()


def _row(figure: Mapping[str, Any]) -> str:
    spread = ""
    if len(figure["values"]) > 1:
        spread = f"{_number(figure['low'])} – {_number(figure['high'])}"
    floor = ""
    if figure.get("floor") is not None:
        floor = f"{figure['floor']}: {'met' if figure['met'] else '**not met**'}"
    note = f" ({figure['note']})" if figure.get("note") else ""
    label = _cell(figure["label"] + note)
    return f"| {label} | {_number(figure['median'])} {figure['unit']} | {spread} | {floor} |"


def _values(report: Report, benchmark: str, label: str) -> list[float]:
    """What a figure was in each turn; nothing where the run has no such figure."""
    for found in report["benchmarks"]:
        if found["name"] == benchmark:
            for figure in found["figures"]:
                if figure["label"] == label:
                    return [value for value in figure["values"] if value is not None]
    return []


def _versions(packages: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in packages.items()) or "–"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _number(value: float | None) -> str:
    return "–" if value is None else number(value)


def _cell(value: object) -> str:
    """Text that neither ends a cell nor a line."""
    return " ".join(str(value).split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
