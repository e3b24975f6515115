"""docs/asyncapi.yaml as a judge of real traffic: a frame is one of its messages, or the test fails."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from jsonschema import Draft202012Validator

Direction = Literal[
    "server", "client", "server of a door", "client of a door", "server of a board", "client of a board"
]

DOCUMENT = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"
# The operations of the document, from the server's side.
_OPERATIONS: dict[Direction, str] = {
    "server": "show",
    "client": "ask",
    "server of a door": "showDoor",
    "client of a door": "askDoor",
    "server of a board": "showBoard",
    "client of a board": "askBoard",
}


@cache
def document() -> dict[str, Any]:
    """The AsyncAPI document."""
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())
    return loaded


def message_names(direction: Direction) -> list[str]:
    """The messages that may travel in one direction."""
    messages = document()["operations"][_OPERATIONS[direction]]["messages"]
    return [message["$ref"].rsplit("/", 1)[1] for message in messages]


def examples(direction: Direction) -> list[dict[str, Any]]:
    """Every example of every message of one direction."""
    messages = document()["components"]["messages"]
    return [example["payload"] for name in message_names(direction) for example in messages[name]["examples"]]


@cache
def _judge(name: str) -> Draft202012Validator:
    schema = {**document()["components"]["messages"][name]["payload"], "components": document()["components"]}
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def validate(direction: Direction, frame: dict[str, Any]) -> None:
    """Accept a frame, as read from JSON. Raises AssertionError naming what is wrong with it."""
    name = frame.get("type")
    assert name in message_names(direction), f"the {direction} has no message {name!r}: {frame}"
    problems = [f"{error.json_path}: {error.message}" for error in _judge(name).iter_errors(frame)]
    assert not problems, f"{name} is not as documented: {'; '.join(problems)}: {frame}"
