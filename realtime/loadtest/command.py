"""The command line of the load tester, the same under `manage.py loadtest` and `python -m realtime.loadtest`."""

import argparse
import asyncio
import ipaddress
import json
import logging
import socket
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom
from typing import Any, Final
from urllib.parse import urlsplit

import uvloop

from realtime.loadtest.crew import RunFailed
from realtime.loadtest.engine import run
from realtime.loadtest.found import Settings
from realtime.loadtest.page import draw
from realtime.loadtest.scenarios import DEFAULT, SCENARIOS
from realtime.loadtest.summary import summarize

EXIT_BREACHED: Final = 1
EXIT_NOT_RUN: Final = 2
EXIT_INTERRUPTED: Final = 130
EVIDENCE_SHOWN_MAX: Final = 3
PROCESSES_MAX: Final = 64
# What one machine's ports and memory allow; a typing error should not try more.
PEOPLE_MAX: Final = 200_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options, for a parser of whoever calls."""
    parser.add_argument("--url", required=True, help="the house, such as http://127.0.0.1:8000")
    parser.add_argument("--show", type=int, metavar="ID", help="which show (default: the next that is on sale)")
    parser.add_argument(
        "--scenario", choices=list(SCENARIOS), default=DEFAULT, help=f"default: {DEFAULT}; see --list"
    )
    parser.add_argument("--list", action=_List, nargs=0, help="list the scenarios and stop")
    parser.add_argument("--viewers", type=_number(0, PEOPLE_MAX), metavar="N", help="people who only look")
    parser.add_argument("--grabbers", type=_number(1, PEOPLE_MAX), metavar="N", help="people who want seats")
    parser.add_argument("--duration", type=_seconds, metavar="S", help="seconds")
    parser.add_argument("--rate", type=_seconds, metavar="R", help="changes a second, where a scenario has any")
    parser.add_argument("--seed", type=int, metavar="N", help="the same choices again (default: a new one, printed)")
    parser.add_argument(
        "--processes", type=_number(1, PROCESSES_MAX), default=1, metavar="N", help="generator processes (default: 1)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result for programs")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the report for people: one page")
    parser.add_argument("--no-ceiling", action="store_true", help="do not measure the generator first")
    parser.add_argument(
        "--allow-remote", action="store_true", help="let the load leave this machine: ask the owner first"
    )


def execute(options: dict[str, Any], say: Callable[[str], None] = print) -> int:
    """Run what was asked for; the exit status: 0 all is well, 1 a promise was broken, 2 it could not be run.

    A fault of ours must not look like a broken promise, which is what Python's own exit status would say.
    """
    try:
        return _execute(options, say)
    except Exception:
        traceback.print_exc()
        return _not_run("this is a fault of the load tester itself")


def _execute(options: dict[str, Any], say: Callable[[str], None]) -> int:
    # Thousands of sockets that come and go are not news.
    logging.getLogger("picows").setLevel(logging.WARNING)
    scenario = SCENARIOS[options["scenario"]]
    url = options["url"].rstrip("/")
    if problem := _problem_of(url, allow_remote=options["allow_remote"]):
        return _not_run(problem)
    for path in filter(None, (options["json"], options["html"])):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # As it will be opened in the end, and without losing what is there.
            path.open("a", encoding="utf-8").close()
        except OSError as error:
            return _not_run(f"{path} cannot be written: {error.strerror}")

    def chosen(name: str, default: float) -> Any:
        return options[name] if options[name] is not None else default

    settings = Settings(
        url=url,
        scenario=scenario,
        viewers=chosen("viewers", scenario.viewers),
        grabbers=chosen("grabbers", scenario.grabbers),
        duration_seconds=chosen("duration", scenario.duration_seconds),
        rate=chosen("rate", scenario.rate),
        seed=chosen("seed", SystemRandom().randrange(10**9)),
        processes=options["processes"],
        show_id=options["show"],
        with_ceiling=not options["no_ceiling"],
        allow_remote=options["allow_remote"],
    )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(run(settings, say))
    except RunFailed as error:
        return _not_run(f"{error.code}: {error.detail}{_next_step(error.code, url)}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        complain("ended before anything was found")
        return EXIT_INTERRUPTED
    document = summarize(found)
    say(_as_text(document))
    is_written = _write(options["json"], lambda: json.dumps(document, ensure_ascii=False), say)
    is_written &= _write(options["html"], lambda: draw(document), say)
    if document["verdict"] == "breached":
        return EXIT_BREACHED
    if found.failures or not is_written:
        return EXIT_NOT_RUN
    return EXIT_INTERRUPTED if found.interrupted else 0


def _write(path: Path | None, text: Callable[[], str], say: Callable[[str], None]) -> bool:
    """Write a result that was asked for. What goes wrong must not hide a breach, nor keep the other from its file."""
    if path is None:
        return True
    try:
        path.write_text(text(), encoding="utf-8")
    except Exception as error:
        traceback.print_exc()
        complain(f"loadtest: {path} could not be written: {error}")
        return False
    say(f"written: {path}")
    return True


def _as_text(document: dict[str, Any]) -> str:
    lines = [""]
    lines += [
        f"{latency['title']}: p50 {latency['p50_ms']:,.1f}, p99 {latency['p99_ms']:,.1f},"
        f" max {latency['max_ms']:,.1f} ms ({latency['count']:,})"
        for latency in document["latency"]
    ]
    lines.append(", ".join(f"{name} {count:,}" for name, count in document["outcomes"].items()))
    lines += [f"{found['title']}: {found['value']:g} {found['unit']}" for found in document["findings"]]
    lines += [f"error {e['code']} × {e['count']:,}: {e['detail'][:160]}" for e in document["errors"]]
    lines += [f"note: {note}" for note in document["notes"]]
    lines.append("")
    for check in document["checks"]:
        count = len(check["breaches"]) + check["breaches_left_out"]
        verdict = f"BROKEN {count:,} times" if count else "not looked at" if not check["examined"] else "kept"
        lines.append(f"  {verdict:<16} {check['title']} ({check['examined']:,} looks)")
        for breach in check["breaches"][:EVIDENCE_SHOWN_MAX]:
            lines.append(f"      {breach['summary']} (at {breach['at_ms']})")
            lines += [f"        {frame[:300]}" for frame in breach["frames"]]
    lines.append(
        {
            "passed": "Passed: every promise was kept.",
            "breached": "BREACHED: a promise was broken; the evidence is above, and all of it in --json and --html.",
            "incomplete": "Incomplete: nothing was found broken, and not everything could be looked at.",
        }[document["verdict"]]
    )
    lines.append(f"again: {document['about']['replay_with']}")
    return "\n".join(lines)


def _problem_of(url: str, *, allow_remote: bool) -> str:
    """Why this address will not be loaded; empty: it will."""
    if "@" in url:
        # It would be printed and written into every report, and is no part of a house's address.
        return "--url must not have a user name or password in it"
    must_be = f"--url must be like http://127.0.0.1:8000, not {url!r}"
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError:
        return must_be
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        return must_be
    if allow_remote:
        return ""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(parts.hostname, port)}
    except (OSError, UnicodeError) as error:
        return f"{parts.hostname} is not known: {error}"
    if all(ipaddress.ip_address(str(address).split("%")[0]).is_loopback for address in found):
        return ""
    return (
        f"{parts.hostname} is another machine. A load test of what is not yours is an attack: add --allow-remote"
        " only with its owner's leave."
    )


def _next_step(code: str, url: str) -> str:
    steps = {
        "no_answer": f"\nIs a house running at {url}? `make demo` starts one.",
        "not_on_sale": f"\nShows that are: {url}/api/v1/shows.",
        "not_found": f"\nShows and their ids are at {url}/api/v1/shows.",
        "too_many_sockets": "\nStart it with LIMIT_PROFILE=bench (LIMIT_SOCKETS_PER_IP=0), or use fewer --viewers.",
        "rate_limited": "\nThe house limits this address. For a load test start it with LIMIT_PROFILE=bench.",
        "not_a_house": f"\nWhat answers at {url} does not look like a Housefull. `make demo` starts one.",
    }
    # A house says no in its own words; a bare 302 or 404 is somebody else's.
    return steps.get("not_a_house" if code.startswith(("http_3", "http_4")) else code, "")


def _not_run(problem: str) -> int:
    complain(f"loadtest: {problem}")
    return EXIT_NOT_RUN


def _number(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be from {least} to {most:,}, not {value}")
        return value

    return number


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 86,400, not {text}")
    return value


class _List(argparse.Action):
    """--list: what there is, without a house."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        for scenario in SCENARIOS.values():
            say(f"{scenario.name:<16} {scenario.about}")
            rate = f", {scenario.rate:g} changes/s" if scenario.rate else ""
            say(
                f"{'':<16} {scenario.viewers:,} viewers, {scenario.grabbers:,} grabbers,"
                f" {scenario.duration_seconds:g} s{rate}"
            )
        parser.exit()


def say(text: str) -> None:
    """Print at once, whatever stdout is."""
    print(text, flush=True)  # noqa: T201  # a command's output


def complain(text: str) -> None:
    """Say it where errors go."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201


def main() -> int:
    """`python -m realtime.loadtest`."""
    parser = argparse.ArgumentParser(prog="python -m realtime.loadtest", description=__doc__)
    add_arguments(parser)
    return execute(vars(parser.parse_args()), say)
