"""Every dependency has its reason in decision 2, and docker-compose agrees with what the product needs."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.local_redis import COMMON_SETTINGS, DURABLE_SETTINGS

PROJECT = Path(__file__).resolve().parents[2]


def depended_on() -> set[str]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    lines = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
    ]
    return {re.split(r"[^\w-]", line)[0].lower() for line in lines}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    return loaded


class TestDependencies:
    def test_each_has_its_reason(self) -> None:
        text = (PROJECT / "docs" / "decisions" / "0002-dependencies.md").read_text()
        reasoned = re.findall(r"^\| `([\w-]+)` \| \S", text, re.MULTILINE)

        assert sorted(reasoned) == sorted(depended_on())

    @pytest.mark.parametrize("name", ["production", "demo", "dev"])
    def test_each_lock_has_hashes_and_names_no_index(self, name: str) -> None:
        text = (PROJECT / "requirements" / f"{name}.lock").read_text()
        pinned = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==", text, re.MULTILINE)

        assert len(pinned) > 50
        assert len(re.findall(r"\\\n    --hash=sha256:", text)) >= len(pinned)
        assert "://" not in text
        assert "index-url" not in text


class TestCompose:
    def test_starts_every_process_of_the_house(self, compose: dict[str, Any]) -> None:
        assert {"web", "worker", "letters", "slow", "beat", "watcher", "proxy", "postgres", "redis", "mail"} <= set(
            compose["services"]
        )
        assert compose["services"]["web"]["deploy"]["replicas"] > 1

    def test_gives_redis_the_settings_the_product_needs(self, compose: dict[str, Any]) -> None:
        command = compose["services"]["redis"]["command"]
        given = {command[i].removeprefix("--"): command[i + 1] for i in range(1, len(command), 2)}
        needed = COMMON_SETTINGS | DURABLE_SETTINGS

        assert {"notify-keyspace-events", "maxmemory-policy", "appendonly"} <= set(given)
        assert given == {name: needed[name] for name in given}

    def test_takes_only_variables_that_the_example_lists(self, compose: dict[str, Any]) -> None:
        text = (PROJECT / "docker-compose.yml").read_text()
        taken = set(re.findall(r"(?<!\$)\$\{(\w+)", text))
        example = (PROJECT / ".env.example").read_text()

        assert {name for name in taken if f"#{name}=" not in example} == set()

    def test_publishes_the_pages_only(self, compose: dict[str, Any]) -> None:
        public = {
            name
            for name, service in compose["services"].items()
            for port in service.get("ports", [])
            if not port.startswith("127.0.0.1:")
        }

        assert public == {"proxy"}
