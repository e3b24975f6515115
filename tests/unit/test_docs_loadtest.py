"""docs/load-testing.md says what is so: its scenarios, options, promises and exit statuses are the load tester's."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from realtime.loadtest import command
from realtime.loadtest.checks import TITLES
from realtime.loadtest.scenarios import DEFAULT, SCENARIOS
from realtime.loadtest.summary import SCHEMA

GUIDE = (Path(__file__).parents[2] / "docs" / "load-testing.md").read_text(encoding="utf-8")


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser


def rows_under(heading: str) -> list[list[str]]:
    """The cells of the first table after a heading, less its head."""
    section = GUIDE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    table = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def test_it_tells_of_every_scenario_and_marks_the_default() -> None:
    told = [re.findall(r"`([a-z-]+)`", row[0])[0] for row in rows_under("Scenarios")]
    assert told == ["opening-night", *(name for name in told[1:])]
    assert set(told) == set(SCENARIOS)
    assert f"`{DEFAULT}` (default)" in GUIDE


def test_it_tells_of_every_option(parser: argparse.ArgumentParser) -> None:
    told = {name for row in rows_under("Options") for name in re.findall(r"--[a-z-]+", row[0])}
    offered = {name for action in parser._actions for name in action.option_strings if name.startswith("--")}
    assert told == offered - {"--help", "--list"}
    assert "--list" in GUIDE


def test_it_tells_of_every_promise_in_its_words() -> None:
    promises = [row[0] for row in rows_under("What is checked")]
    assert promises[: len(TITLES)] == list(TITLES.values())


def test_it_tells_of_every_exit_status() -> None:
    told = {int(status) for status in re.findall(r"^\| (\d+) \|", GUIDE, flags=re.MULTILINE)}
    assert told == {0, command.EXIT_BREACHED, command.EXIT_NOT_RUN, command.EXIT_INTERRUPTED}
    assert f"`schema` is {SCHEMA}." in GUIDE


def test_its_commands_are_understood(parser: argparse.ArgumentParser) -> None:
    commands = re.findall(r"manage\.py loadtest( --.*)$", GUIDE, flags=re.MULTILINE)
    assert commands
    for line in commands:
        arguments = shlex.split(line.split("`")[0])
        if "--list" not in arguments:
            parser.parse_args(arguments)
